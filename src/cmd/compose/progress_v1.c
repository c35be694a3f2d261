/* docker-compose 1.29's words: "Creating p_web_1 ... ", and the same line with "done" when it is.  What happens to a
 * container is one line, whatever steps it takes.  Lines come in batches (the containers of a service; all that are
 * stopped): the first that begins has all of its batch shown, and a batch that would have come later there waits. */
#include "cmd/compose/progress_driver.h"

#include <ctype.h>

enum { NO_LINE = -1, NO_BATCH = -1, DETAIL_LENGTH = 33 };

struct line {
	const char *action;
	char *name, *service;
	size_t steps; /* still to come */
	size_t row;
	int batch;
	const char *outcome; /* NULL: none yet */
	char *trouble;
};

struct batch {
	char *key;
	int after; /* the batch that must be over before */
	bool wanted, opened;
	size_t left;
};

struct words {
	struct {
		struct line *items;
		size_t count, capacity;
	} lines;
	struct {
		struct batch *items;
		size_t count, capacity;
	} batches;
	int *line_of_step;
	size_t width, rows;
};

/* ---- what the plan comes to ---- */

static const char *const actions[STEP_KINDS] = {
	[STEP_CREATE] = "Creating",   [STEP_START] = "Starting",     [STEP_STOP] = "Stopping",
	[STEP_KILL] = "Killing",      [STEP_RESTART] = "Restarting", [STEP_PAUSE] = "Pausing",
	[STEP_UNPAUSE] = "Unpausing", [STEP_REMOVE] = "Removing",    [STEP_PULL] = "Pulling",
	[STEP_PUSH] = "Pushing",
};

static bool brings_up(const char *verb)
{
	static const char *const verbs[] = {"up", "create", "scale", "run"};

	for (size_t i = 0; i < array_length(verbs); i++)
		if (strcmp(verb, verbs[i]) == 0)
			return true;
	return false;
}

/* What stands for the step: its container, or its kind of step of it. */
static char *key_of(const char *verb, const struct step *step)
{
	bool whole = brings_up(verb) && step->service;

	if (strcmp(verb, "start") == 0 || step->kind == STEP_PULL)
		return str_format("%s/%d", step->service ? step->service : "", STEP_START);
	return whole ? str_format("%s/%u", step->service, step->number)
		     : str_format("%s/%d", step->name, step->kind);
}

static int find_batch(struct words *words, const char *key)
{
	for (size_t i = 0; i < words->batches.count; i++)
		if (strcmp(words->batches.items[i].key, key) == 0)
			return (int)i;
	vector_add(&words->batches, ((struct batch){.key = str_dup(key), .after = NO_BATCH}));
	return (int)words->batches.count - 1;
}

static int batch_of(struct words *words, const char *verb, const struct step *step)
{
	if (brings_up(verb) && step->service && step->kind != STEP_PULL)
		return find_batch(words, step->service);
	int batch = find_batch(words, actions[step->kind]);
	if (step->kind == STEP_REMOVE) /* `down` stops all before it removes the first */
		for (size_t i = 0; i < words->batches.count; i++)
			if (strcmp(words->batches.items[i].key, actions[STEP_STOP]) == 0)
				words->batches.items[batch].after = (int)i;
	return batch;
}

/* The same container in several steps: what it is called then. */
static const char *joined_action(const char *action, const struct step *step)
{
	bool stops = strcmp(action, "Stopping") == 0;

	if (step->kind == STEP_CREATE)
		return step->replaces ? "Recreating" : "Creating";
	if (stops && step->kind == STEP_REMOVE)
		return "Stopping and removing";
	return stops && step->kind == STEP_START ? "Restarting" : action;
}

static const char *shown_name(const struct progress *progress, const char *verb,
			      const struct step *step)
{
	if (step->service &&
	    (strcmp(verb, "start") == 0 || step->kind == STEP_PULL || step->kind == STEP_PUSH))
		return step->service;
	return progress_final_name(progress, step);
}

