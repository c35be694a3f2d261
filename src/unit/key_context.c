/* As whom, where and with what environment and output commands run: systemd.exec. */
#include "format/base64.h"
#include "format/path.h"
#include "format/time_span.h"
#include "format/unit_variable.h"
#include "format/unit_words.h"
#include "unit/key_value.h"

#include <sched.h>
#include <syslog.h>

/* ---- folders and environment ---- */

/* "/path", "~", "-/path" */
static void key_working_folder(struct unit_draft *draft, const struct unit_key *key,
			       const char *value)
{
	struct execution_context *context = &draft->plan.context;
	bool optional = *value == '-';
	scoped_free char *path = key_expand(draft, key, value + optional);

	if (!path)
		return;
	if (*path && *path != '/' && !str_equal(path, "~")) {
		unit_draft_warn(draft, "the path '%s' of %s= is not absolute, ignored", path,
				key->name);
		return;
	}
	free(context->working_folder);
	context->working_folder = !*path ? NULL : *path == '~' ? take(path) : path_clean(path);
	context->working_folder_optional = optional;
}

static void key_environment_file(struct unit_draft *draft, const struct unit_key *key,
				 const char *value)
{
	struct strings *files = &draft->plan.context.environment_files;
	scoped_free char *path = key_expand(draft, key, value);

	if (!path)
		return;
	if (!*path)
		strings_fini(files);
	else if (path[*path == '-'] == '/')
		strings_add(files, path);
	else
		unit_draft_warn(draft, "the path '%s' of %s= is not absolute, ignored", path,
				key->name);
}

/* ---- resource limits ---- */

enum rlimit_unit { RLIMIT_OF_COUNT, RLIMIT_OF_BYTES, RLIMIT_OF_SECONDS, RLIMIT_OF_MICROSECONDS };

static bool parse_limit_number(const char *text, enum rlimit_unit unit, int64_t *value)
{
	static const char suffixes[] = "KMGTPE";
	scoped_free char *number = str_dup(text);
	size_t length = strlen(number);
	const char *suffix =
		length && unit == RLIMIT_OF_BYTES ? strchr(suffixes, number[length - 1]) : NULL;

	if (suffix)
		number[length - 1] = '\0';
	if (!parse_i64(number, value) || *value < 0)
		return false;
	for (; suffix && suffix >= suffixes; suffix--)
		if (__builtin_mul_overflow(*value, 1024, value))
			return false;
	return true;
}

static bool parse_limit(const char *text, enum rlimit_unit unit, int64_t *value)
{
	if (str_equal(text, "infinity"))
		*value = -1;
	else if (unit == RLIMIT_OF_COUNT || unit == RLIMIT_OF_BYTES)
		return parse_limit_number(text, unit, value);
	else if (!time_span_parse(text, unit == RLIMIT_OF_SECONDS ? 1000000 : 1, value))
		return false;
	else if (unit == RLIMIT_OF_SECONDS)
		*value = (*value + 999999) / 1000000;
	return true;
}

static void remove_rlimit(struct record_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (str_equal(RECORD_AT(*list, struct execution_rlimit, i)->name, name)) {
			record_list_remove(&execution_rlimit_type, list, i);
			return;
		}
}

/* "soft:hard", or one for both.  `extra`: the kernel's name, `number`: enum rlimit_unit. */
static void key_rlimit(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct record_list *list = &draft->plan.context.rlimits;
	scoped_free char *soft_text = str_dup(value);
	char *colon = strchr(soft_text, ':');
	int64_t soft, hard;

	if (colon)
		*colon++ = '\0';
	if (*value && (!parse_limit(soft_text, key->number, &soft) ||
		       !parse_limit(colon ? colon : soft_text, key->number, &hard) ||
		       (uint64_t)soft > (uint64_t)hard)) {
		key_reject(draft, key, value);
		return;
	}
	remove_rlimit(list, key->extra);
	if (!list->count)
		record_list_fini(&execution_rlimit_type, list);
	if (!*value)
		return;
	struct execution_rlimit *limit = record_list_add(&execution_rlimit_type, list);
	*limit = (struct execution_rlimit){str_dup(key->extra), soft, hard};
}

