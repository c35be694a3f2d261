#include "engine/sandbox_plan.h"

#include "base/memory.h"
#include "engine/container_merge.h"
#include "engine/security_option.h"
#include "engine/tmpfs_options.h"
#include "format/console_size.h"

static void set_text(char **field, const char *text)
{
	*field = str_dup_or_null(text);
}

/* ---- limits ---- */

static void plan_rates(const struct record_list *from, struct record_list *to)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct throttle_device *device = RECORD_AT(*from, struct throttle_device, i);
		struct blkio_limit *limit = record_list_add(&blkio_limit_type, to);

		set_text(&limit->path, device->path);
		limit->rate = device->rate;
	}
}

static void plan_weights(const struct record_list *from, struct record_list *to)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct weight_device *device = RECORD_AT(*from, struct weight_device, i);
		struct blkio_limit *limit = record_list_add(&blkio_limit_type, to);

		set_text(&limit->path, device->path);
		limit->rate = device->weight;
	}
}

void resources_plan(const struct resources *r, struct resources_spec *out)
{
	*out = (struct resources_spec){
		.memory = r->memory,
		.memory_reservation = r->memory_reservation,
		.memory_swap = r->memory_swap,
		.memory_swappiness = r->memory_swappiness,
		.cpu_shares = r->cpu_shares,
		.cpu_period = r->cpu_period,
		.cpu_quota = r->cpu_quota,
		.nano_cpus = r->nano_cpus,
		.cpuset_cpus = str_dup_or_null(r->cpuset_cpus),
		.cpuset_mems = str_dup_or_null(r->cpuset_mems),
		.pids_limit = r->pids_limit.given ? r->pids_limit.value : 0,
		.blkio_weight = r->blkio_weight,
		.oom_kill_disable = r->oom_kill_disable > 0,
		.device_cgroup_rules = strings_copy(&r->device_cgroup_rules),
	};
	plan_weights(&r->blkio_weight_device, &out->blkio_weight_device);
	plan_rates(&r->blkio_read_bps, &out->blkio_read_bps);
	plan_rates(&r->blkio_write_bps, &out->blkio_write_bps);
	plan_rates(&r->blkio_read_iops, &out->blkio_read_iops);
	plan_rates(&r->blkio_write_iops, &out->blkio_write_iops);
}

static void add_rlimit(struct record_list *out, const struct ulimit *limit)
{
	struct rlimit_spec *spec = NULL;

	for (size_t i = 0; i < out->count && !spec; i++)
		if (str_equal(RECORD_AT(*out, struct rlimit_spec, i)->name, limit->name))
			spec = RECORD_AT(*out, struct rlimit_spec, i);
	if (!spec) {
		spec = record_list_add(&rlimit_spec_type, out);
		set_text(&spec->name, limit->name);
	}
	spec->soft = limit->soft;
	spec->hard = limit->hard;
}

/* The container's own over the daemon's. */
static void plan_rlimits(const struct container *c, const struct sandbox_facts *facts,
			 struct record_list *out)
{
	const struct record_list *lists[] = {facts->ulimits, &c->host_config.resources.ulimits};

	for (size_t l = 0; l < array_length(lists); l++)
		for (size_t i = 0; lists[l] && i < lists[l]->count; i++)
			add_rlimit(out, RECORD_AT(*lists[l], struct ulimit, i));
}

/* ---- the process ---- */

/* It was checked when it came; one that an older version took is none. */
static void plan_console(const char *size, struct process_spec *out)
{
	struct error ignored;

	console_size_parse(size, &out->rows, &out->columns, &ignored);
}

static bool plan_security(const struct container *c, const struct sandbox_facts *facts,
			  struct process_spec *out, struct error *err)
{
	struct security_options options;

	if (!security_options_parse(&c->host_config.security_opt, &options, err))
		return false;
	out->no_new_privileges = options.no_new_privileges || facts->no_new_privileges;
	out->capabilities = (int64_t)facts->capabilities;
	set_text(&out->seccomp, facts->seccomp);
	return true;
}

