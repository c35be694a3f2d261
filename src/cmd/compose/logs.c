/* logs: what the containers of a project have written, and with --follow what they write. */
#include "base/time.h"
#include "cmd/compose/log_lines.h"
#include "cmd/compose/requests.h"
#include "cmd/compose/verbs.h"

#include "cmd/cli/system_events.h"

#include <stdio.h>
#include <strings.h>

struct logs {
	bool follow, timestamps, no_colour, no_prefix;
	char *tail, *since, *until;
	struct option_number index;
};

#define HERE(field) offsetof(struct logs, field)

static const struct option options[] = {
	{'f', "follow", &option_switch, HERE(follow), .help = "Go on with what is written"},
	{0, "index", &option_number, HERE(index),
	 .help = "Number of the container, where there are several"},
	{0, "no-color", &option_switch, HERE(no_colour), .help = "Colour nothing"},
	{0, "no-log-prefix", &option_switch, HERE(no_prefix), .help = "Leave out whose line it is"},
	{0, "since", &option_string, HERE(since),
	 .help = "Begin at this moment, or so long ago (42m)"},
	{'n', "tail", &option_string, HERE(tail), .initial = "all",
	 .help = "So many lines from the end, of each container"},
	{'t', "timestamps", &option_switch, HERE(timestamps), .help = "Show when it was written"},
	{0, "until", &option_string, HERE(until), .help = "End at this moment, or so long ago"},
};

struct teller {
	struct compose *compose;
	const struct logs *wishes;
	const struct strings *services;
	struct requests *requests;
	struct log_lines *lines;
	struct request *events; /* NULL: nobody waits for new ones */
	size_t open;		/* streams */
	bool failed;
	struct strings known; /* ids whose lines are being read */
	struct {
		struct spring **items;
		size_t count, capacity;
	} springs;
};

/* One container's lines. */
struct spring {
	struct teller *teller;
	struct log_source *source;
	char *id;
	int64_t died_ns; /* when it last did; 0: nobody saw it */
};

/* ---- one container ---- */

static void on_lines(void *data, const char *type, const char *bytes, size_t size)
{
	struct spring *spring = data;

	log_source_take(spring->source, type, bytes, size);
	if (ferror(stdout)) /* nobody has what it says from now on */
		requests_stop(spring->teller->requests);
}

static void forget(struct strings *known, const char *id)
{
	for (size_t i = known->count; i-- > 0;)
		if (strcmp(known->items[i], id) == 0)
			strings_remove(known, i);
}

static void on_over(void *data, const json_t *answer, const struct error *err)
{
	struct spring *spring = data;
	struct teller *teller = spring->teller;

	log_source_flush(spring->source);
	forget(&teller->known, spring->id);
	if (err && err->kind != ERROR_NOT_FOUND) { /* it may be removed meanwhile */
		teller->failed = true;
		compose_fail(teller->compose, err);
	}
	if (--teller->open == 0)
		requests_stop(teller->requests);
}

static bool make_target(const struct teller *teller, const char *id, int64_t since_ns,
			struct target *target, struct error *err)
{
	const struct logs *wishes = teller->wishes;

	*target = target_format("/containers/%s/logs", id);
	target_add_flag(target, "follow", wishes->follow);
	target_add(target, "stdout", "1");
	target_add(target, "stderr", "1");
	target_add_flag(target, "timestamps", wishes->timestamps);
	if (since_ns) {
		log_add_since(target, since_ns);
		return true;
	}
	target_add(target, "tail", wishes->tail);
	return event_add_moment(target, "since", wishes->since, err) &&
	       event_add_moment(target, "until", wishes->until, err);
}

/* False: the moments of the call are none. */
static bool follow(struct teller *teller, struct spring *spring, int64_t since_ns,
		   struct error *err)
{
	scoped_target struct target target = {0};

	if (!make_target(teller, spring->id, since_ns, &target, err))
		return false;
	strings_add(&teller->known, spring->id);
	teller->open++;
	requests_bytes(teller->requests, &target, on_lines, on_over, spring);
	return true;
}

static struct spring *add_spring(struct teller *teller, const char *id, const char *name,
				 const char *service)
{
	struct spring *spring = mem_new(struct spring);

	*spring = (struct spring){.teller = teller,
				  .source = log_lines_add(teller->lines, name, service),
				  .id = str_dup(id)};
	vector_add(&teller->springs, spring);
	return spring;
}

/* ---- those that start meanwhile ---- */

static struct spring *find_spring(const struct teller *teller, const char *id)
{
	for (size_t i = 0; i < teller->springs.count; i++)
		if (strcmp(teller->springs.items[i]->id, id) == 0)
			return teller->springs.items[i];
	return NULL;
}

