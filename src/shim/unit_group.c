/* The control groups of a unit.  Its own processes are in the leaf "self", so that containers of the unit
 * have groups beside it and limits above both.  Where the unified tree only tracks and v1 hierarchies limit,
 * the leaf is made in the unified tree alone. */
#include "shim/unit.h"

#include "base/log.h"
#include "execution/limits.h"
#include "execution/start.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAF "self"

static bool tracks_only(void)
{
	return cgroup_host()->layout == CGROUP_HYBRID;
}

/* In all hierarchies the unit's group, in the unified one its leaf. */
static bool open_tracked_leaf(struct unit_group *g, const char *path, struct error *err)
{
	scoped_free char *leaf = str_format("%s/%s", path, LEAF);
	int whole;

	if (!cgroup_open(path, &g->own, err))
		return false;
	whole = g->own.dir[CGROUP_UNIFIED];
	if (mkdirat(whole, LEAF, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make cgroup '%s'", leaf);
	g->own.dir[CGROUP_UNIFIED] = openat(whole, LEAF, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(whole);
	if (g->own.dir[CGROUP_UNIFIED] < 0)
		return error_errno(err, "cannot open cgroup '%s'", leaf);
	return true;
}

static bool make_leaf(struct unit_group *g, const char *path, struct error *err)
{
	scoped_free char *leaf = str_format("%s/%s", path, LEAF);

	return tracks_only() ? open_tracked_leaf(g, path, err) : cgroup_make(leaf, &g->own, err);
}

static void events_ready(struct source *source, uint32_t events)
{
	struct unit_shim *u = container_of(container_of(source, struct unit_group, events),
					   struct unit_shim, group);
	char drain[256];

	if (pread(source->fd, drain, sizeof(drain), 0) >= 0)
		u->group_may_be_empty = true;
}

/* v1 counts where the victim was, v2 in all groups above as well: what matters is that it grows. */
static uint64_t count_oom_kills(const struct unit_group *g)
{
	return cgroup_oom_kills(&g->whole) + cgroup_oom_kills(&g->own);
}

static void oom_ready(struct source *source, uint32_t events)
{
	unit_check_oom(container_of(container_of(source, struct unit_group, oom), struct unit_shim,
				    group));
}

/* v1 alone does not tell; there, the ends of our children do. */
static void watch(struct unit_shim *u)
{
	struct unit_group *g = &u->group;
	int folder = g->own.dir[CGROUP_UNIFIED];

	g->events = (struct source){
		.fd = folder < 0 ? -1 : openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC),
		.ready = events_ready};
	if (g->events.fd >= 0)
		loop_watch(&u->loop, &g->events, EPOLLPRI | EPOLLET);
	g->oom = (struct source){.fd = cgroup_watch_oom(&g->whole), .ready = oom_ready};
	if (g->oom.fd >= 0)
		loop_watch(&u->loop, &g->oom, EPOLLIN | EPOLLPRI | EPOLLET);
	g->oom_seen = count_oom_kills(g);
}

static void limit(struct unit_shim *u)
{
	struct strings warnings = {0};

	execution_limit(&u->group.whole, &u->start.plan, &warnings);
	start_check_limits(&u->start.plan, &warnings);
	for (size_t i = 0; i < warnings.count; i++)
		unit_warn(u, "%s", warnings.items[i]);
	strings_fini(&warnings);
}

/* Delegate=yes: what is below the leaf is the user's to divide, in the unified tree, where that is safe. */
static bool give_leaf(struct unit_shim *u, struct error *err)
{
	static const char *const files[] = {".", "cgroup.procs", "cgroup.threads",
					    "cgroup.subtree_control"};
	const struct execution_context *c = &u->start.plan.context;
	int folder = u->group.own.dir[CGROUP_UNIFIED];
	uid_t uid = 0;
	gid_t gid = 0;

	if (!u->start.plan.limits.delegate || folder < 0 || !c->user)
		return true;
	if (!start_find_plan_owner(&u->start.plan, &uid, &gid, err))
		return true; /* its commands will say so: 217 */
	for (size_t i = 0; i < array_length(files); i++)
		if (fchownat(folder, files[i], uid, gid, 0) < 0 && errno != ENOENT)
			return error_errno(err, "cannot delegate the control group");
	return true;
}

void unit_group_thaw(struct unit_shim *u)
{
	struct error ignored;

	if (u->group.made)
		cgroup_freeze(&u->group.whole, false, &ignored);
}

/* The limits come first: a cpuset must be there when the leaf is opened. */
static bool make_whole(struct unit_shim *u, struct error *err)
{
	struct unit_group *g = &u->group;

	if (!cgroup_make(u->start.cgroup_path, &g->whole, err))
		return false;
	limit(u);
	if (!make_leaf(g, u->start.cgroup_path, err)) {
		cgroup_fini(&g->whole);
		return false;
	}
	g->made = true;
	watch(u);
	return give_leaf(u, err);
}

/* What somebody was left in is taken as it is, but that it goes on: who was frozen may have been killed. */
bool unit_group_make(struct unit_shim *u, struct error *err)
{
	struct unit_group *g = &u->group;

	if (g->made && (g->outdated || !str_equal(g->whole.path, u->start.cgroup_path)))
		unit_group_remove(u);
	g->outdated = false;
	u->status.cpu_before_ns = g->made ? (int64_t)cgroup_cpu_ns(&g->whole) : 0;
	if (!g->made)
		return make_whole(u, err);
	unit_group_thaw(u);
	limit(u);
	return true;
}

static bool is_same(const struct execution_plan *a, const struct execution_plan *b)
{
	scoped_buffer struct buffer first = {0}, second = {0};

	record_encode(&execution_plan_type, a, &first);
	record_encode(&execution_plan_type, b, &second);
	return first.size == second.size && memcmp(first.data, second.data, first.size) == 0;
}

void unit_group_outdate(struct unit_shim *u, const struct execution_plan *plan)
{
	if (!is_same(&u->start.plan, plan))
		u->group.outdated = true;
}

/* Making it is the dearest part of a restart.  Who was stopped for good leaves nothing behind that the answer
 * could meet; a user's own groups and those that were killed are not for another life. */
void unit_group_leave(struct unit_shim *u)
{
	const struct machine *m = &u->machine;

	if ((m->was_stopped && !m->restarting) || u->group.own.killed ||
	    u->start.plan.limits.delegate)
		unit_group_remove(u);
}

void unit_group_remove(struct unit_shim *u)
{
	struct unit_group *g = &u->group;
	struct error ignored;

	if (!g->made || !cgroup_is_empty(&g->whole))
		return;
	loop_watch(&u->loop, &g->events, 0);
	loop_watch(&u->loop, &g->oom, 0);
	close_fd(&g->events.fd);
	close_fd(&g->oom.fd);
	cgroup_remove(g->whole.path, &ignored);
	cgroup_fini(&g->own);
	cgroup_fini(&g->whole);
	g->made = false;
}

void unit_group_check(struct unit_shim *u)
{
	u->group_may_be_empty = false;
	if (u->group.made && cgroup_is_empty(&u->group.own) && !machine_is_over(&u->machine))
		UNIT_EVENT(u, EVENT_EMPTY);
}

void unit_check_oom(struct unit_shim *u)
{
	struct unit_group *g = &u->group;
	char drain[4096];
	uint64_t kills;

	if (!g->made || g->oom.fd < 0 ||
	    (read(g->oom.fd, drain, sizeof(drain)) < 0 && errno != EAGAIN))
		return;
	kills = count_oom_kills(g);
	if (kills <= g->oom_seen)
		return;
	g->oom_seen = kills;
	UNIT_EVENT(u, EVENT_OOM);
}
