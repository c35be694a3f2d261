/* Files of a foreign image: spec, passwd and group are parted by zero bytes. */
#include "format/user_spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	const char *end = text + size;
	const char *passwd = text + strlen(text) + (text + strlen(text) < end);
	const char *middle = memchr(passwd, 0, (size_t)(end - passwd));
	const char *group = middle ? middle + 1 : end;
	struct user_files files = {passwd, group, (size_t)((middle ? middle : end) - passwd),
				   (size_t)(end - group)};
	struct user_identity found;
	struct error err;

	if (!user_resolve(text, &files, NULL, &found, &err))
		return 0;
	if (found.count == 0 || found.groups[0] != found.gid || !found.home)
		abort();
	user_identity_fini(&found);
	return 0;
}