static bool plan_process(const struct container *c, const struct sandbox_facts *facts,
			 struct process_spec *out, struct error *err)
{
	struct environment_request environment = {.hostname = facts->hostname,
						  .terminal = c->config.tty,
						  .links = facts->links,
						  .env = &c->config.env,
						  .more = facts->secrets};

	strings_add(&out->args, c->path);
	for (size_t i = 0; i < c->args.count; i++)
		strings_add(&out->args, c->args.items[i]);
	out->env = container_environment(&environment);
	set_text(&out->cwd, str_is_empty(c->config.working_dir) ? "/" : c->config.working_dir);
	set_text(&out->user, c->config.user ? c->config.user : "");
	out->group_add = strings_copy(&c->host_config.group_add);
	out->terminal = c->config.tty;
	out->open_stdin = c->config.open_stdin;
	out->oom_score_adj = (int32_t)c->host_config.oom_score_adj;
	plan_console(c->host_config.console_size, out);
	plan_rlimits(c, facts, &out->rlimits);
	return plan_security(c, facts, out, err);
}

bool exec_plan(const struct container *c, const struct exec_config *config,
	       const struct sandbox_facts *facts, struct process_spec *out, struct error *err)
{
	struct environment_request environment = {.hostname = facts->hostname,
						  .terminal = config->tty,
						  .links = facts->links,
						  .env = &c->config.env,
						  .more = &config->env};
	const char *folder =
		str_is_empty(config->working_dir) ? c->config.working_dir : config->working_dir;

	out->args = strings_copy(&config->cmd);
	out->env = container_environment(&environment);
	set_text(&out->cwd, str_is_empty(folder) ? "/" : folder);
	set_text(&out->user, str_is_empty(config->user) ? c->config.user : config->user);
	if (!out->user)
		set_text(&out->user, "");
	out->group_add = strings_copy(&c->host_config.group_add);
	out->terminal = config->tty;
	out->open_stdin = config->attach_stdin;
	out->oom_score_adj = (int32_t)c->host_config.oom_score_adj;
	plan_console(config->console_size, out);
	plan_rlimits(c, facts, &out->rlimits);
	return plan_security(c, facts, out, err);
}

/* ---- mounts and devices ---- */

static bool plan_tmpfs(const struct mount_point *mount, struct mount_spec *out, struct error *err)
{
	struct tmpfs_flags flags;

	if (!tmpfs_options_parse(mount->options, &out->options, &flags, err))
		return false;
	out->read_only = flags.read_only || !mount->rw;
	out->nosuid = flags.nosuid;
	out->nodev = flags.nodev;
	out->noexec = flags.noexec;
	return true;
}

/* A volume is bound, too: what it is made of was mounted below its folder before. */
static void plan_bind(const struct container *c, const struct mount_point *mount,
		      struct mount_spec *out)
{
	bool volume = str_equal(mount->type, "volume");

	set_text(&out->subpath, mount->subpath);
	set_text(&out->source, mount->source);
	set_text(&out->propagation, mount->propagation);
	out->read_only = !mount->rw;
	out->recursive = volume || mount->recursive;
	out->read_only_recursive = volume ? !mount->rw : mount->read_only_recursive;
	out->make_source = mount->make_source;
	out->copy_up = mount->copy_up && c->started_ns == 0; /* who empties it later means it */
}

static void plan_layers(const struct mount_point *mount, struct mount_spec *out)
{
	set_text(&out->source, mount->source);
	set_text(&out->subpath, mount->subpath);
	set_text(&out->layers_folder, mount->layers_folder);
	out->layers = strings_copy(&mount->layers);
	out->read_only = !mount->rw;
}

bool sandbox_plan_mounts(const struct container *c, struct record_list *out, struct error *err)
{
	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);
		struct mount_spec *spec = record_list_add(&mount_spec_type, out);
		bool tmpfs = str_equal(mount->type, "tmpfs");
		bool layers = str_equal(mount->type, "layers");

		set_text(&spec->type, tmpfs || layers ? mount->type : "bind");
		set_text(&spec->target, mount->destination);
		if (layers)
			plan_layers(mount, spec);
		else if (!tmpfs)
			plan_bind(c, mount, spec);
		else if (!plan_tmpfs(mount, spec, err))
			return false;
	}
	return true;
}

