#include "format/unit_name.h"
#include "unit/finish.h"
#include "unit/name_pool.h"

static void require_after(struct unit_draft *draft, const char *name)
{
	unit_draft_depend(draft, DEPENDENCY_REQUIRES, name, true);
	unit_draft_depend(draft, DEPENDENCY_AFTER, name, true);
}

/* ---- slices ---- */

/* "a-b.slice" is in "a.slice", that in "-.slice". */
static char *parent_slice(const char *name)
{
	scoped_free char *prefix = unit_name_prefix(name);
	char *dash = strrchr(prefix, '-');

	if (str_equal(name, "-.slice"))
		return NULL;
	if (!dash || dash == prefix)
		return str_dup("-.slice");
	*dash = '\0';
	return str_format("%s.slice", prefix);
}

/* Instances of one template have a slice together. */
static const char *default_slice(const char *name)
{
	scoped_free char *instance = unit_name_instance(name);
	scoped_free char *prefix = unit_name_prefix(name);

	if (!instance)
		return name_pool_get("system.slice");
	scoped_free char *escaped = unit_name_escape(prefix);
	scoped_free char *slice = str_format("system-%s.slice", escaped);
	return name_pool_get(slice);
}

static void add_slice(struct unit_draft *draft)
{
	struct unit_config *config = &draft->config;
	scoped_free char *parent = NULL;

	if (config->type == UNIT_SLICE)
		parent = parent_slice(config->name);
	else if (config->type == UNIT_SERVICE || config->type == UNIT_SOCKET ||
		 config->type == UNIT_MOUNT) {
		if (!config->slice)
			config->slice = default_slice(config->name);
		parent = str_dup(config->slice);
	}
	if (parent)
		require_after(draft, parent);
}

/* ---- mounts ---- */

static void need_mount(struct unit_draft *draft, const struct unit_listing *listing,
		       const char *path, enum dependency kind)
{
	scoped_free char *escaped = unit_name_escape_path(path);
	scoped_free char *name = str_format("%s.mount", escaped);

	if (str_equal(name, draft->config.name) || !unit_listing_find(listing, name))
		return;
	unit_draft_depend(draft, kind, name, true);
	unit_draft_depend(draft, DEPENDENCY_AFTER, name, true);
}

/* The mounts that are known for a path and for each folder above it. */
static void need_mounts(struct unit_draft *draft, const struct unit_listing *listing,
			const char *path, enum dependency kind)
{
	scoped_free char *above = str_dup(path);

	for (char *slash; (slash = strrchr(above, '/')) && slash[1];) {
		need_mount(draft, listing, above, kind);
		*slash = '\0';
		if (slash == above)
			break;
	}
}

static void add_mounts(struct unit_draft *draft, const struct unit_listing *listing)
{
	const char *folder = draft->plan.context.working_folder;

	for (size_t i = 0; i < draft->mounts_for.count; i++)
		need_mounts(draft, listing, draft->mounts_for.items[i], DEPENDENCY_REQUIRES);
	if (folder && *folder == '/')
		need_mounts(draft, listing, folder, DEPENDENCY_WANTS);
	if (draft->mount.where)
		need_mounts(draft, listing, draft->mount.where, DEPENDENCY_REQUIRES);
	if (draft->config.type == UNIT_MOUNT && draft->mount.what && *draft->mount.what == '/')
		need_mounts(draft, listing, draft->mount.what, DEPENDENCY_REQUIRES);
}

/* ---- what starts what ---- */

char *unit_draft_triggered(const struct unit_draft *draft)
{
	enum unit_type type = draft->config.type;

	if (draft->plan.socket.accept ||
	    (type != UNIT_TIMER && type != UNIT_PATH && type != UNIT_SOCKET))
		return NULL;
	if (draft->triggered)
		return str_dup(draft->triggered);
	return unit_name_with_type(draft->config.name, "service");
}

static void add_triggers(struct unit_draft *draft)
{
	scoped_free char *triggered = unit_draft_triggered(draft);

	if (triggered) {
		unit_draft_depend(draft, DEPENDENCY_TRIGGERS, triggered, true);
		unit_draft_depend(draft, DEPENDENCY_BEFORE, triggered, true);
	}
	for (size_t i = 0; i < draft->sockets.count; i++) {
		unit_draft_depend(draft, DEPENDENCY_WANTS, draft->sockets.items[i], true);
		unit_draft_depend(draft, DEPENDENCY_AFTER, draft->sockets.items[i], true);
		unit_draft_depend(draft, DEPENDENCY_TRIGGERED_BY, draft->sockets.items[i], true);
	}
}

/* ---- DefaultDependencies= ---- */

/* A target is reached when what it pulls in is there, unless it is said to come before that. */
static void follow_pulled(struct unit_draft *draft)
{
	size_t count = draft->dependencies.count;

	for (size_t i = 0; i < count; i++) {
		struct unit_dependency pulled = draft->dependencies.items[i];

		if (pulled.kind <= DEPENDENCY_BINDS_TO &&
		    !unit_draft_depends(draft, DEPENDENCY_BEFORE, pulled.name))
			unit_draft_depend(draft, DEPENDENCY_AFTER, pulled.name, true);
	}
}

static bool is_network_mount(const struct mount_config *mount)
{
	static const char *const types[] = {"nfs",  "nfs4",	 "cifs",  "smb3",
					    "ceph", "glusterfs", "sshfs", "fuse.sshfs"};

	for (size_t i = 0; i < array_length(types); i++)
		if (str_equal(mount->type, types[i]))
			return true;
	return mount->options && strstr(mount->options, "_netdev");
}

static void order_mount(struct unit_draft *draft)
{
	bool is_network = is_network_mount(&draft->mount);

	unit_draft_depend(draft, DEPENDENCY_BEFORE,
			  is_network ? "remote-fs.target" : "local-fs.target", true);
	if (!is_network)
		return;
	unit_draft_depend(draft, DEPENDENCY_WANTS, "network-online.target", true);
	unit_draft_depend(draft, DEPENDENCY_AFTER, "network-online.target", true);
}

static void add_defaults(struct unit_draft *draft)
{
	static const char *const started_together[UNIT_TYPES] = {
		[UNIT_TIMER] = "timers.target",
		[UNIT_SOCKET] = "sockets.target",
		[UNIT_PATH] = "paths.target",
	};
	enum unit_type type = draft->config.type;

	if (type == UNIT_SERVICE || started_together[type])
		require_after(draft, "sysinit.target");
	if (type == UNIT_SERVICE)
		unit_draft_depend(draft, DEPENDENCY_AFTER, "basic.target", true);
	if (started_together[type])
		unit_draft_depend(draft, DEPENDENCY_BEFORE, started_together[type], true);
	if (type == UNIT_TARGET)
		follow_pulled(draft);
	if (type == UNIT_MOUNT)
		order_mount(draft);
	if (!str_equal(draft->config.name, "shutdown.target")) {
		unit_draft_depend(draft, DEPENDENCY_CONFLICTS, "shutdown.target", true);
		unit_draft_depend(draft, DEPENDENCY_BEFORE, "shutdown.target", true);
	}
}

void unit_draft_add_implicit(struct unit_draft *draft, const struct unit_listing *listing)
{
	add_slice(draft);
	if (listing)
		add_mounts(draft, listing);
	add_triggers(draft);
	if (draft->container.given)
		require_after(draft, "docker.service");
	if (!draft->config.no_default_dependencies)
		add_defaults(draft);
}
