#include "cmd/worker_tls_pump.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS_A_TURN 16

/* ---- what OpenSSL answers ---- */

enum tls_outcome { TLS_WAITS, TLS_ENDED, TLS_BROKEN };

static enum tls_outcome tls_outcome(struct tls_pump *p, int result)
{
	switch (SSL_get_error(p->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		p->net_events |= EPOLLIN;
		return TLS_WAITS;
	case SSL_ERROR_WANT_WRITE:
		p->net_events |= EPOLLOUT;
		return TLS_WAITS;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_ENDED;
	default: /* an end without close_notify too: somebody may have cut the stream */
		p->broken = true;
		return TLS_BROKEN;
	}
}

enum tls_pump_state tls_pump_shake_hands(struct tls_pump *p)
{
	p->net_events = 0;
	ERR_clear_error();
	int result = SSL_accept(p->ssl);
	if (result == 1)
		return PUMP_DONE;
	if (tls_outcome(p, result) == TLS_WAITS)
		return PUMP_WAITS;
	p->broken = true;
	return PUMP_DONE;
}

/* ---- client to daemon; each step tells whether anything moved ---- */

static void local_is_gone(struct tls_pump *p)
{
	p->local_gone = true;
	buffer_fini(&p->up);
}

/* Give the daemon's side bytes; returns how many are dealt with. */
static size_t give_local(struct tls_pump *p, const char *data, size_t size)
{
	ssize_t n = p->local_gone ? (ssize_t)size : send(p->local, data, size, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		local_is_gone(p);
		return size;
	}
	return n < 0 ? 0 : (size_t)n;
}

static bool flush_up(struct tls_pump *p)
{
	size_t given = give_local(p, p->up.data, p->up.size);

	if (p->local_gone)
		return true;
	buffer_consume(&p->up, given);
	if (p->up.size)
		p->local_events |= EPOLLOUT;
	else
		buffer_fini(&p->up);
	return given;
}

static bool end_up(struct tls_pump *p)
{
	p->net_ended = true;
	shutdown(p->local, SHUT_WR);
	return true;
}

static bool step_up(struct tls_pump *p, char *scratch)
{
	if (p->up.size)
		return flush_up(p);
	if (p->net_ended)
		return false;
	ERR_clear_error();
	int size = SSL_read(p->ssl, scratch, PUMP_SCRATCH);
	if (size <= 0)
		return tls_outcome(p, size) == TLS_ENDED && end_up(p);
	size_t given = give_local(p, scratch, (size_t)size);
	if (given < (size_t)size)
		buffer_add(&p->up, scratch + given, (size_t)size - given);
	return true;
}

/* ---- daemon to client ---- */

/* Returns how much was taken; less than all means that the rest is to be offered again, and net_events
 * says when. */
static size_t give_net(struct tls_pump *p, const char *data, size_t size)
{
	ERR_clear_error();
	int n = SSL_write(p->ssl, data, (int)size);
	if (n > 0)
		return (size_t)n;
	if (tls_outcome(p, n) != TLS_WAITS)
		p->broken = true;
	return 0;
}

static bool flush_down(struct tls_pump *p)
{
	size_t given = give_net(p, p->down.data, p->down.size);

	buffer_consume(&p->down, given);
	if (!p->down.size)
		buffer_fini(&p->down);
	return given;
}

/* close_notify, and the end of the TCP stream behind it. */
static bool end_down(struct tls_pump *p)
{
	ERR_clear_error();
	int result = SSL_shutdown(p->ssl);
	if (result < 0 && tls_outcome(p, result) == TLS_WAITS && p->net_events & EPOLLOUT)
		return false;
	shutdown(p->net, SHUT_WR);
	p->told = true;
	return true;
}

static bool note_local_end(struct tls_pump *p)
{
	struct pollfd poll_local = {.fd = p->local};

	p->local_ended = true;
	poll(&poll_local, 1, 0);
	if (poll_local.revents & (POLLHUP | POLLERR) && !p->net_ended)
		local_is_gone(p);
	return true;
}

static bool step_down(struct tls_pump *p, char *scratch)
{
	if (p->down.size)
		return flush_down(p);
	if (p->local_ended)
		return !p->told && end_down(p);
	ssize_t size = recv(p->local, scratch, PUMP_SCRATCH, 0);
	if (size == 0)
		return note_local_end(p);
	if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
		p->local_events |= EPOLLIN;
		return false;
	}
	if (size < 0)
		return note_local_end(p);
	size_t given = give_net(p, scratch, (size_t)size);
	if (given < (size_t)size)
		buffer_add(&p->down, scratch + given, (size_t)size - given);
	return given;
}

/* ---- a turn ---- */

/* A hang-up is reported whether asked for or not, so a socket that nothing is wanted of is left out.
 * But the daemon's side, once it has ended its direction, is watched for just that: no events, only
 * the hang-up that says that it takes nothing more. */
static void settle_events(struct tls_pump *p)
{
	if (!p->net_events)
		p->net_events = PUMP_NOTHING;
	if (!p->local_events && (!p->local_ended || p->local_gone || p->net_ended))
		p->local_events = PUMP_NOTHING;
}

static enum tls_pump_state state_of(const struct tls_pump *p)
{
	if (p->broken || (p->told && p->net_ended && !p->up.size))
		return PUMP_DONE;
	return p->told && p->local_gone ? PUMP_LINGERS : PUMP_WAITS;
}

enum tls_pump_state tls_pump_run(struct tls_pump *p, char *scratch)
{
	int steps = STEPS_A_TURN;
	bool moved = true;

	if (p->local_ended && !p->local_gone)
		note_local_end(p);
	while (moved && !p->broken && steps-- > 0) {
		p->net_events = p->local_events = 0;
		moved = step_up(p, scratch);
		if (!p->broken)
			moved |= step_down(p, scratch);
	}
	settle_events(p);
	enum tls_pump_state state = state_of(p);
	return moved && state == PUMP_WAITS ? PUMP_BUSY : state;
}

void tls_pump_fini(struct tls_pump *p)
{
	SSL_free(p->ssl);
	close_fd(&p->net);
	close_fd(&p->local);
	buffer_fini(&p->up);
	buffer_fini(&p->down);
}
