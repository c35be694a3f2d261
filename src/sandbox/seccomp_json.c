/* Profiles as users write them: {"defaultAction", "archMap" | "architectures", "syscalls": [{"names" |
 * "name", "action", "errnoRet", "args", "includes", "excludes"}]}.  Strict where a mistake would open
 * something: unknown actions, operators, capabilities and filters are refused, unknown names of system
 * calls are not (they may be newer than we are). */
#include "sandbox/seccomp_profile.h"

#include "format/capability.h"
#include "format/json.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>

enum { RULE_LIMIT = 10000, NAME_LIMIT = 128, NAMES_LIMIT = 5000 };

static bool invalid(struct error *err, const char *what, const char *value)
{
	return error_set(err, ERROR_INVALID, "invalid seccomp profile: %s '%s'", what,
			 value ? value : "");
}

/* ---- actions and operators ---- */

static const struct {
	const char *name;
	uint32_t action;
	bool takes_errno;
} actions[] = {
	{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false},
	{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true},
	{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false},
	{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false},
	{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
	{"SCMP_ACT_LOG", SECCOMP_RET_LOG, false},
	{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true},
	{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false},
};

static bool read_action(const json_t *holder, const char *action_key, const char *errno_key,
			uint32_t *out, struct error *err)
{
	const char *name = json_string_value(json_object_get(holder, action_key));
	const json_t *number = json_object_get(holder, errno_key);
	json_int_t data = json_is_integer(number) ? json_integer_value(number) : EPERM;

	if (data < 0 || data > 4095)
		return invalid(err, "errno out of range in action", name);
	for (size_t i = 0; name && i < array_length(actions); i++) {
		if (!str_equal(actions[i].name, name))
			continue;
		*out = actions[i].action | (actions[i].takes_errno ? (uint32_t)data : 0);
		return true;
	}
	return invalid(err, "unknown action", name);
}

static const char *const operators[] = {
	[SECCOMP_NOT_EQUAL] = "SCMP_CMP_NE",	       [SECCOMP_LESS] = "SCMP_CMP_LT",
	[SECCOMP_LESS_OR_EQUAL] = "SCMP_CMP_LE",       [SECCOMP_EQUAL] = "SCMP_CMP_EQ",
	[SECCOMP_GREATER_OR_EQUAL] = "SCMP_CMP_GE",    [SECCOMP_GREATER] = "SCMP_CMP_GT",
	[SECCOMP_MASKED_EQUAL] = "SCMP_CMP_MASKED_EQ",
};

static bool read_argument(const json_t *json, struct seccomp_argument *out, struct error *err)
{
	const char *name = json_string_value(json_object_get(json, "op"));
	json_int_t index = json_integer_value(json_object_get(json, "index"));

	if (index < 0 || index >= SECCOMP_ARGUMENTS)
		return invalid(err, "argument index out of range for", name);
	out->index = (uint32_t)index;
	out->value = (uint64_t)json_integer_value(json_object_get(json, "value"));
	out->other = (uint64_t)json_integer_value(json_object_get(json, "valueTwo"));
	for (uint32_t i = 0; name && i < array_length(operators); i++)
		if (str_equal(operators[i], name)) {
			out->operator= i;
			return true;
		}
	return invalid(err, "unknown operator", name);
}

static bool read_arguments(const json_t *list, struct seccomp_rule *rule, struct error *err)
{
	const json_t *item;
	size_t i;

	if (list && !json_is_null(list) && !json_is_array(list))
		return invalid(err, "not a list:", "args");
	json_array_foreach (list, i, item) {
		if (rule->argument_count == SECCOMP_ARGUMENTS)
			return invalid(err, "too many arguments for", rule->names);
		if (!read_argument(item, &rule->arguments[rule->argument_count], err))
			return false;
		rule->argument_count++;
	}
	return true;
}

/* ---- names ---- */

static bool is_name(const char *text)
{
	if (!text || !*text || strlen(text) > NAME_LIMIT)
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && *text != '_')
			return false;
	return true;
}

/* A list of words as one text with blanks between, owned; NULL when there is none. */
static bool read_words(const json_t *list, const char *what, const char **out, struct error *err)
{
	scoped_buffer struct buffer text = {0};
	const json_t *item;
	size_t i;

	if (!list || json_is_null(list))
		return true;
	if (!json_is_array(list) || json_array_size(list) > NAMES_LIMIT)
		return invalid(err, "not a list of at most 5000 names:", what);
	json_array_foreach (list, i, item) {
		if (!is_name(json_string_value(item)))
			return invalid(err, "not a name in", what);
		buffer_format(&text, "%s%s", i ? " " : "", json_string_value(item));
	}
	if (json_array_size(list) > 0)
		*out = buffer_take(&text);
	return true;
}

static bool read_names(const json_t *json, struct seccomp_rule *rule, struct error *err)
{
	const char *single = json_string_value(json_object_get(json, "name"));

	if (!str_is_empty(single)) {
		if (!is_name(single) || json_object_get(json, "names"))
			return invalid(err,
				       "a rule has a bad name, or both name and names:", single);
		rule->names = str_dup(single);
		return true;
	}
	if (!read_words(json_object_get(json, "names"), "names", &rule->names, err))
		return false;
	return rule->names || invalid(err, "a rule without names", NULL);
}

