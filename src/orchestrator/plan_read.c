/* A plan back from JSON.  The file is somebody's own, but was perhaps cut or edited: all of it is checked, so that
 * who carries it out need not. */
#include "format/json.h"
#include "orchestrator/plan_json.h"

static bool bad(struct error *err, const char *name, const char *wanted)
{
	return error_set(err, ERROR_INVALID, "'%s' must be %s", name, wanted);
}

/* ---- members ---- */

static bool read_text(const json_t *value, const char *name, char **out, struct error *err)
{
	if (!json_is_string(value))
		return bad(err, name, "text");
	str_replace(out, json_string_value(value));
	return true;
}

static bool read_integer(const json_t *value, const char *name, int64_t least, int64_t most,
			 int64_t *out, struct error *err)
{
	int64_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < least || number > most)
		return bad(err, name, "a number that makes sense here");
	*out = number;
	return true;
}

static bool read_member(const json_t *value, const struct plan_member *member, size_t index,
			struct step *step, struct error *err)
{
	void *out = (char *)step + member->offset;
	int64_t number;

	switch (member->kind) {
	case MEMBER_TEXT:
		return read_text(value, member->name, out, err);
	case MEMBER_BOOL:
		if (!json_is_boolean(value))
			return bad(err, member->name, "true or false");
		*(bool *)out = json_is_true(value);
		return true;
	case MEMBER_NUMBER:
		if (!read_integer(value, member->name, 0, UINT32_MAX, &number, err))
			return false;
		*(unsigned *)out = (unsigned)number;
		return true;
	case MEMBER_TIME:
		return read_integer(value, member->name, 0, INT64_MAX / 2000000, out, err);
	case MEMBER_STEP:
		if (!read_integer(value, member->name, 0, (int64_t)index - 1, &number, err))
			return false;
		*(size_t *)out = (size_t)number + 1;
		return true;
	case MEMBER_COUNT:
		if (!read_integer(value, member->name, -1, INT64_MAX, &number, err))
			return false;
		*(size_t *)out = number < 0 ? SIZE_MAX : (size_t)number;
		return true;
	}
	return false;
}

static bool read_kind(const json_t *value, struct step *step, struct error *err)
{
	const char *text = json_string_value(value);

	for (int kind = 0; text && kind < STEP_KINDS; kind++)
		if (strcmp(text, step_kind_name((enum step_kind)kind)) == 0) {
			step->kind = (enum step_kind)kind;
			return true;
		}
	return bad(err, "kind", "a kind of step");
}

static bool read_condition(const json_t *value, struct step *step, struct error *err)
{
	for (size_t i = 0; i < array_length(plan_conditions); i++)
		if (str_equal(json_string_value(value), plan_conditions[i])) {
			step->condition = (enum dependency_condition)i;
			return true;
		}
	return bad(err, "condition", "started, healthy or completed");
}

static bool read_when(const json_t *value, struct step *step, struct error *err)
{
	step->when = STEP_WHEN_FAILED;
	return str_equal(json_string_value(value), "failed") || bad(err, "when", "failed");
}

static bool read_after(const json_t *value, size_t index, struct step *step, struct error *err)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value) || count > index)
		return bad(err, "after", "a list of earlier steps");
	step->after = mem_zeroed(count, sizeof(*step->after));
	step->after_capacity = count;
	for (size_t i = 0; i < count; i++) {
		int64_t number;

		if (!read_integer(json_array_get(value, i), "after", 0, (int64_t)index - 1, &number,
				  err))
			return false;
		step->after[step->after_count++] = (size_t)number;
	}
	return true;
}

static bool read_change(const json_t *value, struct changes *changes, struct error *err)
{
	const char *field = json_string_value(json_object_get(value, "field"));
	const json_t *from = json_object_get(value, "old"), *to = json_object_get(value, "new");

	if (!field || (from && !json_is_string(from)) || (to && !json_is_string(to)))
		return bad(err, "changes", "a list of field, old and new");
	changes_add(changes, field, json_string_value(from), json_string_value(to));
	return true;
}

static bool read_changes(const json_t *value, struct step *step, struct error *err)
{
	if (!json_is_array(value))
		return bad(err, "changes", "a list of field, old and new");
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!read_change(json_array_get(value, i), &step->changes, err))
			return false;
	return true;
}

/* ---- steps ---- */

