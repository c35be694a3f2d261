#include "cmd/compose/show.h"

int compose_show_with(struct cli *cli, void *fields, const struct strings *services,
		      compose_write *write)
{
	struct compose *compose = compose_of(cli);
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (!compose_name(compose) || !compose_check_services(compose, services))
		return 1;
	if (!write(compose, fields, services, &out, &err))
		return compose_fail(compose, &err);
	return cli_print(&out);
}
