/* stats: one stream of samples for each container, all polled together; a change of the set of
 * containers comes as an event on a stream of its own.  The screen is drawn again when samples came. */
#include "cmd/cli/container_stats.h"

#include "base/time.h"
#include "cmd/cli/config.h"
#include "cmd/cli/each.h"
#include "cmd/cli/show.h"
#include "cmd/cli/stats_row.h"
#include "format/json.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define TABLE                                                                                      \
	"{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}"  \
	"\t"                                                                                       \
	"{{.PIDs}}"
#define PIECE	      65536
#define LINE_LIMIT    (4u << 20)
#define GATHER_MS     50		/* samples of one moment are drawn together, */
#define GATHER_MOST   (500 * NS_PER_MS) /* but nobody waits longer for the others */
#define FILTER_EVENTS "type=container"

const struct option stats_options[STATS_OPTION_COUNT] = {
	{'a', "all", &option_switch, offsetof(struct stats, all),
	 .help = "Show all containers, not only those that run"},
	{0, "format", &option_string, offsetof(struct stats, format), .help = FORMAT_HELP},
	{0, "no-stream", &option_switch, offsetof(struct stats, no_stream),
	 .help = "Show one sample and end"},
	{0, "no-trunc", &option_switch, offsetof(struct stats, no_trunc),
	 .help = "Cut nothing short"},
};

/* A stream of JSON lines: of one container's samples, or of events. */
struct source {
	char *name;		    /* owned: as it was asked for; NULL: the events */
	struct http_client *client; /* owned; NULL: it has ended */
	struct buffer text;
	json_t *sample; /* owned: the last one */
};

struct watch {
	struct cli *cli;
	const struct stats *stats;
	struct view view;
	bool follows; /* the set of containers is what runs, and events tell of changes */
	struct {
		struct source *items;
		size_t count, capacity;
	} sources;
};

static void source_fini(struct source *source)
{
	free(source->name);
	http_client_free(source->client);
	buffer_fini(&source->text);
	json_decref(source->sample);
}

static void watch_fini(struct watch *watch)
{
	for (size_t i = 0; i < watch->sources.count; i++)
		source_fini(&watch->sources.items[i]);
	vector_fini(&watch->sources);
	view_close(&watch->view);
}

/* ---- opening ---- */

static struct http_client *open_stream(struct cli *cli, const struct target *target,
				       struct error *err)
{
	struct http_client *client = api_connect(cli, err);
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct api_request request = {.client = client, .method = "GET", .target = target};

	if (client && api_send(cli, &request, &answer, err))
		return client;
	http_client_free(client);
	return NULL;
}

static bool add_container(struct watch *watch, const char *name, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/stats", name);
	struct source source = {.name = str_dup(name)};

	target_add(&target, "stream", "1");
	source.client = open_stream(watch->cli, &target, err);
	if (!source.client) {
		source_fini(&source);
		return false;
	}
	vector_add(&watch->sources, source);
	return true;
}

static bool add_events(struct watch *watch, struct error *err)
{
	scoped_target struct target target = target_format("/events");
	struct strings filters = {(char *[]){(char[]){FILTER_EVENTS}}, 1};
	struct source source = {0};

	target_add_filters(&target, &filters);
	source.client = open_stream(watch->cli, &target, err);
	if (!source.client)
		return false;
	vector_add(&watch->sources, source);
	return true;
}

/* The ids of the containers that run, or of all. */
static bool list_names(struct cli *cli, const struct stats *stats, struct strings *names,
		       struct error *err)
{
	scoped_target struct target target = target_format("/containers/json");
	size_t i;
	json_t *container;

	target_add_flag(&target, "all", stats->all);
	scoped_json json_t *list = api_get(cli, &target, err);
	if (!list)
		return false;
	json_array_foreach (list, i, container)
		strings_take(names, show_short_id(doc_text(container, "Id")));
	return true;
}

/* A container that has gone meanwhile is no failure of a list of all. */
static bool open_sources(struct watch *watch, const struct strings *names, struct error *err)
{
	scoped_strings struct strings running = {0};

	if (watch->follows) {
		if (!add_events(watch, err) || !list_names(watch->cli, watch->stats, &running, err))
			return false;
		names = &running;
	}
	for (size_t i = 0; i < names->count; i++)
		if (!add_container(watch, names->items[i], err) &&
		    !(watch->follows && err->kind == ERROR_NOT_FOUND))
			return false;
	return true;
}

