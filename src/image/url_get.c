#include "image/url_get.h"

#include "base/memory.h"
#include "image/transfer.h"

#include <strings.h>

#define REDIRECTS_MAX 10
#define STALL_MS      30000
#define BODY_SHOWN    200

bool url_can_be_got(const char *url)
{
	return strncasecmp(url, "http://", strlen("http://")) == 0 ||
	       strncasecmp(url, "https://", strlen("https://")) == 0;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The place that `location` names, as seen from `url`. */
static char *resolve(const char *url, const char *location)
{
	CURLU *parts = curl_url();
	char *text = NULL, *copy = NULL;

	if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_set(parts, CURLUPART_URL, location, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK)
		copy = str_dup(text);
	curl_free(text);
	curl_url_cleanup(parts);
	return copy;
}

static bool refused(const char *url, const struct transfer_answer *answer, struct error *err)
{
	const char *body = answer->body.data ? answer->body.data : "";

	return error_set(
		err, ERROR_SYSTEM, "failed to GET %s with status %ld: %.*s", url, answer->status,
		(int)strnlen(body, strcspn(body, "\r\n") < BODY_SHOWN ? strcspn(body, "\r\n")
								      : BODY_SHOWN),
		body);
}

bool url_get(const char *url, bool (*write)(void *data, const void *bytes, size_t size), void *data,
	     struct error *err)
{
	struct transfer_settings settings = {"wherry", STALL_MS};
	scoped(transfer) struct transfer *transfer = transfer_new(&settings);
	scoped_free char *at = str_dup(url);

	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		struct transfer_request request = {.url = at, .write = write, .data = data};
		const struct transfer_answer *answer;
		char *next;

		if (!transfer_run(transfer, &request, err))
			return error_prefix(err, "failed to GET %s", url);
		answer = transfer_answer(transfer);
		if (answer->status == 200)
			return true;
		if (!is_redirect(answer->status) || !answer->location)
			return refused(url, answer, err);
		next = resolve(at, answer->location);
		if (!next)
			return refused(url, answer, err);
		free(at);
		at = next;
	}
	return error_set(err, ERROR_SYSTEM, "failed to GET %s: too many redirects", url);
}
