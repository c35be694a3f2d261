#include "base/text.h"
#include "cmd/worker_main.h"

static const struct worker_entry jobs[] = {
	{"archive", worker_archive},
	{"build", worker_build},
	{"build-fetch", worker_build_fetch},
	{"build-mount", worker_build_mount},
	{"bus", worker_bus},
	{"compress", worker_compress},
	{"decompress", worker_decompress},
	{"fetch", worker_fetch},
	{"import", worker_import},
	{"load", worker_load},
	{"measure", worker_measure},
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

int main(int argc, char **argv)
{
	static const struct worker_program program = {"wherry-worker", jobs, array_length(jobs)};

	return worker_main(&program, argc, argv);
}
