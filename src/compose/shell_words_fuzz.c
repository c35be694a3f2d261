/* Any text as a command: its words, quoted, read back as the same. */
#include "compose/shell_words.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_strings struct strings words = {0}, again = {0};
	scoped_buffer struct buffer quoted = {0};
	struct error err;

	if (!shell_words_split(text, &words, &err))
		return 0;
	for (size_t i = 0; i < words.count; i++) {
		shell_word_quote(words.items[i], &quoted);
		buffer_add_char(&quoted, ' ');
	}
	if (!shell_words_split(quoted.data ? quoted.data : "", &again, &err) ||
	    again.count != words.count)
		abort();
	for (size_t i = 0; i < words.count; i++)
		if (strcmp(words.items[i], again.items[i]) != 0)
			abort();
	return 0;
}
