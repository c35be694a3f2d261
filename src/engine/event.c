#include "engine/engine_private.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"

struct event_subscription {
	struct link link;
	event_listener *listener;
	void *data;
};

static const char *const type_names[EVENT_TYPES] = {
	[EVENT_CONTAINER] = "container", [EVENT_IMAGE] = "image",   [EVENT_NETWORK] = "network",
	[EVENT_VOLUME] = "volume",	 [EVENT_DAEMON] = "daemon", [EVENT_BUILDER] = "builder",
};

const char *event_type_name(enum event_type type)
{
	return type_names[type];
}

/* ---- the ring ---- */

static size_t size_of(const struct engine_event *event)
{
	size_t size = strlen(event->action) + strlen(event->actor);

	for (size_t i = 0; i < event->attributes.count; i++) {
		const struct pair *attribute = &event->attributes.items[i];

		size += strlen(attribute->name) + (attribute->value ? strlen(attribute->value) : 0);
	}
	return size;
}

static void fini_event(struct engine_event *event)
{
	free(event->action);
	free(event->actor);
	pairs_fini(&event->attributes);
	*event = (struct engine_event){0};
}

void events_init(struct event_ring *ring)
{
	list_init(&ring->subscriptions);
	ring->file = (struct event_file){.folder = -1, .fd = -1};
}

void events_fini(struct event_ring *ring)
{
	event_file_close(&ring->file);
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		fini_event(&ring->events[i]);
	list_each(item, &ring->subscriptions)
		free(container_of(item, struct event_subscription, link));
}

/* Two events never have the same moment: `since` and `until` can then tell them apart. */
static int64_t next_moment(const struct event_ring *ring)
{
	const struct engine_event *last =
		&ring->events[(ring->next + EVENTS_KEPT - 1) % EVENTS_KEPT];
	int64_t now = time_now_ns();

	return ring->count > 0 && now <= last->time_ns ? last->time_ns + 1 : now;
}

static void drop_oldest(struct event_ring *ring)
{
	struct engine_event *oldest =
		&ring->events[(ring->next + EVENTS_KEPT - ring->count) % EVENTS_KEPT];

	ring->size -= size_of(oldest);
	ring->count--;
	fini_event(oldest);
}

/* The newest is kept, however large. */
static struct engine_event *keep(struct event_ring *ring, const struct engine_event *event)
{
	struct engine_event *slot = &ring->events[ring->next];

	ring->size += size_of(event);
	while (ring->count == EVENTS_KEPT || (ring->count > 0 && ring->size > EVENTS_KEPT_BYTES))
		drop_oldest(ring);
	*slot = (struct engine_event){.type = event->type,
				      .action = str_dup(event->action),
				      .actor = str_dup(event->actor),
				      .attributes = pairs_copy(&event->attributes),
				      .time_ns = event->time_ns};
	pairs_sort(&slot->attributes);
	ring->next = (ring->next + 1) % EVENTS_KEPT;
	ring->count++;
	return slot;
}

static void keep_past(void *ring, const struct engine_event *event)
{
	keep(ring, event);
}

void events_load(struct event_ring *ring, const char *folder)
{
	struct error err;

	if (!event_file_open(&ring->file, folder, keep_past, ring, &err))
		log_warning("events are not kept over a restart", &err, "folder=%s", folder);
}

static void tell(struct event_ring *ring, const struct engine_event *event)
{
	list_each(item, &ring->subscriptions)
	{
		struct event_subscription *s = container_of(item, struct event_subscription, link);

		s->listener(s->data, event);
	}
}

void engine_publish(struct engine *engine, enum event_type type, const char *action,
		    const char *actor, const struct pairs *attributes)
{
	static const struct pairs none;
	struct engine_event event = {.type = type,
				     .action = (char *)(uintptr_t)action,
				     .actor = (char *)(uintptr_t)actor,
				     .attributes = attributes ? *attributes : none,
				     .time_ns = next_moment(&engine->ring)};
	const struct engine_event *kept = keep(&engine->ring, &event);

	event_file_add(&engine->ring.file, kept);
	tell(&engine->ring, kept);
}

struct event_subscription *engine_subscribe(struct engine *engine, event_listener *listener,
					    void *data)
{
	struct event_subscription *s = mem_new(struct event_subscription);

	s->listener = listener;
	s->data = data;
	list_append(&engine->ring.subscriptions, &s->link);
	return s;
}

void engine_unsubscribe(struct event_subscription *subscription)
{
	if (!subscription)
		return;
	list_remove(&subscription->link);
	free(subscription);
}

void engine_past_events(struct engine *engine, int64_t since_ns, event_listener *visit, void *data)
{
	const struct event_ring *ring = &engine->ring;
	size_t first = (ring->next + EVENTS_KEPT - ring->count) % EVENTS_KEPT;

	for (size_t i = 0; i < ring->count; i++) {
		const struct engine_event *event = &ring->events[(first + i) % EVENTS_KEPT];

		if (event->time_ns >= since_ns)
			visit(data, event);
	}
}

/* ---- what containers tell ---- */

void engine_publish_container(struct engine *engine, const struct container *c, const char *action,
			      const struct pairs *more)
{
	scoped_pairs struct pairs attributes = pairs_copy(&c->config.labels);

	for (size_t i = 0; more && i < more->count; i++)
		pairs_set(&attributes, more->items[i].name, more->items[i].value);
	pairs_set(&attributes, "image", c->config.image);
	pairs_set(&attributes, "name", c->name);
	engine_publish(engine, EVENT_CONTAINER, action, c->id, &attributes);
}

void events_tell_network(struct container *c, const char *name, const char *id, const char *action)
{
	struct network *network =
		networks_find(c->engine->parts.networks, name, &(struct error){0});
	scoped_pairs struct pairs attributes = {0};

	pairs_set(&attributes, "container", c->id);
	pairs_set(&attributes, "name", name);
	pairs_set(&attributes, "type", network ? network_get_spec(network)->driver : "bridge");
	engine_publish(c->engine, EVENT_NETWORK, action, id ? id : "", &attributes);
}

void events_tell_networks(struct container *c, const char *action)
{
	for (size_t i = 0; i < c->networks.count; i++)
		events_tell_network(c, c->networks.names[i],
				    RECORD_AT(c->networks, struct endpoint_settings, i)->network_id,
				    action);
}

void events_tell_volume(struct engine *engine, const char *name, const char *action)
{
	scoped_pairs struct pairs attributes = {0};

	pairs_set(&attributes, "driver", "local");
	engine_publish(engine, EVENT_VOLUME, action, name, &attributes);
}

void events_tell_volumes(struct container *c, const char *action)
{
	bool mounts = str_equal(action, "mount");

	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);
		scoped_pairs struct pairs attributes = {0};

		if (!str_equal(mount->type, "volume"))
			continue;
		pairs_set(&attributes, "container", c->id);
		pairs_set(&attributes, "driver", mount->driver);
		if (mounts) {
			pairs_set(&attributes, "destination", mount->destination);
			pairs_set(&attributes, "propagation", mount->propagation);
			pairs_set(&attributes, "read/write", mount->rw ? "true" : "false");
		}
		engine_publish(c->engine, EVENT_VOLUME, action, mount->name, &attributes);
	}
}
