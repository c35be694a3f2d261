/* Any text as an expression, and what follows its first zero byte as what it is looked for in: neither may
 * take more than a moment. */
#include "format/expression.h"

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_buffer struct buffer text = {0};
	regex_t regex;

	buffer_add(&text, data, size);
	buffer_add_char(&text, '\0');
	buffer_add_char(&text, '\0');
	if (expression_compile(text.data, REG_NOSUB, &regex) != 0)
		return 0;
	regexec(&regex, text.data + strlen(text.data) + 1, 0, NULL, 0);
	regfree(&regex);
	return 0;
}
