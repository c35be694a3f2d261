/* What the files of --supervisor=systemd share.
 *
 *	units_systemd.c		whose a unit is, and may become; opening and closing
 *	units_systemd_worker.c	the worker `bus`, and what it is asked
 *	units_systemd_hand.c	units that were read are handed over
 *	units_systemd_files.c	their files, by a thread of the pool
 *	units_systemd_states.c	what becomes of them
 *	units_systemd_jobs.c	what is asked of them
 *	units_systemd_scopes.c	control groups of theirs, and of their containers */
#pragma once

#include "systemd/bus_protocol.h"
#include "unit/export.h"
#include "unit/units_private.h"

struct units_systemd {
	struct units *units;

	/* of the worker */
	struct shim_peer *peer; /* NULL: there is none now */
	struct deadline *again; /* it is started again */
	uint64_t delay_ms;
	struct link asked;
	int64_t last_id; /* of a question */

	/* of handing over */
	struct unit_names fresh; /* were read since they were handed over last */
	bool armed;		 /* what an earlier daemon has left is known */
	bool running;		 /* files are being handed over */
	bool loader_waits, adoption_waits;
};

/* ---- whose a unit is ---- */

bool unit_is_ours(const struct unit *unit); /* a shim of ours has it */
bool unit_has_own_file(const struct unit *unit);

/* ---- the worker ---- */

bool systemd_worker_begin(struct units_systemd *s, struct error *err);
void systemd_worker_end(struct units_systemd *s); /* nobody is answered any more */

/* `err`: it was refused, or nobody could be asked.  Both are the caller's. */
typedef void bus_answered(void *data, const struct bus_answer *answer, const struct error *err);

/* The answer is given exactly once: at once where there is no worker. */
void systemd_ask(struct units_systemd *s, enum bus_message type, struct bus_request *request,
		 bus_answered *answered, void *data);
/* `data` is freed where nobody will answer. */
void systemd_ask_owning(struct units_systemd *s, enum bus_message type, struct bus_request *request,
			bus_answered *answered, void *data);

struct systemd_doing {
	const char *what; /* "make its scope": said before errors; NULL: nothing is */
	units_done *done;
	void *data;
};
void systemd_do(struct units_systemd *s, enum bus_message type, struct bus_request *request,
		const struct systemd_doing *doing);

/* ---- states ---- */

void systemd_take_state(struct units_systemd *s, const struct message *message);

/* Be told of all units that were handed over, or of those that nobody tells of yet.  `answered` gets `s`. */
void systemd_watch(struct units_systemd *s, bool all, bus_answered *answered);

/* ---- control groups ---- */

bool systemd_has_group(const struct unit *unit); /* systemd runs one of that name */

/* ---- files ---- */

#define SYSTEMD_FOLDER "/run/systemd/system" /* is there where systemd is the first process */

struct handed_file {
	const char *name; /* interned */
	bool goes;	  /* the unit has no file any more; nothing is exported */
	struct unit_exporting exporting;
	bool changed;	  /* systemd knows it otherwise: all is to be read again */
	struct error err; /* kind ERROR_NONE: it is there */
};

struct handed_files {
	struct work work;
	struct units *units;
	struct handed_file *items;
	size_t count, capacity;
	bool changed;
};

void handed_files_write(struct work *work); /* in the pool */
void handed_files_free(struct handed_files *files);
