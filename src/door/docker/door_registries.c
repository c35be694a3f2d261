/* What registries know: /images/search, /distribution/NAME/json. */
#include "base/log.h"
#include "door/docker/filters.h"
#include "door/docker/handlers.h"
#include "format/json_write.h"
#include "image/worker_protocol.h"

/* ---- distribution ---- */

static void write_platform(const struct descriptor_platform *platform, struct buffer *json)
{
	buffer_add_char(json, '{');
	json_write_name(json, "architecture");
	json_write_string(json, platform->architecture ? platform->architecture : "");
	json_write_name(json, "os");
	json_write_string(json, platform->os ? platform->os : "");
	if (!str_is_empty(platform->variant)) {
		json_write_name(json, "variant");
		json_write_string(json, platform->variant);
	}
	buffer_add_char(json, '}');
}

static void write_found(const struct look_found *found, struct buffer *json)
{
	buffer_add_text(json, "{\"Descriptor\":{\"mediaType\":");
	json_write_string(json, found->media_type);
	json_write_name(json, "digest");
	json_write_string(json, found->digest);
	json_write_name(json, "size");
	json_write_i64(json, found->size);
	buffer_add_text(json, "},\"Platforms\":[");
	for (size_t i = 0; i < found->platforms.count; i++) {
		if (i > 0)
			buffer_add_char(json, ',');
		write_platform(RECORD_AT(found->platforms, struct descriptor_platform, i), json);
	}
	buffer_add_text(json, "]}");
}

static void on_looked(void *data, const struct image_answered_by *answer, const struct error *err)
{
	struct call *call = data;
	scoped_buffer struct buffer json = {0};
	struct error silent;

	if (!err && !answer->found->digest) {
		error_set(&silent, ERROR_SYSTEM, "the worker ended without a word");
		err = &silent;
	}
	if (call_is_open(call) && err) {
		call_fail(call, err);
	} else if (call_is_open(call)) {
		write_found(answer->found, &json);
		call_answer_json(call, 200, &json);
	}
	call_drop(call);
}

void serve_distribution(struct call *call)
{
	scoped_free char *auth = call_registry_auth(call);
	struct error err;

	call_hold(call);
	if (image_look_up(call_parts(call)->images, call->arguments[0], auth, on_looked, call,
			  &err))
		return;
	call_fail(call, &err);
	call_drop(call);
}

/* ---- search ---- */

#define DEFAULT_LIMIT 25
#define LIMIT_MAX     100

struct search {
	struct call *call;
	bool official_given, official, automated_given, automated;
	int64_t stars;
};

static bool passes(const struct search *search, const struct search_result *result)
{
	return result->stars >= search->stars &&
	       (!search->official_given || search->official == result->official) &&
	       (!search->automated_given || search->automated == result->automated);
}

static void answer_results(const struct search *search, const struct record_list *results)
{
	scoped_buffer struct buffer json = {0};

	buffer_add_char(&json, '[');
	for (size_t i = 0; i < results->count; i++) {
		const struct search_result *result = RECORD_AT(*results, struct search_result, i);

		if (!passes(search, result))
			continue;
		if (json.size > 1)
			buffer_add_char(&json, ',');
		record_write_json(&search_result_type, result, RECORD_FOR_API, &json);
	}
	buffer_add_char(&json, ']');
	call_answer_json(search->call, 200, &json);
}

static void on_searched(void *data, const struct image_answered_by *answer, const struct error *err)
{
	struct search *search = data;
	struct call *call = search->call;

	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		answer_results(search, answer->results);
	call_drop(call);
}

static bool read_stars(const struct filters *filters, struct search *search, struct error *err)
{
	const struct strings *values = filters_values(filters, "stars");

	for (size_t i = 0; values && i < values->count; i++) {
		int64_t stars;

		if (!parse_i64(values->items[i], &stars))
			return error_set(err, ERROR_INVALID, "invalid filter 'stars=%s'",
					 values->items[i]);
		search->stars = stars > search->stars ? stars : search->stars;
	}
	return true;
}

static bool read_filters(const struct call *call, struct search *search, struct error *err)
{
	scoped_filters struct filters filters = {0};

	if (!filters_parse(call_query(call, "filters"), &filters, err) ||
	    !filters_check(&filters, "is-automated is-official stars", err) ||
	    !filters_bool(&filters, "is-official", &search->official, err) ||
	    !filters_bool(&filters, "is-automated", &search->automated, err))
		return false;
	search->official_given = filters_values(&filters, "is-official");
	search->automated_given = filters_values(&filters, "is-automated");
	return read_stars(&filters, search, err);
}

static bool read_limit(const struct call *call, int64_t *limit, struct error *err)
{
	*limit = DEFAULT_LIMIT;
	if (!call_query_i64(call, "limit", limit, err))
		return false;
	if (*limit == 0)
		*limit = DEFAULT_LIMIT;
	return (*limit >= 1 && *limit <= LIMIT_MAX) ||
	       error_set(err, ERROR_INVALID, "limit %lld is outside the range of [1, %d]",
			 (long long)*limit, LIMIT_MAX);
}

void serve_image_search(struct call *call)
{
	scoped_free char *auth = call_registry_auth(call);
	struct image_search_request request = {.term = call_query(call, "term"), .auth = auth};
	struct search *search = mem_new(struct search);
	struct error err;

	search->call = call;
	call->state = search;
	call->fini = free;
	if (read_filters(call, search, &err) && read_limit(call, &request.limit, &err)) {
		call_hold(call);
		if (image_search(call_parts(call)->images, &request, on_searched, search, &err))
			return;
		call_fail(call, &err);
		call_drop(call);
	} else {
		call_fail(call, &err);
	}
}