static bool read_named(const char *name, const json_t *value, size_t index, struct step *step,
		       struct error *err)
{
	if (strcmp(name, "kind") == 0)
		return read_kind(value, step, err);
	if (strcmp(name, "when") == 0)
		return read_when(value, step, err);
	if (strcmp(name, "condition") == 0)
		return read_condition(value, step, err);
	if (strcmp(name, "changes") == 0)
		return read_changes(value, step, err);
	if (strcmp(name, "after") == 0)
		return read_after(value, index, step, err);
	for (size_t i = 0; i < plan_member_count; i++)
		if (strcmp(name, plan_members[i].name) == 0)
			return read_member(value, &plan_members[i], index, step, err);
	return error_set(err, ERROR_INVALID, "'%s' is not known", name);
}

static bool is_about_container(enum step_kind kind)
{
	static const bool others[STEP_KINDS] = {
		[STEP_CREATE_NETWORK] = true, [STEP_REMOVE_NETWORK] = true,
		[STEP_CREATE_VOLUME] = true,  [STEP_REMOVE_VOLUME] = true,
		[STEP_PULL] = true,	      [STEP_BUILD] = true,
		[STEP_REMOVE_IMAGE] = true,   [STEP_CREATE] = true,
		[STEP_DELAY] = true,	      [STEP_JOIN] = true,
	};

	return !others[kind];
}

/* What who carries it out relies on. */
static bool check_step(const struct plan *plan, const struct step *step, struct error *err)
{
	bool needs_service = step->kind == STEP_CREATE || step->kind == STEP_PULL ||
			     step->kind == STEP_BUILD || step->kind == STEP_POST_START ||
			     step->kind == STEP_PRE_STOP;
	bool needs_new_name = step->kind == STEP_RENAME || step->kind == STEP_CONNECT ||
			      step->kind == STEP_DISCONNECT;

	if (!step->name && step->kind != STEP_DELAY && step->kind != STEP_JOIN)
		return bad(err, "name", "there");
	if (needs_service && !step->service)
		return bad(err, "service", "there");
	if (needs_new_name && !step->new_name)
		return bad(err, "new_name", "there");
	if (step->kind == STEP_TAKE_OVER && !step->replaces)
		return bad(err, "replaces", "there");
	if (!is_about_container(step->kind))
		return true;
	if (!step->id && !step->made_by)
		return bad(err, "id", "there, or made_by");
	if (step->made_by && plan->items[step->made_by - 1].kind != STEP_CREATE)
		return bad(err, "made_by", "a step that creates");
	return true;
}

static bool read_step(const json_t *object, struct plan *plan, struct error *err)
{
	struct step empty = {.timeout_ms = -1};
	size_t index = plan->count;
	const char *name;
	json_t *value;

	if (!json_is_object(object) || !json_object_get(object, "kind"))
		return error_set(err, ERROR_INVALID, "a step must be an object with a kind");
	vector_add(plan, empty);
	json_object_foreach ((json_t *)object, name, value)
		if (!read_named(name, value, index, &plan->items[index], err))
			return false;
	return check_step(plan, &plan->items[index], err);
}

static bool read_steps(const json_t *steps, struct plan *plan, struct error *err)
{
	if (!json_is_array(steps) || json_array_size(steps) > PLAN_STEPS_LIMIT)
		return bad(err, "steps", "a list");
	for (size_t i = 0; i < json_array_size(steps); i++)
		if (!read_step(json_array_get(steps, i), plan, err))
			return error_prefix(err, "step %zu", i);
	return true;
}

static bool read_warnings(const json_t *warnings, struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		const char *text = json_string_value(json_array_get(warnings, i));

		if (!text)
			return bad(err, "warnings", "a list of texts");
		strings_add(&plan->warnings, text);
	}
	return true;
}

static bool read_plan(const json_t *document, struct plan *plan, char **state, struct error *err)
{
	const json_t *failure = json_object_get(document, "failure");
	const json_t *seen = json_object_get(document, "state");

	if (json_integer_value(json_object_get(document, "version")) != PLAN_VERSION)
		return bad(err, "version", "1: this is no plan, or one of another version");
	if (failure && !read_text(failure, "failure", &plan->failure, err))
		return false;
	if (!json_is_string(seen))
		return bad(err, "state", "text");
	if (!read_warnings(json_object_get(document, "warnings"), plan, err) ||
	    !read_steps(json_object_get(document, "steps"), plan, err))
		return false;
	*state = str_dup(json_string_value(seen));
	return true;
}

bool plan_read_json(const char *text, size_t size, struct plan *plan, char **state,
		    struct error *err)
{
	scoped_json json_t *document = json_parse(text, size, err);
	struct plan made = {0};

	if (!document)
		return false;
	if (!read_plan(document, &made, state, err)) {
		plan_fini(&made);
		return false;
	}
	*plan = made;
	return true;
}
