/* Any text as a reference: both written forms read back as the same. */
#include "format/reference.h"

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct reference *ref, char *form)
{
	scoped_free char *owned = form;
	scoped_free char *expected = reference_text(ref);
	scoped_reference struct reference again = {0};
	struct error err;

	if (!reference_parse(owned, &again, &err))
		abort();
	scoped_free char *got = reference_text(&again);
	if (!str_equal(expected, got))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_reference struct reference ref = {0};
	struct error err;

	if (!reference_parse(text, &ref, &err))
		return 0;
	check_same(&ref, reference_text(&ref));
	check_same(&ref, reference_familiar(&ref));
	return 0;
}
