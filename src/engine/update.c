/* Changing a container: its name, its limits, its terminal's size. */
#include "engine/container_name.h"
#include "engine/link.h"
#include "engine/names.h"
#include "engine/resources_check.h"
#include "engine/restart_policy.h"
#include "engine/sandbox_plan.h"
#include "engine/unhealthy.h"
#include "engine/work.h"

#include "base/memory.h"
#include "os/process.h"
#include "sandbox/limits.h"

/* ---- rename ---- */

struct rename_operation {
	struct operation op;
	char *name; /* the new one; afterwards the old one */
};

static void fini_rename(struct operation *op)
{
	free(((struct rename_operation *)op)->name);
}

static void swap_names(struct operation *op)
{
	struct container *c = op->container;
	struct rename_operation *self = (struct rename_operation *)op;
	char *old = c->name;

	map_remove(&op->engine->by_name, c->name);
	c->name = self->name;
	self->name = old;
	map_put(&op->engine->by_name, c->name, c);
	container_name_endpoints(c);
	links_rename(op->engine);
}

static void on_renamed(void *data, const struct error *err)
{
	struct operation *op = data;
	scoped_free char *old = NULL;
	scoped_pairs struct pairs more = {0};

	if (err) {
		swap_names(op);
		operation_finish(op, err);
		return;
	}
	old = str_format("/%s", ((struct rename_operation *)op)->name);
	pairs_set(&more, "oldName", old);
	names_change(op->container, NULL);
	engine_publish_container(op->engine, op->container, "rename", &more);
	operation_finish(op, NULL);
}

static bool check_rename(const struct operation *op, const char *name, struct error *err)
{
	if (!*name)
		return error_set(err, ERROR_INVALID, "Neither old nor new names may be empty");
	if (str_equal(container_name_bare(name), op->container->name))
		return error_set(err, ERROR_INVALID,
				 "Renaming a container with the same name as its current name");
	if (container_name_check(name, err) &&
	    engine_name_is_free(op->engine, container_name_bare(name), err))
		return true;
	return error_prefix(err, "Error when allocating new name");
}

static void run_rename(struct operation *op)
{
	struct rename_operation *self = (struct rename_operation *)op;
	struct error err;

	if (!operation_claim(op))
		return;
	if (!check_rename(op, self->name, &err)) {
		operation_finish(op, &err);
		return;
	}
	if (*self->name == '/')
		memmove(self->name, self->name + 1, strlen(self->name));
	swap_names(op);
	container_save(op->container, STORE_SURVIVES_POWER_CUT, on_renamed, op);
}

void engine_rename(struct engine *engine, struct container *c, const char *name, engine_done *done,
		   void *data)
{
	struct rename_operation *self = operation_new(sizeof(*self), engine, c, run_rename);

	self->op.fini = fini_rename;
	self->name = str_dup(name ? name : "");
	operation_begin(self, done, data);
}

/* ---- update ---- */

struct update_operation {
	struct operation op;
	struct update_body body;
	struct host_config changed; /* a copy with the changes; afterwards what it was */
};

static void fini_update(struct operation *op)
{
	struct update_operation *self = (struct update_operation *)op;

	record_fini(&update_body_type, &self->body);
	record_fini(&host_config_type, &self->changed);
}

static void take_number(int64_t *to, int64_t from)
{
	if (from != 0)
		*to = from;
}

static void take_text(char **to, const char *from)
{
	if (!str_is_empty(from))
		str_replace(to, from);
}

/* Nano CPUs and period with quota are two ways to say one thing: the newer one counts. */
static void take_cpu_time(struct resources *to, const struct resources *from)
{
	if (from->nano_cpus)
		to->cpu_period = to->cpu_quota = 0;
	if (from->cpu_period || from->cpu_quota)
		to->nano_cpus = 0;
	take_number(&to->nano_cpus, from->nano_cpus);
	take_number(&to->cpu_period, from->cpu_period);
	take_number(&to->cpu_quota, from->cpu_quota);
}

