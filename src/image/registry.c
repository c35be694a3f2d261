#include "image/registry.h"

#include "image/manifest.h"

#include <ctype.h>

#define REDIRECTS_MAX 10

struct server {
	struct registry_endpoint *endpoint; /* borrowed from the plan */
	char *proof;			    /* an Authorization header; NULL: not asked for yet */
	bool answered, dead;
};

struct registry {
	struct registry_options options;
	struct registry_plan plan;
	struct server *servers;	 /* as many as plan.count */
	struct transfer *tokens; /* for token servers */
	struct transfer *documents;
};

struct registry *registry_new(const struct registry_options *options)
{
	struct registry *r = mem_new(struct registry);

	r->options = *options;
	registry_plan_make(options->domain, &options->rules, &r->plan);
	r->servers = mem_zeroed(r->plan.count, sizeof(*r->servers));
	for (size_t i = 0; i < r->plan.count; i++)
		r->servers[i].endpoint = &r->plan.items[i];
	r->tokens = transfer_new(&options->transfer);
	r->documents = transfer_new(&options->transfer);
	return r;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->plan.count; i++)
		secret_free(r->servers[i].proof);
	free(r->servers);
	registry_plan_fini(&r->plan);
	transfer_free(r->tokens);
	transfer_free(r->documents);
	free(r);
}

/* ---- URLs ---- */

static bool parse_url(CURLU *url, const char *text)
{
	return curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
}

/* `location` as seen from `base`; NULL when it is no URL.  Owned. */
static char *resolve_url(const char *base, const char *location)
{
	CURLU *url = curl_url();
	char *text = NULL, *resolved = NULL;

	if (parse_url(url, base) && parse_url(url, location) &&
	    curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK)
		resolved = str_dup(text);
	curl_free(text);
	curl_url_cleanup(url);
	return resolved;
}

