/* A plan for people: one line for each thing that changes, below it the fields that do. */
#include "base/map.h"
#include "orchestrator/draft.h"

static const char *verb_of(const struct step *step, const struct map *stopped)
{
	static const char *const words[STEP_KINDS] = {
		[STEP_CREATE_NETWORK] = "create network", [STEP_REMOVE_NETWORK] = "remove network",
		[STEP_CREATE_VOLUME] = "create volume",	  [STEP_REMOVE_VOLUME] = "remove volume",
		[STEP_REMOVE_IMAGE] = "remove image",	  [STEP_TAKE_OVER] = "take over",
	};

	if (step->kind == STEP_CREATE && step->replaces)
		return "recreate";
	if (step->kind == STEP_START && step->id && map_get(stopped, step->id))
		return "restart";
	return words[step->kind] ? words[step->kind] : step_kind_name(step->kind);
}

/* A container that is made beside the one it replaces is called as it will be. */
static const char *final_name(const struct step *step)
{
	enum { PREFIX = 13 }; /* 12 digits of an id and "_" */

	bool beside = step->kind == STEP_CREATE && step->replaces && strlen(step->name) > PREFIX &&
		      strncmp(step->name, step->replaces, PREFIX - 1) == 0;
	bool begun = step->kind == STEP_START || step->kind == STEP_TAKE_OVER;
	return beside || (begun && name_is_temporary(step->name)) ? step->name + PREFIX
								  : step->name;
}

static void write_change(const struct change *change, struct buffer *out)
{
	const char *from = change->old_value, *to = change->new_value;

	if (from && to)
		buffer_format(out, "    %s: %s -> %s\n", change->field, from, to);
	else
		buffer_format(out, "    %s %s: %s\n", change->field, to ? "added" : "removed",
			      to     ? to
			      : from ? from
				     : "");
}

static void write_step(const struct step *step, const struct map *stopped, struct buffer *out)
{
	buffer_format(out, "%s %s", verb_of(step, stopped), final_name(step));
	if (step->new_name)
		buffer_format(out, " to %s", step->new_name);
	if (step->reason)
		buffer_format(out, ": %s", step->reason);
	if (step->held)
		buffer_add_text(out, " (start-first)");
	buffer_add_char(out, '\n');
	for (size_t i = 0; i < step->changes.count; i++)
		write_change(&step->changes.items[i], out);
}

static bool is_told(const struct step *step)
{
	return !step->detail && step->name && step->kind != STEP_KEEP && step->kind != STEP_WAIT &&
	       step->kind != STEP_JOIN;
}

void plan_write_text(const struct plan *plan, struct buffer *out)
{
	scoped_map struct map stopped = {0};

	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->items[i];

		if (step->kind == STEP_STOP && step->id)
			map_put(&stopped, step->id, (void *)step);
		if (is_told(step))
			write_step(step, &stopped, out);
	}
}