/* What a lone step is called: here none is removed without being stopped before, if it runs. */
static const char *first_action(const struct progress *progress, const struct step *step)
{
	if (step->kind == STEP_CREATE && step->replaces)
		return "Recreating";
	return step->kind == STEP_REMOVE && brings_up(progress->verb) ? "Stopping and removing"
								      : actions[step->kind];
}

static int line_of(struct progress *progress, struct strings *keys, const struct step *step)
{
	struct words *words = progress->state;
	const char *verb = progress->verb;
	scoped_free char *key = key_of(verb, step);
	size_t base = words->lines.count - keys->count;

	if (!actions[step->kind])
		return NO_LINE;
	for (size_t i = 0; i < keys->count; i++) {
		struct line *line = &words->lines.items[base + i];

		if (strcmp(keys->items[i], key) != 0)
			continue;
		line->action = joined_action(line->action, step);
		if (step->kind == STEP_CREATE)
			str_replace(&line->name, shown_name(progress, verb, step));
		return (int)(base + i);
	}
	strings_add(keys, key);
	struct line line = {
		.action = first_action(progress, step),
		.name = str_dup(shown_name(progress, verb, step)),
		.service = str_dup_or_null(step->service),
		.batch = batch_of(words, verb, step),
	};
	words->batches.items[line.batch].left++;
	vector_add(&words->lines, line);
	return (int)words->lines.count - 1;
}

static void clear_batches(struct words *words)
{
	for (size_t i = 0; i < words->lines.count; i++)
		words->lines.items[i].batch = NO_BATCH;
	for (size_t i = 0; i < words->batches.count; i++)
		free(words->batches.items[i].key);
	vector_fini(&words->batches);
	free(take(words->line_of_step));
}

static void take_plan(struct progress *progress)
{
	struct words *words = progress->state;
	scoped_strings struct strings keys = {0};

	clear_batches(words);
	words->line_of_step = mem_zeroed(progress->plan->count, sizeof(int));
	for (size_t i = 0; i < progress->plan->count; i++) {
		int line = line_of(progress, &keys, &progress->plan->items[i]);

		words->line_of_step[i] = line;
		if (line != NO_LINE)
			words->lines.items[line].steps++;
	}
}

static struct line *find_line(struct progress *progress, const struct step *step)
{
	struct words *words = progress->state;
	const struct plan *plan = progress->plan;

	if (!plan || step < plan->items || step >= plan->items + plan->count)
		return NULL;
	int line = words->line_of_step[step - plan->items];
	return line == NO_LINE ? NULL : &words->lines.items[line];
}

/* ---- writing ---- */

static void say(struct progress *progress, const char *text)
{
	struct words *words = progress->state;

	if (!compose_says(progress->compose, LOG_LEVEL_INFO))
		return;
	fprintf(progress->out, "%s\n", text);
	fflush(progress->out);
	words->rows++;
}

/* The line with its state; on a terminal over the one that stands there. */
static void write_line(struct progress *progress, struct line *line, const char *state,
		       const char *colour)
{
	struct words *words = progress->state;
	scoped_free char *label = str_format("%s %s", line->action, line->name);
	bool again = progress->fancy && *state;
	size_t up = words->rows - line->row;

	if (again)
		fprintf(progress->out, "\033[%zuA\033[2K\r", up);
	else if (!*state)
		line->row = words->rows;
	fprintf(progress->out, "%-*s ... %s%s%s%s", (int)words->width, label,
		progress->fancy ? colour : "", state, progress->fancy && *colour ? "\033[0m" : "",
		again ? "\r" : "\n");
	if (again)
		fprintf(progress->out, "\033[%zuB", up);
	else
		words->rows++;
	fflush(progress->out);
}

static void write_outcome(struct progress *progress, struct line *line)
{
	write_line(progress, line, line->outcome,
		   strcmp(line->outcome, "done") == 0 ? "\033[32m" : "\033[31m");
}

