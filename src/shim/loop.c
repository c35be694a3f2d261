#include "shim/loop.h"

#include "base/memory.h"
#include "base/time.h"

#include <errno.h>

bool loop_init(struct loop *loop, struct error *err)
{
	*loop = (struct loop){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	return loop->epoll >= 0 || error_errno(err, "cannot make an epoll instance");
}

/* Events of this round that are still to be told must not reach what may be freed. */
static void forget_pending(struct loop *loop, const struct source *source)
{
	for (int i = 0; i < loop->batch_size; i++)
		if (loop->batch[i].data.ptr == source)
			loop->batch[i].data.ptr = NULL;
}

void loop_watch(struct loop *loop, struct source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};
	int change = !events ? EPOLL_CTL_DEL : source->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events == source->events)
		return;
	epoll_ctl(loop->epoll, change, source->fd, &event);
	source->events = events;
	if (!events)
		forget_pending(loop, source);
}

/* ---- deadlines ---- */

static void unlink_deadline(struct loop *loop, const struct deadline *deadline)
{
	struct deadline **at = &loop->deadlines;

	while (*at && *at != deadline)
		at = &(*at)->next;
	if (*at)
		*at = deadline->next;
}

void loop_set_deadline(struct loop *loop, struct deadline *deadline, int64_t at)
{
	if (deadline->at)
		unlink_deadline(loop, deadline);
	deadline->at = at;
	if (!at)
		return;
	deadline->next = loop->deadlines;
	loop->deadlines = deadline;
}

static struct deadline *earliest_deadline(const struct loop *loop)
{
	struct deadline *found = loop->deadlines;

	for (struct deadline *d = found; d; d = d->next)
		if (d->at < found->at)
			found = d;
	return found;
}

/* Until an event or the earliest deadline. */
static int wait_for_events(struct loop *loop)
{
	const struct deadline *next = earliest_deadline(loop);
	int64_t left = next ? next->at - time_monotonic_ns() : 0;
	struct timespec timeout = {0};

	if (left > 0)
		timeout = (struct timespec){.tv_sec = left / NS_PER_SECOND,
					    .tv_nsec = left % NS_PER_SECOND};
	return epoll_pwait2(loop->epoll, loop->batch, LOOP_BATCH, next ? &timeout : NULL, NULL);
}

static void tell_deadlines(struct loop *loop)
{
	int64_t now;
	struct deadline *next;

	if (!loop->deadlines)
		return;
	now = time_monotonic_ns();
	while ((next = earliest_deadline(loop)) && next->at <= now) {
		loop_set_deadline(loop, next, 0);
		next->passed(next);
	}
}

/* ---- the loop ---- */

static void tell_events(struct loop *loop)
{
	for (int i = 0; i < loop->batch_size; i++) {
		struct source *source = loop->batch[i].data.ptr;

		if (source)
			source->ready(source, loop->batch[i].events);
	}
	loop->batch_size = 0;
}

static void tell(struct loop *loop, int count)
{
	loop->batch_size = count > 0 ? count : 0;
	tell_events(loop);
	tell_deadlines(loop);
}

void loop_run(struct loop *loop, void (*round)(void *), void *context)
{
	while (!loop->ended) {
		tell(loop, wait_for_events(loop));
		round(context);
	}
}

void loop_turn(struct loop *loop)
{
	tell(loop, epoll_wait(loop->epoll, loop->batch, LOOP_BATCH, 0));
}

void loop_fini(struct loop *loop)
{
	close_fd(&loop->epoll);
}

void loop_end(struct loop *loop)
{
	loop->ended = true;
}
