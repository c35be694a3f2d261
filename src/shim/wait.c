#include "shim/wait.h"

#include "base/time.h"
#include "format/json_write.h"
#include "shim/outlet.h"

enum { PATIENCE_S = 10 };

struct waiter {
	struct waits *waits;
	struct waiter *next;
	struct outlet outlet;
	struct source source;
	struct deadline patience; /* to take the answer */
	struct shim_wait wait;
	bool answered;
};

static void remove_waiter(struct waiter *w)
{
	struct waiter **at = &w->waits->first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	loop_watch(w->waits->loop, &w->source, 0);
	loop_set_deadline(w->waits->loop, &w->patience, 0);
	outlet_fini(&w->outlet);
	free(w);
}

static void lose_patience(struct deadline *deadline)
{
	remove_waiter(container_of(deadline, struct waiter, patience));
}

static void answer(struct waiter *w, int32_t code, const char *error)
{
	scoped_buffer struct buffer body = {0};

	buffer_format(&body, "{\"StatusCode\":%d", code);
	if (error) {
		buffer_add_text(&body, ",\"Error\":{\"Message\":");
		json_write_string(&body, error);
		buffer_add_char(&body, '}');
	}
	buffer_add_text(&body, "}\n");
	outlet_send_body(&w->outlet, w->wait.chunked, body.data, body.size);
	outlet_end_body(&w->outlet, w->wait.chunked);
	w->answered = true;
	if (!outlet_waiting(&w->outlet)) {
		remove_waiter(w);
		return;
	}
	loop_watch(w->waits->loop, &w->source, EPOLLOUT);
	loop_set_deadline(w->waits->loop, &w->patience,
			  time_monotonic_ns() + PATIENCE_S * NS_PER_SECOND);
}

static void waiter_ready(struct source *source, uint32_t events)
{
	struct waiter *w = container_of(source, struct waiter, source);

	if (events & EPOLLOUT)
		outlet_flush(&w->outlet);
	if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) || w->outlet.broken ||
	    (w->answered && !outlet_waiting(&w->outlet)))
		remove_waiter(w);
}

void waits_add(struct waits *waits, int socket, const struct shim_wait *wait)
{
	struct waiter *w = mem_new(struct waiter);

	*w = (struct waiter){.waits = waits,
			     .next = waits->first,
			     .source = {.fd = socket, .ready = waiter_ready},
			     .patience.passed = lose_patience,
			     .wait = *wait};
	outlet_init(&w->outlet, socket);
	waits->first = w;
	loop_watch(waits->loop, &w->source, EPOLLRDHUP);
	if (waits->exit_told && !wait->removed)
		answer(w, waits->code, NULL);
}

static void tell(struct waits *waits, bool removed, int32_t code, const char *error)
{
	struct waiter *next;

	for (struct waiter *w = waits->first; w; w = next) {
		next = w->next;
		if (!w->answered && w->wait.removed == removed)
			answer(w, code, error);
	}
}

void waits_tell_exit(struct waits *waits, int32_t code)
{
	waits->exit_told = true;
	waits->code = code;
	tell(waits, false, code, NULL);
}

void waits_tell_removal(struct waits *waits, int32_t code, const char *error)
{
	tell(waits, true, code, error);
}

bool waits_take(struct waits *waits, struct shim_wait *wait, int *socket)
{
	for (struct waiter *w = waits->first; w; w = w->next) {
		if (w->answered || !w->wait.removed)
			continue;
		*wait = w->wait;
		loop_watch(waits->loop, &w->source, 0);
		*socket = take_fd(w->outlet.fd);
		remove_waiter(w);
		return true;
	}
	return false;
}

bool waits_are_open(const struct waits *waits)
{
	return waits->first;
}
