/* What each kind of step asks of the daemon: most are one request. */
#include "cmd/compose/execution.h"

#include "format/json.h"

enum { PATIENCE_MS = 1000, DRAIN_SECONDS_MOST = 86400 };

const char *work_container(const struct work *work)
{
	const struct step *step = work->step;

	if (step->id)
		return step->id;
	if (step->made_by && work->run->works[step->made_by - 1].made)
		return work->run->works[step->made_by - 1].made;
	return step->name;
}

/* ---- one request each ---- */

#define IS(kind) (1u << ERROR_##kind)

/* What is not there is stopped and removed; what is so already is done; who ended by itself is killed. */
static const unsigned no_failures[STEP_KINDS] = {
	[STEP_REMOVE_NETWORK] = IS(NOT_FOUND),
	[STEP_DISCONNECT] = IS(NOT_FOUND),
	[STEP_REMOVE_VOLUME] = IS(NOT_FOUND),
	[STEP_REMOVE_IMAGE] = IS(NOT_FOUND),
	[STEP_REMOVE] = IS(NOT_FOUND),
	[STEP_STOP] = IS(NOT_FOUND) | IS(UNCHANGED),
	[STEP_KILL] = IS(NOT_FOUND) | IS(CONFLICT),
	[STEP_START] = IS(UNCHANGED),
	[STEP_CREATE_NETWORK] = IS(CONFLICT), /* a client before us asked for it, and is gone */
};

/* Compose 2 goes on where others use a network, volume or image. */
static bool is_in_use(const struct work *work, const struct error *err)
{
	enum step_kind kind = work->step->kind;

	return (kind == STEP_REMOVE_NETWORK || kind == STEP_REMOVE_VOLUME ||
		kind == STEP_REMOVE_IMAGE) &&
	       (err->kind == ERROR_CONFLICT || err->kind == ERROR_FORBIDDEN) &&
	       work->run->compose->style == COMPOSE_V2;
}

static void say(struct work *work, const char *word)
{
	static const char *const nouns[STEP_KINDS] = {[STEP_REMOVE_NETWORK] = "Network",
						      [STEP_REMOVE_VOLUME] = "Volume",
						      [STEP_REMOVE_IMAGE] = "Image"};
	const char *noun = nouns[work->step->kind];
	scoped_free char *subject = str_format("%s %s", noun ? noun : "", work->step->name);

	if (noun)
		progress_note(work->run->progress, subject, word, true);
}

static void on_answer(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	bool in_use = err && is_in_use(work, err);

	if (in_use)
		say(work, "Resource is still in use");
	else if (err && err->kind == ERROR_NOT_FOUND && work->run->compose->style == COMPOSE_V1)
		say(work, "not found.");
	if (in_use)
		work_pass(work);
	else if (!err || no_failures[work->step->kind] & 1u << err->kind)
		work_done(work);
	else
		work_fail(work, err);
}

static void post(struct work *work, const struct target *target, const json_t *body)
{
	requests_send(work->run->requests, "POST", target, body, on_answer, work);
}

static void begin_create_network(struct work *work)
{
	const struct project *project = work->run->execution->wanted->project;
	scoped_target struct target target = target_format("/networks/create");
	struct error err;

	if (work->run->execution->skip_networks) {
		work_done(work);
		return;
	}
	for (size_t i = 0; i < project->networks.count; i++) {
		if (strcmp(project->networks.items[i].name, work->step->name) != 0)
			continue;
		scoped_json json_t *body =
			body_of_network(project, &project->networks.items[i], &err);
		if (body)
			post(work, &target, body);
		else
			work_fail(work, &err);
		return;
	}
	error_set(&err, ERROR_NOT_FOUND, "the file has no network named %s", work->step->name);
	work_fail(work, &err);
}

static void begin_create_volume(struct work *work)
{
	const struct project *project = work->run->execution->wanted->project;
	scoped_target struct target target = target_format("/volumes/create");
	struct error err;

	for (size_t i = 0; i < project->volumes.count; i++) {
		if (strcmp(project->volumes.items[i].name, work->step->name) != 0)
			continue;
		scoped_json json_t *body =
			body_of_volume(project, &project->volumes.items[i], &err);
		if (body)
			post(work, &target, body);
		else
			work_fail(work, &err);
		return;
	}
	error_set(&err, ERROR_NOT_FOUND, "the file has no volume named %s", work->step->name);
	work_fail(work, &err);
}

