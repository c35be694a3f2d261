/* What the verbs of `wherry unit`, alias systemctl, share.  All have one set of options, as systemctl does: those
 * that a verb has no use for are ignored. */
#pragma once

#include "cmd/cli/api.h"

struct unit_options {
	bool all, failed, plain, no_legend, full, quiet, value;
	bool no_block, now, runtime, force, reverse, recursive, show_types, ignored;
	bool mode_fail, mode_irreversible, mode_ignore, wait, after, before, no_warn;
	struct strings types, states, properties, values, what;
	char *job_mode, *kill_whom, *signal, *output, *drop_in, *unused;
	struct option_number lines;
	bool user;
};

enum { UNIT_OPTIONS = 54 };
extern const struct option unit_options[UNIT_OPTIONS];

#define UNIT_COMMAND(words, text, from, to, function)                                              \
	{                                                                                          \
		.summary = text, .usage = words, .least = from, .most = to,                        \
		.size = sizeof(struct unit_options), .options = {OPTION_SET(unit_options)},        \
		.run = function,                                                                   \
	}

/* How the command is called in hints: "systemctl" or "wherry unit"; "journalctl" or "wherry journal". */
const char *unit_program(const struct cli *cli);
const char *unit_journal_program(const struct cli *cli);

/* What was typed as full names; globs as the names of loaded units that they match. */
bool unit_names(struct cli *cli, const struct strings *typed, struct strings *names,
		struct error *err);

/* The same without asking for globs: they stay. */
bool unit_patterns(const struct strings *typed, struct strings *names, struct error *err);

/* `one` for each unit that was typed; what fails is said, and the others go on.  The exit code. */
typedef bool unit_act(struct cli *cli, const char *name, const struct unit_options *options,
		      struct error *err);
int unit_each(struct cli *cli, const struct strings *typed, const struct unit_options *options,
	      unit_act *one);

/* Of a verb's target: "multi-user" is multi-user.target. */
char *unit_target_name(const char *typed);

/* The document of one unit; NULL on failure. */
json_t *unit_get(struct cli *cli, const char *name, struct error *err);
json_t *unit_get_files(struct cli *cli, const char *name, struct error *err); /* one at least */
const char *unit_property(const json_t *unit, const char *name); /* "" when it has none */
int64_t unit_moment(const json_t *unit, const char *name); /* us since 1970 of "...Timestamp"; 0 */
bool unit_is_known(const json_t *unit);

/* "●" and its like, coloured on a terminal. */
const char *unit_dot(const char *load, const char *active);
void unit_add_coloured(struct buffer *out, const char *active, const char *text);

/* {"Verb", "Units", ...} to /jobs, and wait; the exit status. */
int unit_run_jobs(struct cli *cli, const char *verb, const struct strings *names,
		  const struct unit_options *options);

/* Lines of the last entries about a unit, as `status` shows them. */
bool unit_add_journal(struct cli *cli, const char *name, const struct unit_options *options,
		      struct buffer *out, struct error *err);

int unit_show_host(struct cli *cli, const struct unit_options *options); /* status of no unit */
