/* The listening sockets of a socket unit. */
#pragma once

#include "shim/unit.h"

void unit_listen_open(struct unit_shim *u); /* tells SOCKETS_OPEN or SOCKETS_FAILED */
void unit_listen_watch(struct unit_shim *u);
void unit_listen_close(struct unit_shim *u);
void unit_listen_give(struct unit_shim *u);   /* UNIT_SOCKETS_ARE to the daemon */
void unit_listen_resume(struct unit_shim *u); /* should the daemon have taken what it was given */
void unit_listen_again(struct unit_shim *u);  /* another daemon is there */
