/* wherry-worker archive: files of containers (archive/archive.h). */
#include "cmd/worker.h"

#include "archive/archive.h"
#include "image/worker_protocol.h"

bool worker_archive(int argc, char **argv, struct error *err)
{
	archive_main(WORKER_CONTROL);
	return true;
}
