#include "engine/capability.h"

#include "base/memory.h"
#include "format/capability.h"

#include <ctype.h>
#include <sys/prctl.h>

#define ALL CAPABILITIES_ALL

/* Of a normalized name; "ALL" is every one, an unknown name 0. */
static uint64_t bits_of(const char *name)
{
	int number = str_starts_with(name, "CAP_") ? capability_from_name(name) : -1;

	if (str_equal(name, "ALL"))
		return ALL;
	return number < 0 ? 0 : UINT64_C(1) << number;
}

static char *normal_name(const char *typed)
{
	scoped_free char *upper = str_dup(typed);

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (str_equal(upper, "ALL") || str_starts_with(upper, "CAP_"))
		return take(upper);
	return str_format("CAP_%s", upper);
}

bool capability_normalize(struct strings *list, const char *field, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		char *name = normal_name(list->items[i]);

		free(list->items[i]);
		list->items[i] = name;
		if (!bits_of(name))
			return error_set(err, ERROR_INVALID,
					 "invalid %s: unknown capability: \"%s\"", field, name);
	}
	return true;
}

static uint64_t bits_of_all(const struct strings *list)
{
	uint64_t set = 0;

	for (size_t i = 0; i < list->count; i++)
		set |= bits_of(list->items[i]);
	return set;
}

/* "ALL" in one list is the floor of the other: drop ALL + add X is X, add ALL + drop X is all but X,
 * and adding ALL wins when both say so. */
uint64_t capability_set(const struct strings *add, const struct strings *drop, bool privileged,
			uint64_t host)
{
	uint64_t set = CAPABILITIES_DEFAULT;

	if (privileged)
		return ALL & host;
	if (strings_contain(add, "ALL"))
		set = ALL & ~(strings_contain(drop, "ALL") ? 0 : bits_of_all(drop));
	else if (strings_contain(drop, "ALL"))
		set = bits_of_all(add);
	else
		set = (set & ~bits_of_all(drop)) | bits_of_all(add);
	return set & host;
}

uint64_t capability_host(void)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			set |= UINT64_C(1) << i;
	return set;
}
