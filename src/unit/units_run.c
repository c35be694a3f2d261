/* The container of a [Container] is made here, without a client: the unit's shim asks for it where
 * it would start `docker run` (UNIT_RUN).  The words of that command are read as the command reads
 * them, by a thread of the pool, and become what it would request.
 *
 * What does not go well here is left to the client after all (UNIT_RAN, 0): it pulls an image that is not there, and
 * says what is wrong with the rest, in the unit's journal and with an exit code that people know.  A daemon that dies
 * before it has answered is asked again as the next one: what stands there half made is a leftover of the
 * unit then, and goes first; what runs already is found by the invocation that it was started for. */
#include "unit/units_private.h"

#include "base/log.h"
#include "engine/start_options.h"
#include "format/json.h"
#include "spec/spec.h"
#include "unit/peer.h"

#define API_MINOR 47

struct run_options {
	struct spec spec; /* first: the options of create fill it */
	bool detach;
};

static const struct option own_options[] = {
	{'d', "detach", &option_switch, offsetof(struct run_options, detach)},
};

static const struct option_set sets[OPTION_SETS] = {CONTAINER_OPTION_SETS, OPTION_SET(own_options)};

struct run {
	struct work work;
	struct link link;    /* in units->runs */
	struct units *units; /* referred to */
	char *unit, *invocation, *id;
	struct strings words;

	bool with_engine; /* which does not answer when it is closed */
	bool good;	  /* what follows is filled in */
	char *name, *platform;
	struct container_config config;
	struct create_body body;
};

/* ---- in the pool ---- */

static bool read_body(struct run *run, const json_t *body, struct error *err)
{
	return record_from_json(&container_config_type, body, RECORD_FOR_API, &run->config, err) &&
	       record_from_json(&create_body_type, body, RECORD_FOR_API, &run->body, err);
}

/* These are the client's own doing. */
static bool needs_client(const struct run_options *options)
{
	const struct spec *spec = &options->spec;

	return !options->detach || spec->interactive || spec->tty || spec->attach.count ||
	       spec->cidfile || spec->use_api_socket || str_equal(spec->pull, "always");
}

static bool understand(struct run *run, const struct run_options *options,
		       const struct strings *arguments, struct error *err)
{
	if (!arguments->count || needs_client(options))
		return error_set(err, ERROR_INVALID, "it needs a client");
	scoped_json json_t *body = spec_to_body(&options->spec, arguments, err);
	if (!body)
		return false;
	spec_detach(body);
	run->name = str_dup_or_null(options->spec.name);
	run->platform = str_dup_or_null(options->spec.platform);
	return read_body(run, body, err);
}

static void read_words(struct work *work)
{
	struct run *run = container_of(work, struct run, work);
	struct run_options options = {0};
	struct option_outcome outcome = {0};
	struct error err;
	size_t count = run->words.count;

	run->good = count > 2 &&
		    options_parse(sets, &options, (const char *const *)run->words.items + 2,
				  count - 2, true, &outcome, &err) &&
		    understand(run, &options, &outcome.arguments, &err);
	options_fini(sets, &options);
	option_outcome_fini(&outcome);
}

/* ---- in the loop ---- */

void runs_init(struct units *units)
{
	list_init(&units->runs);
}

bool container_is_being_made(const struct unit_runtime *runtime)
{
	list_each(link, &runtime->units->runs)
	{
		if (str_equal(container_of(link, struct run, link)->unit, runtime->unit->name))
			return true;
	}
	return false;
}

static void settle(struct run *run)
{
	const struct unit *unit = unit_set_find(&run->units->set, run->unit);

	list_remove(&run->link);
	if (unit && unit->runtime)
		containers_check_stopped(unit->runtime);
}

static void drop(struct run *run)
{
	settle(run);
	units_unref(run->units);
	free(run->unit);
	free(run->invocation);
	free(run->id);
	strings_fini(&run->words);
	free(run->name);
	free(run->platform);
	record_fini(&container_config_type, &run->config);
	record_fini(&create_body_type, &run->body);
	free(run);
}

/* With the others the pool comes back still. */
void runs_drop(struct units *units)
{
	list_each(link, &units->runs)
	{
		struct run *run = container_of(link, struct run, link);

		if (run->with_engine)
			drop(run);
	}
}

/* NULL: the start that asked is over. */
static struct unit_runtime *asker(const struct run *run)
{
	struct unit *unit = unit_set_find(&run->units->set, run->unit);