static void open_batch(struct progress *progress, int index)
{
	struct words *words = progress->state;
	struct batch *batch = &words->batches.items[index];

	batch->wanted = true;
	if (batch->opened || (batch->after != NO_BATCH && words->batches.items[batch->after].left))
		return;
	batch->opened = true;
	for (size_t i = 0; i < words->lines.count; i++) {
		const struct line *line = &words->lines.items[i];
		size_t width = strlen(line->action) + 1 + strlen(line->name);

		if (line->batch == index && width > words->width)
			words->width = width;
	}
	for (size_t i = 0; i < words->lines.count; i++)
		if (words->lines.items[i].batch == index)
			write_line(progress, &words->lines.items[i], "", "");
	for (size_t i = 0; i < words->lines.count; i++)
		if (words->lines.items[i].batch == index && words->lines.items[i].outcome)
			write_outcome(progress, &words->lines.items[i]);
}

static void open_followers(struct progress *progress, int index)
{
	struct words *words = progress->state;

	for (size_t i = 0; i < words->batches.count; i++)
		if (words->batches.items[i].after == index && words->batches.items[i].wanted)
			open_batch(progress, (int)i);
}

static void end_line(struct progress *progress, struct line *line, const char *outcome)
{
	struct words *words = progress->state;
	struct batch *batch = &words->batches.items[line->batch];
	int index = line->batch;

	if (line->outcome)
		return;
	line->outcome = outcome;
	batch->left--;
	if (batch->opened)
		write_outcome(progress, line);
	if (!batch->left)
		open_followers(progress, index);
}

/* ---- what has no state ---- */

static const char *driver_of(const struct progress *progress, const struct resources *resources,
			     const char *name)
{
	for (size_t i = 0; i < resources->count; i++)
		if (strcmp(resources->items[i].name, name) == 0)
			return node_get_text(resources->items[i].node, "driver", NULL);
	return NULL;
}

static char *network_line(const struct progress *progress, const struct step *step)
{
	const struct project *project = progress->compose->project;
	const char *driver = project ? driver_of(progress, &project->networks, step->name) : NULL;

	return driver ? str_format("Creating network \"%s\" with driver \"%s\"", step->name, driver)
		      : str_format("Creating network \"%s\" with the default driver", step->name);
}

static char *volume_line(const struct progress *progress, const struct step *step)
{
	const struct project *project = progress->compose->project;
	const char *driver = project ? driver_of(progress, &project->volumes, step->name) : NULL;

	return str_format("Creating volume \"%s\" with %s driver", step->name,
			  driver ? driver : "default");
}

/* Of a service that gets more or fewer, those that stay are not told of. */
static bool is_scaled(const struct progress *progress, const struct step *step)
{
	const struct plan *plan = progress->plan;

	for (size_t i = 0; plan && i < plan->count; i++)
		if ((plan->items[i].kind == STEP_CREATE || plan->items[i].kind == STEP_REMOVE) &&
		    step->service && str_equal(plan->items[i].service, step->service))
			return true;
	return false;
}

/* Owned; NULL: it is no such step. */
static char *plain_line(const struct progress *progress, const struct step *step)
{
	static const struct {
		const char *before, *after;
	} words[STEP_KINDS] = {
		[STEP_REMOVE_NETWORK] = {"Removing network ", ""},
		[STEP_REMOVE_VOLUME] = {"Removing volume ", ""},
		[STEP_REMOVE_IMAGE] = {"Removing image ", ""},
		[STEP_BUILD] = {"Building ", ""},
		[STEP_KEEP] = {"", " is up-to-date"},
	};

	if ((step->kind == STEP_CREATE_NETWORK || step->kind == STEP_CREATE_VOLUME) &&
	    strcmp(progress->verb, "create") == 0)
		return NULL;
	if (step->kind == STEP_CREATE_NETWORK)
		return network_line(progress, step);
	if (step->kind == STEP_CREATE_VOLUME)
		return volume_line(progress, step);
	if (!words[step->kind].before || (step->kind == STEP_KEEP && is_scaled(progress, step)))
		return NULL;
	return str_format("%s%s%s", words[step->kind].before,
			  step->kind == STEP_BUILD ? step->service : step->name,
			  words[step->kind].after);
}

