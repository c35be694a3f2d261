/* Verbs that compose 2 has and we do not: each says why. */
#include "cmd/compose/verbs.h"

static const struct reason {
	const char *name, *why;
} reasons[] = {
	{"publish", "projects are files: keep them where you keep your sources"},
	{"bridge", "kubectl takes the manifests that it makes; nothing here converts them"},
	{"alpha", "what is tried out there is not here; what it tried out and kept is"},
};

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *blank = strrchr(cli->path, ' ');
	struct error err;

	for (size_t i = 0; i < array_length(reasons); i++)
		if (blank && strcmp(blank + 1, reasons[i].name) == 0)
			error_set(&err, ERROR_UNSUPPORTED, "%s is not supported: %s", cli->path,
				  reasons[i].why);
	return compose_fail(compose_of(cli), &err);
}

const struct command compose_refused = {
	.summary = "Not supported here",
	.usage = "",
	.most = -1,
	.plain = true,
	.run = run,
};
