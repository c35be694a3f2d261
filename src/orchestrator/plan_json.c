/* A plan as one document: what `plan --format json` prints and `up --plan FILE` is given.  Members that say nothing
 * are left out. */
#include "orchestrator/plan_json.h"

#include "format/json_write.h"

const struct plan_member plan_members[] = {
	{"service", MEMBER_TEXT, offsetof(struct step, service)},
	{"number", MEMBER_NUMBER, offsetof(struct step, number)},
	{"name", MEMBER_TEXT, offsetof(struct step, name)},
	{"id", MEMBER_TEXT, offsetof(struct step, id)},
	{"made_by", MEMBER_STEP, offsetof(struct step, made_by)},
	{"new_name", MEMBER_TEXT, offsetof(struct step, new_name)},
	{"replaces", MEMBER_TEXT, offsetof(struct step, replaces)},
	{"renew_volumes", MEMBER_BOOL, offsetof(struct step, renew_volumes)},
	{"held", MEMBER_BOOL, offsetof(struct step, held)},
	{"remove_volumes", MEMBER_BOOL, offsetof(struct step, remove_volumes)},
	{"optional", MEMBER_BOOL, offsetof(struct step, optional)},
	{"timeout_ms", MEMBER_TIME, offsetof(struct step, timeout_ms)},
	{"signal", MEMBER_TEXT, offsetof(struct step, signal)},
	{"reason", MEMBER_TEXT, offsetof(struct step, reason)},
	{"detail", MEMBER_BOOL, offsetof(struct step, detail)},
	{"tolerated", MEMBER_COUNT, offsetof(struct step, tolerated)},
	{"undoes", MEMBER_STEP, offsetof(struct step, undoes)},
};
const size_t plan_member_count = array_length(plan_members);

const char *const plan_conditions[] = {"started", "healthy", "completed"};

/* ---- writing ---- */

static void write_text(struct buffer *out, const char *name, const char *text)
{
	if (!text)
		return;
	json_write_name(out, name);
	json_write_string(out, text);
}

static void write_number(struct buffer *out, const char *name, int64_t number)
{
	json_write_name(out, name);
	json_write_i64(out, number);
}

static void write_member(struct buffer *out, const struct plan_member *member,
			 const struct step *step)
{
	const void *value = (const char *)step + member->offset;
	size_t count = 0;

	switch (member->kind) {
	case MEMBER_TEXT:
		write_text(out, member->name, *(char *const *)value);
		break;
	case MEMBER_NUMBER:
		if (*(const unsigned *)value)
			write_number(out, member->name, *(const unsigned *)value);
		break;
	case MEMBER_STEP:
		if (*(const size_t *)value)
			write_number(out, member->name, (int64_t) * (const size_t *)value - 1);
		break;
	case MEMBER_BOOL:
		if (*(const bool *)value) {
			json_write_name(out, member->name);
			buffer_add_text(out, "true");
		}
		break;
	case MEMBER_TIME:
		if (*(const int64_t *)value >= 0)
			write_number(out, member->name, *(const int64_t *)value);
		break;
	case MEMBER_COUNT: /* -1: any number of them */
		count = *(const size_t *)value;
		if (count)
			write_number(out, member->name, count > INT64_MAX ? -1 : (int64_t)count);
		break;
	}
}

static void write_changes(struct buffer *out, const struct changes *changes)
{
	if (!changes->count)
		return;
	json_write_name(out, "changes");
	buffer_add_char(out, '[');
	for (size_t i = 0; i < changes->count; i++) {
		buffer_add_text(out, i ? ",{" : "{");
		write_text(out, "field", changes->items[i].field);
		write_text(out, "old", changes->items[i].old_value);
		write_text(out, "new", changes->items[i].new_value);
		buffer_add_char(out, '}');
	}
	buffer_add_char(out, ']');
}

static void write_step(struct buffer *out, const struct step *step)
{
	buffer_add_char(out, '{');
	write_text(out, "kind", step_kind_name(step->kind));
	if (step->when == STEP_WHEN_FAILED)
		write_text(out, "when", "failed");
	for (size_t i = 0; i < plan_member_count; i++)
		write_member(out, &plan_members[i], step);
	if (step->kind == STEP_WAIT || step->condition != DEPENDENCY_STARTED)
		write_text(out, "condition", plan_conditions[step->condition]);
	write_changes(out, &step->changes);
	json_write_name(out, "after");
	buffer_add_char(out, '[');
	for (size_t i = 0; i < step->after_count; i++)
		buffer_format(out, "%s%zu", i ? "," : "", step->after[i]);
	buffer_add_text(out, "]}");
}

void plan_write_json(const struct plan *plan, const char *state, struct buffer *out)
{
	buffer_add_char(out, '{');
	write_number(out, "version", PLAN_VERSION);
	write_text(out, "state", state);
	write_text(out, "failure", plan->failure);
	json_write_name(out, "warnings");
	json_write_strings(out, &plan->warnings);
	json_write_name(out, "steps");
	buffer_add_char(out, '[');
	for (size_t i = 0; i < plan->count; i++) {
		buffer_add_text(out, i ? ",\n" : "\n");
		write_step(out, &plan->items[i]);
	}
	buffer_add_text(out, "]}\n");
}
