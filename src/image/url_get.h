/* A file from a URL that a user has named, redirects and all.  For workers with the network. */
#pragma once

#include "base/error.h"

/* The bytes of the file go to `write` as they come; false of it ends the transfer, and `err` is then for the
 * caller to set.  Says what a server that refuses has said. */
bool url_get(const char *url, bool (*write)(void *data, const void *bytes, size_t size), void *data,
	     struct error *err);

/* http and https alone. */
bool url_can_be_got(const char *url);
