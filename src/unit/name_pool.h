/* Names of units, each once for the life of the process: equal names are equal pointers, nobody frees them.
 * From any thread. */
#pragma once

const char *name_pool_get(const char *text) __attribute__((returns_nonnull));
