#include "shim/client.h"

#include "base/memory.h"
#include "shim/detach_keys.h"
#include "shim/log_reader.h"
#include "shim/log_writer.h"
#include "shim/outlet.h"
#include "shim/scratch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
	FULL = CLIENT_BUFFER - CLIENT_CHUNK, /* the next chunk still fits */
	ROOM_AGAIN = FULL / 2,
	INPUT_CHUNK = 32 << 10,
	REPLAY_CHUNK = 64 << 10,
};

/* Each state is entered from those before it. */
enum client_state {
	CLIENT_REPLAYING, /* gets what the log holds; new output is there too */
	CLIENT_LIVE,
	CLIENT_ENDING,	  /* gets nothing new, takes what waits for it */
	CLIENT_LINGERING, /* all sent, our side is shut: what it still sends is thrown away, for a
			     close with unread input would reset the connection under its hands */
};

struct client {
	struct clients *clients;
	struct client *next;
	struct outlet outlet;
	struct source source;
	struct deadline patience;
	struct detach_keys keys;
	struct log_reader *replay; /* owned; while REPLAYING */
	enum client_state state;
	bool in, out, err, multiplexed, stream;
	bool reads; /* its side is open */
	bool full;
};

/* ---- coming and going ---- */

static void free_client(struct client *c)
{
	struct loop *loop = c->clients->loop;

	loop_watch(loop, &c->source, 0);
	loop_set_deadline(loop, &c->patience, 0);
	log_reader_close(c->replay);
	outlet_fini(&c->outlet);
	free(c);
}

static void set_full(struct client *c, bool full)
{
	struct clients *all = c->clients;

	if (c->full == full)
		return;
	c->full = full;
	all->full += full ? 1 : -1;
	loop_set_deadline(all->loop, &c->patience,
			  full ? time_monotonic_ns() + CLIENT_PATIENCE : 0);
	if (all->full == (full ? 1 : 0))
		all->target->full_changed(all->target);
}

static void give_up_input(struct client *c)
{
	struct client_target *target = c->clients->target;

	c->clients->lost_input |= c->in;
	if (c->in && target->once)
		target->close_input(target);
	c->in = false;
}

static void remove_client(struct client *c)
{
	struct client **at = &c->clients->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	give_up_input(c);
	set_full(c, false);
	free_client(c);
}

/* What the socket is watched for follows from the client's state. */
static void watch(struct client *c)
{
	bool held = c->in && c->clients->input_held;
	uint32_t events = EPOLLHUP;

	if (c->reads && !held)
		events |= EPOLLIN | EPOLLRDHUP;
	if (outlet_waiting(&c->outlet))
		events |= EPOLLOUT;
	loop_watch(c->clients->loop, &c->source, events);
}

/* Time to take something, from now on. */
static void be_patient(struct client *c)
{
	loop_set_deadline(c->clients->loop, &c->patience, time_monotonic_ns() + CLIENT_PATIENCE);
}

static void end_client(struct client *c)
{
	if (c->state >= CLIENT_ENDING)
		return;
	give_up_input(c);
	set_full(c, false);
	log_reader_close(take(c->replay));
	c->state = CLIENT_ENDING;
	be_patient(c);
}

/* ---- output ---- */

static void send_output(struct client *c, enum stream_kind stream, const char *data, size_t size)
{
	uint8_t header[STREAM_FRAME_HEADER];
	struct iovec parts[] = {{header, sizeof(header)}, {(void *)(uintptr_t)data, size}};

	if (size == 0)
		return;
	stream_frame_write(header, stream, (uint32_t)size);
	outlet_send(&c->outlet, c->multiplexed ? parts : &parts[1], c->multiplexed ? 2 : 1);
}

static bool wants(const struct client *c, enum stream_kind stream)
{
	return stream == STREAM_STDERR ? c->err : c->out;
}

static void drop_client(struct deadline *deadline)
{
	static const char word[] = "wherry: this client took nothing for 10 seconds while its "
				   "buffer was full, and gets no more output\r\n";
	struct client *c = container_of(deadline, struct client, patience);

	if (c->state >= CLIENT_ENDING) {
		remove_client(c);
		return;
	}
	send_output(c, STREAM_SYSTEM, word, sizeof(word) - 1);
	end_client(c);
	if (!c->clients->ended) /* it may read its last word as late as it likes */
		loop_set_deadline(c->clients->loop, &c->patience, 0);
	watch(c);
}

/* The beginnings of lines that the log does not have yet. */
static void send_partial_lines(struct client *c)
{
	for (enum stream_kind s = STREAM_STDOUT; s <= STREAM_STDERR; s++) {
		const struct buffer *partial = log_partial(c->clients->log, s);

		if (wants(c, s))
			send_output(c, s, partial->data, partial->size);
	}
}

static void go_live(struct client *c)
{
	if (c->replay)
		send_partial_lines(c);
	log_reader_close(take(c->replay));
	c->state = CLIENT_LIVE;
	if (!c->stream || c->clients->ended)
		end_client(c);
}

static void replay(struct client *c)
{
	while (c->state == CLIENT_REPLAYING && !outlet_waiting(&c->outlet) && !c->outlet.broken) {
		scoped_buffer struct buffer piece = {0};

		if (log_reader_read(c->replay, REPLAY_CHUNK, &piece) != LOG_MORE)
			go_live(c);
		else
			outlet_send_bytes(&c->outlet, piece.data, piece.size);
	}
}

