/* wherry-shim: one per container, exec or unit.  Its first argument says which of its modes. */
#include "base/log.h"
#include "base/memory.h"
#include "shim/log_serve.h"
#include "shim/run.h"

static const struct mode {
	const char *name;
	int (*main)(void);
} modes[] = {
	{"run", shim_run_main},
	{"logs", log_serve_main},
};

int main(int argc, char **argv)
{
	log_set_name("wherry-shim");
	for (size_t i = 0; argc >= 2 && i < array_length(modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].main();
	fprintf(stderr, "usage: wherry-shim run|logs\nThe daemon starts this program.\n");
	return 2;
}
