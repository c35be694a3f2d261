/* A start, from the record to the running process.
 *
 * Steps that may have to wait (a bridge that is gone, a seccomp program that is not compiled yet)
 * come first and give the loop back; then everything is put together in one go: addresses, ports,
 * the run folder with the plan in it, the shim, its messages.  The plan is written before the shim
 * is born: a daemon that comes back reads from it what the run holds. */
#include "engine/engine_private.h"

#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "engine/connection.h"
#include "engine/link.h"
#include "engine/log_plan.h"
#include "engine/names.h"
#include "engine/run_network.h"
#include "engine/sandbox_plan.h"
#include "engine/seccomp.h"
#include "os/file.h"
#include "shim/shim.h"

#include <net/if.h>
#include <unistd.h>

#define EXIT_START_FAILED 128

#define FIELD(tag, kind, member) RECORD_FIELD(struct run_plan, tag, #member, kind, member)
static const struct record_field run_plan_fields[] = {
	FIELD(1, RECORD_STRING, sandbox_id),
	RECORD_NESTED(struct run_plan, 2, "endpoints", RECORD_LIST, endpoints, 0,
		      &endpoint_spec_type),
	RECORD_NESTED(struct run_plan, 3, "published", RECORD_LIST, published, 0,
		      &published_port_type),
	FIELD(4, RECORD_BOOL, names),
};
const struct record_type run_plan_type = RECORD_TYPE(struct run_plan, run_plan_fields);

/* What the pieces of one start hand to each other. */
struct start {
	struct container_run *run;
	struct container *c;
	struct network_mode mode;
	struct sandbox_facts facts;
	struct strings links; /* variables */
	struct ports ports;
	struct strings layers;
	char *layers_folder, *writable_folder, *etc_folder, *cgroup, *shm, *seccomp; /* owned */
	int run_folder;
};

static void start_fini(struct start *start)
{
	ports_fini(&start->ports);
	strings_fini(&start->layers);
	strings_fini(&start->links);
	free(start->layers_folder);
	free(start->writable_folder);
	free(start->etc_folder);
	free(start->cgroup);
	free(start->shm);
	free(start->seccomp);
	close_fd(&start->run_folder);
}

/* ---- other containers whose namespaces are joined ---- */

static struct container *find_donor(struct start *start, const char *mode, const char *what,
				    struct error *err)
{
	struct container *donor = engine_find(start->c->engine, container_mode_target(mode), err);

	if (!donor)
		return NULL;
	if (donor->state == CONTAINER_RESTARTING)
		error_set(err, ERROR_CONFLICT, "cannot join %s of a restarting container: %s", what,
			  donor->id);
	else if (!container_is_live(donor) || !donor->run)
		error_set(err, ERROR_CONFLICT, "cannot join %s of a non running container: %s",
			  what, donor->id);
	else
		return donor;
	return NULL;
}

static bool take_donor(struct start *start, const char *mode, const char *what, struct donor *out,
		       struct container **who, struct error *err)
{
	if (!container_mode_target(mode))
		return true;
	*who = find_donor(start, mode, what, err);
	if (!*who)
		return false;
	out->pid = (*who)->pid;
	out->start_time = (*who)->run->start_time;
	return true;
}

static bool take_ipc_donor(struct start *start, struct error *err)
{
	struct container *donor = NULL;

	if (!take_donor(start, start->c->host_config.ipc_mode, "IPC", &start->facts.ipc, &donor,
			err))
		return false;
	if (!donor)
		return true;
	if (!str_equal(donor->host_config.ipc_mode, "shareable") &&
	    !str_equal(donor->host_config.ipc_mode, "host"))
		return error_set(err, ERROR_CONFLICT,
				 "container %s: non-shareable IPC (hint: use IpcMode:shareable for "
				 "the donor container)",
				 donor->id);
	start->shm = str_format("/proc/%lld/root/dev/shm", (long long)donor->pid);
	start->facts.ipc.shm = start->shm;
	return true;
}

/* The owner of the network gives its name and its files, too. */
static bool take_network_donor(struct start *start, struct error *err)
{
	struct container *donor = NULL;

	start->facts.hostname = start->c->config.hostname;
	if (!take_donor(start, start->c->host_config.network_mode, "network", &start->facts.network,
			&donor, err))
		return false;
	if (donor) {
		scoped_free char *folder = container_run_folder(donor);

		start->facts.hostname = donor->config.hostname;
		start->etc_folder = str_format("%s/etc", folder);
	}
	return true;
}

static bool take_donors(struct start *start, struct error *err)
{
	struct container *unused = NULL;

	return take_network_donor(start, err) && take_ipc_donor(start, err) &&
	       take_donor(start, start->c->host_config.pid_mode, "PID", &start->facts.pid, &unused,
			  err);
}

/* ---- image ---- */

