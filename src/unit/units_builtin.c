/* Units that are there without a file: what others may name as started, because the daemon, the host or the
 * engine is.  A file of their name is not read; only links in NAME.wants/ and NAME.requires/ count. */
#include "unit/units_private.h"

#include "base/log.h"
#include "unit/dependency_pool.h"

#include <unistd.h>

enum builtin_state {
	BUILTIN_UP,	 /* from the daemon's start */
	BUILTIN_SERVICE, /* the same, as a service whose process is the daemon */
	BUILTIN_STARTED, /* somebody starts it */
};

struct builtin {
	const char *name, *description;
	enum builtin_state state;
	const char *aliases[3];
};

static const struct builtin builtins[] = {
	{"docker.service",
	 "Container engine",
	 BUILTIN_SERVICE,
	 {"docker.socket", "containerd.service", "wherry.service"}},
	{"etcd.service", "Key-value store", BUILTIN_SERVICE, {NULL}},
	{"etcd2.service", "Key-value store", BUILTIN_SERVICE, {NULL}},
	{"fleet.service", "Unit scheduler", BUILTIN_SERVICE, {NULL}},
	{"network.target", "Network", BUILTIN_UP, {NULL}},
	{"network-pre.target", "Preparation for Network", BUILTIN_UP, {NULL}},
	{"nss-lookup.target", "Host and Network Name Lookups", BUILTIN_UP, {NULL}},
	{"nss-user-lookup.target", "User and Group Name Lookups", BUILTIN_UP, {NULL}},
	{"time-sync.target", "System Time Synchronized", BUILTIN_UP, {NULL}},
	{"time-set.target", "System Time Set", BUILTIN_UP, {NULL}},
	{"local-fs.target", "Local File Systems", BUILTIN_UP, {NULL}},
	{"local-fs-pre.target", "Preparation for Local File Systems", BUILTIN_UP, {NULL}},
	{"remote-fs.target", "Remote File Systems", BUILTIN_UP, {NULL}},
	{"remote-fs-pre.target", "Preparation for Remote File Systems", BUILTIN_UP, {NULL}},
	{"sysinit.target", "System Initialization", BUILTIN_UP, {NULL}},
	{"basic.target", "Basic System", BUILTIN_UP, {NULL}},
	{"network-online.target", "Network is Online", BUILTIN_STARTED, {NULL}},
	{"multi-user.target",
	 "Multi-User System",
	 BUILTIN_STARTED,
	 {"default.target", "graphical.target"}},
	{"timers.target", "Timer Units", BUILTIN_UP, {NULL}},
	{"sockets.target", "Socket Units", BUILTIN_UP, {NULL}},
	{"paths.target", "Path Units", BUILTIN_UP, {NULL}},
	{"slices.target", "Slice Units", BUILTIN_UP, {NULL}},
	{"shutdown.target", "System Shutdown", BUILTIN_STARTED, {NULL}},
	{"-.slice", "Root Slice", BUILTIN_UP, {NULL}},
	{"system.slice", "System Slice", BUILTIN_UP, {NULL}},
};

static const struct builtin *find(const char *name)
{
	for (size_t i = 0; i < array_length(builtins); i++) {
		if (str_equal(builtins[i].name, name))
			return &builtins[i];
		for (size_t k = 0; k < array_length(builtins[i].aliases); k++)
			if (builtins[i].aliases[k] && str_equal(builtins[i].aliases[k], name))
				return &builtins[i];
	}
	return NULL;
}

const char *builtin_real_name(const char *name)
{
	const struct builtin *builtin = find(name);

	return builtin ? builtin->name : NULL;
}

/* ---- configs ---- */

bool unit_is_builtin(const char *name)
{
	return find(name);
}

/* What systemd's packages ship for it is no surprise to anybody. */
static bool is_surprising(const struct load_context *context, const char *path)
{
	const struct unit_paths *paths = context->paths;

	for (size_t i = 0; path && i < paths->own; i++)
		if (str_starts_with(path, paths->folders.items[i]))
			return true;
	return false;
}

/* Only what links in NAME.wants/ and NAME.requires/ say, under any of its names. */
static bool is_by_link(const struct unit_dependency *d)
{
	return d->kind == DEPENDENCY_WANTS || d->kind == DEPENDENCY_REQUIRES ||
	       d->kind == DEPENDENCY_AFTER;
}

struct links {
	struct unit_dependency *items;
	size_t count, capacity;
};

static void take_links(const struct load_context *context, const char *name, struct unit_config *to,
		       struct links *links)
{
	struct unit_config *from = unit_load(context, name);
	scoped_free char *path = unit_config_path(from);

	for (size_t i = 0; i < from->dependency_count; i++)
		if (is_by_link(&from->dependencies[i]))
			vector_add(links, from->dependencies[i]);
	if (is_surprising(context, path))
		strings_format(&to->warnings, "%s: %s is built in, this file is not read", path,
			       to->name);
	unit_config_free(from);
}

struct unit_config *builtin_load(const struct load_context *context, const char *name)
{
	const struct builtin *builtin = find(name);
	struct unit_config *config = mem_new(struct unit_config);
	enum unit_type type = UNIT_TARGET;
	struct links links = {0};

	config->name = name_pool_get(builtin->name);
	unit_type_of_name(builtin->name, &type);
	config->type = (uint8_t)type;
	config->load = LOAD_LOADED;
	config->builtin = true;
	config->description = str_dup(builtin->description);
	config->no_default_dependencies = config->ignore_on_isolate = true;
	config->refuse_manual_stop = true;
	config->allow_isolate = str_equal(builtin->name, "multi-user.target");
	take_links(context, builtin->name, config, &links);
	for (size_t i = 0; i < array_length(builtin->aliases); i++) {
		if (!builtin->aliases[i])
			break;
		strings_add(&config->aliases, builtin->aliases[i]);
		take_links(context, builtin->aliases[i], config, &links);
	}
	config->dependency_count = links.count;
	config->dependencies = dependency_pool_get(links.items, links.count);
	vector_fini(&links);
	return config;
}

/* ---- states ---- */

static void begin(struct units *units, const struct builtin *builtin)
{
	struct unit *unit = unit_set_get(&units->set, builtin->name);
	struct unit_change change = {.sub = builtin->state == BUILTIN_SERVICE ? SUB_RUNNING
									      : SUB_ACTIVE};

	unit->condition_met = unit->assert_met = true;
	if (builtin->state == BUILTIN_STARTED || unit->sub == change.sub)
		return;
	if (builtin->state == BUILTIN_SERVICE) {
		struct execution_status status = {.sub = SUB_RUNNING,
						  .main_pid = getpid(),
						  .main_name =
							  str_dup(program_invocation_short_name),
						  .main_known = true};

		unit_set_status(unit, &status);
	}
	unit_change(units, unit, &change);
}

void builtin_begin(struct units *units)
{
	for (size_t i = 0; i < array_length(builtins); i++)
		begin(units, &builtins[i]);
}

void builtin_list(struct units *units)
{
	for (size_t i = 0; i < array_length(builtins); i++)
		unit_set_get(&units->set, builtins[i].name);
}
