/* wait: for the containers of services to exit. */
#include "cmd/compose/verbs.h"

#include "cmd/compose/requests.h"

#include <stdio.h>

struct wait_wishes {
	bool down_project;
};

static const struct option options[] = {
	{0, "down-project", &option_switch, offsetof(struct wait_wishes, down_project),
	 .help = "Take the project down when the first of them has exited"},
};

struct waiting {
	struct compose *compose;
	struct requests *requests;
	bool only_first, failed;
	int code; /* of the last that was told */
};

struct waited {
	struct waiting *all;
	const char *id;
};

static void tell(void *data, const json_t *answer, const struct error *err)
{
	const struct waited *waited = data;
	struct waiting *all = waited->all;

	if (err) {
		all->failed = true;
		compose_fail(all->compose, err);
		return;
	}
	all->code = (int)(doc_number(answer, "StatusCode") & 0xff);
	printf("container \"%s\" exited with status code %d\n", waited->id, all->code);
	fflush(stdout);
	if (all->only_first)
		requests_stop(all->requests);
}

static int wait_for(struct compose *compose, const struct compose_containers *containers,
		    bool only_first)
{
	scoped(requests) struct requests *requests = requests_new(compose->cli, containers->count);
	struct waiting all = {compose, requests, only_first, false, 0};
	struct waited *each = mem_zeroed(containers->count, sizeof(*each));

	for (size_t i = 0; i < containers->count; i++) {
		scoped_target struct target target =
			target_format("/containers/%s/wait", containers->items[i].id);

		each[i] = (struct waited){&all, containers->items[i].id};
		requests_send(requests, "POST", &target, NULL, tell, &each[i]);
	}
	requests_run(requests);
	free(each);
	return all.failed ? 1 : all.code;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct wait_wishes *wishes = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	struct error err;

	if (!compose_name(compose) || !compose_check_services(compose, arguments))
		return 1;
	if (!compose_containers(compose, arguments, false, false, &containers, &err))
		return compose_fail(compose, &err);
	if (!containers.count) {
		error_set(&err, ERROR_NOT_FOUND,
			  "no containers for project \"%s\" run: nothing to wait for",
			  compose->project_name);
		return compose_fail(compose, &err);
	}
	int code = wait_for(compose, &containers, wishes->down_project);
	return wishes->down_project && compose_down_all(compose) != 0 ? 1 : code;
}

const struct command compose_wait = {
	.summary = "Wait until the containers of services have exited",
	.usage = "[OPTIONS] SERVICE [SERVICE...]",
	.least = 1,
	.most = -1,
	.size = sizeof(struct wait_wishes),
	.options = {OPTION_SET(options)},
	.run = run,
};
