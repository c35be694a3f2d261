/* logs */
#include "cmd/cli/api.h"
#include "cmd/cli/moment.h"
#include "cmd/cli/streams.h"
#include "format/json.h"

#define PIECE (256u << 10)

struct logs {
	bool details, follow, timestamps;
	char *since, *until, *tail;
};

static const struct option options[] = {
	{0, "details", &option_switch, offsetof(struct logs, details),
	 .help = "Show the details that were logged with each line"},
	{'f', "follow", &option_switch, offsetof(struct logs, follow),
	 .help = "Go on with what is still to come"},
	{0, "since", &option_string, offsetof(struct logs, since),
	 .help = "Show what was logged after this moment (2013-01-02T13:23:37Z) or so long ago "
		 "(42m)"},
	{'n', "tail", &option_string, offsetof(struct logs, tail), .initial = "all",
	 .help = "Show so many lines from the end"},
	{'t', "timestamps", &option_switch, offsetof(struct logs, timestamps),
	 .help = "Show when each line was logged"},
	{0, "until", &option_string, offsetof(struct logs, until),
	 .help = "Show what was logged before this moment or so long ago"},
};

static bool add_moment(struct target *target, const char *name, const char *text, struct error *err)
{
	if (str_is_empty(text))
		return true;
	scoped_free char *moment = moment_to_unix(text, err);
	if (!moment)
		return error_prefix(err, "invalid value for \"%s\"", name);
	target_add(target, name, moment);
	return true;
}

static bool make_target(const struct logs *logs, struct target *target, struct error *err)
{
	target_add_flag(target, "details", logs->details);
	target_add_flag(target, "follow", logs->follow);
	if (!add_moment(target, "since", logs->since, err))
		return false;
	target_add(target, "stderr", "1");
	target_add(target, "stdout", "1");
	target_add(target, "tail", logs->tail);
	target_add_flag(target, "timestamps", logs->timestamps);
	return add_moment(target, "until", logs->until, err);
}

static bool copy(struct http_client *client, struct streams *streams, struct error *err)
{
	scoped_buffer struct buffer piece = {0};
	ssize_t got;

	while ((got = http_client_read(client, buffer_reserve(&piece, PIECE), PIECE, err)) > 0)
		if (!streams_write(streams, piece.data, (size_t)got, err))
			return false;
	return got == 0 && streams_end(streams, err);
}

/* Whether the log has frames: the answer's type tells, from version 1.42 on; other daemons must be asked
 * for the container. */
static bool is_framed(struct cli *cli, const char *name, const struct http_answer *answer,
		      bool *framed, struct error *err)
{
	const char *type = pairs_get(&answer->headers, "content-type");
	bool told = api_at_least(cli, "1.42");

	*framed = told && str_equal(type, "application/vnd.docker.multiplexed-stream");
	if (*framed || (told && str_equal(type, "application/vnd.docker.raw-stream")))
		return true;
	scoped_target struct target target = target_format("/containers/%s/json", name);
	struct http_client *other = api_connect(cli, err);
	struct api_request request = {.client = other, .method = "GET", .target = &target};
	scoped_json json_t *container = NULL;
	bool good = other && api_call(cli, &request, &container, err);
	http_client_free(other);
	*framed = !doc_flag(json_object_get(container, "Config"), "Tty");
	return good;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *name = arguments->items[0];
	scoped_target struct target target = target_format("/containers/%s/logs", name);
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct api_request request = {.method = "GET", .target = &target};
	struct streams streams = {0};
	struct http_client *client;
	struct error err;

	if (make_target(fields, &target, &err) &&
	    (client = api_send(cli, &request, &answer, &err)) &&
	    is_framed(cli, name, &answer, &streams.framed, &err) && copy(client, &streams, &err))
		return 0;
	return cli_fail(cli, &err);
}

const struct command container_logs = {
	.summary = "Show what a container has written",
	.usage = "[OPTIONS] CONTAINER",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_CONTAINERS,
	.size = sizeof(struct logs),
	.options = {OPTION_SET(options)},
	.run = run,
};
