#include "cmd/cli/api.h"

#include "cmd/cli/address.h"
#include "cmd/cli/context_store.h"
#include "format/json.h"
#include "format/percent.h"

#include <ctype.h>
#include <errno.h>

#define ANSWER_LIMIT (64u << 20) /* of a document held in memory */

/* ---- targets ---- */

void target_fini(struct target *target)
{
	buffer_fini(&target->text);
}

struct target target_format(const char *format, ...)
{
	struct target target = {0};
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		if (format[0] == '%' && format[1] == 's') {
			percent_encode(&target.text, va_arg(args, const char *));
			format++;
		} else {
			buffer_add_char(&target.text, *format);
		}
	}
	va_end(args);
	return target;
}

void target_add(struct target *target, const char *name, const char *value)
{
	buffer_format(&target->text, "%c%s=", target->has_query ? '&' : '?', name);
	percent_encode(&target->text, value);
	target->has_query = true;
}

void target_add_number(struct target *target, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	target_add(target, name, text);
}

void target_add_flag(struct target *target, const char *name, bool value)
{
	if (value)
		target_add(target, name, "1");
}

/* {"status": {"exited": true}}, the form that every version of the API takes. */
void target_add_filters(struct target *target, const struct strings *filters)
{
	scoped_json json_t *all = json_object();

	for (size_t i = 0; i < filters->count; i++) {
		const char *text = filters->items[i];
		size_t length = strcspn(text, "=");
		scoped_free char *name = str_dup_n(text, length);

		for (char *at = name; *at; at++)
			*at = (char)tolower((unsigned char)*at);
		json_t *values = json_object_get(all, name);
		if (!values)
			json_object_set_new(all, name, values = json_object());
		json_object_set_new(values, text + length + (text[length] != '\0'), json_true());
	}
	if (!json_object_size(all))
		return;
	scoped_free char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	target_add(target, "filters", text);
}

/* ---- connecting ---- */

static struct http_client *new_client(struct cli *cli, struct error *err)
{
	scoped_tls_files struct tls_files files = {0};

	if (!cli->address && (!context_enter(cli, err) ||
			      (!cli->address && !(cli->address = address_choose(cli, err)))))
		return NULL;
	if (str_starts_with(cli->address, "unix:") || !tls_choose(cli, &files))
		return http_client_new(cli->address, NULL, err);
	struct http_client_tls tls = {
		.ca = files.ca,
		.certificate = files.certificate,
		.key = files.key,
		.verify = files.verify,
	};
	return http_client_new(cli->address, &tls, err);
}

/* "1.47" as a number that compares. */
static unsigned version_number(const char *version)
{
	unsigned major = 0, minor = 0;

	sscanf(version, "%5u.%5u", &major, &minor);
	return major * 100000 + minor;
}

bool api_version_at_least(const char *have, const char *version)
{
	return version_number(have ? have : CLI_API_VERSION) >= version_number(version);
}

bool api_at_least(const struct cli *cli, const char *version)
{
	return api_version_at_least(cli->api_version, version);
}

bool api_requires(struct cli *cli, const char *what, const char *version, struct error *err)
{
	if (!api_open(cli, err))
		return false;
	return api_at_least(cli, version) ||
	       error_set(err, ERROR_UNSUPPORTED,
			 "\"%s\" requires API version %s, but the %s daemon API version is %s",
			 what, version, cli->product, cli->api_version);
}

/* In the words that scripts wait for. */
bool api_cannot_connect(const struct cli *cli, struct error *err)
{
	bool docker = strcmp(cli->product, "Docker") == 0;

	if (err->os == EACCES || err->os == EPERM)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"permission denied while trying to connect to the %s daemon socket "
			"at %s",
			cli->product, cli->address);
	if (err->kind == ERROR_NOT_FOUND || err->kind == ERROR_UNAVAILABLE)
		return error_set(err, ERROR_UNAVAILABLE,
				 "Cannot connect to the %s daemon at %s. Is %s running?",
				 cli->product, cli->address, docker ? "the docker daemon" : "it");
	return error_prefix(err, "error during connect");
}

