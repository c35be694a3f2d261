/* `wherry compose`, called `docker-compose` in the style of version 1: what its verbs share.
 *
 * It speaks the Engine API alone, so it drives a real dockerd too; what only wherryd can do (docs/compose-api.md) is
 * asked for once. Every verb that changes something makes a plan (orchestrator/) and carries it out (execute.h). */
#pragma once

#include "cmd/cli/api.h"
#include "orchestrator/project_plan.h"

/* ---- options before the verb ---- */

struct compose_options {
	struct strings files, profiles, env_files;
	char *project_name, *project_directory, *ansi, *progress;
	bool compatibility, dry_run, all_resources, no_ansi, verbose, version;
	struct option_number parallel;
	/* of version 1 only: where the daemon is */
	struct strings hosts;
	char *context, *log_level, *ca, *certificate, *key;
	bool tls, tls_verify, skip_hostname_check;
};

/* What the daemon knows beyond the Engine API: the words of Details.Features. */
struct compose_features {
	bool asked;
	bool is_wherry; /* tmpfs files and all that follows are to be had only there */
	bool hold, group, takeover, files, projects, folders, leases, restarts;
};

struct compose {
	struct cli *cli;
	enum compose_style style;
	struct compose_options options;
	struct compose_features features;
	struct project *
		project; /* owned, given back with free_project; NULL until compose_open, and for verbs that work from labels */
	bool from_record; /* it is the one that the daemon recorded: no file was at hand */
	void (*free_project)(struct project *project);
	char *project_name;   /* owned; set by compose_open and compose_name */
	struct pairs digests; /* of configs and secrets, by "configs.NAME" */
	json_t *images; /* owned: inspect documents by the names services have; set by observe */
	struct strings warned;	  /* what the daemon cannot do of the file: told once */
	size_t parallel;	  /* requests in flight */
	struct lease *lease;	  /* owned; NULL: none is held */
	struct cli_options outer; /* of the call, as they were before ours were laid over them */
};

/* A verb: like any command of cmd/cli, but `run` finds the call with this. */
struct compose *compose_of(const struct cli *cli);

/* ---- what verbs begin with ---- */

/* Load the project; what is wrong with the files is shown on stderr, all of it, and false returned (then the verb
 * ends with 1).  `services`: those named on the line, NULL: none; they must exist. */
bool compose_open(struct compose *compose, const struct strings *services);
/* The same with the no_... members of `wishes`, for `config`. */
bool compose_open_with(struct compose *compose, const struct strings *services,
		       const struct compose_request *wishes);
/* Variables of the shell, each once. */
void compose_take_shell(struct pairs *out);
/* Errors with their line, warnings as this style logs them. */
void compose_show(struct compose *compose, const struct diagnostics *diagnostics);

/* The name that was given, and the project too where files are there and good; else as compose_open: for ps, logs,
 * down ... */
bool compose_name(struct compose *compose);

/* Ask once what the daemon can do. */
bool compose_ask_features(struct compose *compose, struct error *err);

/* Named services must be in the file (or, where there is none, have containers): "No such service: x". */
bool compose_check_services(struct compose *compose, const struct strings *services);

/* A variable of the environment that is 1, true, yes or on. */
bool compose_flag(const char *name);

/* Is that said, with this --log-level? */
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
bool compose_says(const struct compose *compose, enum log_level level);

/* May what is written to `fd` be coloured and rewritten?  --ansi, COMPOSE_ANSI, or whether it is a terminal. */
bool compose_is_fancy(const struct compose *compose, int fd);

/* Show a failure as this style does ("ERROR: ..."); always 1. */
int compose_fail(const struct compose *compose, const struct error *err);
void compose_warn(const struct compose *compose, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- containers by label ---- */

struct compose_container {
	const char *id, *name, *service; /* borrowed from `document` */
	unsigned number;
	bool one_off;
	const json_t *document; /* of the list */
};

struct compose_containers {
	json_t *list;			 /* owned */
	struct compose_container *items; /* sorted by service, then number */
	size_t count;
};

/* GET /containers/json filtered by the project's label.  `services` NULL or empty: all of them. */
bool compose_containers(struct compose *compose, const struct strings *services, bool all,
			bool one_offs, struct compose_containers *out, struct error *err);
void compose_sort_by_name(struct compose_containers *containers);
void compose_containers_fini(struct compose_containers *containers);

/* The one of a service by --index (0: the lowest number that runs, else the lowest). */
const struct compose_container *compose_pick(const struct compose_containers *containers,
					     const char *service, unsigned index,
					     struct error *err);

/* "web-1" or "web_1": a name as log lines and tables have it, without the project. */
const char *compose_short_name(const struct compose *compose, const char *name);

/* Of the group: read what stands before the verb, and the environment. */
int compose_enter(struct cli *cli, void *fields, const struct strings *words);
void compose_leave(struct cli *cli, void *fields);

extern const struct command compose_group; /* verbs.c */
