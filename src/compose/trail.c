#include "compose/trail.h"

static void write_trail(const struct trail *trail, struct buffer *out)
{
	if (trail->up)
		write_trail(trail->up, out);
	if (!trail->key)
		buffer_format(out, "[%zu]", trail->index);
	else
		buffer_format(out, "%s%s", out->size ? "." : "", trail->key);
}

char *trail_text(const struct trail *trail)
{
	struct buffer text = {0};

	if (trail)
		write_trail(trail, &text);
	return buffer_take(&text);
}
