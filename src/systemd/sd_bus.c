#include "systemd/sd_bus.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#define LIBRARY "libsystemd.so.0"

static void *library(void)
{
	static void *loaded;

	if (!loaded)
		loaded = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	return loaded;
}

bool sd_bus_load(void)
{
	return library();
}

static void *find(const char *name)
{
	void *function = library() ? dlsym(library(), name) : NULL;

	if (function)
		return function;
	fprintf(stderr, "wherry-worker: %s\n", dlerror());
	abort();
}

#define LATE(result, name, parameters, arguments)                                                  \
	result name parameters                                                                     \
	{                                                                                          \
		static result(*function) parameters;                                               \
		if (!function)                                                                     \
			*(void **)(&function) = find(#name);                                       \
		return function arguments;                                                         \
	}

LATE(int, sd_bus_new, (sd_bus * *bus), (bus))
LATE(int, sd_bus_set_address, (sd_bus * bus, const char *address), (bus, address))
LATE(int, sd_bus_start, (sd_bus * bus), (bus))
LATE(sd_bus *, sd_bus_flush_close_unref, (sd_bus * bus), (bus))
LATE(int, sd_bus_get_fd, (sd_bus * bus), (bus))
LATE(int, sd_bus_get_events, (sd_bus * bus), (bus))
LATE(int, sd_bus_get_timeout, (sd_bus * bus, uint64_t *timeout_us), (bus, timeout_us))
LATE(int, sd_bus_process, (sd_bus * bus, sd_bus_message **message), (bus, message))
LATE(int, sd_bus_call,
     (sd_bus * bus, sd_bus_message *message, uint64_t timeout_us, sd_bus_error *error,
      sd_bus_message **reply),
     (bus, message, timeout_us, error, reply))
LATE(void, sd_bus_error_free, (sd_bus_error * error), (error))
LATE(int, sd_bus_message_new_method_call,
     (sd_bus * bus, sd_bus_message **message, const char *destination, const char *path,
      const char *interface, const char *member),
     (bus, message, destination, path, interface, member))
LATE(sd_bus_message *, sd_bus_message_unref, (sd_bus_message * message), (message))
LATE(int, sd_bus_message_append_basic, (sd_bus_message * message, char type, const void *value),
     (message, type, value))
LATE(int, sd_bus_message_append_strv, (sd_bus_message * message, char **texts), (message, texts))
LATE(int, sd_bus_message_open_container,
     (sd_bus_message * message, char type, const char *contents), (message, type, contents))
LATE(int, sd_bus_message_close_container, (sd_bus_message * message), (message))
LATE(int, sd_bus_message_read_basic, (sd_bus_message * message, char type, void *value),
     (message, type, value))
LATE(int, sd_bus_message_read_array,
     (sd_bus_message * message, char type, const void **values, size_t *size),
     (message, type, values, size))
LATE(int, sd_bus_message_enter_container,
     (sd_bus_message * message, char type, const char *contents), (message, type, contents))
LATE(int, sd_bus_message_exit_container, (sd_bus_message * message), (message))
LATE(int, sd_bus_message_peek_type, (sd_bus_message * message, char *type, const char **contents),
     (message, type, contents))
LATE(int, sd_bus_message_skip, (sd_bus_message * message, const char *types), (message, types))
LATE(int, sd_bus_message_is_signal,
     (sd_bus_message * message, const char *interface, const char *member),
     (message, interface, member))
LATE(const char *, sd_bus_message_get_path, (sd_bus_message * message), (message))