static void remove_by(struct work *work, struct target target)
{
	requests_send(work->run->requests, "DELETE", &target, NULL, on_answer, work);
	target_fini(&target);
}

static void begin_remove_network(struct work *work)
{
	remove_by(work, target_format("/networks/%s",
				      work->step->id ? work->step->id : work->step->name));
}

static void begin_remove_volume(struct work *work)
{
	remove_by(work, target_format("/volumes/%s", work->step->name));
}

static void begin_remove_image(struct work *work)
{
	remove_by(work, target_format("/images/%s", work->step->name));
}

/* ---- removing containers ---- */

static void on_gone(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;

	(void)answer;
	if (!err || err->kind == ERROR_NOT_FOUND)
		work_done(work);
	else
		work_fail(work, err);
}

/* It cannot be removed: since a client before us asked for that already? */
static void on_state(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	const char *state = doc_text(json_object_get(answer, "State"), "Status");
	scoped_target struct target target =
		target_format("/containers/%s/wait", work_container(work));
	struct error failure;

	if (err) {
		on_gone(data, NULL, err);
		return;
	}
	if (strcmp(state, "removing") == 0) {
		target_add(&target, "condition", "removed");
		requests_send(work->run->requests, "POST", &target, NULL, on_gone, work);
		return;
	}
	error_set(&failure, ERROR_CONFLICT, "container %s cannot be removed: it is %s",
		  work->step->name, state);
	work_fail(work, &failure);
}

static void on_removal(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	scoped_target struct target target =
		target_format("/containers/%s/json", work_container(work));

	if (err && err->kind == ERROR_CONFLICT)
		requests_send(work->run->requests, "GET", &target, NULL, on_state, work);
	else
		on_answer(data, answer, err);
}

static void begin_remove(struct work *work)
{
	scoped_target struct target target = target_format("/containers/%s", work_container(work));

	target_add_flag(&target, "v", work->step->remove_volumes);
	target_add_flag(&target, "force", !work->run->execution->only_stopped);
	requests_send(work->run->requests, "DELETE", &target, NULL, on_removal, work);
}

/* ---- containers that leave a network, and come back when it was made anew ---- */

static char *endpoint_key(const struct work *work)
{
	return str_format("%s %s", work_container(work), work->step->new_name);
}

static void disconnect(struct work *work)
{
	scoped_target struct target target =
		target_format("/networks/%s/disconnect", work->step->new_name);
	scoped_json json_t *body =
		json_pack("{s:s, s:b}", "Container", work_container(work), "Force", 1);

	post(work, &target, body);
}

/* What somebody asked for when he connected it; its own short id is no such alias. */
static json_t *wishes_of(const json_t *endpoint, const char *id)
{
	static const char *const members[] = {"IPAMConfig", "Links", "DriverOpts"};
	json_t *wishes = json_object(), *aliases = json_array();
	size_t i;
	json_t *alias;

	for (size_t k = 0; k < array_length(members); k++)
		if (json_object_get(endpoint, members[k]))
			json_object_set(wishes, members[k], json_object_get(endpoint, members[k]));
	json_array_foreach (json_object_get(endpoint, "Aliases"), i, alias)
		if (json_is_string(alias) && !str_starts_with(id, json_string_value(alias)))
			json_array_append(aliases, alias);
	json_object_set_new(wishes, "Aliases", aliases);
	return wishes;
}

static void on_endpoints(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct run *run = work->run;
	scoped_free char *key = endpoint_key(work);
	const json_t *networks =
		json_object_get(json_object_get(answer, "NetworkSettings"), "Networks");

	if (err && err->kind != ERROR_NOT_FOUND) {
		work_fail(work, err);
		return;
	}
	if (!run->endpoints)
		run->endpoints = json_object();
	json_object_set_new(
		run->endpoints, key,
		wishes_of(json_object_get(networks, work->step->new_name), doc_text(answer, "Id")));
	disconnect(work);
}

/* One that no service describes, somebody else's, comes back as it was: that is asked before. */
static void begin_disconnect(struct work *work)
{
	scoped_target struct target target =
		target_format("/containers/%s/json", work_container(work));

	if (work_has_service(work))
		disconnect(work);
	else
		requests_send(work->run->requests, "GET", &target, NULL, on_endpoints, work);
}

