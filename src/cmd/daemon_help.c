#include "cmd/daemon_help.h"

#include "cmd/daemon_settings.h"

#include <stdio.h>
#include <stdlib.h>

static void print_option(const struct option *o)
{
	char flag[64];

	snprintf(flag, sizeof(flag), "%s%.1s%s--%s %s", o->shorthand ? "-" : "",
		 o->shorthand ? &o->shorthand : " ", o->shorthand ? ", " : "   ", o->name,
		 o->kind->value_name);
	printf("  %-38s %s", flag, o->help);
	if (o->initial)
		printf(" (default %s)", o->initial);
	putchar('\n');
}

void daemon_print_help(void)
{
	size_t count;
	const struct option **options = daemon_options(&count);

	puts("Usage: wherryd [OPTIONS]\n\nThe container engine's daemon.\n\nOptions:");
	for (size_t i = 0; i < count; i++)
		if (!options[i]->hidden)
			print_option(options[i]);
	free(options);
}