/* The older of the daemon's version and ours; daemons that do not tell have the oldest that counts. */
static char *agree_on_version(const char *theirs)
{
	if (!theirs)
		return str_dup("1.24");
	bool older = version_number(theirs) < version_number(CLI_API_VERSION);
	return str_dup(older ? theirs : CLI_API_VERSION);
}

static bool ping(struct cli *cli, struct http_client *client, struct error *err)
{
	static const char *const methods[] = {"HEAD", "GET"};

	for (size_t i = 0; i < array_length(methods) && !cli->api_version; i++) {
		scoped_with(http_answer_fini) struct http_answer answer = {0};
		scoped_buffer struct buffer body = {0};

		if (!http_client_send(client, methods[i], "/_ping", NULL, NULL, &answer, err))
			return api_cannot_connect(cli, err);
		if (!http_client_read_all(client, ANSWER_LIMIT, &body, err))
			return error_prefix(err, "error during connect");
		if (answer.status == 200 || i)
			cli->api_version =
				agree_on_version(pairs_get(&answer.headers, "api-version"));
	}
	return true;
}

struct http_client *api_open(struct cli *cli, struct error *err)
{
	const char *wanted = getenv("DOCKER_API_VERSION");

	if (!cli->api && !(cli->api = new_client(cli, err)))
		return NULL;
	if (!cli->api_version && !str_is_empty(wanted))
		cli->api_version = str_dup(wanted);
	if (!cli->api_version && !ping(cli, cli->api, err))
		return NULL;
	return cli->api;
}

struct http_client *api_connect(struct cli *cli, struct error *err)
{
	return api_open(cli, err) ? new_client(cli, err) : NULL;
}

/* ---- asking ---- */

/* Our own pages have their version in their names. */
static bool is_ours(const char *path)
{
	return str_starts_with(path, "/wherry/");
}

bool api_read_refusal(const struct target *target, int status, struct buffer *body,
		      struct error *err)
{
	static const struct {
		int status;
		enum error_kind kind;
	} kinds[] = {
		{304, ERROR_UNCHANGED},	  {400, ERROR_INVALID},	    {401, ERROR_DENIED},
		{403, ERROR_FORBIDDEN},	  {404, ERROR_NOT_FOUND},   {409, ERROR_CONFLICT},
		{501, ERROR_UNSUPPORTED}, {503, ERROR_UNAVAILABLE},
	};
	enum error_kind kind = ERROR_SYSTEM;
	struct error ignored;

	for (size_t i = 0; i < array_length(kinds); i++)
		if (kinds[i].status == status)
			kind = kinds[i].kind;
	scoped_json json_t *json = json_parse(body->data ? body->data : "", body->size, &ignored);
	const char *message = doc_text(json, "message");
	if (!*message && body->size) {
		while (body->size && isspace((unsigned char)body->data[body->size - 1]))
			body->data[--body->size] = '\0';
		message = body->data;
	}
	if (*message && is_ours(target->text.data))
		return error_set(err, kind, "%s", message);
	if (!*message)
		return error_set(err, kind, "request returned status %d from the daemon", status);
	return error_set(err, kind, "Error response from daemon: %s", message);
}

char *api_path(const struct cli *cli, const struct target *target)
{
	const char *path = target->text.data;

	return is_ours(path) ? str_dup(path) : str_format("/v%s%s", cli->api_version, path);
}

static bool fail_with_answer(struct http_client *client, const struct target *target, int status,
			     struct error *err)
{
	scoped_buffer struct buffer body = {0};

	return http_client_read_all(client, ANSWER_LIMIT, &body, err) &&
	       api_read_refusal(target, status, &body, err);
}

void api_trace(const struct cli *cli, const char *method, const char *path)
{
	if (cli->traces)
		fprintf(stderr, "%s %s\n", method, path);
}

struct http_client *api_send(struct cli *cli, const struct api_request *request,
			     struct http_answer *answer, struct error *err)
{
	struct http_client *client = request->client ? request->client : api_open(cli, err);

