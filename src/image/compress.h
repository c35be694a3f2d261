/* Bytes to gzip, as fast as the processor can: for layers on their way to a registry.  The same bytes give
 * the same gzip on the same host. */
#pragma once

#include "base/error.h"
#include "base/memory.h"

struct compressor;

typedef bool compressor_sink(void *data, const void *bytes, size_t size, struct error *err);

struct compressor *compressor_new(compressor_sink *sink, void *data)
	__attribute__((returns_nonnull));
void compressor_free(struct compressor *compressor);
scoped_define(compressor);

bool compressor_add(struct compressor *compressor, const void *bytes, size_t size,
		    struct error *err);
bool compressor_finish(struct compressor *compressor, struct error *err);
