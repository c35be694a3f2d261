/* Who a process is.  Users and groups are those of /etc/passwd and /etc/group: a static program has no
 * other source of names. */
#include "execution/start_private.h"

#include "os/file.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { USER_FILE_LIMIT = 8 << 20 };

static bool read_names(struct buffer *passwd, struct buffer *group, struct error *err)
{
	bool ok = file_read(AT_FDCWD, "/etc/passwd", USER_FILE_LIMIT, passwd, err) ||
		  err->kind == ERROR_NOT_FOUND;

	return ok && (file_read(AT_FDCWD, "/etc/group", USER_FILE_LIMIT, group, err) ||
		      err->kind == ERROR_NOT_FOUND);
}

static bool resolve(const char *spec, const struct strings *more, struct user_identity *out,
		    struct error *err)
{
	scoped_buffer struct buffer passwd = {0}, group = {0};

	if (!read_names(&passwd, &group, err))
		return false;
	return user_resolve(spec,
			    &(struct user_files){passwd.data ? passwd.data : "",
						 group.data ? group.data : "", passwd.size,
						 group.size},
			    more, out, err);
}

/* A dynamic user has no line anywhere. */
static void be_dynamic(const struct execution_context *c, struct user_identity *out)
{
	out->uid = out->gid = (uid_t)c->dynamic_uid;
	out->name = str_dup(c->user);
	out->home = str_dup("/");
	out->shell = str_dup("/usr/sbin/nologin");
	out->groups = mem_zeroed(1, sizeof(*out->groups));
	out->groups[0] = out->gid;
	out->count = 1;
}

bool start_find_user(struct starting *s, struct error *err)
{
	const char *user = s->context->user ? s->context->user : "";

	if (s->has_user && s->context->dynamic_uid) {
		be_dynamic(s->context, &s->identity);
		return true;
	}
	return !s->has_user || resolve(user, NULL, &s->identity, err);
}

/* Group= of a dynamic user is one that there is, or called as the user and has his number. */
static const char *group_of(const struct execution_context *c)
{
	uid_t uid;
	gid_t gid;
	struct error ignored;

	if (c->dynamic_uid && c->group && !start_find_owner(NULL, c->group, &uid, &gid, &ignored))
		return NULL;
	return c->group;
}

bool start_find_plan_owner(const struct execution_plan *plan, uid_t *uid, gid_t *gid,
			   struct error *err)
{
	const struct execution_context *c = &plan->context;

	if (!c->dynamic_uid)
		return start_find_owner(c->user, c->group, uid, gid, err);
	*uid = (uid_t)c->dynamic_uid;
	*gid = (gid_t)c->dynamic_uid;
	return start_find_owner(NULL, group_of(c), uid, gid, err);
}

bool start_find_owner(const char *user, const char *group, uid_t *uid, gid_t *gid,
		      struct error *err)
{
	scoped_free char *spec = NULL;
	struct user_identity found = {0};

	if (!user && !group)
		return true;
	spec = group ? str_format("%s:%s", user ? user : "", group) : str_dup(user);
	if (!resolve(spec, NULL, &found, err))
		return false;
	if (user)
		*uid = found.uid;
	*gid = found.gid;
	user_identity_fini(&found);
	return true;
}

static void add_group(struct user_identity *who, gid_t gid)
{
	for (size_t i = 0; i < who->count; i++)
		if (who->groups[i] == gid)
			return;
	who->groups = mem_resize(who->groups, who->count + 1, sizeof(*who->groups));
	who->groups[who->count++] = gid;
}

/* Group= replaces the primary group, and leaves the user's other ones. */
bool start_find_group(struct starting *s, struct error *err)
{
	const char *group = s->has_user ? group_of(s->context) : NULL;
	scoped_free char *spec = NULL;
	struct user_identity found = {0};

	if (!s->has_user || (!group && !s->context->supplementary_groups.count))
		return true;
	spec = group ? str_format("0:%s", group) : str_dup("0:0");
	if (!resolve(spec, &s->context->supplementary_groups, &found, err))
		return false;
	if (group)
		s->identity.gid = found.gid;
	for (size_t i = group ? 0 : 1; i < found.count; i++)
		add_group(&s->identity, found.groups[i]);
	user_identity_fini(&found);
	return true;
}

bool start_join_groups(struct starting *s, struct error *err)
{
	const struct user_identity *who = &s->identity;

	if (!s->has_user)
		return true;
	if (setgroups(who->count, who->groups) < 0)
		return error_errno(err, "cannot set the groups of the process");
	return setresgid(who->gid, who->gid, who->gid) == 0 ||
	       error_errno(err, "cannot become group %u", who->gid);
}

bool start_become_user(struct starting *s, struct error *err)
{
	uid_t uid = s->identity.uid;

	if (!s->has_user)
		return true;
	return setresuid(uid, uid, uid) == 0 || error_errno(err, "cannot become user %u", uid);
}
