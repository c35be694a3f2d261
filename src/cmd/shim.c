/* wherry-shim: its first argument says as what.  The daemon starts it, but for `daemon`. */
#include "base/log.h"
#include "base/memory.h"
#include "shim/journal_serve.h"
#include "shim/keeper.h"
#include "shim/log_serve.h"
#include "shim/names_late.h"
#include "shim/run.h"
#include "shim/supervise.h"
#include "shim/unit.h"

static int run(int argc, char **argv)
{
	return shim_run_main();
}

static int unit(int argc, char **argv)
{
	return unit_shim_main();
}

static int logs(int argc, char **argv)
{
	return log_serve_main();
}

static int journal(int argc, char **argv)
{
	return journal_serve_main();
}

static int keep(int argc, char **argv)
{
	return keeper_main();
}

static int names(int argc, char **argv)
{
	return names_late_main();
}

static const struct mode {
	const char *name;
	int (*main)(int argc, char **argv);
} modes[] = {
	{"run", run},		    /* one container or exec */
	{"unit", unit},		    /* the processes of one unit */
	{"logs", logs},		    /* the log of a container that has no shim */
	{"journal", journal},	    /* what units have said */
	{"keep", keep},		    /* clients that wait for a container without a shim */
	{"names", names},	    /* gives a running container's shim sockets for names */
	{"daemon", supervise_main}, /* the daemon itself, where no service manager is */
};

int main(int argc, char **argv)
{
	log_set_name("wherry-shim");
	for (size_t i = 0; argc >= 2 && i < array_length(modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].main(argc - 2, argv + 2);
	fprintf(stderr, "usage: wherry-shim run|unit|logs|journal|keep|names|daemon\n");
	return 2;
}