static void take_list(const struct record_type *type, struct record_list *to,
		      const struct record_list *from)
{
	if (from->count == 0)
		return;
	record_list_fini(type, to);
	record_list_copy(type, from, to);
}

static void take_devices(struct resources *to, const struct resources *from)
{
	take_list(&weight_device_type, &to->blkio_weight_device, &from->blkio_weight_device);
	take_list(&throttle_device_type, &to->blkio_read_bps, &from->blkio_read_bps);
	take_list(&throttle_device_type, &to->blkio_write_bps, &from->blkio_write_bps);
	take_list(&throttle_device_type, &to->blkio_read_iops, &from->blkio_read_iops);
	take_list(&throttle_device_type, &to->blkio_write_iops, &from->blkio_write_iops);
}

static void take_resources(struct resources *to, const struct resources *from)
{
	take_cpu_time(to, from);
	take_devices(to, from);
	take_number(&to->cpu_shares, from->cpu_shares);
	take_number(&to->memory, from->memory);
	take_number(&to->memory_swap, from->memory_swap);
	take_number(&to->memory_reservation, from->memory_reservation);
	take_number(&to->blkio_weight, from->blkio_weight);
	take_number(&to->kernel_memory, from->kernel_memory);
	take_text(&to->cpuset_cpus, from->cpuset_cpus);
	take_text(&to->cpuset_mems, from->cpuset_mems);
	if (from->memory_swappiness.given)
		to->memory_swappiness = from->memory_swappiness;
	if (from->oom_kill_disable)
		to->oom_kill_disable = from->oom_kill_disable;
	if (from->pids_limit.given)
		to->pids_limit = from->pids_limit;
	if (to->pids_limit.given && to->pids_limit.value <= 0)
		to->pids_limit = (struct optional_i64){0};
}

static bool check_memory(const struct resources *now, const struct resources *wanted,
			 struct error *err)
{
	if (wanted->memory <= 0 || wanted->memory_swap != 0 || now->memory_swap <= 0 ||
	    wanted->memory <= now->memory_swap)
		return true;
	return error_set(err, ERROR_INVALID,
			 "Memory limit should be smaller than already set memoryswap limit, update "
			 "the memoryswap at the same time");
}

static bool check_policy(const struct container *c, const struct restart_policy *policy,
			 struct error *err)
{
	if (c->host_config.auto_remove && restart_policy_is_set(policy))
		return error_set(
			err, ERROR_INVALID,
			"Restart policy cannot be updated because AutoRemove is enabled for "
			"the container");
	return restart_policy_check(policy, err);
}

static bool plan_update(struct update_operation *self, struct error *err)
{
	const struct container *c = self->op.container;
	const struct restart_policy *policy = &self->body.restart_policy;

	if (!check_memory(&c->host_config.resources, &self->body.resources, err) ||
	    !check_policy(c, policy, err) || !unhealthy_check(self->body.on_unhealthy, err) ||
	    !resources_check(&self->body.resources, host_limits(), true, &self->op.warnings, err))
		return error_prefix(err, "Cannot update container %s", c->id);
	record_copy(&host_config_type, &c->host_config, &self->changed);
	take_resources(&self->changed.resources, &self->body.resources);
	if (!str_is_empty(policy->name)) {
		str_replace(&self->changed.restart_policy.name, policy->name);
		self->changed.restart_policy.maximum_retry_count = policy->maximum_retry_count;
	}
	take_text(&self->changed.on_unhealthy, self->body.on_unhealthy);
	return true;
}

static void swap_configs(struct update_operation *self)
{
	struct host_config old = self->op.container->host_config;

	self->op.container->host_config = self->changed;
	self->changed = old;
}

static void on_updated(void *data, const struct error *err)
{
	struct operation *op = data;

	if (err)
		swap_configs(data);
	else
		engine_publish_container(op->engine, op->container, "update", NULL);
	operation_finish(op, err);
}

static void record_update(struct operation *op)
{
	swap_configs((struct update_operation *)op);
	container_save(op->container, STORE_SURVIVES_POWER_CUT, on_updated, op);
}