/* LimitNICE=: 1 to 40 as the kernel counts, or -20 to +19 with a sign. */
static void key_rlimit_nice(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *counted = NULL;
	int64_t nice;

	if ((*value == '+' || *value == '-') && parse_i64(value + (*value == '+'), &nice) &&
	    nice >= -20 && nice <= 19)
		counted = str_format("%d", (int)(20 - nice));
	key_rlimit(draft, key, counted ? counted : value);
}

/* ---- scheduling ---- */

static const struct key_choice cpu_policies[] = {
	{"other", SCHED_OTHER}, {"batch", SCHED_BATCH}, {"idle", SCHED_IDLE},
	{"fifo", SCHED_FIFO},	{"rr", SCHED_RR},	{NULL},
};

static const struct key_choice io_classes[] = {
	{"none", 0}, {"realtime", 1}, {"best-effort", 2}, {"idle", 3}, {NULL}};

static const struct key_range nice_range = {-20, 19}, oom_range = {-1000, 1000},
			      priority_range = {0, 7}, cpu_priority_range = {1, 99};

/* Nanoseconds when a bare number. */
static void key_timer_slack(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct optional_i64 *field = unit_key_field(draft, key);
	int64_t number;

	if (!*value)
		*field = (struct optional_i64){0};
	else if (parse_i64(value, &number) && number >= 0)
		*field = (struct optional_i64){true, number};
	else if (time_span_parse(value, 1, &number) && number >= 0 && number < INT64_MAX / 1000)
		*field = (struct optional_i64){true, number * 1000};
	else
		key_reject(draft, key, value);
}

/* ---- input and output ---- */

static const struct key_choice inputs[] = {
	{"null", INPUT_NULL},	  {"tty", INPUT_TTY},
	{"tty-force", INPUT_TTY}, {"tty-fail", INPUT_TTY},
	{"socket", INPUT_SOCKET}, {"data", INPUT_DATA},
	{"fd", INPUT_FD},	  {NULL},
};

static const struct key_choice outputs[] = {
	{"inherit", OUTPUT_INHERIT},
	{"null", OUTPUT_NULL},
	{"tty", OUTPUT_TTY},
	{"journal", OUTPUT_JOURNAL},
	{"journal+console", OUTPUT_JOURNAL},
	{"kmsg", OUTPUT_JOURNAL},
	{"kmsg+console", OUTPUT_JOURNAL},
	{"syslog", OUTPUT_JOURNAL},
	{"syslog+console", OUTPUT_JOURNAL},
	{"socket", OUTPUT_SOCKET},
	{"fd", OUTPUT_FD},
	{NULL},
};

/* Those with something behind a colon. */
static const struct key_choice input_prefixes[] = {
	{"file:", INPUT_FILE}, {"fd:", INPUT_FD}, {NULL}};
static const struct key_choice output_prefixes[] = {{"file:", OUTPUT_FILE},
						    {"append:", OUTPUT_APPEND},
						    {"truncate:", OUTPUT_TRUNCATE},
						    {"fd:", OUTPUT_FD},
						    {NULL}};

struct stream {
	const struct key_choice *plain, *prefixes;
	size_t path; /* offset of the path in the draft */
};

static void set_stream(struct unit_draft *draft, const struct unit_key *key, int32_t kind,
		       const char *path)
{
	const struct stream *stream = key->extra;

	*(int32_t *)unit_key_field(draft, key) = kind;
	str_replace((char **)(void *)((char *)draft + stream->path), path);
}

