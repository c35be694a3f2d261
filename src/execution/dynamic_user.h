/* Users that there are only while a unit runs: DynamicUser=.
 *
 * A number of 61184 to 65519, systemd's own range, that no line of /etc/passwd or /etc/group has.
 * It is held by a lock on a file that is called by it, in the folder where systemd has its own, so
 * that whatever asks there (systemd, or shims of any daemon of the host) never has the same; the
 * kernel drops the lock with whoever holds it.  The number has no name that others could look
 * up. */
#pragma once

#include "execution/plan.h"

#include "base/error.h"

#include <sys/types.h>

enum { DYNAMIC_USER_FIRST = 61184, DYNAMIC_USER_LAST = 65519 };

struct dynamic_user {
	uid_t uid; /* 0: none */
	int lock;
};

/* The number to try at the n-th attempt, from 0: always the same ones for a name. */
uid_t dynamic_user_candidate(const char *name, uint32_t n);

/* Is this the name of a user, as far as systemd accepts one? */
bool dynamic_user_is_name(const char *name);
/* "web" of "web@1.service"; of what cannot be a name something that is one.  Owned. */
char *dynamic_user_name(const char *unit);

/* Has a line of this text (as of /etc/passwd, /etc/group) the number as its third field? */
bool names_have_number(const char *text, size_t size, uint32_t number);

/* For a plan that asks for one: take a number, one that its folders have already if that is free.  Nothing is done
 * where the user it names is there (then that is who it runs as), or one was taken before. */
bool dynamic_user_take(const struct execution_plan *plan, struct dynamic_user *user,
		       struct error *err);

/* Shared memory, semaphores and message queues that it has left go first. */
void dynamic_user_leave(struct dynamic_user *user);
