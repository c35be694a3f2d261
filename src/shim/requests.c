/* What the daemon may ask of a container's or an exec's shim. */
#include "shim/run.h"

#include <unistd.h>

static struct shim *shim_of(const struct control *c)
{
	return control_owner(c);
}

static void handle_start(struct control *c, const void *record, struct message *m)
{
	shim_start(shim_of(c), record);
}

static void handle_signal(struct control *c, const void *record, struct message *m)
{
	const struct shim_number *number = record;
	struct error err;

	control_reply(c, shim_signal(shim_of(c), (int)number->value, &err), &err);
}

static void handle_resize(struct control *c, const void *record, struct message *m)
{
	struct error err;

	control_reply(c, shim_resize(shim_of(c), record, &err), &err);
}

static void handle_attach(struct control *c, const void *record, struct message *m)
{
	clients_add(&shim_of(c)->clients, take_fd(m->fds[0]), record);
}

static void handle_wait(struct control *c, const void *record, struct message *m)
{
	waits_add(&shim_of(c)->waits, take_fd(m->fds[0]), record);
}

static void handle_logs(struct control *c, const void *record, struct message *m)
{
	shim_serve_logs(shim_of(c), record, m->fds[0]);
}

static void handle_stats(struct control *c, const void *record, struct message *m)
{
	stats_streams_add(&shim_of(c)->stats, take_fd(m->fds[0]), record);
}

static void handle_release(struct control *c, const void *record, struct message *m)
{
	shim_release(shim_of(c), record);
}

static void handle_hello(struct control *c, const void *record, struct message *m)
{
	struct shim *s = shim_of(c);

	control_is_daemon(c);
	controls_tell(&s->controls, SHIM_STATUS, &shim_state_type, &s->state);
	if (s->state.phase == SHIM_PHASE_ENDED)
		controls_tell(&s->controls, s->exit.failure ? SHIM_FAILED : SHIM_EXITED,
			      &shim_exit_type, &s->exit);
}

static void handle_close_stdin(struct control *c, const void *record, struct message *m)
{
	input_close(&shim_of(c)->input);
}

static void handle_recorded(struct control *c, const void *record, struct message *m)
{
	shim_recorded(shim_of(c));
}

static void handle_ports(struct control *c, const void *record, struct message *m)
{
	for (size_t i = 0; i < m->fd_count; i++)
		vector_add(&shim_of(c)->ports, take_fd(m->fds[i]));
}

static void handle_names(struct control *c, const void *record, struct message *m)
{
	shim_set_names(shim_of(c), record);
}

static void handle_relays(struct control *c, const void *record, struct message *m)
{
	shim_move_relays(shim_of(c), record);
}

static void handle_ports_ask(struct control *c, const void *record, struct message *m)
{
	struct error err;

	control_reply(c, shim_give_ports(shim_of(c), &err), &err);
}

static void handle_ports_drop(struct control *c, const void *record, struct message *m)
{
	shim_drop_ports(shim_of(c));
	control_reply(c, true, NULL);
}

static void handle_names_sockets(struct control *c, const void *record, struct message *m)
{
	struct names_sockets sockets = {take_fd(m->fds[0]), take_fd(m->fds[1])};

	shim_open_names(shim_of(c), &sockets);
}

static void daemon_gone(void *owner)
{
	shim_daemon_gone(owner);
}

static const struct control_handler handlers[] = {
	[SHIM_START] = {&shim_start_type, 0, handle_start},
	[SHIM_SIGNAL] = {&shim_number_type, 0, handle_signal},
	[SHIM_RESIZE] = {&shim_size_type, 0, handle_resize},
	[SHIM_ATTACH] = {&shim_attach_type, 1, handle_attach},
	[SHIM_WAIT] = {&shim_wait_type, 1, handle_wait},
	[SHIM_LOGS] = {&shim_logs_type, 1, handle_logs},
	[SHIM_STATS] = {&shim_stats_type, 1, handle_stats},
	[SHIM_RELEASE] = {&shim_release_type, 0, handle_release},
	[SHIM_HELLO] = {NULL, 0, handle_hello},
	[SHIM_CLOSE_STDIN] = {NULL, 0, handle_close_stdin},
	[SHIM_RECORDED] = {NULL, 0, handle_recorded},
	[SHIM_PORTS] = {NULL, 0, handle_ports},
	[SHIM_RELAYS] = {&shim_relays_type, 0, handle_relays},
	[SHIM_PORTS_ASK] = {NULL, 0, handle_ports_ask},
	[SHIM_PORTS_DROP] = {NULL, 0, handle_ports_drop},
	[SHIM_NAMES] = {&shim_names_type, 0, handle_names},
	[SHIM_NAMES_SOCKETS] = {NULL, 2, handle_names_sockets},
};

const struct control_requests shim_requests = {.handlers = handlers,
					       .handler_count = array_length(handlers),
					       .reply = SHIM_REPLY,
					       .daemon_gone = daemon_gone};
