/* The log drivers by name: which options each knows, and what they may say.  Pure. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define LOG_DRIVERS "json-file", "local", "none", "syslog", "journald", "journal"

/* A driver and its options, of a container or of the daemon (--log-driver, --log-opt); NULL and "":
 * no driver is named.  In Docker's words. */
bool log_config_check(const char *driver, const struct pairs *options, struct error *err);

/* Does it keep a file that `logs` can show?  Those that send lines away keep a copy, unless
 * cache-disabled says otherwise. */
bool log_driver_is_readable(const char *driver, const struct pairs *options);

/* Of an option that is true or false: absent is false. */
bool log_option_is_true(const struct pairs *options, const char *name);
