/* CRC-32C (Castagnoli): one instruction for eight bytes where the processor has it, a table of sixteen words
 * where it has not. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(const void *data, size_t size);

/* The same without the instruction: for its test. */
uint32_t crc32c_by_table(const void *data, size_t size);
