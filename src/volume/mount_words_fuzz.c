#include "volume/mount_words.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	struct mount_words words;

	mount_words_parse(text, &words);
	free(mount_words_without_secrets(text));
	free(mount_words_get(text, "addr"));
	free(mount_words_set(text, "addr", "::1"));
	mount_words_fini(&words);
	return 0;
}