/* "scheme://host:port" with the port always there.  Owned; NULL when it is no URL. */
static char *origin_of(const char *text)
{
	static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
	CURLU *url = curl_url();
	char *part[3] = {0}, *origin = NULL;
	bool ok = parse_url(url, text);

	for (size_t i = 0; ok && i < 3; i++)
		ok = curl_url_get(url, parts[i], &part[i], CURLU_DEFAULT_PORT) == CURLUE_OK;
	if (ok)
		origin = str_format("%s://%s:%s", part[0], part[1], part[2]);
	for (char *c = origin; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	for (size_t i = 0; i < 3; i++)
		curl_free(part[i]);
	curl_url_cleanup(url);
	return origin;
}

static bool same_origin(const char *a, const char *b)
{
	scoped_free char *origin_a = origin_of(a);
	scoped_free char *origin_b = origin_of(b);

	return origin_a && str_equal(origin_a, origin_b);
}

static bool is_https(const char *url)
{
	return str_starts_with(url, "https://");
}

/* The host[:port] of a URL as it is written there; owned. */
static char *host_of(const char *url)
{
	const char *rest = strstr(url, "://");

	rest = rest ? rest + strlen("://") : url;
	return str_dup_n(rest, strcspn(rest, "/?#"));
}

/* ---- requests ---- */

static void aim(const struct registry *r, struct registry_request *request, size_t server)
{
	request->server = server;
	request->redirects = 0;
	request->proven = false;
	free(request->url);
	if (*request->what == '/') { /* not of the second API */
		request->url = str_format("%s%s", r->plan.items[server].url, request->what);
		return;
	}
	request->url = r->options.path ? str_format("%s/v2/%s/%s", r->plan.items[server].url,
						    r->options.path, request->what)
				       : str_format("%s/v2/", r->plan.items[server].url);
}

void registry_request_init(const struct registry *r, const char *what,
			   struct registry_request *request)
{
	size_t server = 0;

	while (server + 1 < r->plan.count && r->servers[server].dead)
		server++;
	*request = (struct registry_request){.what = str_dup(what)};
	aim(r, request, server);
}

void registry_request_fini(struct registry_request *request)
{
	free(request->what);
	free(request->url);
	*request = (struct registry_request){0};
}

static const struct host_certificate *certificate_for(const struct registry *r, const char *url)
{
	scoped_free char *host = host_of(url);

	return host_certificates_find(r->options.certificates, host);
}

void registry_prepare(const struct registry *r, const struct registry_request *request,
		      struct transfer_request *transfer)
{
	const struct server *server = &r->servers[request->server];

	transfer->url = request->url;
	transfer->insecure = server->endpoint->insecure;
	transfer->certificate = certificate_for(r, request->url);
	if (request->redirects == 0 || same_origin(request->url, server->endpoint->url))
		transfer->authorization = server->proof;
}

/* ---- the next server ---- */

static bool has_next(const struct registry *r, const struct registry_request *request)
{
	return request->server + 1 < r->plan.count;
}

/* A mirror may lack what the next has, or be out of order. */
static bool pass_on(const struct registry *r, struct registry_request *request)
{
	if (!r->plan.items[request->server].mirror || !has_next(r, request))
		return false;
	aim(r, request, request->server + 1);
	return true;
}

static enum registry_verdict no_answer(struct registry *r, struct registry_request *request,
				       const struct error *failure, struct error *err)
{
	struct server *server = &r->servers[request->server];
	bool unreachable = !server->answered && request->redirects == 0;

	if (unreachable && has_next(r, request)) {
		server->dead = true;
		if (r->plan.items[request->server + 1].fallback) {
			aim(r, request, request->server + 1);
			return REGISTRY_AGAIN;
		}
	}
	if (pass_on(r, request))
		return REGISTRY_AGAIN;
	*err = *failure;
	error_prefix(err, "cannot reach registry '%s'", server->endpoint->host);
	aim(r, request, request->server);
	return unreachable ? REGISTRY_FAILED : REGISTRY_LATER;
}

/* ---- proof ---- */

static bool collect(void *data, const void *bytes, size_t size)
{
	struct buffer *out = data;

	if (out->size + size > TRANSFER_BODY_MAX)
		return false;
	buffer_add(out, bytes, size);
	return true;
}

static bool is_refused(const struct transfer_answer *answer)
{
	return answer->status == 401 || answer->status == 403;
}

static bool token_refused(const struct registry *r, const char *url,
			  const struct transfer_answer *answer, struct error *err)
{
	scoped_free char *host = host_of(url);

	registry_error_set(err, answer->status, answer->body.data, answer->body.size,
			   r->options.subject);
	if (is_refused(answer))
		err->kind = ERROR_DENIED;
	return error_prefix(err, "token server '%s'", host);
}

/* Ask the token server; the answer's token. */
static bool ask_token(struct registry *r, const struct transfer_request *request, char **token,
		      struct error *err)
{
	struct transfer_request asked = *request;
	const struct transfer_answer *answer;
	struct buffer body = {0};
	bool ok;

	asked.write = collect;
	asked.data = &body;
	ok = transfer_run(r->tokens, &asked, err) ||
	     error_prefix(err, "cannot reach the token server");
	answer = transfer_answer(r->tokens);
	ok = ok && (answer->status == 200 || token_refused(r, asked.url, answer, err)) &&
	     auth_token_parse(body.data ? body.data : "", body.size, token, err);
	if (body.data)
		explicit_bzero(body.data, body.size);
	buffer_fini(&body);
	return ok;
}

/* With an identity token by POST; with a name and password, or without anything, by GET. */
static bool fetch_token(struct registry *r, const struct server *server,
			const struct auth_challenge *challenge,
			const struct registry_credentials *credentials, char **token,
			struct error *err)
{
	bool refresh = credentials->identity_token != NULL;
	struct auth_scope scope = {r->options.path, r->options.push, r->options.sources};
	char *form =
		refresh ? auth_token_form(challenge, &scope, credentials->identity_token) : NULL;
	char *basic = !refresh && credentials->username ? auth_basic_header(credentials) : NULL;
	scoped_free char *url = refresh ? str_dup(challenge->realm)
					: auth_token_url(challenge, &scope, credentials->username);
	struct transfer_request request = {.url = url,
					   .authorization = basic,
					   .form = form,
					   .insecure = server->endpoint->insecure,
					   .certificate = certificate_for(r, url)};
	bool ok = ask_token(r, &request, token, err);

	secret_free(form);
	secret_free(basic);
	return ok;
}

static bool get_token(struct registry *r, struct server *server,
		      const struct auth_challenge *challenge,
		      const struct registry_credentials *credentials, struct error *err)
{
	char *token = NULL;

	if (!is_https(challenge->realm) &&
	    !(server->endpoint->insecure && str_starts_with(challenge->realm, "http://")))
		return error_set(err, ERROR_DENIED,
				 "registry '%s' wants a token from '%.200s', which is not safe",
				 server->endpoint->host, challenge->realm);
	if (credentials->registry_token)
		token = str_dup(credentials->registry_token);
	else if (!fetch_token(r, server, challenge, credentials, &token, err))
		return false;
	server->proof = auth_bearer_header(token);
	secret_free(token);
	return server->proof ||
	       error_set(err, ERROR_DENIED, "the token cannot be sent in a header");
}

static bool get_proof(struct registry *r, struct server *server,
		      const struct auth_challenge *challenge, struct error *err)
{
	static const struct registry_credentials none = {0};
	const struct registry_credentials *credentials =
		server->endpoint->mirror ? &none : &r->options.credentials;

	secret_free(take(server->proof));
	switch (challenge->scheme) {
	case AUTH_BEARER:
		return get_token(r, server, challenge, credentials, err);
	case AUTH_BASIC:
		if (!credentials->username)
			return error_set(err, ERROR_DENIED, "no basic auth credentials");
		server->proof = auth_basic_header(credentials);
		return true;
	case AUTH_NONE:
		break;
	}
	return error_set(err, ERROR_DENIED, "registry '%s' asks for proof of an unknown kind",
			 server->endpoint->host);
}

static bool prove(struct registry *r, struct registry_request *request, const char *header,
		  struct error *err)
{
	struct server *server = &r->servers[request->server];
	struct auth_challenge challenge;
	bool ok;

	auth_challenge_parse(header, &challenge);
	ok = get_proof(r, server, &challenge, err);
	auth_challenge_fini(&challenge);
	request->proven = true;
	return ok;
}

/* ---- judging ---- */

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_passing(long status)
{
	return status == 408 || status == 429 || status >= 500;
}

static bool is_answer(const struct registry_request *request, long status)
{
	if (status == 404)
		return request->may_lack;
	return status == 200 || status == 206 || (request->changes && status / 100 == 2);
}

static bool follow(const struct registry *r, struct registry_request *request, const char *location,
		   struct error *err)
{
	const struct registry_endpoint *endpoint = &r->plan.items[request->server];
	char *url = location ? resolve_url(request->url, location) : NULL;

	if (!url || ++request->redirects > REDIRECTS_MAX ||
	    (!is_https(url) && !(endpoint->insecure && str_starts_with(url, "http://")))) {
		free(url);
		return error_set(err, ERROR_SYSTEM,
				 "registry '%s' redirects to where we do not follow",
				 endpoint->host);
	}
	free(request->url);
	request->url = url;
	return true;
}

/* Who it was has been believed, but may not. */
static bool lacks_rights(const struct transfer_answer *answer)
{
	struct auth_challenge challenge;
	bool lacks;

	auth_challenge_parse(answer->status == 401 ? answer->challenge : NULL, &challenge);
	lacks = str_equal(challenge.error, "insufficient_scope");
	auth_challenge_fini(&challenge);
	return lacks;
}

static enum registry_verdict refuse(struct registry *r, struct registry_request *request,
				    const struct transfer_answer *answer, struct error *err)
{
	bool elsewhere = request->redirects > 0; /* a signed address may have run out */

	if (lacks_rights(answer))
		registry_error_set(err, 403, NULL, 0, r->options.subject);
	else
		registry_error_set(err, answer->status, answer->body.data, answer->body.size,
				   r->options.subject);
	if (pass_on(r, request))
		return REGISTRY_AGAIN;
	aim(r, request, request->server);
	return elsewhere || is_passing(answer->status) ? REGISTRY_LATER : REGISTRY_FAILED;
}

enum registry_verdict registry_judge(struct registry *r, struct registry_request *request,
				     const struct transfer_answer *answer,
				     const struct error *failure, struct error *err)
{
	struct server *server = &r->servers[request->server];

	if (failure)
		return no_answer(r, request, failure, err);
	server->answered = true;
	if (is_answer(request, answer->status))
		return REGISTRY_DONE;
	if (is_redirect(answer->status)) {
		if (follow(r, request, answer->location, err) || pass_on(r, request))
			return REGISTRY_AGAIN;
		return REGISTRY_FAILED;
	}
	if (answer->status == 401 && !request->proven && answer->challenge &&
	    same_origin(request->url, server->endpoint->url)) {
		if (prove(r, request, answer->challenge, err) || pass_on(r, request))
			return REGISTRY_AGAIN;
		return REGISTRY_FAILED;
	}
	return refuse(r, request, answer, err);
}

/* ---- documents ---- */

struct limited {
	struct buffer bytes;
	size_t limit;
	bool exceeded;
};

static bool take_limited(void *data, const void *bytes, size_t size)
{
	struct limited *limited = data;

	limited->exceeded = limited->bytes.size + size > limited->limit;
	if (limited->exceeded)
		return false;
	buffer_add(&limited->bytes, bytes, size);
	return true;
}

static enum registry_verdict get_once(struct registry *r, struct registry_request *request,
				      struct limited *limited, struct error *err)
{
	struct transfer_request transfer = {
		.accept =
			str_starts_with(request->what, "manifests/") ? MANIFEST_MEDIA_TYPES : NULL,
		.write = take_limited,
		.data = limited,
	};
	struct error failure;
	bool came;

	buffer_clear(&limited->bytes);
	registry_prepare(r, request, &transfer);
	came = transfer_run(r->documents, &transfer, &failure);
	return registry_judge(r, request, transfer_answer(r->documents), came ? NULL : &failure,
			      err);
}

/* Link: </v2/name/tags/list?n=100&last=x>; rel="next" (a URL of the same repository). */
static char *next_page(const struct registry *r, const struct registry_request *request)
{
	const char *link = transfer_answer(r->documents)->link;
	scoped_free char *prefix =
		str_format("%s/v2/%s/", r->plan.items[request->server].url, r->options.path);
	scoped_free char *target = NULL, *url = NULL;

	if (!link || *link != '<' || !strstr(link, "rel=\"next\""))
		return NULL;
	target = str_dup_n(link + 1, strcspn(link + 1, ">"));
	url = resolve_url(request->url, target);
	return url && str_starts_with(url, prefix) ? str_dup(url + strlen(prefix)) : NULL;
}

bool registry_get(struct registry *r, const char *what, size_t limit, struct registry_document *out,
		  struct error *err)
{
	scoped_with(registry_request_fini) struct registry_request request = {0};
	struct limited limited = {.limit = limit};
	enum registry_verdict verdict;

	registry_request_init(r, what, &request);
	do
		verdict = get_once(r, &request, &limited, err);
	while (verdict == REGISTRY_AGAIN);
	if (verdict == REGISTRY_DONE && limited.exceeded) {
		error_set(err, ERROR_INVALID, "'%s' is larger than %zu bytes", what, limit);
		verdict = REGISTRY_FAILED;
	}
	if (verdict != REGISTRY_DONE) {
		buffer_fini(&limited.bytes);
		return false;
	}
	*out = (struct registry_document){
		.bytes = limited.bytes,
		.media_type = str_dup_or_null(transfer_answer(r->documents)->content_type),
		.next = next_page(r, &request),
	};
	return true;
}

void registry_document_fini(struct registry_document *document)
{
	buffer_fini(&document->bytes);
	free(document->media_type);
	free(document->next);
	*document = (struct registry_document){0};
}

/* ---- sending ---- */

static bool ignore(void *data, const void *bytes, size_t size)
{
	return true;
}

static enum registry_verdict send_once(struct registry *r, struct registry_request *request,
				       const struct registry_call *call, struct error *err)
{
	scoped_free char *range =
		call->offset >= 0 && call->size > 0
			? str_format("%lld-%lld", (long long)call->offset,
				     (long long)(call->offset + (int64_t)call->size - 1))
			: NULL;
	struct transfer_request transfer = {
		.accept = str_equal(call->method, "HEAD") ? MANIFEST_MEDIA_TYPES : NULL,
		.method = str_equal(call->method, "GET") ? NULL : call->method,
		.body = call->body,
		.body_size = call->size,
		.content_type = call->content_type,
		.content_range = range,
		.write = ignore,
	};
	struct error failure;
	bool came;

	registry_prepare(r, request, &transfer);
	came = transfer_run(r->documents, &transfer, &failure);
	return registry_judge(r, request, transfer_answer(r->documents), came ? NULL : &failure,
			      err);
}

/* Range: 0-N names the last byte that is there; "0-0" of an empty upload is no byte or one, which the next
 * answer tells. */
static int64_t read_received(const char *range)
{
	const char *dash = range ? strchr(range, '-') : NULL;
	int64_t last;

	if (!dash || !parse_i64(dash + 1, &last) || last < 0)
		return -1;
	return last > 0 ? last + 1 : 0;
}

static void take_reply(const struct registry *r, const struct registry_request *request,
		       struct registry_reply *reply)
{
	const struct transfer_answer *answer = transfer_answer(r->documents);

	*reply = (struct registry_reply){
		.status = answer->status,
		.location = answer->location ? resolve_url(request->url, answer->location) : NULL,
		.digest = str_dup_or_null(answer->digest),
		.received = read_received(answer->range),
	};
}

enum registry_verdict registry_send(struct registry *r, const struct registry_call *call,
				    struct registry_reply *reply, struct error *err)
{
	scoped_with(registry_request_fini) struct registry_request request = {0};
	enum registry_verdict verdict;

	registry_request_init(r, call->what ? call->what : "", &request);
	request.changes = true;
	request.may_lack = call->may_lack;
	if (call->url) {
		str_replace(&request.url, call->url);
		request.redirects = 1; /* proof goes along to the registry itself alone */
	}
	do
		verdict = send_once(r, &request, call, err);
	while (verdict == REGISTRY_AGAIN);
	if (verdict == REGISTRY_DONE)
		take_reply(r, &request, reply);
	return verdict;
}

void registry_reply_fini(struct registry_reply *reply)
{
	free(reply->location);
	free(reply->digest);
	*reply = (struct registry_reply){0};
}
