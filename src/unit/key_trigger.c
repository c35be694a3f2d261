/* [Timer], [Path] and [Socket]: what starts other units. */
#include "format/path.h"
#include "format/time_span.h"
#include "format/unit_name.h"
#include "format/unit_words.h"
#include "unit/key_value.h"

/* Unit=, Service=. */
static void key_triggered(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *name = key_expand(draft, key, value);

	if (!name)
		return;
	if (!*name)
		str_replace(&draft->triggered, NULL);
	else if (!unit_name_is_valid(name) || (key->number && !str_ends_with(name, ".service")) ||
		 str_equal(name, draft->config.name))
		unit_draft_warn(draft, "'%s' of %s= is no unit to be started, ignored", name,
				key->name);
	else
		str_replace(&draft->triggered, name);
}

/* ---- timers ---- */

static void add_point(struct unit_draft *draft, struct timer_point point)
{
	struct timer_config *timer = &draft->timer;

	timer->points = mem_resize(timer->points, timer->count + 1, sizeof(*timer->points));
	timer->points[timer->count++] = point;
}

/* An empty value of any of these takes back all of them. */
static void drop_points(struct timer_config *timer)
{
	for (size_t i = 0; i < timer->count; i++)
		calendar_free(timer->points[i].calendar);
	timer->count = 0;
}

/* `number`: enum timer_base. */
static void key_point(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);
	int64_t us;

	if (!text)
		return;
	if (!*text)
		drop_points(&draft->timer);
	else if (time_span_parse(text, 1000000, &us) && us >= 0)
		add_point(draft, (struct timer_point){(int32_t)key->number, us});
	else
		key_reject(draft, key, value);
}

static void key_calendar(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);
	struct error err = {0};

	if (!text)
		return;
	if (!*text) {
		drop_points(&draft->timer);
		return;
	}
	struct calendar *calendar = calendar_parse(text, &err);
	if (calendar)
		add_point(draft, (struct timer_point){TIMER_CALENDAR, 0, calendar});
	else
		unit_draft_warn(draft, "invalid value '%s' of %s=, ignored: %s", value, key->name,
				err.text);
}

/* ---- paths ---- */

/* `number`: enum path_watch_kind; an empty value of any of these takes back all of them. */
static void key_watch(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	scoped_free char *text = key_expand(draft, key, value);
	struct path_config *path = &draft->path;

	if (!text)
		return;
	if (*text == '/') {
		path->watches = mem_resize(path->watches, path->count + 1, sizeof(*path->watches));
		path->watches[path->count++] =
			(struct path_watch){(int32_t)key->number, path_clean(text)};
		return;
	}
	if (*text)
		unit_draft_warn(draft, "the path '%s' of %s= is not absolute, ignored", text,
				key->name);
	while (!*text && path->count)
		free(path->watches[--path->count].path);
}

/* ---- sockets ---- */

/* A port of 16 bits behind the last colon, or all of it; what stands before it is looked at by the shim. */
static bool is_port(const char *address)
{
	const char *colon = strrchr(address, ':');
	uint64_t port;

	return parse_u64(colon ? colon + 1 : address, &port) && port >= 1 && port <= 65535;
}

static bool is_address(enum socket_kind kind, const char *address)
{
	if (kind == SOCKET_FIFO)
		return *address == '/';
	if (*address == '/' || *address == '@')
		return address[1] != '\0';
	return kind != SOCKET_SEQPACKET && is_port(address);
}

/* `number`: enum socket_kind. */
static void key_listen(struct unit_draft *draft, const struct unit_key *key, const char *value)
{
	struct record_list *list = &draft->plan.socket.sockets;
	scoped_free char *text = key_expand(draft, key, value);

	if (!text)
		return;
	if (!*text) {
		record_list_fini(&execution_socket_type, list);
		return;
	}
	if (!is_address(key->number, text)) {
		key_reject(draft, key, value);
		return;
	}
	struct execution_socket *socket = record_list_add(&execution_socket_type, list);
	socket->kind = (int32_t)key->number;
	socket->address = *text == '/' ? path_clean(text) : take(text);
}

/* A boolean says whether IPv6 alone is meant. */
static void key_bind_ipv6_only(struct unit_draft *draft, const struct unit_key *key,
			       const char *value)
{
	char **field = unit_key_field(draft, key);
	bool only;

	if (!*value || str_equal(value, "default"))
		str_replace(field, NULL);
	else if (str_equal(value, "both") || str_equal(value, "ipv6-only"))
		str_replace(field, value);
	else if (key_parse_bool(value, &only))
		str_replace(field, only ? "ipv6-only" : "both");
	else
		key_reject(draft, key, value);
}

#define TIMER(name, parse, member, ...) UNIT_KEY(name, IN_TIMER, parse, timer.member, __VA_ARGS__)
#define POINT(name, base)                                                                          \
	{                                                                                          \
		name, IN_TIMER, key_point, 0, base                                                 \
	}
#define WATCH(name, kind)                                                                          \
	{                                                                                          \
		name, IN_PATH, key_watch, 0, kind                                                  \
	}
#define LISTEN(name, kind)                                                                         \
	{                                                                                          \
		name, IN_SOCKET, key_listen, 0, kind                                               \
	}
#define SOCKET(name, parse, member) UNIT_KEY(name, IN_SOCKET, parse, plan.socket.member)
#define COMMANDS(name, phase)                                                                      \
	{                                                                                          \
		name, IN_SOCKET, key_commands, 0, phase                                            \
	}