	if (!client)
		return NULL;
	scoped_free char *path = api_path(cli, request->target);
	scoped_pairs struct pairs headers = {0};
	scoped_free char *text = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
	struct http_bytes source = {text, text ? strlen(text) : 0};
	struct http_body_source body = {http_bytes_read, &source, (int64_t)source.left};
	const struct http_body_source *stream = text ? &body : request->stream;

	if (request->headers)
		headers = pairs_copy(request->headers);
	if (stream)
		pairs_set(&headers, "Content-Type",
			  request->type ? request->type : "application/json");
	api_trace(cli, request->method, path);
	if (!http_client_send(client, request->method, path, &headers, stream, answer, err))
		api_cannot_connect(cli, err);
	else if (answer->status < 400 ||
		 fail_with_answer(client, request->target, answer->status, err))
		return client;
	return NULL;
}

static bool call_for_text(struct cli *cli, const struct api_request *request, struct buffer *text,
			  struct error *err)
{
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct http_client *client = api_send(cli, request, &answer, err);

	return client && http_client_read_all(client, ANSWER_LIMIT, text, err);
}

bool api_call(struct cli *cli, const struct api_request *request, json_t **answer,
	      struct error *err)
{
	scoped_buffer struct buffer text = {0};

	if (!call_for_text(cli, request, &text, err))
		return false;
	*answer = text.size ? json_parse(text.data, text.size, err) : NULL;
	return !text.size || *answer || error_prefix(err, "Error reading remote info");
}

json_t *api_get(struct cli *cli, const struct target *target, struct error *err)
{
	struct api_request request = {.method = "GET", .target = target};
	json_t *answer = NULL;

	if (!api_call(cli, &request, &answer, err))
		return NULL;
	if (!answer)
		error_set(err, ERROR_SYSTEM, "the daemon answered nothing to %s",
			  target->text.data);
	return answer;
}

bool api_get_text(struct cli *cli, const struct target *target, struct buffer *out,
		  struct error *err)
{
	struct api_request request = {.method = "GET", .target = target};

	return call_for_text(cli, &request, out, err);
}

bool api_do(struct cli *cli, struct http_client *client, const char *method,
	    const struct target *target, struct error *err)
{
	struct api_request request = {.client = client, .method = method, .target = target};
	scoped_buffer struct buffer text = {0};

	return call_for_text(cli, &request, &text, err);
}

bool api_post(struct cli *cli, const struct target *target, const json_t *body, struct error *err)
{
	struct api_request request = {.method = "POST", .target = target, .body = body};
	scoped_buffer struct buffer text = {0};

	return call_for_text(cli, &request, &text, err);
}

/* ---- streams ---- */

typedef bool each_document(void *data, const json_t *document, struct error *err);

/* One line of the stream; what is no JSON object is an error of the daemon's. */
static bool take_line(const char *line, size_t size, each_document *each, void *data,
		      struct error *err)
{
	while (size && isspace((unsigned char)line[size - 1]))
		size--;
	if (!size)
		return true;
	scoped_json json_t *document = json_parse(line, size, err);
	return document && each(data, document, err);
}

static bool take_lines(struct buffer *text, each_document *each, void *data, struct error *err)
{
	size_t start = 0;

	for (const char *end; (end = memchr(text->data + start, '\n', text->size - start));
	     start = (size_t)(end - text->data) + 1)
		if (!take_line(text->data + start, (size_t)(end - text->data) - start, each, data,
			       err))
			return false;
	buffer_consume(text, start);
	return text->size < ANSWER_LIMIT ||
	       error_set(err, ERROR_SYSTEM, "the daemon sent an endless line");
}

bool api_stream(struct cli *cli, const struct api_request *request,
		bool (*each)(void *data, const json_t *document, struct error *err), void *data,
		struct error *err)
{
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	scoped_buffer struct buffer text = {0};
	struct http_client *client = api_send(cli, request, &answer, err);
	ssize_t got;

	if (!client)
		return false;
	while ((got = http_client_read(client, buffer_reserve(&text, 65536), 65536, err)) > 0) {
		buffer_wrote(&text, (size_t)got);
		if (!take_lines(&text, each, data, err))
			return false;
	}
	return got == 0 && (!text.size || take_line(text.data, text.size, each, data, err));
}
