#include "door/docker/route.h"

#include <ctype.h>

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
	int length = (int)strcspn(path + 1, "/") - 1; /* behind "/v" */

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