static const struct unit_key keys[] = {
	POINT("OnActiveSec", TIMER_ACTIVE),
	POINT("OnBootSec", TIMER_BOOT),
	POINT("OnStartupSec", TIMER_STARTUP),
	POINT("OnUnitActiveSec", TIMER_UNIT_ACTIVE),
	POINT("OnUnitInactiveSec", TIMER_UNIT_INACTIVE),
	{"OnCalendar", IN_TIMER, key_calendar},
	TIMER("AccuracySec", key_span, accuracy_us, 0),
	TIMER("RandomizedDelaySec", key_span, randomized_delay_us, 0),
	TIMER("FixedRandomDelay", key_bool, fixed_random_delay, 0),
	TIMER("Persistent", key_bool, persistent, 0),
	TIMER("RemainAfterElapse", key_bool_not, no_remain_after_elapse, 0),
	TIMER("OnClockChange", key_bool, on_clock_change, 0),
	TIMER("OnTimezoneChange", key_bool, on_timezone_change, 0),
	{"Unit", IN_TIMER | IN_PATH, key_triggered},

	WATCH("PathExists", PATH_EXISTS),
	WATCH("PathExistsGlob", PATH_EXISTS_GLOB),
	WATCH("PathChanged", PATH_CHANGED),
	WATCH("PathModified", PATH_MODIFIED),
	WATCH("DirectoryNotEmpty", PATH_DIRECTORY_NOT_EMPTY),
	UNIT_KEY("MakeDirectory", IN_PATH, key_bool, path.make_directory),
	UNIT_KEY("DirectoryMode", IN_PATH, key_mode, path.directory_mode),
	UNIT_KEY("TriggerLimitIntervalSec", IN_PATH, key_span, path.trigger_interval_us),
	UNIT_KEY("TriggerLimitBurst", IN_PATH, key_number, path.trigger_burst),

	LISTEN("ListenStream", SOCKET_STREAM),
	LISTEN("ListenDatagram", SOCKET_DATAGRAM),
	LISTEN("ListenSequentialPacket", SOCKET_SEQPACKET),
	LISTEN("ListenFIFO", SOCKET_FIFO),
	SOCKET("Accept", key_bool, accept),
	{"Service", IN_SOCKET, key_triggered, 0, 1},
	SOCKET("SocketMode", key_mode, socket_mode),
	SOCKET("DirectoryMode", key_mode, directory_mode),
	SOCKET("SocketUser", key_text, user),
	SOCKET("SocketGroup", key_text, group),
	SOCKET("Backlog", key_optional_number, backlog),
	SOCKET("MaxConnections", key_number, max_connections),
	SOCKET("BindIPv6Only", key_bind_ipv6_only, bind_ipv6_only),
	SOCKET("FreeBind", key_bool, free_bind),
	SOCKET("ReusePort", key_bool, reuse_port),
	SOCKET("KeepAlive", key_bool, keep_alive),
	SOCKET("NoDelay", key_bool, no_delay),
	SOCKET("Transparent", key_bool, transparent),
	SOCKET("PassCredentials", key_bool, pass_credentials),
	SOCKET("RemoveOnStop", key_bool, remove_on_stop),
	SOCKET("FlushPending", key_bool, flush_pending),
	SOCKET("FileDescriptorName", key_text, descriptor_name),
	SOCKET("Symlinks", key_paths, symlinks),
	SOCKET("TriggerLimitIntervalSec", key_span, trigger_interval_us),
	UNIT_KEY("TriggerLimitBurst", IN_SOCKET, key_optional_number, socket_burst),
	COMMANDS("ExecStartPre", EXECUTION_START_PRE),
	COMMANDS("ExecStartPost", EXECUTION_START_POST),
	COMMANDS("ExecStopPre", EXECUTION_STOP),
	COMMANDS("ExecStopPost", EXECUTION_STOP_POST),
};
const struct unit_key_table unit_keys_of_triggers = {keys, array_length(keys)};

static const struct unit_key mount_keys[] = {
	UNIT_KEY("What", IN_MOUNT | IN_SWAP, key_text, mount.what),
	UNIT_KEY("Where", IN_MOUNT | IN_AUTOMOUNT, key_path, mount.where),
	UNIT_KEY("Type", IN_MOUNT, key_text, mount.type),
	UNIT_KEY("Options", IN_MOUNT | IN_SWAP, key_text, mount.options),
	UNIT_KEY("LazyUnmount", IN_MOUNT, key_bool, lazy_unmount),
	UNIT_KEY("ForceUnmount", IN_MOUNT, key_bool, force_unmount),
	UNIT_KEY("ReadWriteOnly", IN_MOUNT, key_bool, read_write_only),
	UNIT_KEY("SloppyOptions", IN_MOUNT, key_bool, sloppy_options),
	UNIT_KEY("DirectoryMode", IN_MOUNT | IN_AUTOMOUNT, key_mode, plan.socket.directory_mode),
	{"Priority", IN_SWAP, key_silent},
	{"TimeoutIdleSec", IN_AUTOMOUNT, key_silent},
	{"ExtraOptions", IN_AUTOMOUNT, key_silent},
};
const struct unit_key_table unit_keys_of_mount = {mount_keys, array_length(mount_keys)};
