/* A container made: its body, what it takes over of the old one, its further networks, its files. */
#include "cmd/compose/execution.h"

#include "cmd/compose/files.h"
#include "format/json.h"

enum { TRIES = 40, RIVAL_TRIES = 20, TRY_AGAIN_MS = 50 };

/* What its requests are about, until the last is answered. */
struct creation {
	json_t *replaced, *connections; /* owned */
	struct buffer tar;
	const char *next;      /* network to connect to; borrowed from connections */
	struct error conflict; /* the name is taken */
	unsigned tries, rival_tries;
	bool adopted; /* another call made it: what that did already is no failure */
};

static void creation_free(struct creation *creation)
{
	json_decref(creation->replaced);
	json_decref(creation->connections);
	buffer_fini(&creation->tar);
	free(creation);
}

static void end(struct work *work, const struct error *err)
{
	struct error failure = err ? *err : (struct error){0}; /* it may be the creation's own */

	creation_free(take(work->state_of_kind));
	if (err)
		work_fail(work, &failure);
	else
		work_done(work);
}

/* ---- the body ---- */

static const struct service *service_of(const struct work *work)
{
	const struct wanted *wanted = work->run->execution->wanted;

	return wanted && work->step->service ? project_service(wanted->project, work->step->service)
					     : NULL;
}

bool work_has_service(const struct work *work)
{
	return service_of(work) != NULL;
}

static bool goes(const struct run *run, const char *id)
{
	const struct plan *plan = run->execution->plan;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].kind == STEP_REMOVE && plan->items[i].when == STEP_WHEN_DONE &&
		    str_equal(plan->items[i].id, id))
			return true;
	return false;
}

/* The container that others share a namespace or volumes with: one made now, else the first that stays. */
static const char *id_of(void *data, const char *service)
{
	const struct run *run = data;
	const struct plan *plan = run->execution->plan;
	const struct seen *seen = run->execution->seen;
	const struct seen_container *found = NULL;

	for (size_t i = 0; i < plan->count; i++)
		if (run->works[i].made && str_equal(plan->items[i].service, service))
			return run->works[i].made;
	for (size_t i = 0; seen && i < seen->containers.count; i++) {
		const struct seen_container *c = &seen->containers.items[i];

		if (!c->one_off && str_equal(c->service, service) && !goes(run, c->id) &&
		    (!found || c->number < found->number))
			found = c;
	}
	return found ? found->id : run->only_checks ? service : NULL;
}

/* What a container that is made now is called in the end. */
static const char *final_name(const struct plan *plan, size_t create)
{
	for (size_t i = create + 1; i < plan->count; i++)
		if (plan->items[i].kind == STEP_RENAME && plan->items[i].made_by == create + 1)
			return plan->items[i].new_name;
	return plan->items[create].name;
}

/* Whom a link to the service leads to: those that are made, even if they are not yet (they are
 * asked for at the start, which comes after theirs), and those that stay. */
static void names_of(void *data, const char *service, struct strings *names)
{
	const struct run *run = data;
	const struct plan *plan = run->execution->plan;
	const struct seen *seen = run->execution->seen;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].kind == STEP_CREATE && plan->items[i].when == STEP_WHEN_DONE &&
		    str_equal(plan->items[i].service, service))
			strings_add(names, final_name(plan, i));
	for (size_t i = 0; seen && i < seen->containers.count; i++) {
		const struct seen_container *c = &seen->containers.items[i];

		if (!c->one_off && str_equal(c->service, service) && !goes(run, c->id))
			strings_add(names, c->name);
	}
}

static const char *image_id(const struct run *run, const char *image)
{
	const struct seen *seen = run->execution->seen;

	for (size_t i = 0; seen && i < seen->images.count; i++)
		if (str_equal(seen->images.items[i].name, image))
			return seen->images.items[i].id;
	return NULL;
}

static const struct seen_container *find_seen(const struct run *run, const char *id)
{
	const struct seen *seen = run->execution->seen;

	for (size_t i = 0; seen && i < seen->containers.count; i++)
		if (str_equal(seen->containers.items[i].id, id))
			return &seen->containers.items[i];
	return NULL;
}

/* Those that are new: other containers of the service have the same. */
static void show_warnings(const struct compose *compose, size_t known)
{
	for (size_t i = known; i < compose->warned.count; i++)
		compose_warn(compose, "%s", compose->warned.items[i]);
}

bool make_body(struct work *work, const json_t *replaced, json_t **body, json_t **connections,
	       struct target *target, struct buffer *tar, struct error *err)
{
	struct run *run = work->run;
	const struct step *step = work->step;
	const struct service *service = service_of(work);
	size_t known = run->compose->warned.count;