void sandbox_plan_files(const struct container *c, const char *folder, struct sandbox_spec *out)
{
	const struct record_list *files = c->extension ? &c->extension->files : NULL;

	for (size_t i = 0; files && i < files->count; i++) {
		const struct container_file *file = RECORD_AT(*files, struct container_file, i);
		struct file_spec *spec = record_list_add(&file_spec_type, &out->files);

		set_text(&spec->target, file->target);
		spec->uid = file->uid;
		spec->gid = file->gid;
		spec->mode = file->mode.value;
	}
	if (out->files.count)
		out->files_folder = str_format("%s/" CONTAINER_FILES, folder);
}

static void plan_devices(const struct record_list *from, struct record_list *out)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct device_mapping *device = RECORD_AT(*from, struct device_mapping, i);
		struct device_spec *spec = record_list_add(&device_spec_type, out);
		const char *inside = str_is_empty(device->path_in_container)
					     ? device->path_on_host
					     : device->path_in_container;
		const char *access = str_is_empty(device->cgroup_permissions)
					     ? "rwm"
					     : device->cgroup_permissions;

		set_text(&spec->path_on_host, device->path_on_host);
		set_text(&spec->path_in_container, inside);
		set_text(&spec->access, access);
	}
}

/* ---- namespaces ---- */

static struct namespace_spec namespace_of(const char *mode, const struct donor *donor)
{
	if (donor && donor->pid)
		return (struct namespace_spec){NAMESPACE_JOIN, donor->pid, donor->start_time};
	return (struct namespace_spec){.mode = str_equal(mode, "host") ? NAMESPACE_HOST
								       : NAMESPACE_NEW};
}

static void plan_namespaces(const struct container *c, const struct sandbox_facts *facts,
			    struct sandbox_spec *out)
{
	const struct host_config *host = &c->host_config;

	out->network = facts->network.pid ? namespace_of(NULL, &facts->network)
					  : (struct namespace_spec){.mode = facts->network_mode};
	out->pid = namespace_of(host->pid_mode, &facts->pid);
	out->ipc = namespace_of(host->ipc_mode, &facts->ipc);
	out->uts = namespace_of(host->uts_mode, NULL);
	out->cgroup = namespace_of(host->cgroupns_mode, NULL);
	out->user.mode = NAMESPACE_HOST;
	if (facts->ipc.pid)
		set_text(&out->shm_source, facts->ipc.shm);
	else if (str_equal(host->ipc_mode, "host"))
		set_text(&out->shm_source, "/dev/shm");
}

static bool wants_init(const struct container *c, const struct sandbox_facts *facts)
{
	int8_t asked = c->host_config.init;

	return asked ? asked > 0 : facts->init;
}

bool sandbox_plan(const struct container *c, const struct sandbox_facts *facts,
		  struct sandbox_spec *out, struct error *err)
{
	const struct host_config *host = &c->host_config;

	set_text(&out->id, c->id);
	set_text(&out->hostname, facts->hostname);
	set_text(&out->domainname, c->config.domainname);
	set_text(&out->layers_folder, facts->layers_folder);
	set_text(&out->init_layer, facts->init_layer);
	out->layers = strings_copy(facts->layers);
	set_text(&out->writable_folder, facts->writable_folder);
	out->read_only_root = host->readonly_rootfs;
	set_text(&out->etc_folder, facts->etc_folder);
	set_text(&out->cgroup_path, facts->cgroup_path);
	out->all_devices = host->privileged;
	out->masked_paths = strings_copy(&host->masked_paths);
	out->read_only_paths = strings_copy(&host->readonly_paths);
	out->sysctls = pairs_copy(&host->sysctls);
	out->shm_size = str_equal(host->ipc_mode, "none") ? -1 : host->shm_size;
	out->init = wants_init(c, facts);
	set_text(&out->init_path, out->init ? facts->init_path : NULL);
	sandbox_plan_files(c, facts->writable_folder, out);
	plan_namespaces(c, facts, out);
	plan_devices(&host->resources.devices, &out->devices);
	resources_plan(&host->resources, &out->resources);
	return sandbox_plan_mounts(c, &out->mounts, err) &&
	       plan_process(c, facts, &out->process, err);
}
