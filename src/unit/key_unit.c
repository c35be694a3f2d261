/* [Unit] and [Install]. */
#include "format/unit_name.h"
#include "unit/condition.h"
#include "unit/key_value.h"

static const struct key_choice job_modes[] = {
	{"replace", JOB_REPLACE},
	{"replace-irreversibly", JOB_REPLACE_IRREVERSIBLY},
	{"fail", JOB_FAIL},
	{"isolate", JOB_ISOLATE},
	{"flush", JOB_FLUSH},
	{"ignore-dependencies", JOB_IGNORE_DEPENDENCIES},
	{"ignore-requirements", JOB_IGNORE_REQUIREMENTS},
	{NULL},
};

/* ---- arrows ---- */

/* A template that is named takes the instance of who names it. */
static char *name_of_word(struct unit_draft *draft, const struct unit_key *key, const char *word)
{
	enum unit_type type;

	if (!unit_name_is_valid(word) || !unit_type_of_name(word, &type)) {
		unit_draft_warn(draft, "'%s' of %s= is no name of a unit, ignored", word,
				key->name);
		return NULL;
	}
	if (unit_name_is_template(word)) {
		scoped_free char *instance = unit_name_instance(draft->config.name);

		if (!str_is_empty(instance))
			return unit_name_with_instance(word, instance);
	}
	return str_dup(word);
}

/* Lists of names cannot be emptied: a drop-in only adds. */
static void key_names(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};

	key_split(draft, key, value, &words);
	for (size_t i = 0; i < words.count; i++) {
		scoped_free char *name = name_of_word(draft, key, words.items[i]);

		if (name && !str_equal(name, draft->config.name))
			unit_draft_depend(draft, (enum dependency)key->number, name, false);
	}
}

/* ---- conditions ---- */

static void drop_conditions(struct unit_config *config, bool asserts)
{
	size_t kept = 0;

	for (size_t i = 0; i < config->condition_count; i++) {
		if (config->conditions[i].assert == asserts)
			free(config->conditions[i].argument);
		else
			config->conditions[kept++] = config->conditions[i];
	}
	config->condition_count = kept;
}

static void add_condition(struct unit_draft *draft, const struct unit_key *key,
			  struct unit_condition condition)
{
	struct unit_config *config = &draft->config;

	if (condition_takes_path(condition.kind) && condition.argument[0] != '/') {
		unit_draft_warn(draft, "the path '%s' of %s= is not absolute, ignored",
				condition.argument, key->name);
		free(condition.argument);
		return;
	}
	config->conditions = mem_resize(config->conditions, config->condition_count + 1,
					sizeof(*config->conditions));
	config->conditions[config->condition_count++] = condition;
}

/* `number`: the kind; `extra` is not NULL for Assert...= */
static void key_condition(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct unit_condition condition = {(uint8_t)key->number, key->extra != NULL};
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	if (!*text)
		drop_conditions(&draft->config, condition.assert);
	else if (condition_parse(text, &condition))
		add_condition(draft, key, condition);
	else
		key_reject(draft, key, value);
}

static void key_unknown_condition(struct unit_draft *draft, const struct unit_key *key,
				  const char *value)
{
	if (*value)
		unit_draft_warn(draft, "%s= is not looked at: taken as true", key->name);
}

#define NAMES(name, kind)                                                                          \
	{                                                                                          \
		name, IN_UNIT, key_names, 0, kind                                                  \
	}
#define CONDITION(name, kind)                                                                      \
	{"Condition" name, IN_UNIT, key_condition, 0, kind},                                       \
	{                                                                                          \
		"Assert" name, IN_UNIT, key_condition, 0, kind, "assert"                           \
	}
#define NO_CONDITION(name)                                                                         \
	{"Condition" name, IN_UNIT, key_unknown_condition},                                        \
	{                                                                                          \
		"Assert" name, IN_UNIT, key_unknown_condition                                      \
	}

static const struct key_choice collect_modes[] = {
	{"inactive", 0}, {"inactive-or-failed", 1}, {NULL}};

static void key_collect_mode(struct unit_draft *draft, const struct unit_key *key,
			     const char *value)
{
	const struct key_choice *choice =
		key_find_choice(collect_modes, *value ? value : "inactive");

	if (choice)
		draft->config.collect_failed = choice->value;
	else
		key_reject(draft, key, value);
}