	return unit && unit->runtime && unit->runtime->peer && !unit->runtime->stops_containers &&
			       str_equal(unit->invocation_id, run->invocation)
		       ? unit->runtime
		       : NULL;
}

static void answer(struct unit_runtime *runtime, bool runs)
{
	struct shim_number number = {runs};

	if (runtime)
		unit_peer_send(runtime->peer, UNIT_RAN, &shim_number_type, &number);
}

static void leave_to_client(struct run *run, const struct error *err)
{
	log_debug("a unit's container is left to the client", "name=%s why=%s", run->unit,
		  err ? err->text : "");
	answer(asker(run), false);
	drop(run);
}

static void on_started(void *data, const struct engine_result *result)
{
	struct run *run = data;

	if (result->err) { /* as it is made with --rm, it has gone */
		leave_to_client(run, result->err);
		return;
	}
	answer(asker(run), true);
	drop(run);
}

static void on_removed(void *data, const struct engine_result *result)
{
	(void)result;
	drop(data);
}

static void say_warnings(struct unit_runtime *runtime, const struct strings *warnings)
{
	for (size_t i = 0; warnings && i < warnings->count; i++)
		units_say(runtime->units, runtime->unit, 4, "%s: %s", runtime->unit->name,
			  warnings->items[i]);
}

static void on_created(void *data, const struct engine_result *result)
{
	struct run *run = data;
	struct engine *engine = run->units->engine;
	struct unit_runtime *runtime = asker(run);
	const struct remove_options removal = {.force = true, .volumes = true};

	if (result->err) {
		leave_to_client(run, result->err);
	} else if (!runtime) {
		engine_remove(engine, result->container, &removal, on_removed, run);
	} else {
		scoped_free char *cgroup = units_cgroup(run->units, runtime->unit);
		struct start_options options = {.client_cgroup = cgroup};

		say_warnings(runtime, result->warnings);
		engine_start(engine, result->container, &options, on_started, run);
	}
}

static void on_read(struct work *work, bool closing)
{
	struct run *run = container_of(work, struct run, work);
	struct create_request request = {
		.name = run->name,
		.platform = run->platform,
		.api_minor = API_MINOR,
		.has_config = true,
		.config = &run->config,
		.host_config = run->body.host_config,
		.networking_config = run->body.networking_config,
		.extension = run->body.extension,
	};

	run->with_engine = !closing && run->good;
	if (closing)
		drop(run);
	else if (run->good)
		engine_create(run->units->engine, &request, on_created, run);
	else
		leave_to_client(run, NULL);
}

static void make(struct unit_runtime *runtime)
{
	struct run *run;

	if (!runtime->run)
		return; /* it has been found after all */
	run = mem_new(struct run);
	run->units = runtime->units;
	run->units->references++;
	list_append(&run->units->runs, &run->link);
	run->unit = str_dup(runtime->unit->name);
	run->invocation = str_dup(runtime->unit->invocation_id);
	run->words = runtime->run->words;
	free(take(runtime->run)); /* its words are ours */
	work_begin(&run->work, run->units->engine, read_words, on_read);
}

/* An earlier daemon has begun to start it, and died before it could say so. */
static const struct container *find_begun(const struct unit_runtime *runtime)
{
	const struct unit *unit = runtime->unit;

	for (struct container *c = engine_first(runtime->units->engine); c; c = engine_next(c))
		if (c->run && str_equal(c->owner, unit->name) &&
		    str_equal(c->owner_invocation, unit->invocation_id) &&
		    str_equal(pairs_get(&c->config.labels, UNIT_LABEL), unit->name))
			return c;
	return NULL;
}

void unit_run_drop(struct unit_runtime *runtime)
{
	if (runtime->run)
		record_fini(&unit_run_type, runtime->run);
	free(take(runtime->run));
}

void container_runs(struct unit_runtime *runtime)
{
	if (!runtime->run)
		return;
	answer(runtime, true);
	unit_run_drop(runtime);
}

/* One that is starting still will be told of, or go. */
void container_run_ready(struct unit_runtime *runtime)
{
	const struct container *begun;

	if (!runtime->run || !engine_is_ready(runtime->units->engine))
		return;
	begun = find_begun(runtime);
	if (!begun)
		containers_clear(runtime, make);
	else if (container_is_running(begun))
		container_tell(runtime, begun);
}

void container_run(struct unit_runtime *runtime, const struct unit_run *request)
{
	unit_run_drop(runtime);
	runtime->run = mem_new(struct unit_run);
	record_copy(&unit_run_type, request, runtime->run);
	container_run_ready(runtime);
}
