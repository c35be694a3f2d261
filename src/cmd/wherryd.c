/* The daemon's main: settings, what the engine stands on, the doors, the sockets, signals.
 *
 * Opening is a list of steps, undone from the last one back; a failure in any of them is one line that
 * says which.  Stopping closes the doors and ends; containers go on under their shims, and the next
 * daemon takes them back.  Without a service manager the daemon hands itself to a shim first, which
 * keeps the sockets open and starts it again when it dies (--no-supervisor leaves that out). */
#include "base/log.h"
#include "base/time.h"
#include "builder/builder.h"
#include "cmd/daemon_listen.h"
#include "cmd/daemon_settings.h"
#include "door/docker/door.h"
#include "door/project/door.h"
#include "door/unit/door.h"
#include "engine/engine.h"
#include "http/http_server.h"
#include "http/http_tls.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"
#include "shim/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef WHERRY_VERSION
#error "the build says which version this is"
#endif

struct daemon {
	const char *const *flags; /* as given, for reading the settings again */
	size_t flag_count;
	struct daemon_settings settings;
	struct daemon_sockets sockets;
	uv_loop_t loop;
	uv_signal_t signals[3];
	char *programs; /* folder of shim, worker, init */
	char *cgroup;	/* below each hierarchy: where everything of ours lives */
	int data_root, lock;
	struct engine_parts parts;
	struct engine *engine;
	struct builder *builder;
	struct docker_door *door;
	struct units *units;
	struct unit_door *unit_door;
	struct project_door *project_door;
	struct http_server *server;
	struct http_tls *tls;
	bool failed; /* after it had begun to serve */
	bool again;  /* it is to be started again at once */
};

/* ---- the folders ---- */

/* Beside our own program, unless said otherwise. */
static bool find_programs(struct daemon *d, struct error *err)
{
	char path[PATH_MAX];

	if (d->settings.programs) {
		d->programs = str_dup(d->settings.programs);
		return true;
	}
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (length < 0)
		return error_errno(err, "cannot read /proc/self/exe");
	path[length] = '\0';
	*strrchr(path, '/') = '\0';
	d->programs = str_dup(path);
	return true;
}

static bool make_absolute(char **path, struct error *err)
{
	char folder[PATH_MAX];

	if (**path == '/')
		return true;
	if (!getcwd(folder, sizeof(folder)))
		return error_errno(err, "cannot find the working folder");
	char *absolute = str_format("%s/%s", folder, *path);
	free(*path);
	*path = absolute;
	return true;
}

