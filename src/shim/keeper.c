#include "shim/keeper.h"

#include "base/log.h"
#include "base/memory.h"
#include "os/fd.h"
#include "os/message.h"
#include "os/socket.h"
#include "shim/acceptor.h"
#include "shim/shim.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

struct kept {
	struct keeper *keeper;
	struct kept *next;
	struct source source; /* the client's connection, owned */
	struct shim_kept what;
};

struct keeper {
	struct loop loop;
	struct acceptor listener;
	struct source daemon; /* the connection of the daemon that came last; -1: none */
	struct message_reader reader;
	struct message_queue queue;
	struct kept *first;
	bool began; /* it held something once */
};

/* ---- what is held ---- */

static void drop(struct kept *kept)
{
	struct kept **at = &kept->keeper->first;

	while (*at != kept)
		at = &(*at)->next;
	*at = kept->next;
	loop_watch(&kept->keeper->loop, &kept->source, 0);
	close_fd(&kept->source.fd);
	record_fini(&shim_kept_type, &kept->what);
	free(kept);
}

static void client_left(struct source *source, uint32_t events)
{
	drop(container_of(source, struct kept, source));
}

static void keep(struct keeper *k, const struct shim_kept *what, int fd)
{
	struct kept *kept = mem_new(struct kept);

	*kept = (struct kept){
		.keeper = k, .next = k->first, .source = {.fd = fd, .ready = client_left}};
	record_copy(&shim_kept_type, what, &kept->what);
	k->first = kept;
	k->began = true;
	loop_watch(&k->loop, &kept->source, EPOLLRDHUP);
}

static void forget(struct keeper *k, int64_t key)
{
	struct kept *next;

	for (struct kept *kept = k->first; kept; kept = next) {
		next = kept->next;
		if (kept->what.key == key)
			drop(kept);
	}
}

/* ---- the daemon ---- */

static void leave_daemon(struct keeper *k)
{
	loop_watch(&k->loop, &k->daemon, 0);
	close_fd(&k->daemon.fd);
	message_reader_fini(&k->reader);
	message_queue_fini(&k->queue);
	k->reader = (struct message_reader){0};
}

static void flush(struct keeper *k)
{
	struct error err;

	message_queue_flush(&k->queue, k->daemon.fd, &err); /* its end is told by the loop */
	loop_watch(&k->loop, &k->daemon, EPOLLIN | (k->queue.count ? EPOLLOUT : 0u));
}

static void show_all(struct keeper *k)
{
	struct error err;

	for (struct kept *kept = k->first; kept; kept = kept->next)
		if (!shim_send(&k->queue, SHIM_KEPT, &shim_kept_type, &kept->what, &kept->source.fd,
			       1, &err))
			log_error("cannot tell the daemon", &err, "key=%lld",
				  (long long)kept->what.key);
	flush(k);
}

static void take_message(struct keeper *k, struct message *m)
{
	struct shim_kept what = {0};
	struct error err;

	if (m->type == SHIM_HELLO) {
		show_all(k);
		return;
	}
	if (m->type != SHIM_KEEP && m->type != SHIM_FORGET)
		return;
	if (!record_decode(&shim_kept_type, m->data, m->size, &what, &err))
		log_error("a daemon's message was not understood", &err, "pid=%d", getpid());
	else if (m->type == SHIM_FORGET)
		forget(k, what.key);
	else if (m->fd_count == 1)
		keep(k, &what, take_fd(m->fds[0]));
	record_fini(&shim_kept_type, &what);
}

/* What it has said; false at its end. */
static bool hear_out(struct keeper *k)
{
	enum message_state state;
	struct error err;

	while ((state = message_read(&k->reader, k->daemon.fd, &err)) == MESSAGE_READY)
		take_message(k, &k->reader.message);
	return state == MESSAGE_PARTIAL;
}

static void daemon_ready(struct source *source, uint32_t events)
{
	struct keeper *k = container_of(source, struct keeper, daemon);

	if (events & EPOLLOUT)
		flush(k);
	if (!hear_out(k))
		leave_daemon(k);
}

static void hear_daemon(struct keeper *k, int fd)
{
	k->daemon = (struct source){.fd = fd, .ready = daemon_ready};
	loop_watch(&k->loop, &k->daemon, EPOLLIN);
}

static void listener_ready(struct source *source, uint32_t events)
{
	struct keeper *k = container_of(source, struct keeper, listener.source);
	int fd = acceptor_take(&k->listener, SOCK_CLOEXEC | SOCK_NONBLOCK);
	pid_t pid;
	uid_t uid;
	gid_t gid;

	if (fd < 0)
		return;
	if (!socket_peer(fd, &pid, &uid, &gid) || (uid != 0 && uid != geteuid())) {
		close(fd);
		return;
	}
	if (k->daemon.fd >= 0)
		hear_out(k); /* one that was killed may be followed before its last words are read */
	leave_daemon(k);
	hear_daemon(k, fd);
}

/* ---- the whole ---- */

static void after_round(void *context)
{
	struct keeper *k = context;

	if (!k->first && (k->began || k->daemon.fd < 0))
		loop_end(&k->loop);
}

int keeper_main(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};
	static struct keeper keeper;
	struct error err;

	for (size_t i = 0; i < array_length(ignored); i++)
		signal(ignored[i], SIG_IGN);
	if (!loop_init(&keeper.loop, &err) || !fd_set_nonblocking(SHIM_LISTENER_FD, true, &err)) {
		log_error("cannot begin", &err, "pid=%d", getpid());
		return 1;
	}
	acceptor_init(&keeper.listener, &keeper.loop, SHIM_LISTENER_FD, listener_ready);
	acceptor_watch(&keeper.listener, true);
	hear_daemon(&keeper, SHIM_CONTROL_FD);
	loop_run(&keeper.loop, after_round, &keeper);
	return 0;
}
