/* What lists say of a container in words: the texts of `docker ps`.  Pure. */
#pragma once

#include "engine/container.h"

/* "Up 5 minutes (healthy)", "Exited (0) 3 seconds ago", "Created" ... */
char *container_status_text(const struct container *c, int64_t now_ns);

/* The program with its arguments; those with blanks in quotes. */
char *container_command_text(const char *path, const struct strings *args);

/* One row of Ports in a list. */
struct port_row {
	char *ip; /* NULL: not published */
	int64_t private_port;
	int64_t public_port; /* 0: not published */
	char *type;
};
extern const struct record_type port_row_type;

/* Rows of all published and exposed ports, by private port and protocol.  `published` maps "80/tcp" to
 * lists of struct port_binding; what is exposed and not published has a row without address. */
void port_rows(const struct record_map *published, const struct strings *exposed,
	       struct record_list *out);
