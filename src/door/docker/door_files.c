/* Files of containers: archive, changes, export.  A worker looks first; what it finds, or why it does not,
 * is answered here; then it gets the connection. */
#include "base/time.h"
#include "door/docker/handlers.h"
#include "format/base64.h"

struct files_call {
	struct call *call;
	struct engine_files *files; /* NULL: it is over, or has the connection */
	enum archive_kind kind;
};

static void free_files_call(void *data)
{
	free(data);
}

static void on_gone(struct call *call)
{
	struct files_call *f = call->state;

	if (!f->files)
		return;
	engine_files_cancel(take(f->files));
	call_drop(call);
}

static void on_failed(void *data, const struct error *err)
{
	struct files_call *f = data;
	struct call *call = f->call;

	f->files = NULL;
	if (call_is_open(call))
		call_fail(call, err);
	call_drop(call);
}

/* ---- what was found ---- */

struct path_stat {
	char *name;
	int64_t size, mode;
	char *mtime, *link_target;
};
#define T struct path_stat
static const struct record_field path_stat_fields[] = {
	RECORD_FIELD(T, 1, "name", RECORD_STRING, name),
	RECORD_FIELD(T, 2, "size", RECORD_I64, size),
	RECORD_FIELD(T, 3, "mode", RECORD_I64, mode),
	RECORD_FIELD(T, 4, "mtime", RECORD_STRING, mtime),
	RECORD_FIELD(T, 5, "linkTarget", RECORD_STRING, link_target),
};
static const struct record_type path_stat_type = RECORD_TYPE(T, path_stat_fields);
#undef T

static void set_stat_header(struct call *call, const struct archive_found *found)
{
	char mtime[TIME_TEXT_SIZE];
	scoped_buffer struct buffer json = {0}, header = {0};
	struct path_stat stat = {
		.name = found->name,
		.size = found->size,
		.mode = found->mode,
		.mtime = mtime,
		.link_target = found->link_target,
	};

	time_to_text(found->modified_ns, mtime);
	record_write_json(&path_stat_type, &stat, RECORD_FOR_API, &json);
	base64_encode(json.data, json.size, &header);
	http_set_header(call->request, "X-Docker-Container-Path-Stat", header.data);
}

/* The head of the answer goes out, then the worker writes the rest. */
static void give_answer(struct files_call *f, const char *type)
{
	struct engine_connection connection;
	struct archive_stream stream = {0};

	if (!call_give_body(f->call, type, &connection, &stream.chunked)) {
		engine_files_cancel(take(f->files));
		return;
	}
	buffer_fini(&connection.early);
	engine_files_give(take(f->files), &stream, connection.fd);
}

static void write_head(const struct call *call, int status, struct buffer *out)
{
	bool chunked;

	http_response_head(call->request, status, "application/json", out, &chunked);
}

/* The worker reads the body, and answers. */
static void give_request(struct files_call *f)
{
	struct image_upload upload;
	struct archive_stream stream = {0};

	write_head(f->call, 400, &stream.bad);
	write_head(f->call, 500, &stream.failed);
	call_take_upload(f->call, &upload);
	stream.done = upload.head;
	stream.early = upload.early;
	stream.framing = upload.framing;
	stream.length = (int64_t)upload.length;
	stream.expects_continue = upload.expects_continue;
	stream.chunked = upload.chunked;
	engine_files_give(take(f->files), &stream, upload.connection);
}

static void answer_stat(struct files_call *f)
{
	f->files = NULL;
	call_answer_status(f->call, 200);
}

static void on_found(void *data, const struct archive_found *found)
{
	struct files_call *f = data;
	struct call *call = f->call;

	switch (f->kind) {
	case ARCHIVE_STAT:
		set_stat_header(call, found);
		answer_stat(f);
		break;
	case ARCHIVE_GET:
		set_stat_header(call, found);
		give_answer(f, "application/x-tar");
		break;
	case ARCHIVE_PUT:
		give_request(f);
		break;
	case ARCHIVE_EXPORT:
		give_answer(f, "application/octet-stream");
		break;
	case ARCHIVE_CHANGES:
		give_answer(f, "application/json");
		break;
	case ARCHIVE_FILL:
		break;
	}
	call_drop(call);
}

/* ---- requests ---- */

static void begin(struct call *call, const struct engine_files_request *request)
{
	static const struct engine_files_handlers handlers = {on_found, on_failed};
	struct container *c = call_container(call);
	struct files_call *f;

	if (!c)
		return;
	f = mem_new(struct files_call);
	*f = (struct files_call){.call = call_hold(call), .kind = request->kind};
	call->state = f;
	call->fini = free_files_call;
	call->on_gone = on_gone;
	f->files = engine_files_begin(call_engine(call), c, request, &handlers, f);
}

static enum archive_kind archive_kind_of(const struct call *call)
{
	const char *method = http_method(call->request);

	return strcmp(method, "GET") == 0   ? ARCHIVE_GET
	       : strcmp(method, "PUT") == 0 ? ARCHIVE_PUT
					    : ARCHIVE_STAT;
}

void serve_container_archive(struct call *call)
{
	struct engine_files_request request = {
		.kind = archive_kind_of(call),
		.path = call_query(call, "path"),
		.typed = call->arguments[0],
		.keep_kinds = call_query_bool(call, "noOverwriteDirNonDir"),
		.own = call_query_bool(call, "copyUIDGID"),
	};
	struct error err;

	if (str_is_empty(request.path)) {
		error_set(&err, ERROR_INVALID, "bad parameter: 'path' cannot be empty");
		call_fail(call, &err);
		return;
	}
	begin(call, &request);
}

void serve_container_export(struct call *call)
{
	begin(call, &(struct engine_files_request){.kind = ARCHIVE_EXPORT,
						   .typed = call->arguments[0],
						   .bare = call_query_bool(call, "bare")});
}

void serve_container_changes(struct call *call)
{
	begin(call,
	      &(struct engine_files_request){.kind = ARCHIVE_CHANGES, .typed = call->arguments[0]});
}