/* All was sent: nothing is left to do but to let the client notice. */
static void linger(struct client *c)
{
	c->state = CLIENT_LINGERING;
	shutdown(c->outlet.fd, SHUT_WR);
	be_patient(c);
}

/* A stream that ends while the process lives says nothing about its exit. */
static bool may_close(const struct client *c)
{
	return !c->clients->ended || c->clients->may_close;
}

/* After anything that may have changed what the client is to do.  It may be gone afterwards. */
static void settle(struct client *c)
{
	replay(c);
	if (c->state == CLIENT_ENDING && !outlet_waiting(&c->outlet) && may_close(c))
		linger(c);
	if (c->outlet.broken || (c->state == CLIENT_LINGERING && !c->reads)) {
		remove_client(c);
		return;
	}
	if (c->state == CLIENT_LIVE)
		set_full(c, outlet_waiting(&c->outlet) > (c->full ? ROOM_AGAIN : FULL));
	watch(c);
}

static void take_output(struct client *c)
{
	if (outlet_flush(&c->outlet) && c->patience.at)
		be_patient(c);
}

void clients_output(struct clients *clients, enum stream_kind stream, const char *data, size_t size)
{
	struct client *next;

	for (struct client *c = clients->first; c; c = next) {
		next = c->next;
		if (c->state != CLIENT_LIVE || !wants(c, stream))
			continue;
		send_output(c, stream, data, size);
		settle(c);
	}
}

/* ---- input ---- */

static void hold_input(struct clients *clients, bool hold)
{
	if (clients->input_held == hold)
		return;
	clients->input_held = hold;
	for (struct client *c = clients->first; c; c = c->next)
		watch(c);
}

void clients_take_input(struct clients *clients)
{
	hold_input(clients, false);
}

static void pass_on(struct client *c, const char *data, size_t size)
{
	struct client_target *target = c->clients->target;

	if (size && !target->input(target, data, size))
		hold_input(c->clients, true);
}

static void pass_input(struct client *c, const char *data, size_t size)
{
	struct client_target *target = c->clients->target;
	scoped_buffer struct buffer passed = {0};
	bool detached;

	if (!c->in)
		return;
	if (!target->terminal || !c->keys.count) {
		pass_on(c, data, size);
		return;
	}
	detached = detach_keys_pass(&c->keys, data, size, &passed);
	pass_on(c, passed.data, passed.size);
	if (!detached)
		return;
	target->detached(target);
	end_client(c);
}

/* The client has closed its side.  One that gives no input may do so at once and listen on. */
static void end_input(struct client *c)
{
	c->reads = false;
	if (c->in && !c->clients->target->once)
		end_client(c);
	give_up_input(c);
}

/* Whether there may be more. */
static bool read_input(struct client *c)
{
	char *data = scratch_area();
	ssize_t n = recv(c->outlet.fd, data, INPUT_CHUNK, MSG_DONTWAIT);

	if (n > 0)
		pass_input(c, data, (size_t)n);
	else if (n == 0)
		end_input(c);
	else if (errno != EAGAIN && errno != EINTR)
		c->outlet.broken = true;
	return n > 0;
}

static void client_ready(struct source *source, uint32_t events)
{
	struct client *c = container_of(source, struct client, source);
	bool gone = events & (EPOLLHUP | EPOLLERR);

	if (events & EPOLLOUT)
		take_output(c);
	if (c->reads && (events & (EPOLLIN | EPOLLRDHUP)))
		read_input(c);
	/* its last words are heard, as far as the process listens */
	while (gone && c->reads && !(c->in && c->clients->input_held) && read_input(c))
		;
	if (gone)
		c->outlet.broken = true;
	settle(c);
}

/* ---- all of them ---- */

static void open_replay(struct client *c, const struct shim_attach *attach)
{
	const struct log_query query = {.out = attach->out,
					.err = attach->err,
					.multiplexed = attach->multiplexed,
					.worker = c->clients->log->worker,
					.tail = -1};

	if (attach->replay)
		c->replay = log_reader_open(c->clients->log->folder, c->clients->log->name, &query);
	c->state = CLIENT_REPLAYING;
	if (!c->replay)
		go_live(c);
}

void clients_add(struct clients *clients, int socket, const struct shim_attach *attach)
{
	struct client *c = mem_new(struct client);

	*c = (struct client){.clients = clients,
			     .next = clients->first,
			     .source = {.fd = socket, .ready = client_ready},
			     .patience.passed = drop_client,
			     .in = attach->in && attach->stream,
			     .out = attach->out,
			     .err = attach->err,
			     .multiplexed = attach->multiplexed,
			     .stream = attach->stream,
			     .reads = true};
	outlet_init(&c->outlet, socket);
	detach_keys_init(&c->keys, attach->detach_keys);
	clients->first = c;
	open_replay(c, attach);
	if (attach->early.size)
		pass_input(c, attach->early.data, attach->early.size);
	settle(c);
}

bool clients_are_full(const struct clients *clients)
{
	return clients->full > 0;
}

void clients_end(struct clients *clients)
{
	struct client *next;

	clients->ended = true;
	for (struct client *c = clients->first; c; c = next) {
		next = c->next;
		if (c->state == CLIENT_LIVE)
			end_client(c);
		else
			be_patient(c);
		settle(c);
	}
}

void clients_close(struct clients *clients)
{
	struct client *next;

	clients->may_close = true;
	for (struct client *c = clients->first; c; c = next) {
		next = c->next;
		settle(c);
	}
}

bool clients_are_gone(const struct clients *clients)
{
	return !clients->first;
}
