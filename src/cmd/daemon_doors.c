#include "cmd/daemon_doors.h"

#include "base/log.h"
#include "cmd/daemon_folders.h"
#include "cmd/daemon_supervisor.h"
#include "os/fd.h"

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

static void open_unit_door(struct daemon *d)
{
	scoped_free char *shim = daemon_program_path(d, "wherry-shim");
	scoped_free char *journal = str_format("%s/journal", d->settings.data_root);
	struct unit_door_settings settings = {
		.shim = shim,
		.journal_folder = journal,
		.begin_again = daemon_is_started_again() ? begin_again : NULL,
		.data = d,
	};

	d->unit_door = unit_door_new(d->units, d->engine, &settings);
}

/* Lists are borrowed from `s`. */
static struct docker_door_settings docker_settings_of(const struct daemon_settings *s)
{
	return (struct docker_door_settings){
		.version = WHERRY_VERSION,
		.labels = s->labels,
		.mirrors = s->mirrors,
		.insecure_registries = s->insecure_registries,
	};
}

bool daemon_open_doors(struct daemon *d, struct error *err)
{
	static const struct http_handlers handlers = {.on_request = on_request};
	struct docker_door_settings settings = docker_settings_of(&d->settings);

	settings.data_root = d->settings.data_root;
	settings.builder = d->builder;
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

void daemon_reload_doors(struct daemon *d, const struct daemon_settings *fresh)
{
	struct docker_door_settings settings = docker_settings_of(fresh);

	docker_door_reload(d->door, &settings);
}

void daemon_close_doors(struct daemon *d)
{
	http_tls_free(d->tls);
	http_server_free(d->server);
}

void daemon_free_doors(struct daemon *d)
{
	docker_door_free(d->door);
	unit_door_free(d->unit_door);
	project_door_free(d->project_door);
}

static bool start_tls(struct daemon *d, struct error *err)
{
	scoped_free char *worker = daemon_program_path(d, "wherry-worker");
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

bool daemon_serve_sockets(struct daemon *d, struct error *err)
{
	for (size_t i = 0; i < d->sockets.count; i++) {
		struct daemon_socket *socket = &d->sockets.items[i];

		log_info("listening", "address=%s", socket->address);
		if (!socket->tls && !http_server_listen(d->server, take_fd(socket->fd), err))
			return false;
	}
	return start_tls(d, err);
}
