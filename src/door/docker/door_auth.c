/* POST /auth. */
#include "door/docker/handlers.h"

void serve_auth(struct call *call)
{
	serve_absent(call);
}