/* ---- samples and events ---- */

static size_t find_container(const struct watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->sources.count; i++)
		if (watch->sources.items[i].name && strcmp(watch->sources.items[i].name, name) == 0)
			return i;
	return watch->sources.count;
}

static void take_event(struct watch *watch, const json_t *event)
{
	const char *action = doc_text(event, "Action");
	const char *comes = watch->stats->all ? "create" : "start";
	const char *goes = watch->stats->all ? "destroy" : "die";
	scoped_free char *name = show_short_id(doc_text(json_object_get(event, "Actor"), "ID"));
	size_t at = find_container(watch, name);
	struct error ignored; /* it may be gone already */

	if (strcmp(action, comes) == 0 && at == watch->sources.count) {
		add_container(watch, name, &ignored);
	} else if (strcmp(action, goes) == 0 && at < watch->sources.count) {
		source_fini(&watch->sources.items[at]);
		vector_remove(&watch->sources, at);
	}
}

static void take_line(struct watch *watch, size_t index, const char *line, size_t size)
{
	struct source *source = &watch->sources.items[index];
	struct error err;
	json_t *document = json_parse(line, size, &err);

	if (!document)
		return;
	if (source->name) {
		json_decref(source->sample);
		source->sample = document;
	} else {
		take_event(watch, document); /* may move the sources */
		json_decref(document);
	}
}

static void take_lines(struct watch *watch, size_t index)
{
	struct buffer text = watch->sources.items[index].text;
	size_t start = 0;

	watch->sources.items[index].text = (struct buffer){0};
	for (const char *end;
	     text.size && (end = memchr(text.data + start, '\n', text.size - start));
	     start = (size_t)(end - text.data) + 1)
		take_line(watch, index, text.data + start, (size_t)(end - text.data) - start);
	buffer_consume(&text, start);
	watch->sources.items[index].text = text; /* the events stay at their place: the first */
}

static void read_source(struct watch *watch, size_t index)
{
	struct source *source = &watch->sources.items[index];
	struct error err;
	ssize_t got =
		http_client_read(source->client, buffer_reserve(&source->text, PIECE), PIECE, &err);

	if (got > 0) {
		buffer_wrote(&source->text, (size_t)got);
		if (source->text.size < LINE_LIMIT) {
			take_lines(watch, index);
			return;
		}
	}
	http_client_free(source->client);
	source->client = NULL;
}

/* ---- drawing ---- */

static json_t *make_rows(const struct watch *watch)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < watch->sources.count; i++) {
		const struct source *source = &watch->sources.items[i];

		if (source->name)
			json_array_append_new(rows, stats_row(source->name, source->sample,
							      !watch->stats->no_trunc));
	}
	return rows;
}

/* On a terminal the text before is overwritten, line by line, without a flash of emptiness. */
static bool draw(const struct watch *watch, struct error *err)
{
	scoped_buffer struct buffer text = {0}, screen = {0};
	scoped_json json_t *rows = make_rows(watch);
	bool terminal = isatty(STDOUT_FILENO) && !watch->stats->no_stream;

	if (!view_write(&watch->view, rows, &text, err))
		return false;
	if (terminal)
		buffer_add_text(&screen, "\033[H");
	for (size_t i = 0; i < text.size; i++) {
		if (terminal && text.data[i] == '\n')
			buffer_add_text(&screen, "\033[K");
		buffer_add_char(&screen, text.data[i]);
	}
	if (terminal)
		buffer_add_text(&screen, "\033[J");
	return cli_print(&screen) == 0 || error_set(err, ERROR_SYSTEM, "nobody reads the stats");
}

/* ---- streaming ---- */

static struct pollfd *poll_slots(const struct watch *watch, size_t *open)
{
	struct pollfd *slots = mem_zeroed(watch->sources.count, sizeof(*slots));

	*open = 0;
	for (size_t i = 0; i < watch->sources.count; i++) {
		struct http_client *client = watch->sources.items[i].client;

		slots[i] = (struct pollfd){client ? http_client_fd(client) : -1, POLLIN, 0};
		*open += client != NULL;
	}
	return slots;
}

/* Is there something to read that poll does not know of? */
static bool is_pending(const struct source *source)
{
	return source->client &&
	       (http_client_pending(source->client) || http_client_ended(source->client));
}

