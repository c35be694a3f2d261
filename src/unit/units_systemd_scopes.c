/* Control groups that are systemd's: those of units, and of the scopes that their containers get. */
#include "unit/units_systemd.h"

#include <sys/xattr.h>
#include <unistd.h>

/* ---- units ---- */

/* Where systemd keeps the processes of a unit: the group goes when they have.  Owned; NULL: it is not there. */
static char *group_folder(const struct unit *unit)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd",
					    "/sys/fs/cgroup/unified"};
	struct units root = {.cgroup_parent = (char *)""};
	scoped_free char *path = units_cgroup(&root, unit);

	for (size_t i = 0; i < array_length(roots); i++) {
		char *folder = str_format("%s%s", roots[i], path);

		if (access(folder, F_OK) == 0)
			return folder;
		free(folder);
	}
	return NULL;
}

char *systemd_invocation(const struct unit *unit)
{
	static const char *const names[] = {"trusted.invocation_id", "user.invocation_id"};
	scoped_free char *folder = group_folder(unit);
	char id[33] = "";

	for (size_t i = 0; folder && i < array_length(names); i++)
		if (getxattr(folder, names[i], id, sizeof(id) - 1) == sizeof(id) - 1)
			return str_dup(id);
	return *unit->invocation_id ? str_dup(unit->invocation_id) : NULL;
}

bool systemd_has_group(const struct unit *unit)
{
	scoped_free char *folder = group_folder(unit);

	return folder;
}

/* ---- scopes ---- */

char *systemd_scope_name(const char *id)
{
	return str_format("wherry-%s.scope", id);
}

char *systemd_scope_cgroup(const struct units *units, const struct unit *unit, const char *id)
{
	struct units root = {.cgroup_parent = (char *)""};
	scoped_free char *slice =
		slice_cgroup(&root, unit->config->slice ? unit->config->slice : "system.slice");
	scoped_free char *scope = systemd_scope_name(id);

	(void)units;
	return str_format("%s/%s", slice, scope);
}

void systemd_make_scope(struct units *units, const struct unit *unit, const struct container *c,
			units_done *done, void *data)
{
	scoped_free char *scope = systemd_scope_name(c->id);
	scoped_free char *group = systemd_scope_cgroup(units, unit, c->id);
	scoped_free char *text = str_format("Container %s of %s", c->name, unit->name);
	struct bus_request request = {.scope = scope,
				      .group = group,
				      .description = text,
				      .slice = (char *)(uintptr_t)(unit->config->slice
									   ? unit->config->slice
									   : "system.slice")};

	systemd_do(units->systemd, BUS_SCOPE, &request,
		   &(struct systemd_doing){"make its scope", done, data});
}

static void ignore(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)data;
	(void)answer;
	(void)err;
}

void systemd_leave_scope(struct units *units, const char *id)
{
	scoped_free char *scope = systemd_scope_name(id);
	struct bus_request request = {.scope = scope};

	systemd_ask(units->systemd, BUS_SCOPE_LEAVE, &request, ignore, NULL);
}
