/* POST /commit: a container's changes as an image. */
#include "door/docker/handlers.h"

struct committed {
	char *id;
};
static const struct record_field committed_fields[] = {
	RECORD_FIELD(struct committed, 1, "Id", RECORD_STRING, id),
};
static const struct record_type committed_type = RECORD_TYPE(struct committed, committed_fields);

static void on_committed(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err) {
		call_fail(call, result->err);
	} else if (call_is_open(call)) {
		struct committed committed = {(char *)(uintptr_t)result->image_id};

		call_answer_record(call, 201, &committed_type, &committed);
	}
	call_drop(call);
}

/* The container is named by a parameter here. */
static struct container *find(struct call *call)
{
	const char *name = call_query(call, "container");
	struct error err;
	struct container *c = engine_find(call_engine(call), name ? name : "", &err);

	if (!c)
		call_fail(call, &err);
	return c;
}

static char *target(const struct call *call)
{
	const char *repository = call_query(call, "repo"), *tag = call_query(call, "tag");

	if (str_is_empty(repository))
		return NULL;
	return str_format("%s%s%s", repository, str_is_empty(tag) ? "" : ":",
			  str_is_empty(tag) ? "" : tag);
}

/* Each may hold several, a line each. */
static struct strings changes_of(const struct call *call)
{
	scoped_strings struct strings given = http_query_values(call->request, "changes");
	struct strings changes = {0};

	for (size_t i = 0; i < given.count; i++) {
		scoped_strings struct strings lines = strings_split(given.items[i], '\n');

		for (size_t j = 0; j < lines.count; j++)
			if (lines.items[j][strspn(lines.items[j], " \t\r")])
				strings_add(&changes, lines.items[j]);
	}
	return changes;
}

static void begin(struct call *call, struct container *c, const struct container_config *config)
{
	const char *pause = call_query(call, "pause");
	scoped_free char *name = target(call);
	scoped_strings struct strings changes = changes_of(call);
	struct commit_request request = {
		.name = name,
		.author = call_query(call, "author"),
		.comment = call_query(call, "comment"),
		.pause = !pause || call_query_bool(call, "pause"),
		.changes = changes,
		.config = config,
	};

	engine_commit(call_engine(call), c, &request, on_committed, call_hold(call));
}

void serve_commit(struct call *call)
{
	struct container_config config = {0};
	bool given = call->body && !json_is_null(call->body);
	struct container *c = find(call);
	struct error err;

	if (!c)
		return;
	if (given && !call_read_body(call, &container_config_type, &config, &err))
		call_fail(call, &err);
	else
		begin(call, c, given ? &config : NULL);
	record_fini(&container_config_type, &config);
}
