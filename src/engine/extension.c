#include "engine/extension.h"

#define GROUP_NAME_MAX 255

#define T struct container_group
static const struct record_field container_group_fields[] = {
	RECORD_FIELD_FLAGS(T, 1, "Name", RECORD_STRING, name, RECORD_EMPTY_STRING),
	RECORD_FIELD(T, 2, "Balance", RECORD_BOOL, balance),
	RECORD_FIELD(T, 3, "Vip", RECORD_BOOL, vip),
};
const struct record_type container_group_type = RECORD_TYPE(T, container_group_fields);
#undef T

#define T struct extension
static const struct record_field extension_fields[] = {
	RECORD_FIELD(T, 1, "Hold", RECORD_BOOL, hold),
	RECORD_NESTED(T, 2, "Group", RECORD_POINTER, group, RECORD_OMIT_ABSENT,
		      &container_group_type),
};
const struct record_type extension_type = RECORD_TYPE(T, extension_fields);
#undef T

static bool is_plain(const char *name)
{
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c == 0x7f)
			return false;
	return true;
}

static bool check_group(const struct container_group *group, struct error *err)
{
	if (str_is_empty(group->name))
		return error_set(err, ERROR_INVALID, "Wherry.Group needs a Name");
	if (strlen(group->name) > GROUP_NAME_MAX || !is_plain(group->name))
		return error_set(err, ERROR_INVALID,
				 "Wherry.Group.Name has up to %d characters without blanks",
				 GROUP_NAME_MAX);
	return true;
}

bool extension_check(const struct extension *extension, struct error *err)
{
	return !extension || !extension->group || check_group(extension->group, err);
}
