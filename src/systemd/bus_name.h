/* Names on systemd's bus: units as object paths, and what its errors mean.  Pure. */
#pragma once

#include "base/error.h"

/* "/org/freedesktop/systemd1/unit/web_2eservice"; owned. */
char *bus_unit_path(const char *unit);

/* The unit of such a path, owned; NULL: it is not one of a unit. */
char *bus_unit_of_path(const char *path);

/* Of "org.freedesktop.systemd1.NoSuchUnit" ... */
enum error_kind bus_error_kind(const char *name);
