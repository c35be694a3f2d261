/* cp: from the first container of a service, or to all of them. */
#include "cmd/compose/verbs.h"

#include "cmd/cli/container_copy.h"
#include "cmd/cli/copy_path.h"

struct compose_copy {
	struct copy copy; /* first */
	struct option_number index;
	bool all;
};

static const struct option options[] = {
	{0, "all", &option_switch, offsetof(struct compose_copy, all),
	 .help = "Include containers that `run` made"},
	{'a', "archive", &option_switch, offsetof(struct compose_copy, copy.archive),
	 .help = "Give the files to the container's user"},
	{'L', "follow-link", &option_switch, offsetof(struct compose_copy, copy.follow),
	 .help = "Copy what a symbolic link leads to, not the link"},
	{0, "index", &option_number, offsetof(struct compose_copy, index),
	 .help = "Number of the container, where there are several"},
};

/* One end of a copy: service and path, or a path here. */
struct end {
	char *service; /* owned; NULL: this host */
	char *path;    /* owned */
};

static void end_fini(struct end *end)
{
	free(end->service);
	free(end->path);
}

static struct end read_end(const char *text)
{
	struct end end = {0};

	copy_split(text, &end.service, &end.path);
	return end;
}

static bool copy_to_all(struct compose *compose, const struct compose_copy *wanted,
			const struct compose_containers *containers, const struct end *from,
			const struct end *to, struct error *err)
{
	for (size_t i = 0; i < containers->count; i++)
		if (!copy_to(compose->cli, &wanted->copy, from->path, containers->items[i].id,
			     to->path, err))
			return false;
	return true;
}

static bool copy(struct compose *compose, const struct compose_copy *wanted, const struct end *from,
		 const struct end *to, struct error *err)
{
	const char *service = from->service ? from->service : to->service;
	unsigned index = wanted->index.given ? (unsigned)wanted->index.value : 0;
	struct strings services = {(char *[]){(char *)service}, 1}; /* borrowed */
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};

	if (!compose_containers(compose, &services, true, wanted->all, &containers, err))
		return false;
	if (!containers.count)
		return error_set(err, ERROR_NOT_FOUND, "no container found for service \"%s\"",
				 service);
	if (to->service && !index)
		return copy_to_all(compose, wanted, &containers, from, to, err);
	const struct compose_container *one =
		index ? compose_pick(&containers, service, index, err) : &containers.items[0];
	if (!one)
		return false;
	return to->service
		       ? copy_to(compose->cli, &wanted->copy, from->path, one->id, to->path, err)
		       : copy_from(compose->cli, &wanted->copy, one->id, from->path, to->path, err);
}

static bool check_ends(const struct end *from, const struct end *to, struct error *err)
{
	if (from->service && to->service)
		return error_set(err, ERROR_INVALID, "copying between services is not supported");
	return from->service || to->service ||
	       error_set(err, ERROR_INVALID,
			 "unknown copy direction: one end must be SERVICE:PATH");
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	scoped_with(end_fini) struct end from = read_end(arguments->items[0]);
	scoped_with(end_fini) struct end to = read_end(arguments->items[1]);
	struct error err;

	if (!check_ends(&from, &to, &err))
		return compose_fail(compose, &err);
	struct strings services = {(char *[]){from.service ? from.service : to.service}, 1};
	if (!compose_name(compose) || !compose_check_services(compose, &services))
		return 1;
	return copy(compose, fields, &from, &to, &err) ? 0 : compose_fail(compose, &err);
}

const struct command compose_copy = {
	.summary = "Copy files between containers of a service and this host",
	.details =
		"Copy files from the first container of a service, or to all of its containers. "
		"A source of - is an archive that is read from stdin and unpacked in a folder of "
		"the container; a destination of - is an archive written to stdout.",
	.usage = "[OPTIONS] SERVICE:SRC_PATH|SRC_PATH|- SERVICE:DEST_PATH|DEST_PATH|-",
	.least = 2,
	.most = 2,
	.size = sizeof(struct compose_copy),
	.options = {OPTION_SET(options)},
	.run = run,
};
