#include "shim/acceptor.h"

#include "base/memory.h"
#include "base/time.h"
#include "os/fd.h"

#include <errno.h>
#include <sys/socket.h>

#define REST_NS NS_PER_SECOND

static void rest_is_over(struct deadline *deadline)
{
	struct acceptor *a = container_of(deadline, struct acceptor, rest);

	loop_watch(a->loop, &a->source, EPOLLIN);
}

static void rest(struct acceptor *a)
{
	loop_watch(a->loop, &a->source, 0);
	loop_set_deadline(a->loop, &a->rest, time_monotonic_ns() + REST_NS);
}

void acceptor_init(struct acceptor *acceptor, struct loop *loop, int fd,
		   void (*ready)(struct source *source, uint32_t events))
{
	*acceptor = (struct acceptor){.loop = loop,
				      .source = {.fd = fd, .ready = ready},
				      .rest = {.passed = rest_is_over}};
}

void acceptor_fini(struct acceptor *acceptor)
{
	acceptor_watch(acceptor, false);
	close_fd(&acceptor->source.fd);
}

void acceptor_watch(struct acceptor *acceptor, bool watched)
{
	acceptor->watched = watched;
	if (!watched)
		loop_set_deadline(acceptor->loop, &acceptor->rest, 0);
	if (!acceptor->rest.at)
		loop_watch(acceptor->loop, &acceptor->source, watched ? EPOLLIN : 0);
}

int acceptor_take(struct acceptor *acceptor, int flags)
{
	int fd;

	do
		fd = accept4(acceptor->source.fd, NULL, NULL, flags);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0 && acceptor->watched &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		rest(acceptor);
	return fd;
}
