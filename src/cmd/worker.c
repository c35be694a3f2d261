#include "cmd/worker.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#include <signal.h>
#include <stdio.h>

static const struct {
	const char *name;
	worker_job *run;
} jobs[] = {
	{"archive", worker_archive},
	{"build", worker_build},
	{"build-fetch", worker_build_fetch},
	{"build-mount", worker_build_mount},
	{"compress", worker_compress},
	{"decompress", worker_decompress},
	{"drain", worker_drain},
	{"fetch", worker_fetch},
	{"import", worker_import},
	{"load", worker_load},
	{"measure", worker_measure},
	{"network", worker_network},
	{"pack", worker_pack},
	{"push", worker_push},
	{"remove", worker_remove},
	{"remove-layers", worker_remove_layers},
	{"resolve", worker_resolve},
	{"save", worker_save},
	{"seccomp", worker_seccomp},
	{"tls", worker_tls},
	{"unpack", worker_unpack},
	{"volume-mount", worker_volume_mount},
};

static worker_job *find_job(const char *name)
{
	for (size_t i = 0; i < array_length(jobs); i++)
		if (str_equal(jobs[i].name, name))
			return jobs[i].run;
	return NULL;
}

int main(int argc, char **argv)
{
	worker_job *job = argc > 1 ? find_job(argv[1]) : NULL;
	struct error err;

	if (!job) {
		fprintf(stderr, "wherry-worker is started by wherryd and does nothing by itself\n");
		return 2;
	}
	log_set_name("wherry-worker");
	signal(SIGPIPE, SIG_IGN);
	if (job(argc - 1, argv + 1, &err))
		return 0;
	log_error("job failed", &err, "job=%s", argv[1]);
	return 1;
}
