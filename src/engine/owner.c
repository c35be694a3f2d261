#include "engine/engine_private.h"

#include "base/log.h"
#include "engine/connection.h"
#include "engine/start_options.h"

#define OPT_OUT "wherry.adopt"

void owner_fini(struct owner *owner)
{
	free(owner->name);
	free(owner->invocation);
	free(owner->cgroup_path);
	*owner = (struct owner){0};
}

void engine_set_owners(struct engine *engine, const struct owner_handlers *handlers, void *data)
{
	engine->owners.handlers = *handlers;
	engine->owners.data = data;
}

void engine_owner_waits_for_pull(struct engine *engine, const char *client_cgroup)
{
	if (client_cgroup && engine->owners.handlers.progress)
		engine->owners.handlers.progress(engine->owners.data, client_cgroup);
}

/* ---- one container ---- */

static bool wants_no_owner(const struct container *c)
{
	return str_equal(pairs_get(&c->config.labels, OPT_OUT), "false");
}

static void set_owner(struct container *c, const struct owner *owner)
{
	str_replace(&c->owner, owner->name);
	str_replace(&c->owner_invocation, owner->invocation);
	str_replace(&c->owner_cgroup, owner->cgroup_path);
}

void container_claim(struct container *c, const struct owner *owner)
{
	set_owner(c, owner);
	c->is_detached = true;
	container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
}

void container_choose_owner(struct container *c, const struct start_options *options)
{
	const struct owner_handlers *handlers = &c->engine->owners.handlers;
	struct owner owner = {0};

	if (!wants_no_owner(c) && options->client_cgroup && handlers->find)
		handlers->find(c->engine->owners.data, options->client_cgroup, c->id, &owner);
	set_owner(c, &owner);
	c->client = options->client;
	owner_fini(&owner);
}

static void adopt(struct container *c, const struct owner_adoption *adoption, owner_known *known,
		  void *data)
{
	struct engine *engine = c->engine;

	c->owner_told = false;
	if (c->owner && engine->owners.handlers.adopt)
		engine->owners.handlers.adopt(engine->owners.data, adoption, known, data);
	else
		known(data, NULL);
}

void owner_expect(struct container *c, owner_known *known, void *data)
{
	struct owner_adoption adoption = {.container = c, .client = c->client};

	c->is_detached = adoption.detached = !pending_has_attach(c);
	adopt(c, &adoption, known, data);
}

void owner_tell_process(struct container_run *run, owner_known *known, void *data)
{
	struct owner_adoption adoption = {.container = run->container,
					  .client = run->container->client,
					  .detached = run->container->is_detached,
					  .pid = run->pid,
					  .start_time = run->start_time};

	adopt(run->container, &adoption, known, data);
}

void owner_tell_gone(struct container *c)
{
	struct engine *engine = c->engine;

	if (!c->owner || c->owner_told || !engine->owners.handlers.gone)
		return;
	c->owner_told = true;
	engine->owners.handlers.gone(engine->owners.data, c->owner, c->id, c->exit_code,
				     c->oom_killed);
}
