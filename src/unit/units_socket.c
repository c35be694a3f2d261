#include "unit/units_socket.h"

#include "base/log.h"
#include "base/time.h"
#include "format/unit_name.h"
#include "unit/peer.h"

#include <unistd.h>

/* Both ends of the matter: a service that gathers, a socket that is asked. */
struct unit_socket {
	/* of a service */
	size_t waiting; /* sockets that have not answered */
	void (*ready)(struct unit_runtime *runtime);
	struct strings names;
	int fds[MESSAGE_FDS];
	size_t fd_count;

	/* of a socket */
	struct unit_queue askers; /* services, in the order of the questions */
	int64_t triggered_ns;	  /* the beginning of the interval of */
	int64_t triggers;	  /* so many */
	enum execution_result
		given_up; /* why it is being stopped; RESULT_SUCCESS: it is not by us */
};

static struct unit_socket *socket_of(struct unit_runtime *runtime)
{
	if (!runtime->socket)
		runtime->socket = mem_new(struct unit_socket);
	return runtime->socket;
}

/* ---- a service gathers ---- */

static void answered(struct unit_runtime *service)
{
	struct unit_socket *s = service->socket;

	if (--s->waiting == 0)
		s->ready(service);
}

static bool holds_sockets(const struct unit *unit)
{
	return unit->config && unit->config->type == UNIT_SOCKET && unit->runtime &&
	       unit->runtime->peer && !unit->runtime->releasing &&
	       unit_active_state(unit) == UNIT_ACTIVE;
}

static bool accepts(const struct unit *unit)
{
	struct execution_plan plan;

	if (!unit_config_plan(unit->config, &plan))
		return false;
	bool accept = plan.socket.accept;
	record_fini(&execution_plan_type, &plan);
	return accept;
}

static void ask(struct unit_runtime *service, struct unit *socket)
{
	struct unit_socket *s = socket_of(socket->runtime);

	service->socket->waiting++;
	vector_add(&s->askers, service->unit);
	unit_peer_send(socket->runtime->peer, UNIT_SOCKETS, NULL, NULL);
}

static bool is_socket_of(const struct unit_edge *edge)
{
	return edge->kind == DEPENDENCY_TRIGGERED_BY && holds_sockets(edge->unit) &&
	       !accepts(edge->unit);
}

void sockets_gather(struct unit_runtime *service, void (*ready)(struct unit_runtime *runtime))
{
	struct unit *unit = service->unit;

	if (service->socket && service->socket->waiting)
		return;
	for (size_t i = 0; i < unit->edge_count; i++) {
		if (!is_socket_of(&unit->edges[i]))
			continue;
		socket_of(service)->ready = ready;
		ask(service, unit->edges[i].unit);
	}
	if (!service->socket || !service->socket->waiting)
		ready(service);
}

static void add_descriptor(struct unit_socket *s, const char *name, int fd)
{
	if (s->fd_count == MESSAGE_FDS) {
		close(fd);
		return;
	}
	strings_add(&s->names, name);
	s->fds[s->fd_count++] = fd;
}

size_t sockets_take(struct unit_runtime *service, struct strings *names,
		    int fds[static MESSAGE_FDS])
{
	struct unit_socket *s = service->socket;
	size_t count = 0;

	if (service->connection >= 0) {
		strings_add(names, "connection");
		fds[count++] = take_fd(service->connection);
	}
	for (size_t i = 0; s && i < s->fd_count && count < MESSAGE_FDS; i++) {
		strings_add(names, s->names.items[i]);
		fds[count++] = s->fds[i];
	}
	if (s) {
		s->fd_count = 0;
		strings_fini(&s->names);
	}
	return count;
}

/* ---- a socket is asked ---- */

static void give(struct unit_runtime *runtime, struct message *message)
{
	struct unit_socket *s = socket_of(runtime);
	struct unit_sockets names = {0};
	struct error err;

	if (!s->askers.count)
		return;
	struct unit *service = s->askers.items[0];
	vector_remove(&s->askers, 0);
	if (!record_decode(&unit_sockets_type, message->data, message->size, &names, &err))
		log_error("cannot understand the shim of a socket", &err, "name=%s",
			  runtime->unit->name);
	for (size_t i = 0; i < names.names.count && i < message->fd_count; i++)
		add_descriptor(service->runtime->socket, names.names.items[i],
			       take_fd(message->fds[i]));
	record_fini(&unit_sockets_type, &names);
	answered(service->runtime);
}

void socket_gone(struct unit_runtime *runtime)
{
	struct unit_socket *s = runtime->socket;

	while (s && s->askers.count) {
		struct unit *service = s->askers.items[0];

		vector_remove(&s->askers, 0);
		answered(service->runtime);
	}
}

enum execution_result socket_take_given_up(struct unit_runtime *runtime)
{
	struct unit_socket *s = runtime->socket;
	enum execution_result why = s ? s->given_up : RESULT_SUCCESS;

	if (s)
		s->given_up = RESULT_SUCCESS;
	return why;
}

/* ---- traffic ---- */

/* TriggerLimitIntervalSec=, TriggerLimitBurst=: a service that does not take its traffic is not started
 * for ever. */
