/* Attaches and waits.  A container that runs has a shim, and the shim gets the connection at once;
 * before a start it is kept here and travels with the start; a removal answers what is left.
 *
 * A client that goes away while its connection lies here is noticed the next time that somebody
 * comes: nothing watches, so nothing costs. */
#include "engine/keeper.h"

#include "base/memory.h"
#include "engine/connection.h"
#include "format/json_write.h"
#include "shim/shim.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct pending_connection {
	struct link link;
	int fd;
	bool attaches;		     /* else it waits */
	struct container *container; /* borrowed */
	int64_t key;		     /* the keeper holds it too; 0: it does not */
	struct shim_attach attach;
	struct shim_wait wait;
};

void connection_drop(struct engine_connection *connection)
{
	close_fd(&connection->fd);
	buffer_fini(&connection->early);
}

/* The socket is idle and the text small; who has gone away misses nothing. */
void connection_answer(int fd, const char *text, bool chunked)
{
	scoped_buffer struct buffer body = {0};

	if (chunked)
		buffer_format(&body, "%zx\r\n%s\r\n0\r\n\r\n", strlen(text), text);
	else
		buffer_add_text(&body, text);
	send(fd, body.data, body.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void answer_wait(int fd, int64_t code, const struct error *err, bool chunked)
{
	scoped_buffer struct buffer json = {0};
	char text[ERROR_TEXT_SIZE];

	buffer_format(&json, "{\"StatusCode\":%lld", (long long)code);
	if (err) {
		buffer_add_text(&json, ",\"Error\":{\"Message\":");
		json_write_string(&json, error_text(err, text, sizeof(text)));
		buffer_add_char(&json, '}');
	}
	buffer_add_text(&json, "}\n");
	connection_answer(fd, json.data, chunked);
}

void connection_answer_wait(int fd, int64_t code, bool chunked)
{
	answer_wait(fd, code, NULL, chunked);
}

/* ---- what waits for a start ---- */

static void free_pending(struct pending_connection *p)
{
	keeper_forget(p->container->engine, p->key);
	list_remove(&p->link);
	close_fd(&p->fd);
	record_fini(&shim_attach_type, &p->attach);
	free(p);
}

static bool has_left(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static struct pending_connection *add_pending(struct container *c, int fd)
{
	struct pending_connection *p = mem_new(struct pending_connection);

	list_each(item, &c->pending)
	{
		struct pending_connection *other =
			container_of(item, struct pending_connection, link);

		if (has_left(other->fd))
			free_pending(other);
	}
	p->fd = fd;
	p->container = c;
	list_append(&c->pending, &p->link);
	return p;
}

void pending_take_wait(struct container *c, const struct shim_wait *wait, int fd)
{
	struct pending_connection *p;

	if (c->gone) {
		answer_wait(fd, c->exit_code, NULL, wait->chunked);
		return;
	}
	p = add_pending(c, fd);
	p->wait = *wait;
	if (c->state != CONTAINER_CREATED) /* before its first start nothing has been promised */
		p->key = keeper_keep(c, wait, fd);
}

void pending_keep_again(struct container *c)
{
	list_each(item, &c->pending)
	{
		struct pending_connection *p = container_of(item, struct pending_connection, link);

		if (p->key)
			keeper_keep_again(c, &p->wait, p->fd, p->key);
	}
}

static void send_attach(struct shim_peer *peer, const struct shim_attach *attach, int fd)
{
	shim_peer_send(peer, SHIM_ATTACH, &shim_attach_type, attach, &fd, 1);
}

static void send_wait(struct shim_peer *peer, const struct shim_wait *wait, int fd)
{
	shim_peer_send(peer, SHIM_WAIT, &shim_wait_type, wait, &fd, 1);
}

bool pending_has_attach(const struct container *c)
{
	list_each(item, &c->pending)
		if (container_of(item, struct pending_connection, link)->attaches)
			return true;
	return false;
}

void pending_move_to_shim(struct container *c)
{
	list_each(item, &c->pending)
	{
		struct pending_connection *p = container_of(item, struct pending_connection, link);

		if (p->attaches)
			send_attach(c->run->peer, &p->attach, p->fd);
		else
			send_wait(c->run->peer, &p->wait, p->fd);
		free_pending(p);
	}
}

void pending_answer_removed(struct container *c, const struct error *err)
{
	list_each(item, &c->pending)
	{
		struct pending_connection *p = container_of(item, struct pending_connection, link);

		if (!p->attaches)
			answer_wait(take_fd(p->fd), c->exit_code, err, p->wait.chunked);
		free_pending(p);
	}
}

void pending_answer_exit(struct container *c)
{
	list_each(item, &c->pending)
	{
		struct pending_connection *p = container_of(item, struct pending_connection, link);

		if (p->attaches || p->wait.removed)
			continue;
		answer_wait(take_fd(p->fd), c->exit_code, NULL, p->wait.chunked);
		free_pending(p);
	}
}

void pending_free(struct container *c)
{
	list_each(item, &c->pending)
		free_pending(container_of(item, struct pending_connection, link));
}

/* ---- attach ---- */

/* A shim that takes connections is there. */
static struct shim_peer *peer_of(struct container *c)
{
	return c->run && !c->run->ended ? c->run->peer : NULL;
}

bool engine_may_attach(struct engine *engine, struct container *c, const char *typed,
		       struct error *err)
{
	(void)engine;
	if (c->state == CONTAINER_PAUSED)
		return error_set(err, ERROR_CONFLICT,
				 "container %s is paused, unpause the container before attach",
				 typed);
	if (c->state == CONTAINER_RESTARTING)
		return error_set(err, ERROR_CONFLICT,
				 "container %s is restarting, wait until the container is running",
				 typed);
	return true;
}

/* Only the log is wanted, and nobody runs who could show it. */
static void show_log(struct container *c, const struct shim_attach *options,
		     struct engine_connection *connection)
{
	struct shim_logs logs = {.out = options->out,
				 .err = options->err,
				 .multiplexed = options->multiplexed,
				 .tail = -1};

	engine_logs(c->engine, c, &logs, connection);
}

void engine_attach(struct engine *engine, struct container *c, const struct shim_attach *options,
		   struct engine_connection *connection)
{
	struct shim_attach attach = *options;
	struct shim_peer *peer = peer_of(c);

	engine_publish_container(engine, c, "attach", NULL);
	attach.early = connection->early;
	if (peer) {
		send_attach(peer, &attach, connection->fd);
		connection_drop(connection);
	} else if (!attach.stream) {
		show_log(c, options, connection);
	} else {
		struct pending_connection *p = add_pending(c, connection->fd);

		p->attaches = true;
		record_copy(&shim_attach_type, &attach, &p->attach);
		buffer_fini(&connection->early);
	}
}

/* ---- wait ---- */

static const char *const condition_names[] = {
	[WAIT_NOT_RUNNING] = "not-running",
	[WAIT_NEXT_EXIT] = "next-exit",
	[WAIT_REMOVED] = "removed",
};

bool wait_condition_from_name(const char *name, enum wait_condition *condition)
{
	*condition = WAIT_NOT_RUNNING;
	for (size_t i = 0; !str_is_empty(name) && i < array_length(condition_names); i++) {
		if (!str_equal(condition_names[i], name))
			continue;
		*condition = (enum wait_condition)i;
		return true;
	}
	return str_is_empty(name);
}

/* On its way to run: that run is waited for. */
static bool is_starting(const struct container *c)
{
	return c->run && !c->run->ended;
}

void engine_wait(struct engine *engine, struct container *c, enum wait_condition condition,
		 bool chunked, struct engine_connection *connection)
{
	struct shim_wait wait = {.removed = condition == WAIT_REMOVED, .chunked = chunked};
	int fd = take_fd(connection->fd);

	(void)engine;
	buffer_fini(&connection->early);
	if (condition == WAIT_NOT_RUNNING && !container_is_running(c) && !is_starting(c)) {
		answer_wait(fd, c->exit_code, NULL, chunked);
	} else if (peer_of(c)) {
		send_wait(peer_of(c), &wait, fd);
		close(fd);
	} else {
		pending_take_wait(c, &wait, fd);
	}
}

/* The container may have gone on meanwhile: to a start, or to an exit that nobody was told of. */
void pending_take_kept(struct container *c, const struct shim_kept *what, int fd)
{
	const struct shim_wait wait = {.removed = what->removed, .chunked = what->chunked};
	struct pending_connection *p;

	if (peer_of(c)) {
		send_wait(peer_of(c), &wait, fd);
		close(fd);
		keeper_forget(c->engine, what->key);
		return;
	}
	p = add_pending(c, fd);
	p->wait = wait;
	p->key = what->key;
}

/* ---- detach keys ---- */

#define DEFAULT_DETACH_KEYS "1011"
#define DETACH_KEYS_MOST    16

static bool key_from_text(const char *text, char *key)
{
	static const char controls[] = "@[\\]^_";

	if (strlen(text) == 1) {
		*key = *text;
		return true;
	}
	if (!str_starts_with(text, "ctrl-") || strlen(text) != strlen("ctrl-a"))
		return false;
	*key = text[5];
	if (!isalpha((unsigned char)*key) && !strchr(controls, *key))
		return false;
	*key = (char)(toupper((unsigned char)*key) & 0x1f);
	return true;
}

char *detach_keys_parse(const char *typed, struct error *err)
{
	scoped_strings struct strings keys = strings_split(str_is_empty(typed) ? "" : typed, ',');
	scoped_buffer struct buffer hex = {0};
	char key;

	if (str_is_empty(typed))
		return str_dup(DEFAULT_DETACH_KEYS);
	for (size_t i = 0; i < keys.count; i++) {
		if (i == DETACH_KEYS_MOST || !key_from_text(keys.items[i], &key)) {
			error_set(err, ERROR_INVALID, "Invalid detach keys (%s) provided", typed);
			return NULL;
		}
		buffer_format(&hex, "%02x", (unsigned char)key);
	}
	return buffer_take(&hex);
}