static bool take_image(struct start *start, struct error *err)
{
	struct container *c = start->c;
	struct image_store *images = c->engine->parts.images;

	if (!c->image) { /* it was missing when the daemon came up; it may be back */
		struct image *image = image_by_id(images, c->image_id);

		if (!image)
			return error_set(err, ERROR_NOT_FOUND, "No such image: %s", c->image_id);
		if (!image_lease(images, image, err))
			return false;
		c->image = image;
	}
	start->layers = image_rootfs(c->image);
	start->layers_folder = str_format("%s/layers", c->engine->settings.data_root);
	start->facts.layers = &start->layers;
	start->facts.layers_folder = start->layers_folder;
	start->facts.init_layer = c->engine->init_layer;
	return true;
}

/* ---- the run folder ---- */

/* What a run before this one has left goes first: its names must not be taken for ours. */
static bool make_run_folder(struct start *start, struct error *err)
{
	struct engine *engine = start->c->engine;

	if (!tree_remove(engine->runs, start->c->id, err) ||
	    !folder_make(engine->runs, start->c->id, 0710, err))
		return false;
	start->run_folder = folder_open(engine->runs, start->c->id, err);
	return start->run_folder >= 0;
}

static bool fill_run_folder(struct start *start, struct error *err)
{
	if (!make_run_folder(start, err) ||
	    !run_write_etc(start->run, &start->mode, start->run_folder, err) ||
	    !run_save_plan(start->run, err))
		return false;
	if (!start->etc_folder) {
		scoped_free char *folder = container_run_folder(start->c);

		start->etc_folder = str_format("%s/etc", folder);
	}
	start->facts.etc_folder = start->etc_folder;
	return true;
}

/* ---- the shim ---- */

static void take_settings(struct start *start)
{
	const struct engine_settings *settings = &start->c->engine->settings;

	links_add_environment(start->c, &start->links);
	start->facts.links = &start->links;
	start->facts.secrets = &start->c->secrets;
	start->writable_folder = container_folder(start->c);
	start->cgroup = container_cgroup(start->c);
	start->facts.writable_folder = start->writable_folder;
	start->facts.cgroup_path = start->cgroup;
	start->facts.init_path = settings->init_path;
	start->facts.init = settings->init;
	start->facts.no_new_privileges = settings->no_new_privileges;
	start->facts.ulimits = &settings->ulimits;
	start->facts.capabilities = container_capabilities(start->c);
	start->facts.seccomp = start->seccomp =
		seccomp_program(start->c, start->facts.capabilities);
	start->facts.network_mode = start->mode.namespace_mode;
}

static bool plan_start(struct start *start, struct shim_start *message, struct error *err)
{
	struct container *c = start->c;

	message->kind = SHIM_CONTAINER;
	message->run_folder = container_run_folder(c);
	message->loopback = start->mode.kind == NETWORK_MODE_NONE;
	message->stdin_once = c->config.stdin_once;
	message->names = names_for(start->run);
	record_list_copy(&endpoint_spec_type, &start->run->plan.endpoints, &message->endpoints);
	message->relays = start->ports.relays;
	start->ports.relays = (struct record_list){0};
	c->log_made = true;
	return log_plan(c, &message->log, err) &&
	       sandbox_plan(c, &start->facts, &message->sandbox, err);
}

static bool spawn(struct start *start, struct error *err)
{
	struct shim_start message = {0};
	struct shim_process process;
	struct container_run *run = start->run;
	bool ok = plan_start(start, &message, err) &&
		  shim_spawn(start->c->engine->shim, start->run_folder, &process, err);

	if (ok) {
		run->peer =
			shim_peer_new(start->c->engine->parts.loop, &process, &run_handlers, run);
		run->shim_pid = process.pid;
		run_send_ports(run, &start->ports);
		pending_move_to_shim(start->c);
		shim_peer_send(run->peer, SHIM_START, &shim_start_type, &message, NULL, 0);
	}
	record_fini(&shim_start_type, &message);
	return ok;
}

/* ---- publishing, beside the shim ---- */

static void on_published(void *data, const struct error *err)
{
	struct container_run *run = data;

	run->publishing = false;
	if (err && run->failure.kind == ERROR_NONE)
		run->failure = *err;
	run_check_started(run);
	run_check_ended(run);
}

static void publish(struct container_run *run)
{
	if (run->plan.published.count == 0)
		return;
	run->publishing = true;
	ports_publish(run->container->engine->parts.networks, &run->plan.published, on_published,
		      run);
}

/* ---- putting it together ---- */

static bool begin_plan(struct start *start, struct error *err)
{
	char id[ID_SIZE];

	id_new(id);
	str_replace(&start->run->plan.sandbox_id, id);
	return network_mode_parse(start->c->engine->parts.networks,
				  start->c->host_config.network_mode, &start->mode, err);
}

static bool check_links(struct start *start, struct error *err)
{
	return links_check_running(start->c, err);
}

static bool take_network(struct start *start, struct error *err)
{
	return run_take_network(start->run, &start->mode, &start->ports, err);
}