static const struct unit_key keys[] = {
	UNIT_KEY("Description", IN_UNIT, key_text, config.description),
	UNIT_KEY("Documentation", IN_UNIT, key_words, config.documentation),
	UNIT_KEY("SourcePath", IN_UNIT, key_path, config.source_path),

	NAMES("Requires", DEPENDENCY_REQUIRES),
	NAMES("Requisite", DEPENDENCY_REQUISITE),
	NAMES("Wants", DEPENDENCY_WANTS),
	NAMES("BindsTo", DEPENDENCY_BINDS_TO),
	NAMES("BindTo", DEPENDENCY_BINDS_TO),
	NAMES("PartOf", DEPENDENCY_PART_OF),
	NAMES("Upholds", DEPENDENCY_UPHOLDS),
	NAMES("Conflicts", DEPENDENCY_CONFLICTS),
	NAMES("Before", DEPENDENCY_BEFORE),
	NAMES("After", DEPENDENCY_AFTER),
	NAMES("OnFailure", DEPENDENCY_ON_FAILURE),
	NAMES("OnSuccess", DEPENDENCY_ON_SUCCESS),
	NAMES("PropagatesStopTo", DEPENDENCY_PROPAGATES_STOP_TO),
	NAMES("StopPropagatedFrom", DEPENDENCY_STOP_PROPAGATED_FROM),
	NAMES("PropagatesReloadTo", DEPENDENCY_PROPAGATES_RELOAD_TO),
	NAMES("PropagateReloadTo", DEPENDENCY_PROPAGATES_RELOAD_TO),
	NAMES("ReloadPropagatedFrom", DEPENDENCY_RELOAD_PROPAGATED_FROM),
	NAMES("PropagateReloadFrom", DEPENDENCY_RELOAD_PROPAGATED_FROM),
	UNIT_KEY("RequiresMountsFor", IN_UNIT, key_paths, mounts_for),

	UNIT_KEY("OnFailureJobMode", IN_UNIT, key_small_choice, config.on_failure_mode, 0,
		 job_modes),
	UNIT_KEY("OnSuccessJobMode", IN_UNIT, key_small_choice, config.on_success_mode, 0,
		 job_modes),
	UNIT_KEY("DefaultDependencies", IN_UNIT, key_bool_not, config.no_default_dependencies),
	UNIT_KEY("StopWhenUnneeded", IN_UNIT, key_bool, config.stop_when_unneeded),
	UNIT_KEY("AllowIsolate", IN_UNIT, key_bool, config.allow_isolate),
	UNIT_KEY("RefuseManualStart", IN_UNIT, key_bool, config.refuse_manual_start),
	UNIT_KEY("RefuseManualStop", IN_UNIT, key_bool, config.refuse_manual_stop),
	UNIT_KEY("IgnoreOnIsolate", IN_UNIT, key_bool, config.ignore_on_isolate),
	UNIT_KEY("JobTimeoutSec", IN_UNIT, key_span, config.job_timeout_us),
	UNIT_KEY("JobRunningTimeoutSec", IN_UNIT, key_span, config.job_running_timeout_us),
	UNIT_KEY("StartLimitIntervalSec", IN_UNIT | IN_SERVICE, key_span,
		 config.start_limit_interval_us),
	UNIT_KEY("StartLimitInterval", IN_UNIT | IN_SERVICE, key_span,
		 config.start_limit_interval_us),
	UNIT_KEY("StartLimitBurst", IN_UNIT | IN_SERVICE, key_number, config.start_limit_burst),
	{"CollectMode", IN_UNIT, key_collect_mode},

	CONDITION("PathExists", CONDITION_PATH_EXISTS),
	CONDITION("PathExistsGlob", CONDITION_PATH_EXISTS_GLOB),
	CONDITION("PathIsDirectory", CONDITION_PATH_IS_DIRECTORY),
	CONDITION("PathIsSymbolicLink", CONDITION_PATH_IS_SYMBOLIC_LINK),
	CONDITION("PathIsMountPoint", CONDITION_PATH_IS_MOUNT_POINT),
	CONDITION("PathIsReadWrite", CONDITION_PATH_IS_READ_WRITE),
	CONDITION("DirectoryNotEmpty", CONDITION_DIRECTORY_NOT_EMPTY),
	CONDITION("FileNotEmpty", CONDITION_FILE_NOT_EMPTY),
	CONDITION("FileIsExecutable", CONDITION_FILE_IS_EXECUTABLE),
	CONDITION("Host", CONDITION_HOST),
	CONDITION("KernelCommandLine", CONDITION_KERNEL_COMMAND_LINE),
	CONDITION("Virtualization", CONDITION_VIRTUALIZATION),
	CONDITION("Architecture", CONDITION_ARCHITECTURE),
	CONDITION("Environment", CONDITION_ENVIRONMENT),
	CONDITION("User", CONDITION_USER),
	CONDITION("Group", CONDITION_GROUP),
	CONDITION("Memory", CONDITION_MEMORY),
	CONDITION("CPUs", CONDITION_CPUS),
	NO_CONDITION("ACPower"),
	NO_CONDITION("Capability"),
	NO_CONDITION("ControlGroupController"),
	NO_CONDITION("CPUFeature"),
	NO_CONDITION("CPUPressure"),
	NO_CONDITION("Credential"),
	NO_CONDITION("Firmware"),
	NO_CONDITION("FirstBoot"),
	NO_CONDITION("IOPressure"),
	NO_CONDITION("KernelVersion"),
	NO_CONDITION("MemoryPressure"),
	NO_CONDITION("NeedsUpdate"),
	NO_CONDITION("Null"),
	NO_CONDITION("OSRelease"),
	NO_CONDITION("PathIsEncrypted"),
	NO_CONDITION("PathIsSocket"),
	NO_CONDITION("Security"),

	UNIT_KEY("WantedBy", IN_INSTALL, key_words, install.wanted_by),
	UNIT_KEY("RequiredBy", IN_INSTALL, key_words, install.required_by),
	UNIT_KEY("Alias", IN_INSTALL, key_words, install.alias),
	UNIT_KEY("Also", IN_INSTALL, key_words, install.also),
	UNIT_KEY("DefaultInstance", IN_INSTALL, key_text, install.default_instance),
};
const struct unit_key_table unit_keys_of_unit = {keys, array_length(keys)};
