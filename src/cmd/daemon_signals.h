/* TERM and INT end the daemon's loop, HUP reads the settings again. */
#pragma once

#include "cmd/daemon.h"

bool daemon_watch_signals(struct daemon *d, struct error *err); /* a step */
void daemon_unwatch_signals(struct daemon *d);
