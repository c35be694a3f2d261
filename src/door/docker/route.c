#include "door/docker/route.h"

#include <ctype.h>

/* ---- paths ---- */

struct span {
	const char *text;
	size_t length;
};

static size_t segment_length(const char *path)
{
	return strcspn(path, "/");
}

static bool match(const char *pattern, const char *path, struct span *spans);

/* {*}: as many segments as leave a match for the rest; at least one character. */
static bool match_many(const char *pattern, const char *path, struct span *spans)
{
	for (size_t length = strlen(path); length > 0; length--) {
		if (path[length] != '\0' && path[length] != '/')
			continue;
		spans[0] = (struct span){path, length};
		if (match(pattern, path + length, spans + 1))
			return true;
	}
	spans[0] = (struct span){NULL, 0};
	return false;
}

static bool match_one(const char *pattern, const char *path, struct span *spans)
{
	size_t length = segment_length(path);

	if (length == 0)
		return false;
	spans[0] = (struct span){path, length};
	return match(pattern, path + length, spans + 1);
}

/* No pattern has more than CALL_ARGUMENTS braces, so spans never run over. */
static bool match(const char *pattern, const char *path, struct span *spans)
{
	while (*pattern && *pattern != '{') {
		if (*pattern++ != *path++)
			return false;
	}
	if (!*pattern)
		return !*path;
	bool many = pattern[1] == '*';
	pattern = strchr(pattern, '}') + 1;
	return many ? match_many(pattern, path, spans) : match_one(pattern, path, spans);
}

bool route_match(const struct route *route, const char *method, const char *path,
		 char *arguments[static CALL_ARGUMENTS])
{
	struct span spans[CALL_ARGUMENTS + 1] = {0};

	if (strcmp(route->method, method) != 0 || !match(route->pattern, path, spans))
		return false;
	for (size_t i = 0; i < CALL_ARGUMENTS; i++)
		arguments[i] = spans[i].text ? str_dup_n(spans[i].text, spans[i].length) : NULL;
	return true;
}

/* ---- versions ---- */

#define FAR_TOO_NEW 1000000

/* A number of at most six digits; more are as good as the largest. */
static int take_number(const char **text)
{
	long number = 0;

	for (; isdigit((unsigned char)**text); ++*text)
		if (number < FAR_TOO_NEW)
			number = 10 * number + (**text - '0');
	return (int)(number < FAR_TOO_NEW ? number : FAR_TOO_NEW);
}

enum version_prefix route_cut_version(const char *path, int *minor, const char **rest)
{
	const char *at = path + 2;

	if (strncmp(path, "/v", 2) != 0 || !isdigit((unsigned char)*at))
		return VERSION_NONE;
	int major = take_number(&at), after = 0;
	if (*at == '.') {
		at++;
		if (!isdigit((unsigned char)*at))
			return VERSION_BROKEN;
		after = take_number(&at);
	}
	if (*at != '/')
		return VERSION_BROKEN;
	*minor = major == 1 ? after : major > 1 ? FAR_TOO_NEW : -1;
	*rest = at;
	return VERSION_GIVEN;
}

bool route_check_version(const char *path, int minor, struct error *err)
{
	int length = (int)segment_length(path + 1) - 1; /* behind "/v" */

	if (minor > API_MINOR_NEWEST)
		return error_set(err, ERROR_INVALID,
				 "client version %.*s is too new. Maximum supported API version is "
				 "1.%d",
				 length, path + 2, API_MINOR_NEWEST);
	if (minor < API_MINOR_OLDEST)
		return error_set(err, ERROR_INVALID,
				 "client version %.*s is too old. Minimum supported API version is "
				 "1.%d, please upgrade your client to a newer version",
				 length, path + 2, API_MINOR_OLDEST);
	return true;
}
