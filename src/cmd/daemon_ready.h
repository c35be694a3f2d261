/* How others learn that the daemon is there: its pidfile, the service manager, who reads --ready-fd. */
#pragma once

#include "cmd/daemon.h"

bool daemon_write_pidfile(struct daemon *d, struct error *err); /* a step */
void daemon_remove_pidfile(struct daemon *d);

/* To both others that requests are answered; `data` is the daemon. */
void daemon_tell_ready(void *data);

/* A line of systemd's readiness protocol ("STOPPING=1\n") to the service manager, if there is one. */
void daemon_notify_manager(const char *text);
