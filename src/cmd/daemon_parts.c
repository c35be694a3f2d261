#include "cmd/daemon_parts.h"

#include "cmd/daemon_folders.h"

bool daemon_open_store(struct daemon *d, struct error *err)
{
	d->parts.loop = &d->loop;
	d->parts.store = store_open(&d->loop, d->settings.data_root, err);
	return d->parts.store;
}

void daemon_close_store(struct daemon *d)
{
	store_close(d->parts.store);
}

/* Lists are borrowed from `s`. */
static struct image_settings image_settings_of(const struct daemon_settings *s)
{
	return (struct image_settings){
		.mirrors = s->mirrors,
		.insecure = s->insecure_registries,
		.user_agent = "wherry/" WHERRY_VERSION,
		.limits = {.downloads = (int32_t)s->downloads.value,
			   .attempts = (int32_t)s->download_attempts.value},
	};
}

bool daemon_open_images(struct daemon *d, struct error *err)
{
	scoped_free char *worker = daemon_program_path(d, "wherry-worker");
	struct image_settings settings = image_settings_of(&d->settings);

	settings.worker = worker;
	d->parts.images = image_store_open(&d->loop, d->parts.store, d->data_root, &settings, err);
	return d->parts.images;
}

void daemon_reload_images(struct daemon *d, const struct daemon_settings *fresh)
{
	struct image_settings settings = image_settings_of(fresh);

	image_store_reload(d->parts.images, &settings);
}

void daemon_close_images(struct daemon *d)
{
	image_store_close(d->parts.images);
}

bool daemon_open_networks(struct daemon *d, struct error *err)
{
	const struct daemon_settings *s = &d->settings;
	scoped_free char *worker = daemon_program_path(d, "wherry-network");
	struct network_settings settings;

	network_settings_init(&settings);
	settings.worker = worker;
	settings.bridge = s->bridge;
	settings.bip = s->bip;
	settings.fixed_cidr = s->fixed_cidr;
	settings.fixed_cidr6 = s->fixed_cidr6;
	settings.host_gateway = s->host_gateway;
	settings.pools = s->address_pools;
	settings.default_host_ip = s->default_host_ip;
	settings.mtu = (int)s->mtu.value;
	settings.icc = s->icc >= 0;
	settings.masquerade = s->ip_masq >= 0;
	settings.forward = s->ip_forward >= 0;
	settings.forward_no_drop = s->forward_no_drop;
	settings.firewall = s->firewall >= 0;
	settings.past_firewall = s->past_firewall;
	d->parts.networks = networks_open(&d->loop, d->parts.store, &settings, err);
	return d->parts.networks;
}

void daemon_close_networks(struct daemon *d)
{
	networks_close(d->parts.networks);
}

bool daemon_open_volumes(struct daemon *d, struct error *err)
{
	scoped_free char *worker = daemon_program_path(d, "wherry-worker");

	d->parts.volumes =
		volumes_open(&d->loop, d->parts.store, d->settings.data_root, worker, err);
	return d->parts.volumes;
}

void daemon_close_volumes(struct daemon *d)
{
	volumes_close(d->parts.volumes);
}

bool daemon_open_projects(struct daemon *d, struct error *err)
{
	d->parts.projects = projects_open(d->parts.store, err);
	return d->parts.projects;
}

void daemon_close_projects(struct daemon *d)
{
	projects_close(d->parts.projects);
}

/* A group of its own below the root, outside what a service manager keeps for the daemon: there the
 * processes of a restarted daemon and groups with controllers would exclude each other. */
bool daemon_choose_cgroup(struct daemon *d, struct error *err)
{
	const char *wanted = d->settings.cgroup_parent ? d->settings.cgroup_parent : "/wherry";

	if (*wanted != '/')
		return error_set(err, ERROR_INVALID, "--cgroup-parent '%s' must be absolute",
				 wanted);
	d->cgroup = str_dup(wanted);
	return true;
}

/* What our own command is told: a socket of this host. */
static const char *own_address(const struct daemon *d)
{
	for (size_t i = 0; i < d->sockets.count; i++)
		if (str_starts_with(d->sockets.items[i].address, "unix://"))
			return d->sockets.items[i].address;
	return NULL;
}

bool daemon_open_engine(struct daemon *d, struct error *err)
{
	const struct daemon_settings *s = &d->settings;
	scoped_free char *own_init = daemon_program_path(d, "wherry-init");
	struct engine_settings settings = {
		.data_root = s->data_root,
		.exec_root = s->exec_root,
		.program_folder = d->programs,
		.init_path = s->init_path ? s->init_path : own_init,
		.cgroup_parent = d->cgroup,
		.log_driver = s->log_driver,
		.log_options = s->log_options,
		.journal_bytes = s->journal_size.value,
		.journal_export = s->journal_export,
		.dns = s->dns,
		.dns_search = s->dns_search,
		.dns_options = s->dns_options,
		.shm_size = s->shm_size.value,
		.ipc_mode = s->ipc_mode,
		.cgroupns_mode = s->cgroupns_mode,
		.seccomp_profile = s->seccomp_profile,
		.api_address = own_address(d),
		.project_patience = s->project_patience.value,
		.init = s->init,
		.no_new_privileges = s->no_new_privileges,
	};
	bool good = daemon_settings_ulimits(s, &settings.ulimits, err);

	if (good)
		d->engine = engine_open(&settings, &d->parts, err);
	record_list_fini(&ulimit_type, &settings.ulimits);
	return d->engine;
}

void daemon_close_engine(struct daemon *d)
{
	engine_close(d->engine);
}

bool daemon_open_builder(struct daemon *d, struct error *err)
{
	scoped_free char *worker = daemon_program_path(d, "wherry-worker");
	struct builder_settings settings = {
		.data_root = d->settings.data_root,
		.exec_root = d->settings.exec_root,
		.worker = worker,
	};

	d->builder = builder_open(d->engine, &settings, err);
	return d->builder;
}

void daemon_close_builder(struct daemon *d)
{
	builder_close(d->builder);
}

/* The first unix socket is where units find the engine. */
static const char *docker_socket(const struct daemon *d)
{
	const char *address = own_address(d);

	return address ? address + strlen("unix://") : NULL;
}

bool daemon_open_units(struct daemon *d, struct error *err)
{
	scoped_free char *shim = daemon_program_path(d, "wherry-shim");
	scoped_free char *worker = daemon_program_path(d, "wherry-worker");
	scoped_free char *command = daemon_program_path(d, "wherry");
	scoped_free char *journal = str_format("%s/journal", d->settings.data_root);
	struct units_settings settings = {
		.data_root = d->settings.data_root,
		.exec_root = d->settings.exec_root,
		.shim = shim,
		.worker = worker,
		.cgroup_parent = d->cgroup,
		.journal_folder = journal,
		.journal_bytes = d->settings.journal_size.value,
		.journal_export = d->settings.journal_export,
		.docker_socket = docker_socket(d),
		.systemd = str_equal(d->settings.supervisor, "systemd"),
		.docker = command,
		.unit_path = d->settings.unit_path ? strings_split(d->settings.unit_path, ':')
						   : (struct strings){0},
	};

	d->units = units_open(d->engine, &settings, err);
	strings_fini(&settings.unit_path);
	return d->units;
}

void daemon_close_units(struct daemon *d)
{
	units_close(d->units);
}