/* Lowering a memory limit makes the kernel reclaim: another thread waits for that. */
struct limit_work {
	struct work work;
	struct operation *op;
	char *cgroup;
	int64_t pid, start_time; /* of the first process */
	struct resources_spec resources;
	struct strings warnings;
	bool ok;
	struct error err;
};

static bool set(struct limit_work *w)
{
	struct cgroup cgroup;
	bool ok;

	if (!cgroup_open(w->cgroup, &cgroup, &w->err))
		return false;
	ok = cgroup_limit(&cgroup, &w->resources, &w->warnings, &w->err);
	cgroup_fini(&cgroup);
	return ok;
}

/* For who has ended meanwhile they count from the next start on. */
static void set_limits(struct work *work)
{
	struct limit_work *w = container_of(work, struct limit_work, work);

	w->ok = set(w) || process_has_ended((pid_t)w->pid, w->start_time);
}

static void limits_set(struct work *work, bool closing)
{
	struct limit_work *w = container_of(work, struct limit_work, work);
	struct operation *op = w->op;

	if (!closing && w->ok) {
		for (size_t i = 0; i < w->warnings.count; i++)
			strings_add(&op->warnings, w->warnings.items[i]);
		record_update(op);
	} else if (!closing) {
		error_prefix(&w->err, "Cannot update container %s", op->container->id);
		operation_finish(op, &w->err);
	}
	record_fini(&resources_spec_type, &w->resources);
	strings_fini(&w->warnings);
	free(w->cgroup);
	free(w);
}

static void begin_limits(struct update_operation *self)
{
	struct limit_work *w = mem_new(struct limit_work);

	w->op = &self->op;
	w->cgroup = container_cgroup(self->op.container);
	w->pid = self->op.container->pid;
	w->start_time = self->op.container->run ? self->op.container->run->start_time : 0;
	resources_plan(&self->changed.resources, &w->resources);
	if (self->body.resources.pids_limit.given && !self->changed.resources.pids_limit.given)
		w->resources.pids_limit = -1; /* there may be one to take away */
	work_begin(&w->work, self->op.engine, set_limits, limits_set);
}

static void run_update(struct operation *op)
{
	struct update_operation *self = (struct update_operation *)op;
	struct error err;

	if (!operation_claim(op))
		return;
	if (!plan_update(self, &err))
		operation_finish(op, &err);
	else if (container_is_live(op->container))
		begin_limits(self);
	else
		record_update(op);
}

void engine_update(struct engine *engine, struct container *c, const struct update_body *body,
		   engine_done *done, void *data)
{
	struct update_operation *self = operation_new(sizeof(*self), engine, c, run_update);

	self->op.fini = fini_update;
	record_copy(&update_body_type, body, &self->body);
	operation_begin(self, done, data);
}

/* ---- resize ---- */

struct resize_operation {
	struct operation op;
	struct shim_size size;
};

static void on_resized(void *data, const struct error *err)
{
	struct operation *op = data;
	struct resize_operation *self = data;
	scoped_free char *rows = str_format("%d", self->size.rows);
	scoped_free char *columns = str_format("%d", self->size.columns);
	scoped_pairs struct pairs more = {0};

	pairs_set(&more, "height", rows);
	pairs_set(&more, "width", columns);
	if (!err)
		engine_publish_container(op->engine, op->container, "resize", &more);
	operation_finish(op, err);
}

static void run_resize(struct operation *op)
{
	struct container *c = op->container;
	struct error err;

	if (!operation_wait_turn(op))
		return;
	if (container_is_live(c) && c->run && c->run->peer) {
		shim_peer_ask(c->run->peer, SHIM_RESIZE, &shim_size_type,
			      &((struct resize_operation *)op)->size, on_resized, op);
		return;
	}
	error_set(&err, ERROR_CONFLICT, "container %s is not running", c->id);
	operation_finish(op, &err);
}

void engine_resize(struct engine *engine, struct container *c, int rows, int columns,
		   engine_done *done, void *data)
{
	struct resize_operation *self = operation_new(sizeof(*self), engine, c, run_resize);

	self->size = (struct shim_size){rows, columns};
	operation_begin(self, done, data);
}