/* Two daemons never share a data root: layers and records have one writer. */
static bool lock_data_root(struct daemon *d, struct error *err)
{
	int64_t began = time_monotonic_ns();

	d->lock = openat(d->data_root, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (d->lock < 0)
		return error_errno(err, "cannot write in '%s'", d->settings.data_root);
	do
		if (flock(d->lock, LOCK_EX | LOCK_NB) == 0)
			return true;
	while (errno == EWOULDBLOCK && daemon_await_predecessor(began));
	if (errno != EWOULDBLOCK)
		return error_errno(err, "cannot lock '%s'", d->settings.data_root);
	return error_set(
		err, ERROR_CONFLICT,
		"another daemon uses '%s'; give this one its own --data-root and --exec-root",
		d->settings.data_root);
}

static bool open_folders(struct daemon *d, struct error *err)
{
	if (!find_programs(d, err) || !make_absolute(&d->settings.data_root, err) ||
	    !make_absolute(&d->settings.exec_root, err))
		return false;
	if (!folder_make(AT_FDCWD, d->settings.data_root, 0711, err) ||
	    !folder_make(AT_FDCWD, d->settings.exec_root, 0711, err))
		return false;
	d->data_root = folder_open(AT_FDCWD, d->settings.data_root, err);
	return d->data_root >= 0 && lock_data_root(d, err);
}

static void close_folders(struct daemon *d)
{
	close_fd(&d->lock);
	close_fd(&d->data_root);
}

/* ---- the parts ---- */

static char *program_path(const struct daemon *d, const char *name)
{
	return str_format("%s/%s", d->programs, name);
}

static bool open_store(struct daemon *d, struct error *err)
{
	d->parts.loop = &d->loop;
	d->parts.store = store_open(&d->loop, d->settings.data_root, err);
	return d->parts.store;
}

static void close_store(struct daemon *d)
{
	store_close(d->parts.store);
}

static bool open_images(struct daemon *d, struct error *err)
{
	scoped_free char *worker = program_path(d, "wherry-worker");
	struct image_settings settings = {
		.mirrors = d->settings.mirrors,
		.insecure = d->settings.insecure_registries,
		.worker = worker,
		.user_agent = "wherry/" WHERRY_VERSION,
		.limits = {.downloads = (int32_t)d->settings.downloads.value,
			   .attempts = (int32_t)d->settings.download_attempts.value},
	};

	d->parts.images = image_store_open(&d->loop, d->parts.store, d->data_root, &settings, err);
	return d->parts.images;
}

static void close_images(struct daemon *d)
{
	image_store_close(d->parts.images);
}

static bool open_networks(struct daemon *d, struct error *err)
{
	const struct daemon_settings *s = &d->settings;
	scoped_free char *worker = program_path(d, "wherry-network");
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

static void close_networks(struct daemon *d)
{
	networks_close(d->parts.networks);
}

static bool open_volumes(struct daemon *d, struct error *err)
{
	scoped_free char *worker = program_path(d, "wherry-worker");

	d->parts.volumes =
		volumes_open(&d->loop, d->parts.store, d->settings.data_root, worker, err);
	return d->parts.volumes;
}

static void close_volumes(struct daemon *d)
{
	volumes_close(d->parts.volumes);
}

static bool open_projects(struct daemon *d, struct error *err)
{
	d->parts.projects = projects_open(d->parts.store, err);
	return d->parts.projects;
}

static void close_projects(struct daemon *d)
{
	projects_close(d->parts.projects);
}

/* A group of its own below the root, outside what a service manager keeps for the daemon: there the
 * processes of a restarted daemon and groups with controllers would exclude each other. */
static bool choose_cgroup(struct daemon *d, struct error *err)
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

static bool open_engine(struct daemon *d, struct error *err)
{
	const struct daemon_settings *s = &d->settings;
	scoped_free char *own_init = program_path(d, "wherry-init");
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

static void close_engine(struct daemon *d)
{
	engine_close(d->engine);
}

/* ---- builds ---- */

static bool open_builder(struct daemon *d, struct error *err)
{
	scoped_free char *worker = program_path(d, "wherry-worker");
	struct builder_settings settings = {
		.data_root = d->settings.data_root,
		.exec_root = d->settings.exec_root,
		.worker = worker,
	};

	d->builder = builder_open(d->engine, &settings, err);
	return d->builder;
}

static void close_builder(struct daemon *d)
{
	builder_close(d->builder);
}

/* ---- units ---- */

/* The first unix socket is where units find the engine. */
static const char *docker_socket(const struct daemon *d)
{
	const char *address = own_address(d);

	return address ? address + strlen("unix://") : NULL;
}

static bool open_units(struct daemon *d, struct error *err)
{
	scoped_free char *shim = program_path(d, "wherry-shim");
	scoped_free char *worker = program_path(d, "wherry-worker");
	scoped_free char *command = program_path(d, "wherry");
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

static void close_units(struct daemon *d)
{
	units_close(d->units);
}

/* ---- doors and sockets ---- */

static void on_request(void *data, struct http_request *request)
{
	struct daemon *d = data;

	if (project_door_has(http_path(request)))
		project_door_serve(d->project_door, request);
	else if (unit_door_has(http_path(request)))
		unit_door_serve(d->unit_door, request);
	else
		docker_door_serve(d->door, request);
}

static void begin_again(void *data)
{
	struct daemon *d = data;

	log_info("ending, to begin again", "");
	d->again = true;
	uv_stop(&d->loop);
}

/* Our supervisor, or a service manager whose unit says so (dist/wherry.service). */
static bool has_who_starts_it(void)
{
	return getenv("WHERRY_SUPERVISED") || getenv("WHERRY_RESTARTED");
}

static void open_unit_door(struct daemon *d)
{
	scoped_free char *shim = program_path(d, "wherry-shim");
	scoped_free char *journal = str_format("%s/journal", d->settings.data_root);
	struct unit_door_settings settings = {
		.shim = shim,
		.journal_folder = journal,
		.begin_again = has_who_starts_it() ? begin_again : NULL,
		.data = d,
	};

	d->unit_door = unit_door_new(d->units, d->engine, &settings);
}

static bool open_doors(struct daemon *d, struct error *err)
{
	static const struct http_handlers handlers = {.on_request = on_request};
	struct docker_door_settings settings = {
		.version = WHERRY_VERSION,
		.data_root = d->settings.data_root,
		.labels = d->settings.labels,
		.mirrors = d->settings.mirrors,
		.insecure_registries = d->settings.insecure_registries,
		.builder = d->builder,
	};

	d->door = docker_door_new(d->engine, &settings, err);
	if (!d->door)
		return false;
	open_unit_door(d);
	d->project_door = project_door_new(d->parts.projects, d->engine);
	d->server = http_server_new(&d->loop, &handlers, d);
	http_server_limit(d->server, (size_t)d->settings.connections.value);
	http_server_note_clients(d->server, true); /* units own what their processes start */
	return true;
}

static void close_doors(struct daemon *d)
{
	http_tls_free(d->tls);
	http_server_free(d->server);
	docker_door_free(d->door);
	unit_door_free(d->unit_door);
	project_door_free(d->project_door);
}

static bool start_tls(struct daemon *d, struct error *err)
{
	scoped_free char *worker = program_path(d, "wherry-worker");
	struct http_tls_settings settings = {
		.worker = worker,
		.certificate = d->settings.tls_certificate,
		.key = d->settings.tls_key,
		.ca = d->settings.tls_verify > 0 ? d->settings.tls_ca : NULL,
	};
	int listeners[64];
	size_t count = 0;

	for (size_t i = 0; i < d->sockets.count && count < array_length(listeners); i++)
		if (d->sockets.items[i].tls)
			listeners[count++] = d->sockets.items[i].fd;
	if (!count)
		return true;
	d->tls = http_tls_new(d->server, &d->loop, &settings, listeners, count, err);
	return d->tls;
}

static bool serve_sockets(struct daemon *d, struct error *err)
{
	for (size_t i = 0; i < d->sockets.count; i++) {
		struct daemon_socket *socket = &d->sockets.items[i];

		log_info("listening", "address=%s", socket->address);
		if (!socket->tls && !http_server_listen(d->server, take_fd(socket->fd), err))
			return false;
	}
	return start_tls(d, err);
}

/* ---- telling that we are there ---- */

static bool write_pidfile(struct daemon *d, struct error *err)
{
	char text[24];
	struct file_content content = {text, 0, 0644, false};

	if (!d->settings.pidfile)
		d->settings.pidfile = str_format("%s/wherryd.pid", d->settings.exec_root);
	if (!make_absolute(&d->settings.pidfile, err))
		return false;
	const char *name = strrchr(d->settings.pidfile, '/') + 1;
	scoped_free char *path =
		str_dup_n(d->settings.pidfile, (size_t)(name - d->settings.pidfile));
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);
	content.size = (size_t)snprintf(text, sizeof(text), "%d\n", (int)getpid());
	return folder >= 0 && file_replace(folder, name, &content, err);
}

static void remove_pidfile(struct daemon *d)
{
	unlink(d->settings.pidfile);
}

/* systemd's readiness protocol: a datagram to the socket of NOTIFY_SOCKET. */
static void notify_manager(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (!path || strlen(path) >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	scoped_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (fd >= 0 &&
	    sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
		log_warning("service manager not told", NULL, "text=%s", text);
}

static void tell_ready(void *data)
{
	struct daemon *d = data;

	notify_manager("READY=1\n");
	if (!d->settings.ready_fd.given)
		return;
	int fd = (int)d->settings.ready_fd.value;
	if (write(fd, "ready\n", 6) < 0)
		log_warning("nobody reads --ready-fd", NULL, "");
	close(fd);
}

static void boot_units(void *data)
{
	struct daemon *d = data;

	units_boot(d->units);
}

static void start_projects(void *data)
{
	struct daemon *d = data;

	engine_start_projects(d->engine);
}

static void network_is_up(void *data, const struct error *err)
{
	struct daemon *d = data;
	const struct strings *warnings = networks_warnings(d->parts.networks);

	if (err)
		log_error("containers have no network", err, "");
	for (size_t i = 0; i < warnings->count; i++)
		log_warning(warnings->items[i], NULL, "");
	engine_network_is_up(d->engine);
	engine_when_ready(d->engine, tell_ready, d);
	engine_when_ready(d->engine, boot_units, d);
	engine_when_ready(d->engine, start_projects, d);
}

static void engine_has_begun(void *data, const struct error *err)
{
	struct daemon *d = data;

	if (!err) {
		units_begin(d->units);
		networks_start(d->parts.networks, network_is_up, d);
		return;
	}
	log_error("cannot start: containers", err, "");
	d->failed = true;
	uv_stop(&d->loop);
}

/* ---- signals ---- */

static void on_stop(uv_signal_t *signal, int number)
{
	log_info("stopping", "signal=%d", number);
	notify_manager("STOPPING=1\n");
	uv_stop(signal->loop);
}

/* What can change without a restart is read again: the level of the log. */
static void on_reload(uv_signal_t *signal, int number)
{
	struct daemon *d = signal->data;
	struct daemon_settings fresh = {0};
	struct error err = {0};
	bool help;

	if (daemon_settings_read(&fresh, d->flags, d->flag_count, &help, &err)) {
		daemon_settings_apply_log(&fresh);
		log_info("settings read again", "signal=%d log-level=%s", number, fresh.log_level);
	} else {
		log_error("settings not read again", &err, "");
	}
	daemon_settings_fini(&fresh);
}

static bool watch_signals(struct daemon *d, struct error *err)
{
	static const struct {
		int number;
		uv_signal_cb callback;
	} rows[array_length(d->signals)] = {
		{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_reload}};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < array_length(rows); i++) {
		uv_signal_init(&d->loop, &d->signals[i]);
		d->signals[i].data = d;
		if (uv_signal_start(&d->signals[i], rows[i].callback, rows[i].number) != 0)
			return error_set(err, ERROR_SYSTEM, "cannot watch signal %d",
					 rows[i].number);
	}
	return true;
}

static void unwatch_signals(struct daemon *d)
{
	for (size_t i = 0; i < array_length(d->signals); i++)
		if (d->signals[i].data)
			uv_close((uv_handle_t *)&d->signals[i], NULL);
}

static bool open_loop(struct daemon *d, struct error *err)
{
	int code = uv_loop_init(&d->loop);

	return code == 0 || error_set(err, ERROR_SYSTEM, "%s", uv_strerror(code));
}

/* Every handle that was closed gets its callback before the loop goes. */
static void close_loop(struct daemon *d)
{
	while (uv_run(&d->loop, UV_RUN_NOWAIT))
		;
	uv_loop_close(&d->loop);
}

/* Each open connection and each shim costs a descriptor or two. */
static bool raise_limits(struct daemon *d, struct error *err)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (!d->settings.oom_score_adjust.given)
		return true;
	char text[24];
	snprintf(text, sizeof(text), "%d", (int)d->settings.oom_score_adjust.value);
	return file_write(AT_FDCWD, "/proc/self/oom_score_adj", text, err);
}

/* ---- all of it, in order ---- */

static const struct {
	const char *name;
	bool (*open)(struct daemon *d, struct error *err);
	void (*close)(struct daemon *d); /* NULL: nothing to undo */
} steps[] = {
	{"limits", raise_limits, NULL},
	{"folders", open_folders, close_folders},
	{"control group", choose_cgroup, NULL},
	{"loop", open_loop, close_loop},
	{"signals", watch_signals, unwatch_signals},
	{"state", open_store, close_store},
	{"images", open_images, close_images},
	{"networks", open_networks, close_networks},
	{"volumes", open_volumes, close_volumes},
	{"projects", open_projects, close_projects},
	{"containers", open_engine, close_engine},
	{"builds", open_builder, close_builder},
	{"units", open_units, close_units},
	{"doors", open_doors, close_doors},
	{"sockets", serve_sockets, NULL},
	{"pidfile", write_pidfile, remove_pidfile},
};

static size_t open_steps(struct daemon *d, struct error *err)
{
	size_t done = 0;

	while (done < array_length(steps) && steps[done].open(d, err))
		done++;
	if (done < array_length(steps))
		error_prefix(err, "%s", steps[done].name);
	return done;
}

static int serve(struct daemon *d)
{
	struct error err = {0};
	size_t done = open_steps(d, &err);
	bool good = done == array_length(steps);

	if (good) {
		engine_begin(d->engine, engine_has_begun, d);
		uv_run(&d->loop, UV_RUN_DEFAULT);
	} else {
		log_error("cannot start", &err, "");
	}
	while (done-- > 0)
		if (steps[done].close)
			steps[done].close(d);
	if (!good || d->failed)
		return 1;
	return d->again ? SUPERVISE_AGAIN : 0;
}

/* Hand the listening sockets, and the job of starting us, to a shim.  Returns only on failure. */
static bool become_supervised(struct daemon *d, struct error *err)
{
	scoped_strings struct strings command = {0};
	scoped_free char *own = program_path(d, "wherryd");

	strings_take(&command, program_path(d, "wherry-shim"));
	strings_add(&command, "daemon");
	strings_format(&command, "%zu", d->sockets.count);
	strings_add(&command, own);
	for (size_t i = 0; i < d->flag_count; i++)
		strings_add(&command, d->flags[i]);
	for (size_t i = 0; i < d->sockets.count; i++) {
		int wanted = 3 + (int)i;

		if (d->sockets.items[i].fd == wanted ? fcntl(wanted, F_SETFD, 0) < 0
						     : dup2(d->sockets.items[i].fd, wanted) < 0)
			return error_errno(err, "cannot hand over the sockets");
	}
	execv(command.items[0], command.items);
	return error_errno(err, "cannot run '%s'", command.items[0]);
}

static void print_option(const struct option *o)
{
	char flag[64];

	snprintf(flag, sizeof(flag), "%s%.1s%s--%s %s", o->shorthand ? "-" : "",
		 o->shorthand ? &o->shorthand : " ", o->shorthand ? ", " : "   ", o->name,
		 o->kind->value_name);
	printf("  %-38s %s", flag, o->help);
	if (o->initial)
		printf(" (default %s)", o->initial);
	putchar('\n');
}

static void print_help(void)
{
	size_t count;
	const struct option **options = daemon_options(&count);

	puts("Usage: wherryd [OPTIONS]\n\nThe container engine's daemon.\n\nOptions:");
	for (size_t i = 0; i < count; i++)
		if (!options[i]->hidden)
			print_option(options[i]);
	free(options);
}

static void bound_heap(void)
{
	/* Threads of the pool read units; what they leave belongs to the loop, and an arena for
	 * each would stay half empty. */
	mallopt(M_ARENA_MAX, 1);
	/* An answer about a thousand units is long, and its room at the end of the heap is given
	 * back; by default as much as the largest of all arrays was may stay there. */
	mallopt(M_TOP_PAD, 16 << 10);
	mallopt(M_TRIM_THRESHOLD, 32 << 10);
}

static int complain(const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	fprintf(stderr, "wherryd: %s\n", error_text(err, text, sizeof(text)));
	return 1;
}

/* The exit status.  A daemon that nobody supervises becomes the shim that does, and is begun anew. */
static int run(struct daemon *d)
{
	struct error err = {0};
	bool help;

	if (!daemon_settings_read(&d->settings, d->flags, d->flag_count, &help, &err))
		return complain(&err);
	if (help) {
		print_help();
		return 0;
	}
	if (d->settings.version) {
		puts("wherryd version " WHERRY_VERSION);
		return 0;
	}
	if (d->settings.validate) {
		puts("configuration OK");
		return 0;
	}
	daemon_settings_apply_log(&d->settings);
	if (!daemon_listen(&d->settings, &d->sockets, &err))
		return complain(&err);
	if (!d->settings.no_supervisor && !daemon_is_supervised() &&
	    (!find_programs(d, &err) || !become_supervised(d, &err)))
		return complain(&err);
	return serve(d);
}

int main(int argc, char **argv)
{
	struct daemon d = {.flags = (const char *const *)argv + 1,
			   .flag_count = (size_t)argc - 1,
			   .data_root = -1,
			   .lock = -1};

	log_set_name("wherryd");
	bound_heap();
	int code = run(&d);
	daemon_sockets_fini(&d.sockets);
	daemon_settings_fini(&d.settings);
	free(d.programs);
	free(d.cgroup);
	return code;
}
