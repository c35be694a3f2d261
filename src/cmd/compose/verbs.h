/* The verbs, each in the file of its name. */
#pragma once

#include "cmd/compose/compose.h"

extern const struct command compose_attach;
extern const struct command compose_build, compose_pull, compose_push;
extern const struct command compose_commit;
extern const struct command compose_config;
extern const struct command compose_copy;
extern const struct command compose_diff, compose_rollback; /* revisions.c */
extern const struct command compose_events;
extern const struct command compose_exec;
extern const struct command compose_export;
extern const struct command compose_refused;
extern const struct command compose_images; /* image_table.c */
extern const struct command compose_list;
extern const struct command compose_logs;
extern const struct command compose_port;
extern const struct command compose_ps;
extern const struct command compose_remove, compose_down; /* remove.c */
extern const struct command compose_start, compose_stop, compose_restart, compose_pause,
	compose_unpause, compose_kill; /* lifecycle.c */
extern const struct command compose_up, compose_create, compose_scale, compose_plan; /* up.c */
extern const struct command compose_run;
extern const struct command compose_stats;
extern const struct command compose_top;
extern const struct command compose_version;
extern const struct command compose_viz;
extern const struct command compose_volumes;
extern const struct command compose_wait;
extern const struct command compose_watch;

/* The running container of a service, by --index where that was given; `containers` owns it.  NULL: why was shown. */
const struct compose_container *compose_running(struct compose *compose, const char *service,
						const struct option_number *index,
						struct compose_containers *containers);

/* Likewise, whether it runs or not. */
const struct compose_container *compose_any(struct compose *compose, const char *service,
					    const struct option_number *index,
					    struct compose_containers *containers);

/* All of the project is taken down, as by the verb without options; its name is known.  The exit status. */
int compose_down_all(struct compose *compose);

/* Our level, as scripts compare it: what both peers of that number do. */
const char *compose_level(enum compose_style style);
int compose_print_version(const struct cli *cli, enum compose_style style);