/* ---- events ---- */

static void v1_open(struct progress *progress)
{
	progress->state = mem_new(struct words);
}

static void v1_begin(struct progress *progress, const struct step *step)
{
	struct line *line = find_line(progress, step);
	scoped_free char *text = plain_line(progress, step);

	if (line && !line->outcome)
		open_batch(progress, line->batch);
	if (text)
		say(progress, text);
}

static void v1_done(struct progress *progress, const struct step *step)
{
	struct line *line = find_line(progress, step);

	if (line && line->steps && --line->steps == 0)
		end_line(progress, line, "done");
}

static char *trouble_of(const struct step *step, const char *text)
{
	static const char from_daemon[] = "Error response from daemon: ";

	if (str_starts_with(text, from_daemon))
		text += strlen(from_daemon);
	if (step->kind == STEP_CREATE)
		return str_format("Cannot create container for service %s: %s", step->service,
				  text);
	if (step->kind == STEP_START)
		return str_format("Cannot start service %s: %s", step->service, text);
	return str_dup(text);
}

static void v1_failed(struct progress *progress, const struct step *step, const char *text)
{
	struct line *line = find_line(progress, step);
	scoped_free char *trouble = trouble_of(step, text);

	if (step->kind == STEP_REMOVE_IMAGE) {
		scoped_free char *words =
			str_format("Failed to remove image for service %s: 409 Client Error: "
				   "Conflict (\"%s\")",
				   step->service ? step->service : step->name, trouble);
		say(progress, words);
	} else if (line && !line->outcome) {
		open_batch(progress, line->batch);
		if (strstr(text, "port is already allocated"))
			say(progress, "Host is already in use by another container");
		line->trouble = str_dup(trouble);
		end_line(progress, line, "error");
	} else if (!line) {
		say(progress, trouble);
	}
}

/* "digest: sha256:0814cd2bdb1f280e0b..." */
static void v1_detail(struct progress *progress, const struct step *step, const char *text)
{
	struct line *line = find_line(progress, step);
	scoped_free char *state = str_format("%.*s%s", DETAIL_LENGTH, text,
					     strlen(text) > DETAIL_LENGTH + 2 ? "..." : "");

	if (step->kind == STEP_BUILD) {
		fprintf(stdout, "%s\n", text);
		fflush(stdout);
	}
	for (char *c = state; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (line && !line->outcome)
		write_line(progress, line, state, "");
}

/* Gates are no words of its. */
static void v1_note(struct progress *progress, const char *subject, const char *word, bool over)
{
	scoped_free char *text = str_format("%s %s", subject, word);

	(void)over;
	if (!str_starts_with(subject, "Container "))
		say(progress, text);
}

static void v1_close(struct progress *progress)
{
	struct words *words = progress->state;
	bool both = brings_up(progress->verb);

	for (size_t i = 0; i < words->lines.count; i++) {
		struct line *line = &words->lines.items[i];

		if (line->trouble)
			fprintf(progress->out, "\nERROR: for %s  %s\n", line->name, line->trouble);
		if (line->trouble && both && line->service)
			fprintf(progress->out, "\nERROR: for %s  %s\n", line->service,
				line->trouble);
		free(line->name);
		free(line->service);
		free(line->trouble);
	}
	clear_batches(words);
	vector_fini(&words->lines);
	free(words);
}

const struct progress_driver progress_v1 = {
	.open = v1_open,
	.plan = take_plan,
	.begin = v1_begin,
	.done = v1_done,
	.failed = v1_failed,
	.detail = v1_detail,
	.note = v1_note,
	.close = v1_close,
};
