/* diff and rollback: a project beside what the daemon recorded of it. */
#include "cmd/compose/recorded.h"
#include "cmd/compose/up.h"
#include "cmd/compose/verbs.h"

#include "format/json.h"
#include "orchestrator/model_changes.h"

#include <stdio.h>

enum { DIFFERS = 2 };

struct revisions {
	struct option_number revision;
	bool brief;
};

#define REVISION_OPTION(text)                                                                      \
	{                                                                                          \
		0, "revision", &option_number, offsetof(struct revisions, revision), .help = text  \
	}

static const struct option diff_options[] = {
	REVISION_OPTION("Beside this revision (default: the last)"),
	{'q', "quiet", &option_switch, offsetof(struct revisions, brief),
	 .help = "Say nothing: the status tells"},
};

static const struct option rollback_options[] = {
	REVISION_OPTION("To this revision (default: the one before the last)"),
};

/* ---- what is recorded ---- */

static bool is_kept(struct compose *compose, struct error *err)
{
	if (!compose_ask_features(compose, err))
		return false;
	return compose->features.projects ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "this daemon records no projects: revisions are kept by wherryd");
}

static bool check_revision(const struct option_number *revision, struct error *err)
{
	return !revision->given || revision->value > 0 ||
	       error_set(err, ERROR_INVALID, "invalid --revision %lld: they are numbered from 1",
			 (long long)revision->value);
}

/* The revision before the last one, 0: there is none. */
static int64_t previous_revision(const json_t *document)
{
	int64_t last = doc_number(document, "Revision"), found = 0;
	size_t i;
	json_t *row;

	json_array_foreach (json_object_get(document, "Revisions"), i, row) {
		int64_t number = doc_number(row, "Revision");

		if (number < last && number > found)
			found = number;
	}
	return found;
}

/* ---- diff ---- */

static void print_changes(const struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		if (!change->old_value)
			printf("%s added: %s\n", change->field, change->new_value);
		else if (!change->new_value)
			printf("%s removed: %s\n", change->field, change->old_value);
		else
			printf("%s: %s -> %s\n", change->field, change->old_value,
			       change->new_value);
	}
}

/* What the files say as it would be recorded: what no profile enables is left out. */
static struct project *as_recorded(struct compose *compose)
{
	scoped_diagnostics struct diagnostics diagnostics = {0};
	scoped_buffer struct buffer model = {0};
	const struct project *project = compose->project;

	project_write_model(project, &model);
	struct project *now = compose_restore(project->name, project->style, project->directory,
					      model.data, model.size, &diagnostics);
	compose_show(compose, &diagnostics);
	return now;
}

static int compare(struct compose *compose, const struct revisions *wishes, struct error *err)
{
	scoped_json json_t *document = recorded_get(compose, wishes->revision.value, err);
	scoped(project) struct project *recorded =
		document ? recorded_project(compose, document, err) : NULL;
	scoped(project) struct project *now = recorded ? as_recorded(compose) : NULL;
	struct changes changes = {0};

	if (!recorded)
		return compose_fail(compose, err);
	if (!now)
		return 1;
	model_changes(recorded->root, now->root, &changes);
	bool differs = changes.count;
	if (!wishes->brief)
		print_changes(&changes);
	changes_fini(&changes);
	return differs ? DIFFERS : 0;
}

static int run_diff(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct revisions *wishes = fields;
	struct error err;

	if (!check_revision(&wishes->revision, &err))
		return compose_fail(compose, &err);
	if (!compose_open(compose, NULL))
		return 1;
	return is_kept(compose, &err) ? compare(compose, wishes, &err)
				      : compose_fail(compose, &err);
}

const struct command compose_diff = {
	.summary = "Show what the files say otherwise than the recorded project",
	.details = "Show what the files say otherwise than the project that the daemon recorded at "
		   "the last `up`. Exits with 0 when nothing differs, with 2 when something does.",
	.usage = "[OPTIONS]",
	.size = sizeof(struct revisions),
	.options = {OPTION_SET(diff_options)},
	.run = run_diff,
};

/* ---- rollback ---- */

static int64_t choose_revision(struct compose *compose, const struct revisions *wishes,
			       struct error *err)
{
	if (wishes->revision.given)
		return wishes->revision.value;
	scoped_json json_t *document = recorded_get(compose, 0, err);
	int64_t revision = document ? previous_revision(document) : 0;

	if (document && !revision)
		error_set(err, ERROR_NOT_FOUND, "project '%s' has no revision before the last",
			  compose->project_name);
	return revision;
}

/* The recorded project takes the place of the one that files say. */
static bool take_revision(struct compose *compose, int64_t revision, struct error *err)
{
	scoped_json json_t *document = recorded_get(compose, revision, err);
	struct project *project = document ? recorded_project(compose, document, err) : NULL;

	if (!project)
		return false;
	if (compose->project) { /* it knows .env, too */
		pairs_fini(&project->environment);
		project->environment = compose->project->environment;
		compose->project->environment = (struct pairs){0};
		project_free(compose->project);
	}
	compose->project = project;
	compose->free_project = project_free;
	return true;
}

static int run_rollback(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct revisions *wishes = fields;
	static const struct strings all;
	struct up up = {.detach = true, .remove_orphans = true};
	struct error err;
	int64_t revision = 0;

	if (!check_revision(&wishes->revision, &err))
		return compose_fail(compose, &err);
	if (!compose_name(compose))
		return 1;
	if (!is_kept(compose, &err) || !(revision = choose_revision(compose, wishes, &err)) ||
	    !take_revision(compose, revision, &err))
		return compose_fail(compose, &err);
	return up_services(compose, &up, &all);
}

const struct command compose_rollback = {
	.summary = "Bring the project back to what it was before",
	.details = "Bring the project back to what the daemon recorded before the last `up`, or to "
		   "another revision; that is then the newest revision. Models go back; what "
		   "configs, secrets and build contexts on this host hold is as it is now.",
	.usage = "[OPTIONS]",
	.size = sizeof(struct revisions),
	.options = {OPTION_SET(rollback_options)},
	.run = run_rollback,
};
