/* `wherry-worker bus`: speaks to systemd for a daemon whose units it supervises (systemd/bus_protocol.h).
 *
 * The bus is systemd's own socket, so no message bus has to run: all its signals come without being asked for.
 * A unit that is watched is asked for all of its properties when it tells of a change; many changes that came
 * together are one question.  Calls are waited for: while systemd reads all its files again it would answer
 * nobody. */
#include "base/time.h"
#include "cmd/worker.h"
#include "cmd/worker_bus_private.h"
#include "os/fd.h"
#include "systemd/bus_name.h"

#include <errno.h>
#include <poll.h>

#define ADDRESS "unix:path=/run/systemd/private"

/* ---- what systemd tells ---- */

static void take_change(struct bus *b, sd_bus_message *m)
{
	scoped_free char *unit = bus_unit_of_path(sd_bus_message_get_path(m));

	if (unit && map_get(&b->watched, unit))
		map_put(&b->changed, unit, b);
}

static void take_signal(struct bus *b, sd_bus_message *m)
{
	if (sd_bus_message_is_signal(m, BUS_PROPERTIES, "PropertiesChanged") > 0)
		take_change(b, m);
	else if (sd_bus_message_is_signal(m, BUS_MANAGER, "JobRemoved") > 0)
		bus_job_take_removed(b, m);
}

static bool process_bus(struct bus *b, struct error *err)
{
	sd_bus_message *m = NULL;
	int code;

	while ((code = sd_bus_process(b->bus, &m)) > 0) {
		if (m)
			take_signal(b, m);
		m = sd_bus_message_unref(m);
	}
	return code == 0 || bus_failed(code, err, "systemd has gone");
}

static void tell_changes(struct bus *b)
{
	struct map changed = b->changed;

	b->changed = (struct map){0};
	for (struct map_slot *slot = map_first(&changed); slot; slot = map_next(&changed, slot))
		bus_tell_state(b, slot->key);
	map_fini(&changed);
}

/* ---- the loop ---- */

static int timeout_ms(struct bus *b)
{
	uint64_t until = UINT64_MAX, now = (uint64_t)(time_monotonic_ns() / 1000);

	if (sd_bus_get_timeout(b->bus, &until) < 0 || until == UINT64_MAX)
		return -1;
	return until <= now ? 0 : (int)((until - now) / 1000 + 1);
}

static bool turn(struct bus *b, struct error *err)
{
	struct pollfd polled[] = {
		{.fd = b->control, .events = POLLIN},
		{.fd = sd_bus_get_fd(b->bus), .events = (short)sd_bus_get_events(b->bus)},
	};

	if (poll(polled, array_length(polled), timeout_ms(b)) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait");
	if (polled[0].revents)
		bus_read_daemon(b);
	/* Calls have read what came meanwhile, too. */
	if (!process_bus(b, err))
		return false;
	tell_changes(b);
	return true;
}

static bool bus_open(struct bus *b, struct error *err)
{
	int code;

	if (!sd_bus_load())
		return error_set(err, ERROR_UNAVAILABLE, "libsystemd.so.0 is not there");
	code = sd_bus_new(&b->bus);
	if (code >= 0)
		code = sd_bus_set_address(b->bus, ADDRESS);
	if (code >= 0)
		code = sd_bus_start(b->bus);
	return code >= 0 || bus_failed(code, err, "cannot reach systemd at " ADDRESS);
}

static void bus_close(struct bus *b)
{
	bus_jobs_fini(b);
	bus_scopes_fini(b);
	map_fini(&b->watched);
	map_fini(&b->changed);
	message_reader_fini(&b->reader);
	if (b->bus)
		sd_bus_flush_close_unref(b->bus);
}

bool worker_bus(int argc, char **argv, struct error *err)
{
	struct bus b = {.control = BUS_CONTROL_FD};
	bool good;

	(void)argc;
	(void)argv;
	good = fd_set_nonblocking(b.control, true, err) && bus_open(&b, err);
	while (good && !b.daemon_is_gone)
		good = turn(&b, err);
	bus_close(&b);
	return good;
}
