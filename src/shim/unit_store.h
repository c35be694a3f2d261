/* Descriptors that a service finds from 3 on: its sockets, and what it has stored with FDSTORE=1. */
#pragma once

#include "shim/unit.h"

struct unit_descriptors {
	int *fds; /* borrowed each; the array is owned */
	struct strings names;
};
void unit_descriptors_fini(struct unit_descriptors *d);
void unit_store_gather(struct unit_shim *u, struct unit_descriptors *out);

/* The sockets of a start; takes the descriptors. */
void unit_sockets_hold(struct unit_shim *u, const struct strings *names, int *fds, size_t count);
void unit_sockets_drop(struct unit_shim *u);

/* Takes the descriptor. */
void unit_store_add(struct unit_shim *u, int fd, const char *name, bool polled);
void unit_store_remove(struct unit_shim *u, const char *name);
void unit_store_clear(struct unit_shim *u);
