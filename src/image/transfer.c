#include "image/transfer.h"

#include "base/time.h"

#include <strings.h>

#define CONNECT_TIMEOUT_MS 15000
#define READ_SIZE	   (256 * 1024L)
#define HEADERS_MAX	   (256 * 1024)

struct transfer {
	CURL *curl;
	struct curl_slist *headers;
	struct transfer_settings settings;
	struct transfer_request request;
	struct transfer_answer answer;
	size_t header_size;
	int64_t moved, moved_at; /* bytes both ways, and when that changed last */
	bool stalled, unwanted;
	char words[CURL_ERROR_SIZE];
};

/* ---- the answer's header ---- */

static void answer_fini(struct transfer_answer *answer)
{
	free(answer->location);
	free(answer->content_type);
	free(answer->challenge);
	free(answer->link);
	free(answer->range);
	free(answer->digest);
	buffer_fini(&answer->body);
	*answer = (struct transfer_answer){0};
}

/* Several challenges may come in several lines; one list of them means the same. */
static void add_challenge(struct transfer_answer *answer, const char *value)
{
	char *joined =
		answer->challenge ? str_format("%s, %s", answer->challenge, value) : str_dup(value);

	free(answer->challenge);
	answer->challenge = joined;
}

static void take_range(struct transfer_answer *answer, const char *value)
{
	scoped_free char *first = NULL;

	if (!str_starts_with(value, "bytes "))
		return;
	value += strlen("bytes ");
	first = str_dup_n(value, strcspn(value, "-"));
	parse_i64(first, &answer->from);
}

static void take_location(struct transfer_answer *answer, const char *value)
{
	str_replace(&answer->location, value);
}

static void take_type(struct transfer_answer *answer, const char *value)
{
	str_replace(&answer->content_type, value);
}

static void take_link(struct transfer_answer *answer, const char *value)
{
	str_replace(&answer->link, value);
}

static void take_stored(struct transfer_answer *answer, const char *value)
{
	str_replace(&answer->range, value);
}

static void take_digest(struct transfer_answer *answer, const char *value)
{
	str_replace(&answer->digest, value);
}

static void take_retry(struct transfer_answer *answer, const char *value)
{
	if (!parse_i64(value, &answer->retry_after) || answer->retry_after < 0)
		answer->retry_after = 0;
}

static const struct {
	const char *name;
	void (*set)(struct transfer_answer *answer, const char *value);
} fields[] = {
	{"location", take_location},	     {"content-type", take_type},
	{"www-authenticate", add_challenge}, {"link", take_link},
	{"content-range", take_range},	     {"retry-after", take_retry},
	{"range", take_stored},		     {"docker-content-digest", take_digest},
};

static void take_field(struct transfer_answer *answer, const char *name, size_t length,
		       const char *value)
{
	for (size_t i = 0; i < array_length(fields); i++)
		if (strlen(fields[i].name) == length &&
		    strncasecmp(fields[i].name, name, length) == 0)
			fields[i].set(answer, value);
}

/* A line without its end, with the blanks around the value taken off. */
static void take_line(struct transfer *t, char *line)
{
	char *colon = strchr(line, ':');
	char *value, *end;

	if (strncasecmp(line, "HTTP/", 5) ==
	    0) { /* a first line: of 100 Continue, or the real one */
		answer_fini(&t->answer);
		return;
	}
	if (!colon)
		return;
	value = colon + 1 + strspn(colon + 1, " \t");
	end = value + strlen(value);
	while (end > value && strchr(" \t", end[-1]))
		*--end = '\0';
	take_field(&t->answer, line, (size_t)(colon - line), value);
}

static size_t on_header(char *data, size_t one, size_t size, void *user)
{
	struct transfer *t = user;
	scoped_free char *line = str_dup_n(data, size);

	line[strcspn(line, "\r\n")] = '\0';
	t->header_size += size;
	if (t->header_size > HEADERS_MAX)
		return 0;
	take_line(t, line);
	return size;
}

/* ---- its body ---- */

static bool is_wanted(long status)
{
	return status == 200 || status == 206;
}

static size_t on_body(char *data, size_t one, size_t size, void *user)
{
	struct transfer *t = user;
	size_t room = TRANSFER_BODY_MAX - t->answer.body.size;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (!is_wanted(status)) {
		buffer_add(&t->answer.body, data, size < room ? size : room);
		return size;
	}
	t->answer.status = status;
	t->unwanted = !t->request.write(t->request.data, data, size);
	return t->unwanted ? 0 : size;
}

/* libcurl calls this while it waits, too. */
static int on_progress(void *user, curl_off_t all_down, curl_off_t down, curl_off_t all_up,
		       curl_off_t up)
{
	struct transfer *t = user;
	int64_t now = time_monotonic_ns();

	if (down + up != t->moved) {
		t->moved = down + up;
		t->moved_at = now;
	}
	t->stalled = now - t->moved_at > t->settings.stall_ms * NS_PER_MS;
	return t->stalled;
}

/* ---- options ---- */

