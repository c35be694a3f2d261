/* [Service], and how its processes are ended. */
#include "base/signal_name.h"
#include "execution/status.h"
#include "format/unit_name.h"
#include "unit/key_value.h"

#include <signal.h>
#include <stdio.h>

static const struct key_choice service_types[] = {
	{"simple", SERVICE_SIMPLE},
	{"exec", SERVICE_EXEC},
	{"forking", SERVICE_FORKING},
	{"oneshot", SERVICE_ONESHOT},
	{"dbus", SERVICE_DBUS},
	{"notify", SERVICE_NOTIFY},
	{"notify-reload", SERVICE_NOTIFY_RELOAD},
	{"idle", SERVICE_IDLE},
	{NULL},
};

static const struct key_choice restart_rules[] = {
	{"no", RESTART_NO},
	{"always", RESTART_ALWAYS},
	{"on-success", RESTART_ON_SUCCESS},
	{"on-failure", RESTART_ON_FAILURE},
	{"on-abnormal", RESTART_ON_ABNORMAL},
	{"on-abort", RESTART_ON_ABORT},
	{"on-watchdog", RESTART_ON_WATCHDOG},
	{NULL},
};

static const struct key_choice notify_access[] = {
	{"none", NOTIFY_NONE},
	{"main", NOTIFY_MAIN},
	{"exec", NOTIFY_EXEC},
	{"all", NOTIFY_ALL},
	{NULL},
};

static const struct key_choice timeout_modes[] = {
	{"terminate", TIMEOUT_TERMINATE}, {"abort", TIMEOUT_ABORT}, {"kill", TIMEOUT_KILL}, {NULL}};

static const struct key_choice oom_policies[] = {
	{"stop", OOM_STOP}, {"continue", OOM_CONTINUE}, {"kill", OOM_KILL}, {NULL}};

static const struct key_choice kill_modes[] = {
	{"control-group", KILL_CONTROL_GROUP},
	{"mixed", KILL_MIXED},
	{"process", KILL_PROCESS},
	{"none", KILL_NONE},
	{NULL},
};

/* TimeoutSec=: both; in a [Socket] and a [Mount], too. */
static void key_both_timeouts(struct unit_draft *draft, const struct unit_key *key,
			      const char *value)
{
	static const struct unit_key start =
		UNIT_KEY("TimeoutSec", IN_SERVICE, key_optional_span, timeout_start_us);
	static const struct unit_key stop =
		UNIT_KEY("TimeoutSec", IN_SERVICE, key_span, plan.timeout_stop_us);
	size_t warned = draft->config.warnings.count;

	key_optional_span(draft, &start, value);
	if (draft->config.warnings.count == warned)
		key_span(draft, &stop, value);
}

/* ---- SuccessExitStatus= ... ---- */

#define FIRST_REALTIME 34 /* as programs see it */

/* Canonical: a number, a name without SIG. */
static bool add_status(struct exit_set *set, const char *word)
{
	const char *abbreviation;
	int32_t code;
	int number;

	if (exit_status_from_name(word, &code)) {
		strings_format(&set->codes, "%d", code);
		return true;
	}
	number = signal_from_name(word);
	abbreviation = number > 0 ? sigabbrev_np(number) : NULL;
	if (abbreviation)
		strings_add(&set->signals, abbreviation);
	else if (number > 0)
		strings_format(&set->signals, "RTMIN+%d", number - FIRST_REALTIME);
	return number > 0;
}

static void key_exit_set(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct exit_set *set = unit_key_field(draft, key);
	scoped_strings struct strings words = {0};

	if (!*value)
		record_fini(&exit_set_type, set);
	else if (!key_split(draft, key, value, &words))
		return;
	for (size_t i = 0; i < words.count; i++)
		if (!add_status(set, words.items[i]))
			unit_draft_warn(draft,
					"'%s' of %s= is no exit status and no signal, ignored",
					words.items[i], key->name);
}

/* ---- files and sockets ---- */

static void key_pid_file(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	scoped_free char *path = *text && *text != '/' ? str_format("/run/%s", text) : take(text);
	str_replace(&draft->plan.pid_file, *path ? path : NULL);
}

static void key_sockets(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_strings struct strings words = {0};

	if (!*value)
		strings_fini(&draft->sockets);
	else
		key_split(draft, key, value, &words);
	for (size_t i = 0; i < words.count; i++) {
		if (unit_name_is_valid(words.items[i]) && str_ends_with(words.items[i], ".socket"))
			strings_add(&draft->sockets, words.items[i]);
		else
			unit_draft_warn(draft, "'%s' of %s= is no name of a socket, ignored",
					words.items[i], key->name);
	}
}

