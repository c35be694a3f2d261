#include "door/docker/image_events.h"

void image_event_publish(struct engine *engine, const char *action, const char *actor,
			 const char *name)
{
	scoped_pairs struct pairs attributes = {0};

	pairs_set(&attributes, "name", name);
	engine_publish(engine, EVENT_IMAGE, action, actor, &attributes);
}