static void connect_as_it_was(struct work *work, const struct target *target)
{
	scoped_free char *key = endpoint_key(work);
	scoped_json json_t *document =
		json_pack("{s:s, s:O*}", "Container", work_container(work), "EndpointConfig",
			  json_object_get(work->run->endpoints, key));

	post(work, target, document);
}

/* The endpoint as the container's body would have it: with its aliases and address. */
static void begin_connect(struct work *work)
{
	scoped_target struct target target =
		target_format("/networks/%s/connect", work->step->new_name);
	scoped_target struct target unused = {0};
	scoped_buffer struct buffer tar = {0};
	scoped_json json_t *body = NULL, *connections = NULL;
	struct error err;

	if (!work_has_service(work)) {
		connect_as_it_was(work, &target);
		return;
	}
	if (!make_body(work, NULL, &body, &connections, &unused, &tar, &err)) {
		work_fail(work, &err);
		return;
	}
	const json_t *first =
		json_object_get(json_object_get(body, "NetworkingConfig"), "EndpointsConfig");
	json_t *endpoint = json_object_get(first, work->step->new_name);
	if (!endpoint)
		endpoint = json_object_get(connections, work->step->new_name);
	scoped_json json_t *document = json_pack("{s:s, s:O*}", "Container", work_container(work),
						 "EndpointConfig", endpoint);
	post(work, &target, document);
}

static void post_to_container(struct work *work, const char *what)
{
	scoped_target struct target target = target_format("/containers/%s/", work_container(work));

	buffer_add_text(&target.text, what);
	if (work->step->timeout_ms >= 0 &&
	    (work->step->kind == STEP_STOP || work->step->kind == STEP_RESTART))
		target_add_number(&target, "t", (work->step->timeout_ms + 999) / 1000);
	if (work->step->kind == STEP_KILL && work->step->signal)
		target_add(&target, "signal", work->step->signal);
	post(work, &target, NULL);
}

static void begin_stop(struct work *work)
{
	post_to_container(work, "stop");
}

static void begin_kill(struct work *work)
{
	post_to_container(work, "kill");
}

static void begin_restart(struct work *work)
{
	post_to_container(work, "restart");
}

static void begin_pause(struct work *work)
{
	post_to_container(work, "pause");
}

static void begin_unpause(struct work *work)
{
	post_to_container(work, "unpause");
}

/* It may be called so already, since a client before us asked for it. */
static void on_name(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	const char *name = doc_text(answer, "Name");
	struct error failure;

	if (!err && strcmp(name + (*name == '/'), work->step->new_name) == 0) {
		work_done(work);
		return;
	}
	error_set(&failure, ERROR_CONFLICT, "container %s cannot be called %s", work->step->name,
		  work->step->new_name);
	work_fail(work, err ? err : &failure);
}

static void on_rename(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	scoped_target struct target target =
		target_format("/containers/%s/json", work_container(work));

	if (err && (err->kind == ERROR_CONFLICT || err->kind == ERROR_INVALID))
		requests_send(work->run->requests, "GET", &target, NULL, on_name, work);
	else
		on_answer(data, answer, err);
}

static void begin_rename(struct work *work)
{
	scoped_target struct target target =
		target_format("/containers/%s/rename", work_container(work));

	target_add(&target, "name", work->step->new_name);
	requests_send(work->run->requests, "POST", &target, NULL, on_rename, work);
}

/* ---- starting ---- */

/* Does the service ask for any port of a range? */
static bool has_port_range(const struct work *work)
{
	const struct wanted *wanted = work->run->execution->wanted;
	const struct service *service =
		wanted && work->step->service
			? project_service(wanted->project, work->step->service)
			: NULL;

	node_each (port, service ? node_get(service->node, "ports") : NULL)
		if (strchr(node_get_text(port->value, "published", ""), '-'))
			return true;
	return false;
}

static void begin_start(struct work *work)
{
	struct run *run = work->run;

	if (!run->compose->features.is_wherry && has_port_range(work)) {
		if (run->range_in_use) {
			vector_add(&run->starts, work->index);
			return;
		}
		run->range_in_use = true;
	}
	post_to_container(work, "start");
}

/* dockerd's allocator races between starts that take from a range: they go one by one. */
void work_start_next(struct work *over)
{
	struct run *run = over->run;

	if (!run->range_in_use || over->step->kind != STEP_START || !has_port_range(over))
		return;
	run->range_in_use = false;
	if (!run->starts.count)
		return;
	struct work *next = &run->works[run->starts.items[0]];
	vector_remove(&run->starts, 0);
	begin_start(next);
}