	if (!service)
		return error_set(err, ERROR_NOT_FOUND, "no such service: %s",
				 step->service ? step->service : step->name);
	struct seen_container stub = {.id = step->replaces};
	const struct seen_container *old = step->replaces ? find_seen(run, step->replaces) : NULL;
	struct body_request request = {
		.project = run->execution->wanted->project,
		.service = service,
		.number = step->number,
		.name = step->name,
		.final_name = final_name(run->execution->plan,
					 (size_t)(step - run->execution->plan->items)),
		.hash = pairs_get(&run->execution->wanted->hashes, service->name),
		.image_id = image_id(run, service->image),
		.image = json_object_get(run->compose->images, service->image),
		.replaces = old		     ? old
			    : step->replaces ? &stub
					     : NULL,
		.replaced = replaced,
		.features = &run->compose->features,
		.api_version = run->compose->cli->api_version,
		.held = step->held,
		.use_aliases = true,
		.publish = true,
		.id_of = id_of,
		.names_of = names_of,
		.data = run,
		.files = &host_files,
		.warnings = work->step->kind == STEP_CREATE ? &run->compose->warned : NULL,
	};
	*body = body_of_container(&request, err);
	if (!*body || !(*connections = body_of_connections(&request, err)) ||
	    !body_files_tar(&request, tar, err))
		return false;
	*target = body_target(&request);
	show_warnings(run->compose, known);
	return true;
}

/* ---- what cannot be made ---- */

static bool check_body(struct work *work)
{
	scoped_json json_t *body = NULL, *connections = NULL;
	scoped_target struct target target = {0};
	scoped_buffer struct buffer tar = {0};
	struct error err;

	if (make_body(work, NULL, &body, &connections, &target, &tar, &err))
		return true;
	compose_fail(work->run->compose, &err);
	return false;
}

bool execute_check(struct execution *execution)
{
	const struct plan *plan = execution->plan;
	struct run run = {
		.execution = execution, .compose = execution->compose, .only_checks = true};
	scoped_strings struct strings checked = {0};
	bool good = true;

	run.works = mem_zeroed(plan->count, sizeof(*run.works));
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->items[i];
		struct work work = {.run = &run, .step = step, .index = i};

		if (step->kind != STEP_CREATE || !step->service || step->when != STEP_WHEN_DONE ||
		    strings_contain(&checked, step->service))
			continue;
		strings_add(&checked, step->service);
		good &= check_body(&work);
	}
	free(run.works);
	return good;
}

/* ---- its requests, one after the other ---- */

static void connect_next(struct work *work);

static void on_files(void *data, const json_t *answer, const struct error *err)
{
	end(data, err);
}

static void put_files(struct work *work)
{
	struct creation *creation = work->state_of_kind;
	scoped_target struct target target = target_format("/containers/%s/archive", work->made);

	if (!creation->tar.size) {
		end(work, NULL);
		return;
	}
	target_add(&target, "path", "/");
	requests_send_bytes(work->run->requests, "PUT", &target, "application/x-tar",
			    &creation->tar, on_files, work);
}

static void on_connected(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct creation *creation = work->state_of_kind;

	if (err && !creation->adopted) {
		end(work, err);
		return;
	}
	json_object_del(creation->connections, creation->next);
	connect_next(work);
}

static void connect_next(struct work *work)
{
	struct creation *creation = work->state_of_kind;
	void *entry = json_object_iter(creation->connections);

	if (!entry) {
		put_files(work);
		return;
	}
	creation->next = json_object_iter_key(entry);
	scoped_target struct target target = target_format("/networks/%s/connect", creation->next);
	scoped_json json_t *body = json_pack("{s:s, s:O}", "Container", work->made,
					     "EndpointConfig", json_object_iter_value(entry));
	requests_send(work->run->requests, "POST", &target, body, on_connected, work);
}

/* Is it the container that was to be made?  Then a client before us asked for it, and did not live to hear of it. */
static bool is_wanted(const struct work *work, const json_t *document)
{
	const json_t *labels = json_object_get(json_object_get(document, "Config"), "Labels");
	const char *service = doc_text(labels, "com.docker.compose.service");
	const char *hash = pairs_get(&work->run->execution->wanted->hashes, work->step->service);
	unsigned long number =
		strtoul(doc_text(labels, "com.docker.compose.container-number"), NULL, 10);

	return str_equal(doc_text(labels, "com.docker.compose.project"),
			 work->run->compose->project_name) &&
	       str_equal(service, work->step->service) && number == work->step->number &&
	       str_equal(doc_text(labels, "wherry.compose.hash"), hash);
}

