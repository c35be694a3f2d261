#include "door/route.h"

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

const struct route *routes_find(const struct route *routes, size_t count, const char *method,
				const char *path, char *arguments[static CALL_ARGUMENTS])
{
	for (size_t i = 0; i < count; i++)
		if (route_match(&routes[i], method, path, arguments))
			return &routes[i];
	return NULL;
}
