/* From a command of a plan to a running process.  For the shim of a unit: blocks for as long as a fork
 * does; what waits for disks (environment files) is read before, what takes longer (folders, mounts)
 * happens in the child.
 *
 * The child is born in the unit's control group.  A step that fails there ends it with the exit code that
 * systemd gives that step (exit_code.h), after its reason was written into `report`; when the program
 * runs, `report` just ends. */
#pragma once

#include "base/error.h"
#include "execution/plan.h"
#include "os/cgroup.h"

#include <sys/types.h>

/* Descriptors that the program finds from 3 on, with the names of LISTEN_FDNAMES. */
struct start_sockets {
	const int *fds; /* borrowed */
	const struct strings *names;
};

struct start {
	const struct execution_plan *plan;
	const struct execution_command *command;
	enum execution_phase phase;
	const struct cgroup *cgroup; /* of the unit's own processes */
	int journal;		     /* our end's peer; -1: output goes nowhere */
	const char *invocation_id;
	const struct pairs *environment; /* the supervisor's: NOTIFY_SOCKET, MAINPID ... */
	struct start_sockets sockets;	 /* only for the commands that get them */
	const char *docker; /* in place of /usr/bin/docker where that is missing; NULL */
	const char *private_tmp, *private_var_tmp; /* absolute: what PrivateTmp= shows; NULL */
	const char *credentials; /* absolute: their folder; NULL: there are none */
	int network;		 /* PrivateNetwork=; -1: the host's */
	const char *filters[2];	 /* compiled system call filters; NULL: none */
};

struct started {
	pid_t pid;
	int pidfd, report; /* owned */
};

/* Fails when not even a process can be made, or an environment file cannot be read. */
bool start_process(const struct start *start, struct started *out, struct error *err);

/* What will be less than asked for, because we have no more ourselves. */
void start_check_limits(const struct execution_plan *plan, struct strings *warnings);

enum start_report { START_PENDING, START_RUNS, START_FAILED };

/* What `report`, which is readable, says; *err and *code only for START_FAILED. */
enum start_report start_read_report(int report, int *code, struct error *err);

/* The folders of these kinds (1 << enum execution_folder_kind) with all that is in them. */
bool start_remove_folders(const struct execution_plan *plan, uint32_t folder_kinds, struct error *err);

/* RuntimeDirectory= of a unit that is over, unless it is kept: `restarts` is for RuntimeDirectoryPreserve=restart. */
void start_clean(const struct execution_plan *plan, bool restarts);

/* The credentials of a unit, readable for its user alone, as files of this folder; made anew. */
bool start_write_credentials(const struct execution_plan *plan, const char *folder,
			     struct error *err);

/* Does the first of its state folders belong to a user?  Who that is; 0: there is none. */
uid_t start_folders_owner(const struct execution_plan *plan);

/* Who the processes of a plan are, as numbers; left as they are where it does not say. */
bool start_find_plan_owner(const struct execution_plan *plan, uid_t *uid, gid_t *gid,
			   struct error *err);

/* User= and Group= as numbers; NULL leaves them as they are. */
bool start_find_owner(const char *user, const char *group, uid_t *uid, gid_t *gid,
		      struct error *err);