static bool set_prefixed_stream(struct unit_draft *draft, const struct unit_key *key,
				const char *value)
{
	const struct stream *stream = key->extra;
	const struct key_choice *choice = stream->prefixes;

	while (choice->name && !str_starts_with(value, choice->name))
		choice++;
	if (!choice->name)
		return false;
	scoped_free char *path = key_expand(draft, key, value + strlen(choice->name));
	if (path && (*path == '/' || str_equal(choice->name, "fd:")) && path[0])
		set_stream(draft, key, choice->value, path);
	else if (path)
		unit_draft_warn(draft, "the path '%s' of %s= is not absolute, ignored", path,
				key->name);
	return true;
}

static void key_stream(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	const struct stream *stream = key->extra;
	const struct key_choice *choice = key_find_choice(stream->plain, value);

	if (!*value || choice)
		set_stream(draft, key, choice ? choice->value : 0, NULL);
	if (!*value)
		key_reset(draft, key, sizeof(int32_t));
	else if (!choice && !set_prefixed_stream(draft, key, value))
		key_reject(draft, key, value);
}

#define PATH_OF(member) offsetof(struct unit_draft, plan.context.member)
static const struct stream in = {inputs, input_prefixes, PATH_OF(in_path)},
			   out = {outputs, output_prefixes, PATH_OF(out_path)},
			   err = {outputs, output_prefixes, PATH_OF(err_path)};

/* A line of text for the standard input; `number`: it is base64. */
static void key_input_data(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct execution_context *context = &draft->plan.context;
	struct buffer *data = &context->in_data;

	if (!*value) {
		buffer_fini(data);
		return;
	}
	if (key->number) {
		scoped_free char *compact = str_dup(value);
		size_t length = 0;

		for (const char *c = value; *c; c++)
			if (*c != ' ' && *c != '\t')
				compact[length++] = *c;
		compact[length] = '\0';
		if (!base64_decode(compact, length, data)) {
			key_reject(draft, key, value);
			return;
		}
	} else {
		scoped_free char *text = key_expand(draft, key, value);

		if (!text)
			return;
		buffer_add_text(data, text);
		buffer_add_char(data, '\n');
	}
	if (context->in == INPUT_NULL)
		context->in = INPUT_DATA;
}

/* ---- the journal ---- */

