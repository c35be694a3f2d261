#include "orchestrator/project_plan.h"

/* ---- changes ---- */

void changes_add(struct changes *changes, const char *field, const char *old_value,
		 const char *new_value)
{
	struct change change = {
		.field = str_dup(field),
		.old_value = str_dup_or_null(old_value),
		.new_value = str_dup_or_null(new_value),
	};

	vector_add(changes, change);
}

void changes_fini(struct changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		free(changes->items[i].field);
		free(changes->items[i].old_value);
		free(changes->items[i].new_value);
	}
	vector_fini(changes);
}

/* ---- what is seen ---- */

static void container_fini(struct seen_container *container)
{
	char *texts[] = {container->id,		container->name, container->service,
			 container->image,	container->hash, container->image_name,
			 container->depends_on, container->replaces,
			 container->network_of};

	for (size_t i = 0; i < array_length(texts); i++)
		free(texts[i]);
	strings_fini(&container->networks);
	strings_fini(&container->volumes);
	changes_fini(&container->changes);
}

static void network_fini(struct seen_network *network)
{
	free(network->id);
	free(network->name);
	free(network->key);
	free(network->hash);
	strings_fini(&network->containers);
}

void seen_fini(struct seen *seen)
{
	for (size_t i = 0; i < seen->containers.count; i++)
		container_fini(&seen->containers.items[i]);
	vector_fini(&seen->containers);
	for (size_t i = 0; i < seen->networks.count; i++)
		network_fini(&seen->networks.items[i]);
	vector_fini(&seen->networks);
	for (size_t i = 0; i < seen->volumes.count; i++) {
		free(seen->volumes.items[i].name);
		free(seen->volumes.items[i].key);
		free(seen->volumes.items[i].hash);
	}
	vector_fini(&seen->volumes);
	for (size_t i = 0; i < seen->images.count; i++) {
		free(seen->images.items[i].name);
		free(seen->images.items[i].id);
	}
	vector_fini(&seen->images);
}

/* ---- plans ---- */

static void step_fini(struct step *step)
{
	free(step->service);
	free(step->name);
	free(step->id);
	free(step->new_name);
	free(step->replaces);
	free(step->signal);
	free(step->reason);
	free(step->after);
	changes_fini(&step->changes);
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		step_fini(&plan->items[i]);
	vector_fini(plan);
	strings_fini(&plan->warnings);
	free(plan->failure);
	plan->failure = NULL;
}

bool plan_changes_something(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		enum step_kind kind = plan->items[i].kind;

		if (kind != STEP_KEEP && kind != STEP_WAIT && kind != STEP_JOIN)
			return true;
	}
	return false;
}

const char *step_kind_name(enum step_kind kind)
{
	static const char *const names[STEP_KINDS] = {
		[STEP_CREATE_NETWORK] = "create_network",
		[STEP_REMOVE_NETWORK] = "remove_network",
		[STEP_CONNECT] = "connect",
		[STEP_DISCONNECT] = "disconnect",
		[STEP_CREATE_VOLUME] = "create_volume",
		[STEP_REMOVE_VOLUME] = "remove_volume",
		[STEP_PULL] = "pull",
		[STEP_BUILD] = "build",
		[STEP_PUSH] = "push",
		[STEP_REMOVE_IMAGE] = "remove_image",
		[STEP_CREATE] = "create",
		[STEP_START] = "start",
		[STEP_STOP] = "stop",
		[STEP_KILL] = "kill",
		[STEP_RESTART] = "restart",
		[STEP_PAUSE] = "pause",
		[STEP_UNPAUSE] = "unpause",
		[STEP_REMOVE] = "remove",
		[STEP_RENAME] = "rename",
		[STEP_POST_START] = "post_start",
		[STEP_PRE_STOP] = "pre_stop",
		[STEP_WAIT] = "wait",
		[STEP_TAKE_OVER] = "take_over",
		[STEP_DRAIN] = "drain",
		[STEP_DELAY] = "delay",
		[STEP_MONITOR] = "monitor",
		[STEP_JOIN] = "join",
		[STEP_KEEP] = "keep",
	};

	return names[kind];
}
