/* RUN: a container from the parent's layers, whose output goes to the build's worker; what it has written
 * becomes a layer when the command went well. The container's end is heard as everybody hears it. */
#include "builder/builder_private.h"
#include "builder/run_mounts.h"

#include "base/log.h"
#include "base/memory.h"
#include "os/socket.h"

struct step_run {
	struct link link; /* in builder->runs */
	struct builder *builder;
	struct build_slot *slot; /* NULL: the build is over */
	struct build_run_request request;
	struct run_mounts mounts;
	char *container;  /* owned; NULL: not there yet, or removed */
	int output;	  /* the worker's end, until it has it */
	unsigned pending; /* calls that come back */
	bool started, died, keep;
	bool waiting; /* for a cache folder that another step has */
	int exit_code;
	bool out_of_memory;
	struct image *image; /* the result */
	struct error failure;
};

/* ---- going ---- */

static void wake_waiting(struct builder *builder);

static void free_if_over(struct step_run *run)
{
	struct builder *builder = run->builder;

	if (run->slot || run->pending > 0)
		return;
	list_remove(&run->link);
	run_mounts_end(&run->mounts, builder);
	record_fini(&build_run_request_type, &run->request);
	close_fd(&run->output);
	free(run->container);
	free(run);
	wake_waiting(builder);
}

static void on_removed(void *data, const struct engine_result *result)
{
	struct step_run *run = data;
	struct build_slot *slot = run->slot;
	struct build_exit exit = {.code = run->exit_code, .out_of_memory = run->out_of_memory};

	if (result && result->err && result->err->kind != ERROR_NOT_FOUND)
		log_warning("cannot remove a build's container", result->err, "id=%s",
			    run->container);
	run->pending--;
	if (!slot) {
		free_if_over(run);
		return;
	}
	slot->run = NULL;
	run->slot = NULL;
	if (run->failure.kind != ERROR_NONE) {
		slot_fail(slot, &run->failure);
	} else if (run->exit_code) {
		exit.number = slot->number;
		slot_answer(slot, BUILD_EXITED, &build_exit_type, &exit, NULL, 0);
	} else {
		slot_answer_image(slot, run->image, false);
	}
	free_if_over(run);
}

static void remove_container(struct step_run *run)
{
	struct remove_options options = {.force = true, .volumes = true};
	struct container *c =
		run->container ? engine_by_id(run->builder->engine, run->container) : NULL;

	run->pending++;
	if (c)
		engine_remove(run->builder->engine, c, &options, on_removed, run);
	else
		on_removed(run, NULL);
}

/* The answer is given when the container is gone, or at once where it is to stay. */
static void finish(struct step_run *run, bool keep)
{
	if (!keep) {
		remove_container(run);
		return;
	}
	run->pending++;
	on_removed(run, NULL);
}

static void fail(struct step_run *run, const struct error *err)
{
	run->failure = *err;
	finish(run, false);
}

void step_run_cancel(struct step_run *run)
{
	run->slot = NULL;
	if (run->container)
		remove_container(run);
	else
		free_if_over(run);
}

/* ---- its end ---- */

static void on_committed(void *data, struct image *image, const struct error *err)
{
	struct step_run *run = data;

	run->image = image;
	if (err)
		fail(run, err);
	else
		finish(run, run->keep);
}

static void commit(struct step_run *run)
{
	scoped_free char *changes = str_format("containers/%s/upper", run->container);
	struct slot_commit how = {.changes = changes, .take = !run->keep};
	struct error err;

	run_mounts_clean(&run->mounts, run->builder, run->container,
			 image_by_id(run->builder->images, run->request.commit.parent));
	if (!slot_commit(run->slot, &run->request.commit, &how, on_committed, run, &err))
		fail(run, &err);
}

static void check_ended(struct step_run *run)
{
	const struct build *build = run->slot ? run->slot->build : NULL;

	if (!run->started || !run->died || !build)
		return;
	if (run->exit_code)
		finish(run, !build->request.remove && !build->request.force_remove);
	else
		commit(run);
}

static struct step_run *run_of(struct builder *builder, const char *container)
{
	list_each(item, &builder->runs)
	{
		struct step_run *run = container_of(item, struct step_run, link);

		if (run->container && str_equal(run->container, container))
			return run;
	}
	return NULL;
}

void step_runs_hear(void *data, const struct engine_event *event)
{
	struct builder *builder = data;
	struct step_run *run;
	const struct container *c;

	if (event->type != EVENT_CONTAINER || !str_equal(event->action, "die"))
		return;
	run = run_of(builder, event->actor);
	c = engine_by_id(builder->engine, event->actor);
	if (!run || !c || run->died)
		return;
	run->died = true;
	run->exit_code = (int)c->exit_code;
	run->out_of_memory = c->oom_killed;
	check_ended(run);
}

/* ---- its beginning ---- */

static void on_started(void *data, const struct engine_result *result)
{
	struct step_run *run = data;
	struct build_text text = {.text = run->container};

	run->pending--;
	if (!run->slot) {
		free_if_over(run);
	} else if (result->err) {
		fail(run, result->err);
	} else {
		run->started = true;
		text.number = run->slot->number;
		slot_answer(run->slot, BUILD_STARTED, &build_text_type, &text, &run->output, 1);
		close_fd(&run->output);
		check_ended(run);
	}
}

static bool attach(struct step_run *run, struct container *c, struct error *err)
{
	struct shim_attach options = {
		.out = true, .err = true, .stream = true, .multiplexed = true};
	struct engine_connection connection = {.fd = -1};
	int ends[2];

	if (!socket_pair(ends, err))
		return false;
	run->output = ends[0];
	connection.fd = ends[1];
	engine_attach(run->builder->engine, c, &options, &connection);
	return true;
}

