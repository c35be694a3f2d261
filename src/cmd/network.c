/* What is done to the host's network, apart from other workers: their libraries cost 3 ms at each start,
 * which is more than what is done here. */
#include "base/text.h"
#include "cmd/worker_main.h"

static const struct worker_entry jobs[] = {
	{"change", worker_network},
	{"drain", worker_drain},
};

int main(int argc, char **argv)
{
	static const struct worker_program program = {"wherry-network", jobs, array_length(jobs)};

	return worker_main(&program, argc, argv);
}
