/* Samples of what containers use, shown as they change: `stats` here and of compose. */
#pragma once

#include "cmd/cli/cli.h"

struct stats {
	bool all, no_stream, no_trunc;
	char *format;
};

extern const struct option stats_options[];
#define STATS_OPTION_COUNT 4

/* Of the containers named, or, where `names` is empty and `whole`, of all that run and of those that come.  The exit
 * status; failures were shown. */
int stats_show(struct cli *cli, const struct stats *stats, const struct strings *names, bool whole);
