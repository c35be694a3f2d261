/* What the manager itself says about units: where no shim is there to say it. */
#include "unit/units_private.h"

#include "base/log.h"

#include <stdarg.h>

void units_say(struct units *units, const struct unit *unit, int priority, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	(void)units;
	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	if (priority <= 4)
		log_warning(text.data, NULL, "unit=%s", unit->name);
	else
		log_info(text.data, "unit=%s", unit->name);
}
