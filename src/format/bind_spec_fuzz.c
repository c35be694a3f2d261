/* Any text as a bind: what is accepted has a clean absolute target, and reads back as the same. */
#include "format/bind_spec.h"

#include "format/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_free char *text = size ? str_dup_n((const char *)data, size) : str_dup("");
	scoped_bind_spec struct bind_spec spec = {0}, again = {0};
	struct error err;

	if (!bind_spec_parse(text, &spec, &err))
		return 0;
	scoped_free char *clean = path_clean(spec.target);
	scoped_free char *written =
		spec.source ? str_format("%s:%s:%s", spec.source, spec.target, spec.mode)
			    : str_dup(spec.target);
	if (*spec.target != '/' || !str_equal(clean, spec.target) ||
	    !bind_spec_parse(written, &again, &err) || !str_equal(spec.source, again.source) ||
	    !str_equal(spec.target, again.target))
		abort();
	return 0;
}