static struct curl_blob blob_of(const struct buffer *bytes)
{
	return (struct curl_blob){bytes->data, bytes->size, CURL_BLOB_COPY};
}

static void set_trust(CURL *curl, const struct transfer_request *request)
{
	const struct host_certificate *certificate = request->certificate;

	curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (request->insecure) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (!certificate)
		return;
	if (certificate->ca.size > 0) {
		struct curl_blob ca = blob_of(&certificate->ca);
		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
	}
	if (certificate->certificate.size > 0) {
		struct curl_blob pem = blob_of(&certificate->certificate);
		struct curl_blob key = blob_of(&certificate->key);
		curl_easy_setopt(curl, CURLOPT_SSLCERT_BLOB, &pem);
		curl_easy_setopt(curl, CURLOPT_SSLKEY_BLOB, &key);
	}
}

static void add_header(struct transfer *t, const char *line)
{
	struct curl_slist *longer = curl_slist_append(t->headers, line);

	if (!longer)
		abort();
	t->headers = longer;
}

static void add_field(struct transfer *t, const char *name, const char *value)
{
	scoped_free char *line = value ? str_format("%s: %s", name, value) : NULL;

	if (line)
		add_header(t, line);
}

static void set_headers(struct transfer *t)
{
	scoped_free char *accept =
		str_format("Accept: %s", t->request.accept ? t->request.accept : "*/*");

	curl_slist_free_all(t->headers);
	t->headers = NULL;
	add_header(t, accept);
	if (t->request.authorization)
		add_header(t, t->request.authorization);
	add_field(t, "Content-Type", t->request.content_type);
	add_field(t, "Content-Range", t->request.content_range);
	if (t->request.method)
		add_header(t, "Expect:"); /* no waiting for 100 Continue */
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
}

static void set_body(struct transfer *t)
{
	if (str_equal(t->request.method, "HEAD")) {
		curl_easy_setopt(t->curl, CURLOPT_NOBODY, 1L);
		return;
	}
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->request.body_size);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, t->request.body ? t->request.body : "");
	curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, t->request.method);
}

static void set_method(struct transfer *t)
{
	scoped_free char *range = str_format("%lld-", (long long)t->request.from);

	if (t->request.method)
		set_body(t);
	if (t->request.form)
		curl_easy_setopt(t->curl, CURLOPT_COPYPOSTFIELDS, t->request.form);
	if (t->request.from > 0)
		curl_easy_setopt(t->curl, CURLOPT_RANGE, range);
}

/* One connection a transfer, HTTP/1.1: three side by side are faster than three on one. */
static void set_rules(struct transfer *t)
{
	CURL *curl = t->curl;
	int64_t connect_ms = t->settings.stall_ms < CONNECT_TIMEOUT_MS ? t->settings.stall_ms
								       : CONNECT_TIMEOUT_MS;

	curl_easy_setopt(curl, CURLOPT_URL, t->request.url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, t->settings.user_agent);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, READ_SIZE);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, READ_SIZE);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->words);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, t);
}

static void set_callbacks(struct transfer *t)
{
	CURL *curl = t->curl;

	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/* ---- the whole ---- */

struct transfer *transfer_new(const struct transfer_settings *settings)
{
	struct transfer *t = mem_new(struct transfer);

	t->settings = *settings;
	t->curl = curl_easy_init();
	if (!t->curl)
		abort();
	return t;
}

void transfer_free(struct transfer *t)
{
	if (!t)
		return;
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	answer_fini(&t->answer);
	free(t);
}

CURL *transfer_begin(struct transfer *t, const struct transfer_request *request)
{
	t->request = *request;
	answer_fini(&t->answer);
	t->header_size = 0;
	t->moved = 0;
	t->moved_at = time_monotonic_ns();
	t->stalled = t->unwanted = false;
	t->words[0] = '\0';
	curl_easy_reset(t->curl); /* keeps connections and TLS sessions */
	set_rules(t);
	set_callbacks(t);
	set_trust(t->curl, request);
	set_headers(t);
	set_method(t);
	return t->curl;
}

struct transfer *transfer_of(CURL *handle)
{
	char *t = NULL;

	curl_easy_getinfo(handle, CURLINFO_PRIVATE, &t);
	return (struct transfer *)(void *)t;
}

bool transfer_end(struct transfer *t, CURLcode code, struct error *err)
{
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->answer.status);
	if (code == CURLE_OK || t->unwanted)
		return true;
	t->answer.status = 0;
	if (t->stalled)
		return error_set(err, ERROR_UNAVAILABLE, "no data for %lld seconds",
				 (long long)(t->settings.stall_ms + 999) / 1000);
	return error_set(err, ERROR_UNAVAILABLE, "%s",
			 t->words[0] ? t->words : curl_easy_strerror(code));
}

bool transfer_run(struct transfer *t, const struct transfer_request *request, struct error *err)
{
	CURL *curl = transfer_begin(t, request);

	return transfer_end(t, curl_easy_perform(curl), err);
}

const struct transfer_answer *transfer_answer(const struct transfer *t)
{
	return &t->answer;
}
