/* The daemon's main: settings, what the engine stands on, the doors, the sockets, signals.
 *
 * Opening is a list of steps, undone from the last one back; a failure in any of them is one line that
 * says which.  Stopping closes the doors and ends; containers go on under their shims, and the next
 * daemon takes them back.  Without a service manager the daemon hands itself to a shim first, which
 * keeps sockets and locks and starts it again when it dies (--no-supervisor leaves that out). */
#include "base/log.h"
#include "cmd/daemon.h"
#include "cmd/daemon_doors.h"
#include "cmd/daemon_folders.h"
#include "cmd/daemon_help.h"
#include "cmd/daemon_limits.h"
#include "cmd/daemon_parts.h"
#include "cmd/daemon_ready.h"
#include "cmd/daemon_signals.h"
#include "cmd/daemon_supervisor.h"
#include "os/fd.h"
#include "shim/supervise.h"

#include <stdio.h>

/* ---- what begins once all is open, one after the other ---- */

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
	engine_when_ready(d->engine, daemon_tell_ready, d);
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

/* ---- all that is opened, in order ---- */

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

static const struct {
	const char *name;
	bool (*open)(struct daemon *d, struct error *err);
	void (*close)(struct daemon *d); /* NULL: nothing to undo */
} steps[] = {
	{"limits", daemon_raise_limits, NULL},
	{"control group", daemon_choose_cgroup, NULL},
	{"loop", open_loop, close_loop},
	{"signals", daemon_watch_signals, daemon_unwatch_signals},
	{"state", daemon_open_store, daemon_close_store},
	{"images", daemon_open_images, daemon_close_images},
	{"networks", daemon_open_networks, daemon_close_networks},
	{"volumes", daemon_open_volumes, daemon_close_volumes},
	{"projects", daemon_open_projects, daemon_close_projects},
	{"containers", daemon_open_engine, daemon_close_engine},
	{"builds", daemon_open_builder, daemon_close_builder},
	{"units", daemon_open_units, daemon_close_units},
	{"doors", daemon_open_doors, daemon_close_doors},
	{"sockets", daemon_serve_sockets, NULL},
	{"pidfile", daemon_write_pidfile, daemon_remove_pidfile},
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
	daemon_free_doors(d);
	if (!good || d->failed)
		return 1;
	return d->again ? SUPERVISE_AGAIN : 0;
}

/* ---- from the flags to the exit status ---- */

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
		daemon_print_help();
		return 0;
	}
	if (d->settings.version) {
		puts("wherryd version " WHERRY_VERSION);
		return 0;
	}
	if (d->settings.validate) {
		if (!daemon_listen_check(&d->settings, &err))
			return complain(&err);
		puts("configuration OK");
		return 0;
	}
	daemon_settings_apply_log(&d->settings);
	if (!daemon_open_folders(d, &err) || !daemon_listen(&d->settings, &d->sockets, &err))
		return complain(&err);
	if (!d->settings.no_supervisor && !daemon_is_supervised() &&
	    !daemon_become_supervised(d, &err))
		return complain(&err);
	return serve(d);
}

int main(int argc, char **argv)
{
	struct daemon d = {.flags = (const char *const *)argv + 1,
			   .flag_count = (size_t)argc - 1,
			   .data_root = -1,
			   .data_lock = -1,
			   .exec_lock = -1};

	fd_hold_standard();
	log_set_name("wherryd");
	daemon_bound_heap();
	int code = run(&d);
	if (code == 0 || !daemon_sockets_are_kept())
		daemon_sockets_unlink(&d.sockets);
	daemon_sockets_fini(&d.sockets);
	daemon_close_folders(&d);
	daemon_settings_fini(&d.settings);
	free(d.programs);
	free(d.cgroup);
	return code;
}