#define COMMANDS(name, phase)                                                                      \
	{                                                                                          \
		name, IN_SERVICE, key_commands, 0, phase                                           \
	}

static const struct unit_key keys[] = {
	UNIT_KEY("Type", IN_SERVICE, key_optional_choice, type, -1, service_types),
	COMMANDS("ExecCondition", EXECUTION_CONDITION),
	COMMANDS("ExecStartPre", EXECUTION_START_PRE),
	COMMANDS("ExecStart", EXECUTION_START),
	COMMANDS("ExecStartPost", EXECUTION_START_POST),
	COMMANDS("ExecReload", EXECUTION_RELOAD),
	COMMANDS("ExecStop", EXECUTION_STOP),
	COMMANDS("ExecStopPost", EXECUTION_STOP_POST),

	UNIT_KEY("Restart", IN_SERVICE, key_choice, restart.rule, 0, restart_rules),
	UNIT_KEY("RestartSec", IN_SERVICE, key_span, restart.delay_us),
	UNIT_KEY("RestartSteps", IN_SERVICE, key_number, restart.steps),
	UNIT_KEY("RestartMaxDelaySec", IN_SERVICE, key_span, restart.max_delay_us),
	UNIT_KEY("SuccessExitStatus", IN_SERVICE, key_exit_set, plan.success),
	UNIT_KEY("RestartPreventExitStatus", IN_SERVICE, key_exit_set, plan.restart_prevent),
	UNIT_KEY("RestartForceExitStatus", IN_SERVICE, key_exit_set, plan.restart_force),

	UNIT_KEY("TimeoutStartSec", IN_SERVICE, key_optional_span, timeout_start_us),
	UNIT_KEY("TimeoutStopSec", IN_SERVICE, key_span, plan.timeout_stop_us),
	UNIT_KEY("TimeoutSec", IN_EXECUTION, key_both_timeouts, timeout_start_us),
	UNIT_KEY("TimeoutAbortSec", IN_SERVICE, key_optional_span, timeout_abort_us),
	UNIT_KEY("TimeoutStartFailureMode", IN_SERVICE, key_choice, plan.timeout_start_mode, 0,
		 timeout_modes),
	UNIT_KEY("TimeoutStopFailureMode", IN_SERVICE, key_choice, plan.timeout_stop_mode, 0,
		 timeout_modes),
	UNIT_KEY("RuntimeMaxSec", IN_SERVICE | IN_SCOPE, key_span, plan.runtime_max_us),
	UNIT_KEY("RemainAfterExit", IN_SERVICE, key_bool, plan.remain_after_exit),
	UNIT_KEY("PIDFile", IN_SERVICE, key_pid_file, plan.pid_file),
	UNIT_KEY("GuessMainPID", IN_SERVICE, key_bool_not, plan.no_guess_main_pid),
	UNIT_KEY("NotifyAccess", IN_SERVICE, key_optional_choice, notify_access, -1, notify_access),
	UNIT_KEY("WatchdogSec", IN_SERVICE, key_span, plan.watchdog_us),
	UNIT_KEY("FileDescriptorStoreMax", IN_SERVICE, key_number, plan.descriptor_store_max),
	UNIT_KEY("Sockets", IN_SERVICE, key_sockets, sockets),
	UNIT_KEY("NonBlocking", IN_SERVICE, key_bool, plan.non_blocking),
	UNIT_KEY("OOMPolicy", IN_SERVICE | IN_SCOPE, key_optional_choice, oom_policy, -1,
		 oom_policies),
	UNIT_KEY("BusName", IN_SERVICE, key_text, plan.bus_name),
	UNIT_KEY("PermissionsStartOnly", IN_SERVICE, key_bool, permissions_start_only),
};
const struct unit_key_table unit_keys_of_service = {keys, array_length(keys)};

#define IN_KILL (IN_EXECUTION | IN_SCOPE)

static const struct unit_key kill_keys[] = {
	UNIT_KEY("KillMode", IN_KILL, key_choice, plan.kill_mode, 0, kill_modes),
	UNIT_KEY("KillSignal", IN_KILL, key_signal, plan.kill_signal),
	UNIT_KEY("RestartKillSignal", IN_KILL, key_signal, plan.restart_kill_signal),
	UNIT_KEY("SendSIGHUP", IN_KILL, key_bool, plan.send_sighup),
	UNIT_KEY("SendSIGKILL", IN_KILL, key_bool_not, plan.no_sigkill),
	UNIT_KEY("FinalKillSignal", IN_KILL, key_signal, plan.final_kill_signal),
	UNIT_KEY("WatchdogSignal", IN_KILL, key_signal, plan.watchdog_signal),
};
const struct unit_key_table unit_keys_of_kill = {kill_keys, array_length(kill_keys)};