/* ---- handing over ---- */

static const char *id_of_replaced(const struct work *work)
{
	const struct run *run = work->run;
	const struct plan *plan = run->execution->plan;

	for (size_t i = 0; work->step->replaces && i < plan->count; i++)
		if (run->works[i].made && str_equal(plan->items[i].name, work->step->replaces))
			return run->works[i].made;
	return work->step->replaces;
}

static void begin_take_over(struct work *work)
{
	scoped_target struct target target = target_format("/wherry/v1/takeover");
	scoped_json json_t *body =
		json_pack("{s:s, s:s*}", "New", work_container(work), "Old", id_of_replaced(work));

	post(work, &target, body);
}

/* Is it a container whose end is shown?  That of the old one of an update is not. */
static bool is_told_of(const struct work *work)
{
	const struct plan *plan = work->run->execution->plan;

	for (size_t i = work->index; i < plan->count; i++)
		if (plan->items[i].kind == STEP_REMOVE && !plan->items[i].detail &&
		    str_equal(plan->items[i].id, work->step->id))
			return true;
	return false;
}

static void say_of_drain(struct work *work, const char *word, bool over)
{
	scoped_free char *subject = str_format("Container %s", work->step->name);

	if (work->step->detail)
		progress_note(work->run->progress, subject, word, over);
}

static void drain_takes_long(void *data)
{
	struct work *work = data;

	work->timer = NULL;
	work->told = true;
	say_of_drain(work, "Draining", false);
}

static void on_drained(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;

	if (work->state != STEP_RUNS)
		return;
	if (work->timer)
		requests_cancel(work->run->requests, take(work->timer));
	if (work->told)
		say_of_drain(work, is_told_of(work) ? "Drained" : "Running", true);
	on_answer(data, answer, err);
}

static void begin_drain(struct work *work)
{
	scoped_target struct target target =
		target_format("/wherry/v1/containers/%s/drain", work_container(work));

	if (work->step->timeout_ms >= 0) {
		int64_t seconds = (work->step->timeout_ms + 999) / 1000;

		target_add_number(&target, "timeout",
				  seconds < DRAIN_SECONDS_MOST ? seconds : DRAIN_SECONDS_MOST);
	}
	work->timer = requests_timer(work->run->requests, PATIENCE_MS, drain_takes_long, work);
	requests_send(work->run->requests, "POST", &target, NULL, on_drained, work);
}

/* ---- waiting for a time ---- */

static void delay_is_over(void *data)
{
	struct work *work = data;

	work->timer = NULL;
	work_done(work);
}

static void begin_delay(struct work *work)
{
	work->timer = requests_timer(work->run->requests,
				     work->step->timeout_ms > 0 ? work->step->timeout_ms : 0,
				     delay_is_over, work);
}

/* ---- the table ---- */

work_begin *const step_begins[STEP_KINDS] = {
	[STEP_CREATE_NETWORK] = begin_create_network,
	[STEP_REMOVE_NETWORK] = begin_remove_network,
	[STEP_CONNECT] = begin_connect,
	[STEP_DISCONNECT] = begin_disconnect,
	[STEP_CREATE_VOLUME] = begin_create_volume,
	[STEP_REMOVE_VOLUME] = begin_remove_volume,
	[STEP_REMOVE_IMAGE] = begin_remove_image,
	[STEP_CREATE] = begin_create,
	[STEP_START] = begin_start,
	[STEP_STOP] = begin_stop,
	[STEP_KILL] = begin_kill,
	[STEP_RESTART] = begin_restart,
	[STEP_PAUSE] = begin_pause,
	[STEP_UNPAUSE] = begin_unpause,
	[STEP_REMOVE] = begin_remove,
	[STEP_RENAME] = begin_rename,
	[STEP_POST_START] = begin_post_start,
	[STEP_PRE_STOP] = begin_pre_stop,
	[STEP_WAIT] = begin_wait,
	[STEP_TAKE_OVER] = begin_take_over,
	[STEP_DRAIN] = begin_drain,
	[STEP_DELAY] = begin_delay,
	[STEP_MONITOR] = begin_monitor,
	/* Pulls and builds went before (images.h); joining and keeping is nothing to do. */
};
