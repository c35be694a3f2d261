/* Any answer that is a registry's refusal: two bytes of status, then the body. */
#include "image/registry_error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct registry_subject subject = {"busybox", "busybox:latest"};
	struct error err = {0};

	if (size < 2)
		return 0;
	long status = 400 + (data[0] << 8 | data[1]) % 200;
	if (registry_error_set(&err, status, (const char *)data + 2, size - 2, &subject) ||
	    err.kind == ERROR_NONE || !memchr(err.text, '\0', sizeof(err.text)))
		abort();
	return 0;
}
