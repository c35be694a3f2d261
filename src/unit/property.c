#include "unit/property.h"

#include "format/unit_name.h"
#include "unit/key.h"
#include "unit/verify.h"

/* What can be changed under a running unit: whose section is called like this. */
static const struct {
	enum unit_type type;
	uint16_t section;
	const char *name;
} sections[] = {
	{UNIT_SERVICE, IN_SERVICE, "Service"},
	{UNIT_SOCKET, IN_SOCKET, "Socket"},
	{UNIT_MOUNT, IN_MOUNT, "Mount"},
	{UNIT_SLICE, IN_SLICE, "Slice"},
};

static bool find_section(const char *unit, uint16_t *section, const char **name)
{
	enum unit_type type;

	if (!unit_type_of_name(unit, &type))
		return false;
	for (size_t i = 0; i < array_length(sections); i++) {
		if (sections[i].type != type)
			continue;
		*section = sections[i].section;
		*name = sections[i].name;
		return true;
	}
	return false;
}

static bool is_limit(const char *key, uint16_t section)
{
	for (size_t i = 0; i < unit_keys_of_limits.count; i++)
		if (str_equal(unit_keys_of_limits.keys[i].name, key) &&
		    (unit_keys_of_limits.keys[i].sections & section))
			return true;
	return false;
}

/* Problems of the line itself; that such a unit has nothing to run is no news. */
static bool check_value(const struct load_context *context, const char *unit, const char *key,
			const char *text, struct error *err)
{
	static const char prefix[] = "value:";
	const struct verify verify = {
		.name = unit, .file = "value", .text = text, .size = strlen(text)};
	scoped_strings struct strings problems = {0};

	unit_verify(context, &verify, &problems);
	for (size_t i = 0; i < problems.count; i++) {
		const char *rest = problems.items[i] + strlen(prefix);

		if (!str_starts_with(problems.items[i], prefix) || !strchr(rest, ':'))
			continue;
		return error_set(err, ERROR_INVALID, "Cannot set %s of %s:%s", key, unit,
				 strchr(rest, ':') + 1);
	}
	return true;
}

static bool add_drop_in(const struct load_context *context, const char *unit,
			const char *assignment, struct pairs *drop_ins, struct error *err)
{
	size_t length = strcspn(assignment, "=");
	scoped_free char *key = str_dup_n(assignment, length);
	const char *section_name;
	uint16_t section;

	if (!assignment[length] || strchr(assignment, '\n'))
		return error_set(err, ERROR_INVALID, "Not an assignment: %s", assignment);
	if (!find_section(unit, &section, &section_name) || !is_limit(key, section))
		return error_set(err, ERROR_INVALID,
				 "Cannot set property %s of %s while it runs: see edit", key, unit);
	scoped_free char *text = str_format("[%s]\n%s\n", section_name, assignment);
	if (!check_value(context, unit, key, text, err))
		return false;
	scoped_free char *name = str_format("50-%s.conf", key);
	pairs_set(drop_ins, name, text);
	return true;
}

bool unit_properties_as_drop_ins(const struct load_context *context, const char *unit,
				 const struct strings *assignments, struct pairs *drop_ins,
				 struct error *err)
{
	for (size_t i = 0; i < assignments->count; i++)
		if (!add_drop_in(context, unit, assignments->items[i], drop_ins, err))
			return false;
	return true;
}
