/* The jobs of images.  Their control socket is descriptor 3; they tell the daemon how it went. */
#include "cmd/worker.h"

#include "image/fetch.h"
#include "image/import.h"
#include "image/load.h"
#include "image/pack.h"
#include "image/push.h"
#include "image/remove.h"
#include "image/save.h"
#include "image/unpack.h"
#include "image/worker_protocol.h"

bool worker_fetch(int argc, char **argv, struct error *err)
{
	fetch_main(WORKER_CONTROL);
	return true;
}

bool worker_unpack(int argc, char **argv, struct error *err)
{
	unpack_main(WORKER_CONTROL);
	return true;
}

bool worker_remove_layers(int argc, char **argv, struct error *err)
{
	remove_main(WORKER_CONTROL);
	return true;
}

bool worker_pack(int argc, char **argv, struct error *err)
{
	pack_main(WORKER_CONTROL);
	return true;
}

bool worker_save(int argc, char **argv, struct error *err)
{
	save_main(WORKER_CONTROL);
	return true;
}

bool worker_push(int argc, char **argv, struct error *err)
{
	push_main(WORKER_CONTROL);
	return true;
}

bool worker_load(int argc, char **argv, struct error *err)
{
	load_main(WORKER_CONTROL);
	return true;
}

bool worker_import(int argc, char **argv, struct error *err)
{
	import_main(WORKER_CONTROL);
	return true;
}
