/* What is shown, whichever way: the words, what is left out, and the end. */
#include "cmd/compose/progress_driver.h"

#include <unistd.h>

/* ---- words ---- */

static const struct {
	const char *noun, *begun, *over;
} words[STEP_KINDS] = {
	[STEP_CREATE_NETWORK] = {"Network", "Creating", "Created"},
	[STEP_REMOVE_NETWORK] = {"Network", "Removing", "Removed"},
	[STEP_CREATE_VOLUME] = {"Volume", "Creating", "Created"},
	[STEP_REMOVE_VOLUME] = {"Volume", "Removing", "Removed"},
	[STEP_PULL] = {"Image", "Pulling", "Pulled"},
	[STEP_BUILD] = {"Image", "Building", "Built"},
	[STEP_PUSH] = {"Image", "Pushing", "Pushed"},
	[STEP_REMOVE_IMAGE] = {"Image", "Removing", "Removed"},
	[STEP_CREATE] = {"Container", "Creating", "Created"},
	[STEP_START] = {"Container", "Starting", "Started"},
	[STEP_STOP] = {"Container", "Stopping", "Stopped"},
	[STEP_KILL] = {"Container", "Killing", "Killed"},
	[STEP_RESTART] = {"Container", "Restarting", "Started"},
	[STEP_PAUSE] = {"Container", "Pausing", "Paused"},
	[STEP_UNPAUSE] = {"Container", "Unpausing", "Unpaused"},
	[STEP_REMOVE] = {"Container", "Removing", "Removed"},
	[STEP_DRAIN] = {"Container", "Draining", "Running"}, /* another has its name by then */
	[STEP_KEEP] = {"Container", "Running", "Running"},
};

const char *progress_word(const struct progress *progress, const struct step *step, bool over)
{
	if (step->kind == STEP_CREATE && step->replaces)
		return over ? "Recreated" : "Recreate";
	if (step->kind == STEP_KEEP && step->condition == DEPENDENCY_COMPLETED)
		return "Exited";
	return over ? words[step->kind].over : words[step->kind].begun;
}

/* ---- what belongs together ---- */

static bool same_container(const struct step *a, const struct step *b)
{
	return a->service && str_equal(a->service, b->service) && a->number == b->number;
}

/* The name it has when all is over: a replacing container is made under another. */
const char *progress_final_name(const struct progress *progress, const struct step *step)
{
	const struct plan *plan = progress->plan;

	for (size_t i = 0; plan && step->kind <= STEP_START && i < plan->count; i++)
		if (plan->items[i].kind == STEP_RENAME && plan->items[i].new_name &&
		    same_container(&plan->items[i], step) &&
		    str_equal(plan->items[i].name, step->name))
			return plan->items[i].new_name;
	return step->name;
}

bool progress_is_replaced(const struct progress *progress, const struct step *step)
{
	const struct plan *plan = progress->plan;

	if (!step->id || (step->kind != STEP_STOP && step->kind != STEP_REMOVE))
		return false;
	for (size_t i = 0; plan && i < plan->count; i++)
		if (plan->items[i].kind == STEP_CREATE &&
		    str_equal(plan->items[i].replaces, step->id))
			return true;
	return false;
}

char *progress_subject(const struct progress *progress, const struct step *step)
{
	const char *name = progress_final_name(progress, step);

	bool hidden = step->detail && step->kind != STEP_CREATE && step->kind != STEP_START;

	if (!words[step->kind].noun || !name || hidden || progress_is_replaced(progress, step))
		return NULL;
	return str_format("%s %s", words[step->kind].noun, name);
}

/* ---- life ---- */

static enum progress_kind wanted_kind(const struct compose *compose)
{
	static const struct {
		const char *name;
		enum progress_kind kind;
	} kinds[] = {{"tty", PROGRESS_TTY},
		     {"plain", PROGRESS_PLAIN},
		     {"json", PROGRESS_JSON},
		     {"quiet", PROGRESS_QUIET}};

	for (size_t i = 0; i < array_length(kinds); i++)
		if (str_equal(compose->options.progress, kinds[i].name))
			return kinds[i].kind;
	return PROGRESS_AUTO;
}

static const struct progress_driver *choose_driver(struct progress *progress,
						   enum progress_kind kind)
{
	if (kind == PROGRESS_AUTO)
		kind = wanted_kind(progress->compose);
	if (kind == PROGRESS_QUIET)
		return NULL;
	if (kind == PROGRESS_JSON)
		return &progress_json;
	if (kind == PROGRESS_AUTO && !progress->fancy)
		kind = PROGRESS_PLAIN;
	progress->fancy = kind != PROGRESS_PLAIN;
	if (progress->compose->style == COMPOSE_V1 && !*progress->prefix)
		return &progress_v1;
	return kind == PROGRESS_PLAIN ? &progress_v2_plain : &progress_v2_tty;
}

struct progress *progress_new(const struct compose *compose, enum progress_kind kind, bool dry_run)
{
	static const struct progress_driver quiet;
	struct progress *progress = mem_new(struct progress);

	progress->compose = compose;
	progress->verb =
		strrchr(compose->cli->path, ' ') + 1; /* `compose` stands before it, at least */
	progress->out = compose_flag("COMPOSE_STATUS_STDOUT") ? stdout : stderr;
	progress->prefix = dry_run ? " DRY-RUN MODE - " : "";
	progress->fancy = compose_is_fancy(compose, fileno(progress->out));
	progress->driver = choose_driver(progress, kind);
	if (!progress->driver)
		progress->driver = &quiet;
	if (progress->driver->open)
		progress->driver->open(progress);
	return progress;
}

void progress_free(struct progress *progress)
{
	if (!progress)
		return;
	if (progress->driver->close)
		progress->driver->close(progress);
	fflush(progress->out);
	if (progress->explanations.size)
		fwrite(progress->explanations.data, 1, progress->explanations.size, stderr);
	buffer_fini(&progress->explanations);
	free(progress);
}

void progress_set_verb(struct progress *progress, const char *verb)
{
	progress->verb = verb;
}

void progress_plan(struct progress *progress, const struct plan *plan)
{
	progress->plan = plan;
	if (progress->driver->plan)
		progress->driver->plan(progress);
}

/* ---- events ---- */

void progress_begin(struct progress *progress, const struct step *step)
{
	if (progress->driver->begin)
		progress->driver->begin(progress, step);
}

void progress_done(struct progress *progress, const struct step *step)
{
	if (progress->driver->done)
		progress->driver->done(progress, step);
}

void progress_failed(struct progress *progress, const struct step *step, const char *text)
{
	if (progress->driver->failed)
		progress->driver->failed(progress, step, text);
}

void progress_detail(struct progress *progress, const struct step *step, const char *text)
{
	if (progress->driver->detail)
		progress->driver->detail(progress, step, text);
}

void progress_note(struct progress *progress, const char *subject, const char *word, bool over)
{
	if (progress->driver->note)
		progress->driver->note(progress, subject, word, over);
}

void progress_explain(struct progress *progress, const char *text)
{
	buffer_add_text(&progress->explanations, text);
	if (progress->explanations.size &&
	    progress->explanations.data[progress->explanations.size - 1] != '\n')
		buffer_add_char(&progress->explanations, '\n');
}

bool progress_is_live(const struct progress *progress)
{
	return progress->driver->tick != NULL;
}

void progress_tick(struct progress *progress)
{
	if (progress->driver->tick)
		progress->driver->tick(progress);
}
