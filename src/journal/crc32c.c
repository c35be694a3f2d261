#include "journal/crc32c.h"

#include <string.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

uint32_t crc32c_by_table(const void *data, size_t size)
{
	/* of each half byte: what four rounds of the polynomial 0x82f63b78 make of it */
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *bytes = data;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

#if defined(__x86_64__)

#define HAS_INSTRUCTION		  1
#define WITH_INSTRUCTION	  __attribute__((target("sse4.2")))
#define ADD_BYTE(crc, byte)	  __builtin_ia32_crc32qi(crc, byte)
#define ADD_EIGHT(crc, bytes)	  ((uint32_t)__builtin_ia32_crc32di(crc, bytes))
#define PROCESSOR_HAS_INSTRUCTION __builtin_cpu_supports("sse4.2")

#elif defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)

#define HAS_INSTRUCTION		  1
#define WITH_INSTRUCTION	  __attribute__((target("+crc")))
#define ADD_BYTE(crc, byte)	  __builtin_aarch64_crc32cb(crc, byte)
#define ADD_EIGHT(crc, bytes)	  __builtin_aarch64_crc32cx(crc, bytes)
#define PROCESSOR_HAS_INSTRUCTION (getauxval(AT_HWCAP) & HWCAP_CRC32)

#endif

#ifdef HAS_INSTRUCTION

WITH_INSTRUCTION static uint32_t by_instruction(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint32_t crc = ~0u;
	uint64_t eight;

	for (; size >= sizeof(eight); bytes += sizeof(eight), size -= sizeof(eight)) {
		memcpy(&eight, bytes, sizeof(eight));
		crc = ADD_EIGHT(crc, eight);
	}
	for (; size > 0; bytes++, size--)
		crc = ADD_BYTE(crc, *bytes);
	return ~crc;
}

uint32_t crc32c(const void *data, size_t size)
{
	return PROCESSOR_HAS_INSTRUCTION ? by_instruction(data, size) : crc32c_by_table(data, size);
}

#else

uint32_t crc32c(const void *data, size_t size)
{
	return crc32c_by_table(data, size);
}

#endif
