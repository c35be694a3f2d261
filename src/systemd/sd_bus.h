/* libsystemd's sd-bus, as far as the worker `bus` needs it.  Only that process loads the library, and only where
 * systemd is the first process, so that it is there; nothing is linked with it, and a build does not need it.
 * These are its functions under their own names (man sd-bus); those with variable arguments are left out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct sd_bus_error {
	const char *name;
	const char *message;
	int need_free;
} sd_bus_error;

/* False: the library is not there. */
bool sd_bus_load(void);

int sd_bus_new(sd_bus **bus);
int sd_bus_set_address(sd_bus *bus, const char *address);
int sd_bus_start(sd_bus *bus);
sd_bus *sd_bus_flush_close_unref(sd_bus *bus); /* returns NULL */
int sd_bus_get_fd(sd_bus *bus);
int sd_bus_get_events(sd_bus *bus);
int sd_bus_get_timeout(sd_bus *bus, uint64_t *timeout_us); /* absolute, CLOCK_MONOTONIC */
int sd_bus_process(sd_bus *bus, sd_bus_message **message);
int sd_bus_call(sd_bus *bus, sd_bus_message *message, uint64_t timeout_us, sd_bus_error *error,
		sd_bus_message **reply);
void sd_bus_error_free(sd_bus_error *error);

int sd_bus_message_new_method_call(sd_bus *bus, sd_bus_message **message, const char *destination,
				   const char *path, const char *interface, const char *member);
sd_bus_message *sd_bus_message_unref(sd_bus_message *message); /* returns NULL */
int sd_bus_message_append_basic(sd_bus_message *message, char type, const void *value);
int sd_bus_message_append_strv(sd_bus_message *message, char **texts);
int sd_bus_message_open_container(sd_bus_message *message, char type, const char *contents);
int sd_bus_message_close_container(sd_bus_message *message);
int sd_bus_message_read_basic(sd_bus_message *message, char type, void *value);
int sd_bus_message_read_array(sd_bus_message *message, char type, const void **values,
			      size_t *size);
int sd_bus_message_enter_container(sd_bus_message *message, char type, const char *contents);
int sd_bus_message_exit_container(sd_bus_message *message);
int sd_bus_message_peek_type(sd_bus_message *message, char *type, const char **contents);
int sd_bus_message_skip(sd_bus_message *message, const char *types);
int sd_bus_message_is_signal(sd_bus_message *message, const char *interface, const char *member);
const char *sd_bus_message_get_path(sd_bus_message *message);
