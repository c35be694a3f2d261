/* The doors, the server that finds the door of a request, and the sockets that it comes through. */
#pragma once

#include "cmd/daemon.h"

/* The step: all doors and a server, which serves nobody yet. */
bool daemon_open_doors(struct daemon *d, struct error *err);
void daemon_close_doors(struct daemon *d); /* nobody is served any more */

/* Once the loop is closed: requests that something was begun for, which ended with the engine, go now. */
void daemon_free_doors(struct daemon *d);

/* What the doors show of the settings is what `fresh` says from now on, and whoever listens is told. */
void daemon_reload_doors(struct daemon *d, const struct daemon_settings *fresh);

/* The step, undone by daemon_close_doors(): requests are taken from all sockets, from those of TLS by a worker. */
bool daemon_serve_sockets(struct daemon *d, struct error *err);
