#include "unit/condition.h"

#include "base/memory.h"

static const char *const names[CONDITIONS] = {
	[CONDITION_PATH_EXISTS] = "PathExists",
	[CONDITION_PATH_EXISTS_GLOB] = "PathExistsGlob",
	[CONDITION_PATH_IS_DIRECTORY] = "PathIsDirectory",
	[CONDITION_PATH_IS_SYMBOLIC_LINK] = "PathIsSymbolicLink",
	[CONDITION_PATH_IS_MOUNT_POINT] = "PathIsMountPoint",
	[CONDITION_PATH_IS_READ_WRITE] = "PathIsReadWrite",
	[CONDITION_DIRECTORY_NOT_EMPTY] = "DirectoryNotEmpty",
	[CONDITION_FILE_NOT_EMPTY] = "FileNotEmpty",
	[CONDITION_FILE_IS_EXECUTABLE] = "FileIsExecutable",
	[CONDITION_HOST] = "Host",
	[CONDITION_KERNEL_COMMAND_LINE] = "KernelCommandLine",
	[CONDITION_VIRTUALIZATION] = "Virtualization",
	[CONDITION_ARCHITECTURE] = "Architecture",
	[CONDITION_ENVIRONMENT] = "Environment",
	[CONDITION_USER] = "User",
	[CONDITION_GROUP] = "Group",
	[CONDITION_MEMORY] = "Memory",
	[CONDITION_CPUS] = "CPUs",
};

const char *condition_name(enum condition_kind kind)
{
	return names[kind];
}

bool condition_from_name(const char *name, enum condition_kind *kind)
{
	for (int i = 0; i < CONDITIONS; i++) {
		if (!str_equal(names[i], name))
			continue;
		*kind = i;
		return true;
	}
	return false;
}

bool condition_takes_path(enum condition_kind kind)
{
	return kind <= CONDITION_FILE_IS_EXECUTABLE;
}

static const char *skip_mark(const char *value, char mark, bool *found)
{
	*found = *value == mark;
	return *found ? value + 1 + strspn(value + 1, " \t") : value;
}

bool condition_parse(const char *value, struct unit_condition *out)
{
	value = skip_mark(value, '|', &out->trigger);
	value = skip_mark(value, '!', &out->negate);
	if (!*value)
		return false;
	out->argument = str_dup(value);
	return true;
}

char *condition_text(const struct unit_condition *condition)
{
	return str_format("%s%s=%s%s%s", condition->assert ? "Assert" : "Condition",
			  condition_name(condition->kind), condition->trigger ? "|" : "",
			  condition->negate ? "!" : "", condition->argument);
}

bool conditions_hold(const struct unit_config *config, bool asserts, condition_probe *probe,
		     void *data, const struct unit_condition **failed)
{
	const struct unit_condition *last_trigger = NULL;
	bool triggered = false;

	for (size_t i = 0; i < config->condition_count; i++) {
		const struct unit_condition *c = &config->conditions[i];

		if (c->assert != asserts || (c->trigger && triggered))
			continue;
		bool holds = probe(data, c->kind, c->argument) != c->negate;
		if (c->trigger) {
			last_trigger = c;
			triggered = holds;
		} else if (!holds) {
			*failed = c;
			return false;
		}
	}
	*failed = triggered ? NULL : last_trigger;
	return !*failed;
}
