#include "unit/units_private.h"

#include "base/log.h"
#include "engine/engine_private.h"
#include "unit/peer.h"

void units_read_journal(struct units *units, struct shim_journal *request,
			struct engine_connection *connection)
{
	struct shim_process process;
	struct error err;

	request->folder = str_dup(units->journal_folder);
	if (shim_spawn_journal(units->shim, request, connection->fd, &process, &err))
		child_reap(units->engine, process.pidfd);
	else
		log_error("cannot serve the journal", &err, "");
	close_fd(&connection->fd);
	buffer_fini(&connection->early);
}

/* ---- rotation ---- */

struct rotation {
	struct link link;    /* in units_log.c */
	struct units *units; /* referred to */
	size_t waiting;
	units_done *done;
	void *data;
};

static void step(struct rotation *rotation)
{
	if (--rotation->waiting > 0)
		return;
	rotation->done(rotation->data, NULL);
	units_unref(rotation->units);
	free(rotation);
}

void rotation_step(struct link *link)
{
	step(container_of(link, struct rotation, link));
}

/* Who has no main process says that, and has rotated. */
static void on_answer(void *data, const struct error *err)
{
	(void)err;
	step(data);
}

/* Shims of former builds pass by what they do not know, without a word: it is the next question that is answered. */
static void ask_shim(struct rotation *rotation, struct shim_peer *peer)
{
	struct unit_signal nothing = {.who = SIGNAL_MAIN, .signal = 0};

	rotation->waiting++;
	unit_peer_send(peer, UNIT_ROTATE, NULL, NULL);
	unit_peer_ask(peer, UNIT_SIGNAL, &unit_signal_type, &nothing, on_answer, rotation);
}

void units_rotate_journal(struct units *units, units_done *done, void *data)
{
	struct rotation *rotation = mem_new(struct rotation);

	*rotation = (struct rotation){
		.units = units, .waiting = 2, .done = done, .data = data}; /* ours, and this call */
	units->references++;
	for (size_t i = 0; i < units->set.count; i++) {
		struct unit_runtime *runtime = units->set.items[i]->runtime;

		if (runtime && runtime->peer && !runtime->releasing)
			ask_shim(rotation, runtime->peer);
	}
	units_log_rotate(units, &rotation->link);
	step(rotation);
}
