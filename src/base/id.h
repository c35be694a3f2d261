/* Random identifiers: 64 hex digits, as every container, exec, network and volume has. */
#pragma once

#include <stddef.h>

#define ID_SIZE 65
#define ID_SHORT_LENGTH 12

void id_new(char out[static ID_SIZE]);

/* `size` random bytes from the kernel. */
void random_bytes(void *out, size_t size);

/* Lower-case hex of `size` bytes; out has 2 * size + 1. */
void hex_encode(const void *data, size_t size, char *out);
