/* What the API documents and this version does not do: told by name, never a false success. */
#include "door/docker/handlers.h"
#include "door/docker/route.h"

void serve_absent(struct call *call)
{
	struct error err;

	error_set(&err, ERROR_UNSUPPORTED, "%s %s is not implemented by this version",
		  call->route->method, call->route->pattern);
	call_fail(call, &err);
}

void serve_no_swarm(struct call *call)
{
	struct error err;

	error_set(&err, ERROR_UNAVAILABLE,
		  "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm "
		  "join\" to connect this node to swarm and try again.");
	call_fail(call, &err);
}

void serve_not_in_swarm(struct call *call)
{
	struct error err;

	error_set(&err, ERROR_UNAVAILABLE, "This node is not part of a swarm");
	call_fail(call, &err);
}
