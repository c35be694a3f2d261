/* The sockets behind published ports. */
#pragma once

#include "base/error.h"
#include "network/port_table.h"

/* Reserves the port against programs of the host: bound, never listening, so connections that no rule
 * catches are refused and datagrams are dropped.  -1 on failure: err->os is bind's errno. */
int port_socket_reserve(const struct port_key *key, struct error *err);

/* The same for one of several who share the port: all of them are bound so, and nobody else can be. */
int port_socket_share(const struct port_key *key, bool serve, struct error *err);

/* Takes connections (or datagrams) for a relay; non-blocking. */
int port_socket_serve(const struct port_key *key, struct error *err);
