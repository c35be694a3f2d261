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

bool start_find_user(struct starting *s, struct error *err)
{
	const char *user = s->context->user ? s->context->user : "";

	return !s->has_user || resolve(user, NULL, &s->identity, err);
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
	scoped_free char *spec = NULL;
	struct user_identity found = {0};

	if (!s->has_user || (!s->context->group && !s->context->supplementary_groups.count))
		return true;
	spec = s->context->group ? str_format("0:%s", s->context->group) : str_dup("0:0");
	if (!resolve(spec, &s->context->supplementary_groups, &found, err))
		return false;
	if (s->context->group)
		s->identity.gid = found.gid;
	for (size_t i = s->context->group ? 0 : 1; i < found.count; i++)
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
