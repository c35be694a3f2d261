/* Making the listening ends of a socket unit. */
#pragma once

#include "execution/plan.h"

/* Bound (and listening, where its kind does), with the options and the owner of its unit; O_CLOEXEC,
 * non-blocking.  -1 on failure. */
int unit_socket_open(const struct execution_socket_options *options,
		     const struct execution_socket *socket, struct error *err);

/* Its file, if it has one, and the links to it. */
void unit_socket_remove(const struct execution_socket_options *options,
			const struct execution_socket *socket);
bool unit_socket_link(const struct execution_socket_options *options,
		      const struct execution_socket *socket, struct error *err);
