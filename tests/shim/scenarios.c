/* Scenarios of the shim: `shim_scenarios` prints their names, `shim_scenarios NAME` runs one.  shim.bats
 * runs them all. */
#include "scenario.h"
#include "unit_helper.h"

#include <stdio.h>

static const struct scenario *const tables[] = {
	life_scenarios,	       attach_scenarios,      log_scenarios,
	exec_scenarios,	       names_scenarios,	      unit_life_scenarios,
	unit_notify_scenarios, unit_socket_scenarios, unit_container_scenarios,
	unit_rights_scenarios, keeper_scenarios,
};

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "helper") == 0)
		return unit_helper(argc - 2, argv + 2);
	for (size_t t = 0; t < array_length(tables); t++) {
		for (const struct scenario *s = tables[t]; s->name; s++) {
			if (argc < 2) {
				puts(s->name);
			} else if (strcmp(argv[1], s->name) == 0) {
				s->run();
				return 0;
			}
		}
	}
	return argc < 2 ? 0 : 2;
}
