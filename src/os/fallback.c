#include "os/fallback.h"

#include <stdlib.h>
#include <string.h>

bool fallback_is_forced(const char *feature)
{
	const char *list = getenv("WHERRY_FORCE_FALLBACK");
	size_t length = strlen(feature);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, feature, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}
