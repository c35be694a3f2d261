/* Who a process in a container is: "", "name", "uid", "name:group", "uid:gid" ..., looked up in the
 * image's own passwd and group files, whose bytes the caller has read below the image's root. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <sys/types.h>

#define USER_GROUPS_LIMIT 1024

/* Both may be empty: images without the files run by number. */
struct user_files {
	const char *passwd, *group; /* NULL: there is none */
	size_t passwd_size, group_size;
};

struct user_identity {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* owned; supplementary ones, the primary first */
	size_t count;
	char *home;  /* owned; "/" when nobody says */
	char *name;  /* owned; NULL: a number without a name */
	char *shell; /* owned; NULL: nobody says */
};

/* An unknown number is taken as it is, with gid 0; an unknown name is ERROR_INVALID `unable to find
 * user x: no matching entries in passwd file` (likewise group).  Supplementary groups come from the
 * group file only when `spec` names no group; `more` (names or numbers; NULL: none) are always added. */
bool user_resolve(const char *spec, const struct user_files *files, const struct strings *more,
		  struct user_identity *out, struct error *err);
void user_identity_fini(struct user_identity *identity);
