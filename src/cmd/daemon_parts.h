/* What the engine stands on, the engine, and what stands on it: the steps of wherryd.c that open and close them,
 * in this order.  Each is a translation of the settings into those of one folder. */
#pragma once

#include "cmd/daemon.h"

bool daemon_choose_cgroup(struct daemon *d, struct error *err); /* d->cgroup */

bool daemon_open_store(struct daemon *d, struct error *err);
void daemon_close_store(struct daemon *d);
bool daemon_open_images(struct daemon *d, struct error *err);
void daemon_close_images(struct daemon *d);
/* How registries are spoken to is what `fresh` says from now on. */
void daemon_reload_images(struct daemon *d, const struct daemon_settings *fresh);
bool daemon_open_networks(struct daemon *d, struct error *err);
void daemon_close_networks(struct daemon *d);
bool daemon_open_volumes(struct daemon *d, struct error *err);
void daemon_close_volumes(struct daemon *d);
bool daemon_open_projects(struct daemon *d, struct error *err);
void daemon_close_projects(struct daemon *d);
bool daemon_open_engine(struct daemon *d, struct error *err);
void daemon_close_engine(struct daemon *d);
bool daemon_open_builder(struct daemon *d, struct error *err);
void daemon_close_builder(struct daemon *d);
bool daemon_open_units(struct daemon *d, struct error *err);
void daemon_close_units(struct daemon *d);