static void on_event(void *data, const json_t *event)
{
	struct teller *teller = data;
	const json_t *actor = json_object_get(event, "Actor");
	const json_t *attributes = json_object_get(actor, "Attributes");
	const char *service = doc_text(attributes, "com.docker.compose.service");
	const char *id = doc_text(actor, "ID");
	struct spring *spring = find_spring(teller, id);
	struct error ignored; /* the moments were good before */

	if (strcmp(doc_text(event, "Action"), "die") == 0) {
		if (spring)
			spring->died_ns = doc_number(event, "timeNano");
		return;
	}
	if (strcasecmp(doc_text(attributes, "com.docker.compose.oneoff"), "true") == 0 ||
	    strings_contain(&teller->known, id) ||
	    (teller->services->count && !strings_contain(teller->services, service)))
		return;
	if (!spring)
		spring = add_spring(teller, id, doc_text(attributes, "name"), service);
	/* What it said before it died is shown already; of a new one, all that it said since it was started. */
	follow(teller, spring,
	       spring->died_ns ? spring->died_ns : doc_number(event, "time") * NS_PER_SECOND,
	       &ignored);
}

static void on_events_over(void *data, const json_t *answer, const struct error *err)
{
	struct teller *teller = data;

	teller->events = NULL;
}

static void watch_for_starts(struct teller *teller)
{
	scoped_target struct target target = target_format("/events");
	scoped_strings struct strings filters = {0};

	strings_format(&filters, "label=com.docker.compose.project=%s",
		       teller->compose->project_name);
	strings_add(&filters, "type=container");
	strings_add(&filters, "event=start");
	strings_add(&filters, "event=die");
	target_add_filters(&target, &filters);
	teller->events = requests_stream(teller->requests, "GET", &target, NULL, on_event,
					 on_events_over, teller);
}

/* ---- all of them ---- */

/* Those that are there, in order; with --index one of each service. */
static bool tell_all(struct teller *teller, const struct compose_containers *containers,
		     struct error *err)
{
	const struct option_number *index = &teller->wishes->index;

	for (size_t i = 0; i < containers->count; i++) {
		const struct compose_container *c = &containers->items[i];

		if (!index->given || c->number == index->value)
			add_spring(teller, c->id, c->name, c->service);
	}
	size_t count = teller->springs.count;
	if (index->given && !count)
		return error_set(err, ERROR_NOT_FOUND, "no container has the index %lld",
				 (long long)index->value);
	for (size_t i = 0; i < count; i++)
		if (!follow(teller, teller->springs.items[i], 0, err))
			return false;
	return true;
}

static void say_attached(const struct compose_containers *containers)
{
	scoped_strings struct strings names = {0};

	for (size_t i = 0; i < containers->count; i++)
		strings_add(&names, containers->items[i].name);
	scoped_free char *list = strings_join(&names, ", ");
	printf("Attaching to %s\n", list);
	fflush(stdout);
}

static bool run_teller(struct teller *teller, const struct compose_containers *containers,
		       struct error *err)
{
	if (!tell_all(teller, containers, err))
		return false;
	if (teller->wishes->follow && teller->open && !teller->wishes->index.given)
		watch_for_starts(teller);
	if (teller->open)
		requests_run(teller->requests);
	return true;
}

static void teller_fini(struct teller *teller)
{
	requests_free(teller->requests);
	log_lines_free(teller->lines);
	for (size_t i = 0; i < teller->springs.count; i++) {
		free(teller->springs.items[i]->id);
		free(teller->springs.items[i]);
	}
	vector_fini(&teller->springs);
	strings_fini(&teller->known);
}

static int tell(struct compose *compose, const struct logs *wishes, const struct strings *services,
		const struct compose_containers *containers)
{
	struct log_wishes how = {.no_colour = wishes->no_colour, .no_prefix = wishes->no_prefix};
	scoped_with(teller_fini) struct teller teller = {
		.compose = compose,
		.wishes = wishes,
		.services = services,
		/* a stream each, and the events */
		.requests = requests_new(compose->cli, containers->count + 100),
		.lines = log_lines_new(compose, &how),
	};
	struct error err;

	if (!run_teller(&teller, containers, &err))
		return compose_fail(compose, &err);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return teller.failed;
	error_set(&err, ERROR_SYSTEM, "cannot write to the standard output");
	return compose_fail(compose, &err);
}

static bool check_tail(const char *tail, struct error *err)
{
	uint64_t count;

	return strcmp(tail, "all") == 0 || parse_u64(tail, &count) ||
	       error_set(err, ERROR_INVALID,
			 "invalid --tail '%s': it is a number of lines or 'all'", tail);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct logs *wishes = fields;
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	struct error err;

	if (!check_tail(wishes->tail, &err))
		return compose_fail(compose, &err);
	if (!compose_name(compose) || !compose_check_services(compose, arguments))
		return 1;
	if (!compose_containers(compose, arguments, true, false, &containers, &err))
		return compose_fail(compose, &err);
	if (compose->style == COMPOSE_V1)
		say_attached(&containers);
	return tell(compose, wishes, arguments, &containers);
}

const struct command compose_logs = {
	.summary = "Show what containers have written",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct logs),
	.options = {OPTION_SET(options)},
	.run = run,
};
