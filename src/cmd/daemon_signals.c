#include "cmd/daemon_signals.h"

#include "base/log.h"
#include "cmd/daemon_doors.h"
#include "cmd/daemon_parts.h"
#include "cmd/daemon_ready.h"

#include <signal.h>

static void on_stop(uv_signal_t *signal, int number)
{
	log_info("stopping", "signal=%d", number);
	daemon_notify_manager("STOPPING=1\n");
	uv_stop(signal->loop);
}

/* What can change without a restart is read again: the level of the log, labels, how registries are spoken to. */
static void on_reload(uv_signal_t *signal, int number)
{
	struct daemon *d = signal->data;
	struct daemon_settings fresh = {0};
	struct error err = {0};
	bool help;

	if (daemon_settings_read(&fresh, d->flags, d->flag_count, &help, &err)) {
		daemon_settings_apply_log(&fresh);
		daemon_reload_images(d, &fresh);
		daemon_reload_doors(d, &fresh);
		log_info("settings read again", "signal=%d log-level=%s", number, fresh.log_level);
	} else {
		log_error("settings not read again", &err, "");
	}
	daemon_settings_fini(&fresh);
}

bool daemon_watch_signals(struct daemon *d, struct error *err)
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

void daemon_unwatch_signals(struct daemon *d)
{
	for (size_t i = 0; i < array_length(d->signals); i++)
		if (d->signals[i].data)
			uv_close((uv_handle_t *)&d->signals[i], NULL);
}