/* Another plan of this project began it, and has not started it. */
static bool is_begun(const struct work *work, const json_t *document)
{
	const json_t *labels = json_object_get(json_object_get(document, "Config"), "Labels");

	return str_equal(doc_text(labels, "com.docker.compose.project"),
			 work->run->compose->project_name) &&
	       str_equal(doc_text(labels, "com.docker.compose.service"), work->step->service) &&
	       str_equal(doc_text(json_object_get(document, "State"), "Status"), "created");
}

static void create(struct work *work);
static void look_at_rival(void *data);

static void try_again(void *data)
{
	struct work *work = data;
	struct creation *creation = work->state_of_kind;

	json_decref(take(creation->connections));
	buffer_clear(&creation->tar);
	create(work);
}

static void on_rival_removed(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct creation *creation = work->state_of_kind;

	(void)answer;
	if (err && err->kind != ERROR_NOT_FOUND)
		end(work, &creation->conflict);
	else
		try_again(work);
}

/* Whoever began it goes on within a moment, and then this plan is the one that is out of date; or is dead, and what
 * was begun for another model is in the way.  Not forced: what runs by now stays. */
static void outwait_rival(struct work *work, const json_t *rival)
{
	struct creation *creation = work->state_of_kind;

	if (creation->rival_tries++ < RIVAL_TRIES) {
		requests_timer(work->run->requests, TRY_AGAIN_MS, look_at_rival, work);
		return;
	}
	creation->rival_tries = 0;
	scoped_target struct target target = target_format("/containers/%s", doc_text(rival, "Id"));
	requests_send(work->run->requests, "DELETE", &target, NULL, on_rival_removed, work);
}

/* A name that is taken by what is not there yet is that of a container in the making. */
static void on_rival(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct creation *creation = work->state_of_kind;
	bool in_the_making = err && err->kind == ERROR_NOT_FOUND && !creation->rival_tries;

	if (in_the_making && creation->tries++ < TRIES) {
		requests_timer(work->run->requests, TRY_AGAIN_MS, try_again, work);
	} else if (err) {
		end(work, &creation->conflict);
	} else if (is_wanted(work, answer)) {
		creation->adopted = true;
		work->made = str_dup(doc_text(answer, "Id"));
		connect_next(work);
	} else if (is_begun(work, answer)) {
		outwait_rival(work, answer);
	} else {
		end(work, &creation->conflict);
	}
}

static void look_at_rival(void *data)
{
	struct work *work = data;
	scoped_target struct target target = target_format("/containers/%s/json", work->step->name);

	requests_send(work->run->requests, "GET", &target, NULL, on_rival, work);
}

static void on_created(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct error failure;
	size_t i;
	json_t *warning;

	if (!err && !*doc_text(answer, "Id")) {
		error_set(&failure, ERROR_SYSTEM, "the daemon made a container without an id");
		err = &failure;
	}
	if (err && err->kind == ERROR_CONFLICT) {
		((struct creation *)work->state_of_kind)->conflict = *err;
		look_at_rival(work);
		return;
	}
	if (err) {
		end(work, err);
		return;
	}
	work->made = str_dup(doc_text(answer, "Id"));
	json_array_foreach (json_object_get(answer, "Warnings"), i, warning)
		compose_warn(work->run->compose, "%s", json_string_value(warning));
	connect_next(work);
}

static void create(struct work *work)
{
	struct creation *creation = work->state_of_kind;
	scoped_target struct target target = {0};
	scoped_json json_t *body = NULL;
	struct error err;

	if (make_body(work, creation->replaced, &body, &creation->connections, &target,
		      &creation->tar, &err))
		requests_send(work->run->requests, "POST", &target, body, on_created, work);
	else
		end(work, &err);
}

static void on_replaced(void *data, const json_t *answer, const struct error *err)
{
	struct work *work = data;
	struct creation *creation = work->state_of_kind;

	if (err && err->kind != ERROR_NOT_FOUND) {
		end(work, err);
		return;
	}
	creation->replaced = json_incref((json_t *)answer);
	create(work);
}

void begin_create(struct work *work)
{
	const struct step *step = work->step;

	work->state_of_kind = mem_new(struct creation);
	if (!step->replaces || step->renew_volumes) {
		create(work);
		return;
	}
	scoped_target struct target target = target_format("/containers/%s/json", step->replaces);
	requests_send(work->run->requests, "GET", &target, NULL, on_replaced, work);
}