static const struct key_choice levels[] = {
	{"emerg", LOG_EMERG}, {"alert", LOG_ALERT},	{"crit", LOG_CRIT},
	{"err", LOG_ERR},     {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
	{"info", LOG_INFO},   {"debug", LOG_DEBUG},	{NULL},
};

static const struct key_choice facilities[] = {
	{"kern", 0},	  {"user", 1},	  {"mail", 2},	  {"daemon", 3},  {"auth", 4},
	{"syslog", 5},	  {"lpr", 6},	  {"news", 7},	  {"uucp", 8},	  {"cron", 9},
	{"authpriv", 10}, {"ftp", 11},	  {"local0", 16}, {"local1", 17}, {"local2", 18},
	{"local3", 19},	  {"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23},
	{NULL},
};

#define CONTEXT(name, parse, member, ...)                                                          \
	UNIT_KEY(name, IN_EXECUTION, parse, plan.context.member, __VA_ARGS__)
#define RLIMIT(name, of, unit)                                                                     \
	{                                                                                          \
		"Limit" name, IN_EXECUTION, key_rlimit, 0, unit, of                                \
	}

static const struct unit_key keys[] = {
	CONTEXT("User", key_text, user, 0),
	CONTEXT("Group", key_text, group, 0),
	CONTEXT("DynamicUser", key_bool, dynamic_user, 0),
	CONTEXT("SupplementaryGroups", key_words, supplementary_groups, 0),
	CONTEXT("WorkingDirectory", key_working_folder, working_folder, 0),
	CONTEXT("RootDirectory", key_path, root_folder, 0),
	CONTEXT("UMask", key_optional_mode, umask, 0),
	CONTEXT("Environment", key_assignments, environment, 0),
	CONTEXT("EnvironmentFile", key_environment_file, environment_files, 0),
	CONTEXT("PassEnvironment", key_words, pass_environment, 0),
	CONTEXT("UnsetEnvironment", key_words, unset_environment, 0),

	RLIMIT("CPU", "cpu", RLIMIT_OF_SECONDS),
	RLIMIT("FSIZE", "fsize", RLIMIT_OF_BYTES),
	RLIMIT("DATA", "data", RLIMIT_OF_BYTES),
	RLIMIT("STACK", "stack", RLIMIT_OF_BYTES),
	RLIMIT("CORE", "core", RLIMIT_OF_BYTES),
	RLIMIT("RSS", "rss", RLIMIT_OF_BYTES),
	RLIMIT("NOFILE", "nofile", RLIMIT_OF_COUNT),
	RLIMIT("AS", "as", RLIMIT_OF_BYTES),
	RLIMIT("NPROC", "nproc", RLIMIT_OF_COUNT),
	RLIMIT("MEMLOCK", "memlock", RLIMIT_OF_BYTES),
	RLIMIT("LOCKS", "locks", RLIMIT_OF_COUNT),
	RLIMIT("SIGPENDING", "sigpending", RLIMIT_OF_COUNT),
	RLIMIT("MSGQUEUE", "msgqueue", RLIMIT_OF_BYTES),
	RLIMIT("RTPRIO", "rtprio", RLIMIT_OF_COUNT),
	RLIMIT("RTTIME", "rttime", RLIMIT_OF_MICROSECONDS),
	{"LimitNICE", IN_EXECUTION, key_rlimit_nice, 0, RLIMIT_OF_COUNT, "nice"},

	CONTEXT("Nice", key_optional_number, nice, 0, &nice_range),
	CONTEXT("OOMScoreAdjust", key_optional_number, oom_score_adjust, 0, &oom_range),
	CONTEXT("IOSchedulingClass", key_optional_choice, io_class, 3, io_classes),
	CONTEXT("IOSchedulingPriority", key_optional_number, io_priority, 0, &priority_range),
	CONTEXT("CPUSchedulingPolicy", key_optional_choice, cpu_policy, -1, cpu_policies),
	CONTEXT("CPUSchedulingPriority", key_optional_number, cpu_priority, 0, &cpu_priority_range),
	CONTEXT("CPUAffinity", key_cpus, cpu_affinity, 0),
	CONTEXT("TimerSlackNSec", key_timer_slack, timer_slack_ns, 0),
	CONTEXT("IgnoreSIGPIPE", key_bool_not, keep_sigpipe, 0),

	CONTEXT("StandardInput", key_stream, in, 0, &in),
	CONTEXT("StandardOutput", key_stream, out, 0, &out),
	CONTEXT("StandardError", key_stream, err, 0, &err),
	CONTEXT("StandardInputText", key_input_data, in_data, 0),
	CONTEXT("StandardInputData", key_input_data, in_data, 1),
	CONTEXT("TTYPath", key_path, tty_path, 0),
	CONTEXT("SyslogIdentifier", key_text, syslog_identifier, 0),
	CONTEXT("SyslogLevel", key_optional_choice, syslog_level, 7, levels),
	CONTEXT("SyslogFacility", key_optional_choice, syslog_facility, 23, facilities),
	CONTEXT("SyslogLevelPrefix", key_bool_not, no_level_prefix, 0),
	CONTEXT("LogLevelMax", key_optional_choice, log_level_max, 7, levels),
	CONTEXT("LogRateLimitIntervalSec", key_optional_span, log_rate_interval_us, 0),
	CONTEXT("LogRateLimitBurst", key_optional_number, log_rate_burst, 0),
	CONTEXT("LogExtraFields", key_assignments, log_extra_fields, 0),
};
const struct unit_key_table unit_keys_of_context = {keys, array_length(keys)};
