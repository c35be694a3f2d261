/* What the files of `wherry-worker bus` share.
 *
 *	worker_bus.c		opening, the loop, signals of systemd, the end
 *	worker_bus_call.c	calls to systemd, which are waited for
 *	worker_bus_tell.c	what the daemon is told
 *	worker_bus_state.c	properties of one unit
 *	worker_bus_request.c	what the daemon asks for
 *	worker_bus_job.c	jobs of systemd whose end the daemon waits for
 *	worker_bus_scope.c	scopes, and who keeps them while nobody else is in them */
#pragma once

#include "base/map.h"
#include "base/memory.h"
#include "os/message.h"
#include "systemd/bus_protocol.h"
#include "systemd/sd_bus.h"

#define BUS_SERVICE	 "org.freedesktop.systemd1"
#define BUS_MANAGER	 BUS_SERVICE ".Manager"
#define BUS_MANAGER_PATH "/org/freedesktop/systemd1"
#define BUS_PROPERTIES	 "org.freedesktop.DBus.Properties"

struct bus_job {
	int64_t id; /* of the request */
	char *path; /* owned: the job's object */
	char *unit; /* owned */
};

/* A process that is in a scope so that this exists before anybody else is there. */
struct bus_keeper {
	char *scope, *group; /* owned */
	pid_t pid;
};

struct bus {
	sd_bus *bus;
	int control;
	struct message_reader reader;
	struct map watched; /* unit -> itself */
	struct map changed; /* unit -> itself: to be asked for */
	struct {
		struct bus_job *items;
		size_t count, capacity;
	} jobs;
	struct {
		struct bus_keeper *items;
		size_t count, capacity;
	} keepers;
	bool daemon_is_gone;
};

/* ---- calls ---- */

/* Says what a negative code of sd-bus means; false. */
bool bus_failed(int code, struct error *err, const char *what);

/* A call without arguments yet, for bus_call_make(). */
bool bus_call_new(struct bus *b, const char *path, const char *interface, const char *member,
		  sd_bus_message **call, struct error *err);

/* Takes the call, and waits for the answer; `reply` may be NULL, else it is the caller's. */
bool bus_call_make(struct bus *b, sd_bus_message *call, sd_bus_message **reply, struct error *err);

/* Both for a call to the manager with up to two texts; NULL ends them. */
bool bus_call_manager(struct bus *b, const char *member, const char *first, const char *second,
		      sd_bus_message **reply, struct error *err);

/* ---- to the daemon ---- */

/* A daemon that does not take it is gone. */
void bus_tell(struct bus *b, enum bus_message type, const struct record_type *record_type,
	      const void *record);

/* To the request `id`; `err` NULL: done; `result` NULL: it has none. */
void bus_tell_answer(struct bus *b, int64_t id, const struct error *err, const char *result);

/* Asks systemd for the state of a unit and tells it. */
void bus_tell_state(struct bus *b, const char *unit);

/* ---- from the daemon ---- */

/* All that has come by now is served. */
void bus_read_daemon(struct bus *b);

/* ---- jobs ---- */

/* The job that `reply` (taken) names answers the request `id` when it ends. */
bool bus_job_add(struct bus *b, int64_t id, const char *unit, sd_bus_message *reply,
		 struct error *err);

/* ERROR_NOT_FOUND: it has ended. */
bool bus_job_cancel(struct bus *b, int64_t id, struct error *err);

/* The signal JobRemoved. */
void bus_job_take_removed(struct bus *b, sd_bus_message *signal);

void bus_jobs_fini(struct bus *b);

/* ---- scopes ---- */

/* With a keeper inside; `reply` names the job that starts it.  After failure there is no keeper. */
bool bus_scope_begin(struct bus *b, const struct bus_request *request, sd_bus_message **reply,
		     struct error *err);

/* Its job has ended with `result`: whoever comes finds a leaf to be in.  After failure there is no keeper.  True for
 * what is no scope of ours, too. */
bool bus_scope_settle(struct bus *b, const char *scope, const char *result, struct error *err);

/* The keeper goes. */
void bus_scope_leave(struct bus *b, const char *scope);

void bus_scopes_fini(struct bus *b);