static void on_created(void *data, const struct engine_result *result)
{
	struct step_run *run = data;
	struct error err;

	run->pending--;
	if (result->container)
		run->container = str_dup(result->container->id);
	if (!run->slot) { /* the build ended meanwhile */
		if (run->container)
			remove_container(run);
		else
			free_if_over(run);
	} else if (result->err) {
		fail(run, result->err);
	} else if (!attach(run, result->container, &err)) {
		fail(run, &err);
	} else {
		run->pending++;
		engine_start(run->builder->engine, result->container,
			     &(struct start_options){.secrets = &run->mounts.variables}, on_started,
			     run);
	}
}

/* ---- what it is made of ---- */

static void take_text(char **field, const char *text)
{
	*field = str_dup_or_null(text);
}

static void fill_config(const struct step_run *run, struct container_config *out)
{
	const struct build_run_request *r = &run->request;

	take_text(&out->image, r->commit.parent);
	take_text(&out->user, r->user);
	take_text(&out->working_dir, r->working_dir);
	out->cmd = strings_copy(&r->command);
	out->env = strings_copy(&r->env);
	strings_add(&out->entrypoint, ""); /* the image's does not count */
	out->attach_stdout = out->attach_stderr = true;
	out->healthcheck = mem_new(struct image_healthcheck);
	strings_add(&out->healthcheck->test, "NONE");
}

static const char *network_of(const struct step_run *run)
{
	const char *own = run->request.network;
	const char *asked = run->slot->build->request.network;

	if (!str_is_empty(own) && !str_equal(own, "default"))
		return own;
	return str_is_empty(asked) ? "default" : asked;
}

static void fill_host(const struct step_run *run, struct host_config *out)
{
	const struct build_request *r = &run->slot->build->request;
	struct resources *limits = &out->resources;

	take_text(&out->network_mode, network_of(run));
	out->extra_hosts = strings_copy(&r->extra_hosts);
	out->shm_size = r->shm_size;
	pairs_set(&out->annotations, BUILD_MARK, run->slot->build->id);
	take_text(&limits->cgroup_parent, r->cgroup_parent);
	take_text(&limits->cpuset_cpus, r->cpuset_cpus);
	take_text(&limits->cpuset_mems, r->cpuset_mems);
	limits->memory = r->memory;
	limits->memory_swap = r->memory_swap;
	limits->cpu_shares = r->cpu_shares;
	limits->cpu_period = r->cpu_period;
	limits->cpu_quota = r->cpu_quota;
	record_list_copy(&ulimit_type, &r->ulimits, &limits->ulimits);
}

/* Unless the step says itself where its agent is. */
static void tell_agent(const struct step_run *run, struct strings *env)
{
	if (!run->mounts.agent)
		return;
	for (size_t i = 0; i < env->count; i++)
		if (str_starts_with(env->items[i], "SSH_AUTH_SOCK="))
			return;
	strings_format(env, "SSH_AUTH_SOCK=%s", run->mounts.agent);
}

static bool create(struct step_run *run, struct error *err)
{
	struct container_config config = {0};
	struct host_config host = {0};
	struct create_request request = {
		.api_minor = 47, .has_config = true, .config = &config, .host_config = &host};
	bool ok;

	fill_config(run, &config);
	fill_host(run, &host);
	ok = run_mounts_plan(&run->mounts, run->slot->build, &run->request, &host, err);
	tell_agent(run, &config.env);
	if (ok) {
		run->pending++;
		engine_create(run->builder->engine, &request, on_created, run);
	}
	record_fini(&container_config_type, &config);
	record_fini(&host_config_type, &host);
	return ok;
}

/* As soon as its cache folders can be had. */
static bool begin(struct step_run *run, struct error *err)
{
	return run_mounts_take(&run->mounts, run->slot->build, &run->request, &run->waiting, err) &&
	       (run->waiting || create(run, err));
}

static void wake_waiting(struct builder *builder)
{
	list_each(item, &builder->runs)
	{
		struct step_run *run = container_of(item, struct step_run, link);
		struct error err;

		if (run->waiting && run->slot && !begin(run, &err)) {
			fail(run, &err);
			return; /* which has waked the others */
		}
	}
}

static bool check(const struct build_run_request *request, struct error *err)
{
	if (str_is_empty(request->commit.parent))
		return error_set(err, ERROR_INVALID,
				 "cannot run a command: there is nothing in an image from scratch");
	if (request->insecure)
		return error_set(err, ERROR_INVALID,
				 "granting entitlement security.insecure is not allowed by build "
				 "daemon configuration");
	return request->command.count > 0 || error_set(err, ERROR_INVALID, "no command specified");
}

bool build_serve_run(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct step_run *run = mem_new(struct step_run);

	run->builder = slot->build->builder;
	run->output = -1;
	run->keep = !slot->build->request.remove && !slot->build->request.force_remove;
	list_append(&run->builder->runs, &run->link);
	run->slot = slot;
	if (record_decode(&build_run_request_type, message->data, message->size, &run->request,
			  err) &&
	    check(&run->request, err) && begin(run, err)) {
		slot->run = run;
		return true;
	}
	run->slot = NULL;
	free_if_over(run);
	return false;
}

/* ---- what an earlier daemon has left ---- */

void step_runs_sweep(struct builder *builder)
{
	struct remove_options options = {.force = true, .volumes = true};
	struct engine *engine = builder->engine;

	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		if (pairs_have(&c->host_config.annotations, BUILD_MARK))
			engine_remove(engine, c, &options, NULL, NULL);
}