static void build(struct container_run *run)
{
	static bool (*const steps[])(struct start * start, struct error * err) = {
		begin_plan, check_links, take_image, take_donors, take_network, fill_run_folder,
	};
	struct start start = {.run = run, .c = run->container, .run_folder = -1};
	struct error err;
	bool ok = true;

	for (size_t i = 0; i < array_length(steps) && ok; i++)
		ok = steps[i](&start, &err);
	if (ok) {
		take_settings(&start);
		ok = spawn(&start, &err);
	}
	start_fini(&start);
	if (ok)
		publish(run);
	else
		container_start_failed(run, &err, EXIT_START_FAILED);
}

/* ---- what may have to wait ---- */

static bool bridge_is_missing(struct container *c)
{
	struct error unused;

	for (size_t i = 0; i < c->networks.count; i++) {
		struct network *network =
			networks_find(c->engine->parts.networks, c->networks.names[i], &unused);
		const char *bridge = network ? network_get_spec(network)->bridge : NULL;

		if (bridge && if_nametoindex(bridge) == 0)
			return true;
	}
	return false;
}

static void on_volumes(struct container_run *run, const struct error *err)
{
	if (err)
		container_start_failed(run, err, EXIT_START_FAILED);
	else
		build(run);
}

static void on_seccomp(void *data, const struct error *err)
{
	struct container_run *run = data;

	if (err)
		container_start_failed(run, err, EXIT_START_FAILED);
	else
		run_mount_volumes(run, on_volumes);
}

static void prepare_seccomp(struct container_run *run)
{
	seccomp_prepare(run->container, container_capabilities(run->container), on_seccomp, run);
}

static void on_repaired(void *data, const struct error *err)
{
	struct container_run *run = data;

	if (err)
		container_start_failed(run, err, EXIT_START_FAILED);
	else
		prepare_seccomp(run);
}

static void on_expected(void *data, const struct error *err)
{
	struct container_run *run = data;
	struct container *c = run->container;

	if (err)
		container_start_failed(run, err, EXIT_START_FAILED);
	else if (bridge_is_missing(c))
		networks_repair(c->engine->parts.networks, on_repaired, run);
	else
		prepare_seccomp(run);
}

void container_start(struct operation *op,
		     void (*resume)(struct operation *op, const struct error *err))
{
	struct container_run *run = op->container->run = run_new(op->container);

	op->resume = resume;
	run->starter = op;
	owner_expect(op->container, on_expected, run);
}

/* ---- the operation ---- */

struct start_operation {
	struct operation op;
	bool automatic;
	struct start_options options; /* its text is owned */
};

static const struct start_options *start_options_of(const struct operation *op)
{
	return &((const struct start_operation *)op)->options;
}

static void fini_start(struct operation *op)
{
	free((char *)(uintptr_t)start_options_of(op)->client_cgroup);
}

static void started(struct operation *op, const struct error *err)
{
	operation_finish(op, err);
}

bool container_may_start(const struct container *c, bool automatic, struct error *err)
{
	if (c->state == CONTAINER_PAUSED)
		return error_set(err, ERROR_CONFLICT,
				 "cannot start a paused container, try unpause instead");
	if (c->state == CONTAINER_REMOVING || c->state == CONTAINER_DEAD)
		return error_set(err, ERROR_CONFLICT,
				 "container is marked for removal and cannot be started");
	if (container_is_running(c) && !(automatic && c->state == CONTAINER_RESTARTING))
		return error_set(err, ERROR_UNCHANGED, "container %s is running", c->id);
	return true;
}

static void run_start_after_end(struct operation *op, const struct error *err)
{
	op->run(op);
}

static void run_start(struct operation *op)
{
	bool automatic = ((struct start_operation *)op)->automatic;
	struct container *c = op->container;
	struct error err;

	if (!operation_claim(op))
		return;
	if (automatic && c->state != CONTAINER_RESTARTING && c->stopped_by_hand) {
		operation_finish(op, NULL); /* a stop came first */
		return;
	}
	if (!container_may_start(c, automatic, &err)) {
		operation_finish(op, &err);
		return;
	}
	if (container_is_ending(c)) {
		operation_wait_exit(op, run_start_after_end);
		return;
	}
	if (!automatic) {
		c->restart_count = 0;
		c->restart_delay_ms = 0;
		container_choose_owner(c, start_options_of(op));
	}
	if (automatic && links_must_wait(c)) {
		operation_finish(op, NULL);
		return;
	}
	c->stopped_by_hand = false;
	container_start(op, started);
}

void engine_start(struct engine *engine, struct container *c, const struct start_options *options,
		  engine_done *done, void *data)
{
	struct start_operation *self = operation_new(sizeof(*self), engine, c, run_start);

	self->options = *options;
	self->options.client_cgroup = str_dup_or_null(options->client_cgroup);
	self->op.fini = fini_start;
	self->options.secrets = NULL;
	if (options->secrets) {
		strings_fini(&c->secrets);
		c->secrets = strings_copy(options->secrets);
	}
	operation_begin(self, done, data);
}

void container_restart_now(struct container *c)
{
	struct start_operation *op = operation_new(sizeof(*op), c->engine, c, run_start);

	op->automatic = true;
	operation_begin(op, NULL, NULL);
}
