#include "shim/stats_stream.h"

#include "base/time.h"
#include "shim/outlet.h"
#include "shim/stats.h"

struct stats_stream {
	struct stats_streams *streams;
	struct stats_stream *next;
	struct outlet outlet;
	struct source source;
	struct deadline tick;
	struct shim_stats request; /* strings owned */
	struct cpu_sample before;
	bool ending; /* the last document is on its way */
};

static void remove_stream(struct stats_stream *s)
{
	struct stats_stream **at = &s->streams->first;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	loop_watch(s->streams->loop, &s->source, 0);
	loop_set_deadline(s->streams->loop, &s->tick, 0);
	outlet_fini(&s->outlet);
	cpu_sample_fini(&s->before);
	record_fini(&shim_stats_type, &s->request);
	free(s);
}

/* After anything was sent.  The stream may be gone afterwards. */
static void settle(struct stats_stream *s)
{
	bool waiting = outlet_waiting(&s->outlet);

	if (s->outlet.broken || (s->ending && !waiting))
		remove_stream(s);
	else
		loop_watch(s->streams->loop, &s->source, EPOLLRDHUP | (waiting ? EPOLLOUT : 0));
}

static void end_stream(struct stats_stream *s)
{
	outlet_end_body(&s->outlet, s->request.chunked);
	s->ending = true;
}

static void send_document(struct stats_stream *s, const struct stats_sample *sample)
{
	scoped_buffer struct buffer body = {0};

	stats_write(sample, &s->before, s->request.name, s->request.id, &body);
	outlet_send_body(&s->outlet, s->request.chunked, body.data, body.size);
}

/* Whether this sample is one to show: not while the client has not taken the last one, and who wants
 * a single document wants the second sample. */
static bool is_shown(const struct stats_stream *s)
{
	bool only_second = !s->request.stream && !s->request.one_shot;

	return !outlet_waiting(&s->outlet) && (!only_second || s->before.read_ns);
}

static void take_sample(struct stats_stream *s)
{
	struct stats_sample sample;
	struct error ignored;
	bool shown = is_shown(s);

	if (!stats_read(s->streams->cgroup_path, s->streams->pid, &sample, &ignored)) {
		end_stream(s); /* the cgroup is gone: so is the container */
		return;
	}
	if (shown)
		send_document(s, &sample);
	cpu_sample_fini(&s->before);
	s->before = sample.cpu;
	sample.cpu = (struct cpu_sample){0};
	stats_sample_fini(&sample);
	if (shown && !s->request.stream)
		end_stream(s);
	else
		loop_set_deadline(s->streams->loop, &s->tick, time_monotonic_ns() + NS_PER_SECOND);
}

static void next_second(struct deadline *deadline)
{
	struct stats_stream *s = container_of(deadline, struct stats_stream, tick);

	take_sample(s);
	settle(s);
}

static void stream_ready(struct source *source, uint32_t events)
{
	struct stats_stream *s = container_of(source, struct stats_stream, source);

	if (events & EPOLLOUT)
		outlet_flush(&s->outlet);
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->outlet.broken = true;
	settle(s);
}

void stats_streams_add(struct stats_streams *streams, int socket, const struct shim_stats *request)
{
	struct stats_stream *s = mem_new(struct stats_stream);

	*s = (struct stats_stream){.streams = streams,
				   .next = streams->first,
				   .source = {.fd = socket, .ready = stream_ready},
				   .tick.passed = next_second};
	outlet_init(&s->outlet, socket);
	record_copy(&shim_stats_type, request, &s->request);
	streams->first = s;
	if (streams->cgroup_path)
		take_sample(s);
	else
		end_stream(s);
	settle(s);
}

void stats_streams_end(struct stats_streams *streams)
{
	struct stats_stream *next;

	streams->cgroup_path = NULL;
	for (struct stats_stream *s = streams->first; s; s = next) {
		next = s->next;
		loop_set_deadline(streams->loop, &s->tick, 0);
		if (!s->ending)
			end_stream(s);
		settle(s);
	}
}