static bool any_is_pending(const struct watch *watch)
{
	for (size_t i = 0; i < watch->sources.count; i++)
		if (is_pending(&watch->sources.items[i]))
			return true;
	return false;
}

/* One round of reading; the number of sources that had something, -1: all have ended. */
static int gather(struct watch *watch, int timeout)
{
	size_t open, count = watch->sources.count;
	struct pollfd *slots = poll_slots(watch, &open);
	int ready = 0;

	if (open && poll(slots, count, any_is_pending(watch) ? 0 : timeout) < 0 && errno != EINTR)
		open = 0;
	for (size_t i = count; open && i-- > 0;) {
		const struct source *source = &watch->sources.items[i];

		if (!source->client || !(slots[i].revents || is_pending(source)))
			continue;
		read_source(watch, i);
		ready++;
	}
	free(slots);
	return open ? ready : -1;
}

static bool stream(struct watch *watch, struct error *err)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[2J", stdout);
	if (!draw(watch, err))
		return false;
	while (gather(watch, -1) >= 0) {
		int64_t enough = time_monotonic_ns() + GATHER_MOST;

		while (gather(watch, GATHER_MS) > 0 && time_monotonic_ns() < enough)
			;
		if (!draw(watch, err))
			return false;
	}
	return true;
}

/* ---- one sample ---- */

struct one {
	struct watch *watch;
	struct source source;
	pthread_t thread;
	bool started;
	struct error err;
};

/* The daemon takes two samples, a second apart: all containers are asked at once. */
static void *take_one(void *data)
{
	struct one *one = data;
	scoped_target struct target target =
		target_format("/containers/%s/stats", one->source.name);
	struct http_client *client = api_connect(one->watch->cli, &one->err);
	struct api_request request = {.client = client, .method = "GET", .target = &target};

	target_add(&target, "stream", "0");
	if (client)
		api_call(one->watch->cli, &request, &one->source.sample, &one->err);
	http_client_free(client);
	return NULL;
}

static bool finish_one(struct watch *watch, struct one *one, bool listed, struct error *err)
{
	if (one->started)
		pthread_join(one->thread, NULL);
	vector_add(&watch->sources, one->source);
	if (one->source.sample || listed)
		return true;
	*err = one->err;
	return false;
}

static bool take_all(struct watch *watch, const struct strings *names, bool listed,
		     struct error *err)
{
	struct one *ones = mem_zeroed(names->count, sizeof(*ones));
	bool good = api_open(watch->cli, err) != NULL;

	for (size_t i = 0; i < names->count; i++) {
		ones[i].watch = watch;
		ones[i].source.name = str_dup(names->items[i]);
		ones[i].started = pthread_create(&ones[i].thread, NULL, take_one, &ones[i]) == 0;
		if (!ones[i].started)
			take_one(&ones[i]);
	}
	for (size_t i = 0; i < names->count; i++)
		good = finish_one(watch, &ones[i], listed, err) && good;
	free(ones);
	return good;
}

static bool show_once(struct watch *watch, const struct strings *names, struct error *err)
{
	scoped_strings struct strings running = {0};
	bool listed = watch->follows;

	if (listed && !list_names(watch->cli, watch->stats, &running, err))
		return false;
	return take_all(watch, listed ? &running : names, listed, err) && draw(watch, err);
}

int stats_show(struct cli *cli, const struct stats *stats, const struct strings *names, bool whole)
{
	scoped_with(watch_fini) struct watch watch = {
		.cli = cli, .stats = stats, .follows = whole && !names->count};
	scoped_free char *format = config_format(cli, stats->format, "statsFormat");
	struct error err;

	if (view_open(&watch.view, &stats_listing, format, TABLE, false, &err) &&
	    (stats->no_stream ? show_once(&watch, names, &err)
			      : open_sources(&watch, names, &err) && stream(&watch, &err)))
		return 0;
	return cli_fail(cli, &err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	return stats_show(cli, fields, arguments, true);
}

const struct command container_stats = {
	.summary = "Show what containers use, as it changes",
	.usage = "[OPTIONS] [CONTAINER...]",
	.most = -1,
	.arguments = ARGUMENTS_RUNNING,
	.size = sizeof(struct stats),
	.options = {{stats_options, STATS_OPTION_COUNT}},
	.run = run,
};
