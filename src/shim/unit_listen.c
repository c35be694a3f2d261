#include "shim/unit_listen.h"

void unit_listen_open(struct unit_shim *u)
{
	unit_say(u, 3, "%s: socket units are not supported yet", u->start.plan.unit);
	UNIT_EVENT(u, EVENT_SOCKETS_FAILED);
}

void unit_listen_watch(struct unit_shim *u)
{
}

void unit_listen_close(struct unit_shim *u)
{
}

void unit_listen_give(struct unit_shim *u)
{
}
