#include "cmd/worker_main.h"

#include "base/log.h"
#include "base/text.h"

#include <signal.h>
#include <stdio.h>

static worker_job *find_job(const struct worker_program *program, const char *name)
{
	for (size_t i = 0; i < program->count; i++)
		if (str_equal(program->jobs[i].name, name))
			return program->jobs[i].run;
	return NULL;
}

int worker_main(const struct worker_program *program, int argc, char **argv)
{
	worker_job *job = argc > 1 ? find_job(program, argv[1]) : NULL;
	struct error err;

	if (!job) {
		fprintf(stderr, "%s is started by wherryd and does nothing by itself\n",
			program->name);
		return 2;
	}
	log_set_name(program->name);
	signal(SIGPIPE, SIG_IGN);
	if (job(argc - 1, argv + 1, &err))
		return 0;
	log_error("job failed", &err, "job=%s", argv[1]);
	return 1;
}