/* ---- conditions ---- */

static bool read_capabilities(const json_t *list, uint64_t *out, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *name = json_string_value(item);
		int number = name ? capability_from_name(name) : -1;

		if (number < 0)
			return invalid(err, "unknown capability", name);
		*out |= UINT64_C(1) << number;
	}
	return true;
}

static bool read_kernel(const json_t *json, unsigned *out, struct error *err)
{
	const char *text = json_string_value(json);
	unsigned major, minor;

	if (!json || json_is_null(json))
		return true;
	if (!text || sscanf(text, "%3u.%3u", &major, &minor) != 2)
		return invalid(err, "not a kernel version", text);
	*out = major * 1000 + minor;
	return true;
}

static bool read_conditions(const json_t *json, struct seccomp_rule *rule, struct error *err)
{
	const json_t *with = json_object_get(json, "includes");
	const json_t *without = json_object_get(json, "excludes");

	if (json_object_get(without, "minKernel"))
		return invalid(err, "a condition that cannot be excluded:", "minKernel");
	return read_capabilities(json_object_get(with, "caps"), &rule->needs, err) &&
	       read_capabilities(json_object_get(without, "caps"), &rule->without, err) &&
	       read_words(json_object_get(with, "arches"), "arches", &rule->machines, err) &&
	       read_words(json_object_get(without, "arches"), "arches", &rule->not_machines, err) &&
	       read_kernel(json_object_get(with, "minKernel"), &rule->kernel, err);
}

/* ---- the profile ---- */

static bool read_rule(const json_t *json, struct seccomp_rule *rule, struct error *err)
{
	return read_names(json, rule, err) &&
	       read_action(json, "action", "errnoRet", &rule->action, err) &&
	       read_arguments(json_object_get(json, "args"), rule, err) &&
	       read_conditions(json, rule, err);
}

static bool read_rules(const json_t *list, struct seccomp_profile *out, struct error *err)
{
	const json_t *item;
	size_t i;

	if (list && !json_is_null(list) && !json_is_array(list))
		return invalid(err, "not a list:", "syscalls");
	if (json_array_size(list) > RULE_LIMIT)
		return invalid(err, "more than 10000 rules in", "syscalls");
	out->owned = mem_zeroed(json_array_size(list), sizeof(*out->owned));
	out->rules = out->owned;
	json_array_foreach (list, i, item) {
		out->rule_count++;
		if (!read_rule(item, &out->owned[i], err))
			return false;
	}
	return true;
}

static bool add_machine(const json_t *name, struct seccomp_profile *out, struct error *err)
{
	if (!is_name(json_string_value(name)))
		return invalid(err, "not an architecture:", json_string_value(name));
	strings_add(&out->machines, json_string_value(name));
	return true;
}

/* "archMap" says which others come with the host's own machine; only the entry that names ours counts,
 * which is found later, so all are kept. */
static bool read_machines(const json_t *json, struct seccomp_profile *out, struct error *err)
{
	const json_t *map = json_object_get(json, "archMap"), *entry, *item;
	const json_t *list = json_object_get(json, "architectures");
	size_t i, j;

	if (json_array_size(map) > 0 && json_array_size(list) > 0)
		return invalid(err, "only one of them may be given:", "archMap, architectures");
	if (json_array_size(map) + json_array_size(list) > NAME_LIMIT)
		return invalid(err, "too many architectures in", "archMap");
	json_array_foreach (list, i, item)
		if (!add_machine(item, out, err))
			return false;
	json_array_foreach (map, i, entry) {
		if (!str_equal(json_string_value(json_object_get(entry, "architecture")),
			       seccomp_host_machine()))
			continue;
		if (!add_machine(json_object_get(entry, "architecture"), out, err))
			return false;
		json_array_foreach (json_object_get(entry, "subArchitectures"), j, item)
			if (j > NAME_LIMIT || !add_machine(item, out, err))
				return false;
	}
	return true;
}

static bool read_profile(const json_t *json, struct seccomp_profile *out, struct error *err)
{
	if (!json_is_object(json))
		return invalid(err, "not an object", NULL);
	if (!str_is_empty(json_string_value(json_object_get(json, "listenerPath"))))
		return invalid(err, "not supported:", "listenerPath");
	return read_action(json, "defaultAction", "defaultErrnoRet", &out->otherwise, err) &&
	       read_machines(json, out, err) &&
	       read_rules(json_object_get(json, "syscalls"), out, err);
}

bool seccomp_profile_parse(const char *text, size_t size, struct seccomp_profile *out,
			   struct error *err)
{
	json_t *json = json_parse(text, size, err);
	bool ok;

	*out = (struct seccomp_profile){0};
	if (!json)
		return error_prefix(err, "invalid seccomp profile");
	ok = read_profile(json, out, err);
	json_decref(json);
	if (!ok)
		seccomp_profile_fini(out);
	return ok;
}