static bool may_trigger(struct unit_runtime *runtime)
{
	struct unit_socket *s = socket_of(runtime);
	struct execution_plan plan;
	int64_t now = time_monotonic_ns();

	if (!unit_config_plan(runtime->unit->config, &plan))
		return false;
	int64_t interval = plan.socket.trigger_interval_us * 1000,
		burst = plan.socket.trigger_burst;
	record_fini(&execution_plan_type, &plan);
	if (!interval || !burst)
		return true;
	if (now - s->triggered_ns > interval) {
		s->triggered_ns = now;
		s->triggers = 0;
	}
	return s->triggers++ < burst;
}

/* It stops listening, and has failed then. */
static void give_up(struct unit_runtime *runtime, enum execution_result why)
{
	if (why == RESULT_TRIGGER_LIMIT_HIT)
		units_say(runtime->units, runtime->unit, 4,
			  "%s: Trigger limit hit, refusing further activation.",
			  runtime->unit->name);
	socket_of(runtime)->given_up = why;
	units_enqueue(runtime->units, runtime->unit, JOB_STOP, JOB_REPLACE);
}

struct accepted {
	struct units *units;
	int fd;
	struct pairs environment;
};

static void start_connection(void *data, struct unit *service)
{
	struct accepted *accepted = data;
	struct unit_runtime *runtime;

	if (!service) {
		close_fd(&accepted->fd);
		pairs_fini(&accepted->environment);
		free(accepted);
		return;
	}
	runtime = unit_runtime(accepted->units, service);

	close_fd(&runtime->connection);
	runtime->connection = take_fd(accepted->fd);
	pairs_fini(&runtime->trigger_environment);
	runtime->trigger_environment = accepted->environment;
	units_enqueue(accepted->units, service, JOB_START, JOB_REPLACE);
	free(accepted);
}

static void accept_one(struct unit_runtime *runtime, const struct unit_triggered *what,
		       struct message *message)
{
	struct unit *service = unit_triggered(runtime->unit);
	scoped_free char *number = str_format("%lld", (long long)what->connection);
	scoped_free char *name =
		service && unit_name_is_template(service->name)
			? unit_name_with_instance(service->name, number)
			: str_format("%.*s@%s.service",
				     (int)(strlen(runtime->unit->name) - strlen(".socket")),
				     runtime->unit->name, number);
	struct accepted *accepted = mem_new(struct accepted);

	accepted->units = runtime->units;
	accepted->fd = take_fd(message->fds[0]);
	if (what->remote_address)
		pairs_set(&accepted->environment, "REMOTE_ADDR", what->remote_address);
	if (what->remote_port)
		pairs_set(&accepted->environment, "REMOTE_PORT", what->remote_port);
	units_load(runtime->units, name, start_connection, accepted);
}

static void start_service(struct unit_runtime *runtime)
{
	struct unit *service = unit_triggered(runtime->unit);

	if (!service)
		return;
	enum active_state now = unit_active_state(service);
	if (now == UNIT_ACTIVE || now == UNIT_RELOADING || now == UNIT_ACTIVATING)
		return;
	units_enqueue(runtime->units, service, JOB_START, JOB_REPLACE);
	if (!service->job)
		give_up(runtime, RESULT_RESOURCES);
}

static void triggered(struct unit_runtime *runtime, struct message *message)
{
	struct unit_triggered what = {0};
	struct error err;

	if (!record_decode(&unit_triggered_type, message->data, message->size, &what, &err))
		log_error("cannot understand the shim of a socket", &err, "name=%s",
			  runtime->unit->name);
	else if (!may_trigger(runtime))
		give_up(runtime, RESULT_TRIGGER_LIMIT_HIT);
	else if (message->fd_count)
		accept_one(runtime, &what, message);
	else
		start_service(runtime);
	record_fini(&unit_triggered_type, &what);
}

void socket_message(struct unit_runtime *runtime, struct message *message)
{
	if (message->type == UNIT_SOCKETS_ARE)
		give(runtime, message);
	else if (message->type == UNIT_TRIGGERED)
		triggered(runtime, message);
}

/* The service has gone: its sockets are watched again. */
void sockets_notice(struct units *units, struct unit *service)
{
	enum active_state now = unit_active_state(service);

	if (now != UNIT_INACTIVE && now != UNIT_FAILED)
		return;
	for (size_t i = 0; i < service->edge_count; i++) {
		struct unit *socket = service->edges[i].unit;

		if (service->edges[i].kind != DEPENDENCY_TRIGGERED_BY || !holds_sockets(socket) ||
		    accepts(socket))
			continue;
		if (now == UNIT_FAILED && service->result == RESULT_START_LIMIT_HIT)
			give_up(socket->runtime, RESULT_SERVICE_START_LIMIT_HIT);
		else
			unit_peer_send(socket->runtime->peer, UNIT_ARM, NULL, NULL);
	}
}

bool socket_is_quiet(const struct unit_runtime *runtime)
{
	const struct unit_socket *s = runtime->socket;

	return !s || (!s->waiting && !s->askers.count);
}

void socket_free(struct unit_runtime *runtime)
{
	struct unit_socket *s = runtime->socket;

	close_fd(&runtime->connection);
	if (!s)
		return;
	while (s->fd_count > 0)
		close_fd(&s->fds[--s->fd_count]);
	strings_fini(&s->names);
	vector_fini(&s->askers);
	free(s);
}
