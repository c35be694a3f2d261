/* By which names containers find each other: a zone (format/zone.h) for each network, which the shims of
 * its containers map and answer from, and what each shim is told besides.
 *
 * A zone is made anew from what runs whenever that changes, and replaces the former at once; so it never
 * says something else than the daemon knows, and it goes on saying that when the daemon is gone.  A
 * daemon that comes back first finds out what runs, and writes then.
 *
 * A name that several have leads to those of them that can serve: who is unhealthy or paused is answered only
 * where nobody else has the name, and who is held back (extension.h) not at all. */
#include "engine/names.h"

#include "base/log.h"
#include "base/time.h"
#include "engine/link.h"
#include "engine/run_network.h"
#include "format/zone.h"
#include "network/address.h"
#include "os/file.h"

#include <ctype.h>
#include <unistd.h>

#define ZONE_MODE	0600
#define OPEN_TIMEOUT_MS 30000

static const struct endpoint_spec *endpoint_at(const struct container_run *run, size_t index)
{
	return RECORD_AT(run->plan.endpoints, struct endpoint_spec, index);
}

static const struct endpoint_settings *settings_of(const struct container *c,
						   const struct endpoint_spec *endpoint)
{
	return record_map_get(&endpoint_settings_type, &c->networks, endpoint->network_name);
}

/* The predefined networks know addresses only. */
static const struct strings *names_on(const struct container *c,
				      const struct endpoint_spec *endpoint)
{
	const struct endpoint_settings *settings = settings_of(c, endpoint);

	return settings && settings->dns_names.count ? &settings->dns_names : NULL;
}

/* ---- zones ---- */

/* Where the names of a network go while they are collected. */
struct collected {
	struct zone_builder zone;
	struct zone_builder spare; /* names of those that cannot serve */
};

static void collected_fini(struct collected *c)
{
	zone_builder_fini(&c->zone);
	zone_builder_fini(&c->spare);
}

static bool to_value(const char *text, struct zone_address *value)
{
	struct address address;

	*value = (struct zone_address){0};
	if (!address_parse(text, &address))
		return false;
	value->size = (uint8_t)address_size(&address);
	memcpy(value->bytes, address.bytes, value->size);
	return true;
}

static bool is_of_group(const struct endpoint_settings *settings, const char *name)
{
	return !str_is_empty(settings->vip) && strings_contain(&settings->aliases, name);
}

static void add_address(struct collected *out, bool serves,
			const struct endpoint_settings *settings, const char *text)
{
	const struct strings *names = &settings->dns_names;
	struct zone_address value;

	if (!to_value(text, &value))
		return;
	for (size_t i = 0; i < names->count; i++)
		if (!is_of_group(settings, names->items[i]))
			zone_add(serves ? &out->zone : &out->spare, names->items[i], &value);
	zone_add_reverse(&out->zone, &value, names->items[0]);
}

/* Where a group has an address, its aliases are names of that, whoever serves. */
static void add_group(struct collected *out, const struct endpoint_settings *settings)
{
	struct zone_address value;

	if (!to_value(settings->vip, &value))
		return;
	for (size_t i = 0; i < settings->aliases.count; i++)
		zone_add(&out->zone, settings->aliases.items[i], &value);
}

static void add_run(struct collected *out, const struct container_run *run, const char *network)
{
	bool serves = container_can_serve(run->container);
	const struct endpoint_settings *settings;

	for (size_t i = 0; i < run->plan.endpoints.count; i++) {
		const struct endpoint_spec *endpoint = endpoint_at(run, i);
		const struct strings *names = names_on(run->container, endpoint);

		if (!names || !str_equal(endpoint->network_id, network))
			continue;
		settings = settings_of(run->container, endpoint);
		add_address(out, serves, settings, endpoint->address);
		add_address(out, serves, settings, endpoint->address6);
		add_group(out, settings);
	}
}

/* A network that nobody is on has no zone. */
static void write_zone(struct engine *engine, const char *id, const char *name)
{
	scoped_with(collected_fini) struct collected names = {0};
	scoped_buffer struct buffer bytes = {0};
	struct file_content content = {.mode = ZONE_MODE};
	struct error err;

	if (!engine->names_known)
		return;
	for (const struct container *c = engine_first(engine); c; c = engine_next(c))
		if (c->run && c->run->named && !container_is_held(c))
			add_run(&names, c->run, id);
	zone_add_missing(&names.zone, &names.spare);
	if (names.zone.names.count == 0) {
		unlinkat(engine->zones, id, 0);
		return;
	}
	zone_encode(&names.zone, name, (uint64_t)time_now_ns(), &bytes);
	content.data = bytes.data;
	content.size = bytes.size;
	if (!file_replace(engine->zones, id, &content, &err))
		log_error("cannot write the names of a network", &err, "network=%s", name);
}

static void write_zones_of(const struct container_run *run)
{
	for (size_t i = 0; i < run->plan.endpoints.count; i++) {
		const struct endpoint_spec *endpoint = endpoint_at(run, i);

		if (names_on(run->container, endpoint))
			write_zone(run->container->engine, endpoint->network_id,
				   endpoint->network_name);
	}
}

void names_show(struct container_run *run)
{
	run->named = true;
	write_zones_of(run);
}

void names_hide(struct container_run *run)
{
	if (!run->named)
		return;
	run->named = false;
	write_zones_of(run);
}

void names_refresh(struct container *c)
{
	if (c->run && c->run->named)
		write_zones_of(c->run);
}

/* Zones of networks that are gone, and what a daemon that was killed had half written. */
static void sweep(struct engine *engine)
{
	scoped_list DIR *list = folder_list(engine->zones);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (!networks_find(engine->parts.networks, entry->d_name, &(struct error){0}))
			unlinkat(engine->zones, entry->d_name, 0);
}

void names_begin(struct engine *engine)
{
	struct networks *networks = engine->parts.networks;

	engine->names_known = true;
	sweep(engine);
	for (size_t i = 0; i < networks_count(networks); i++) {
		const struct network_spec *spec = network_get_spec(networks_at(networks, i));

		if (!network_is_predefined(spec))
			write_zone(engine, spec->id, spec->name);
	}
}

/* ---- what a shim is told ---- */

static void lower_case(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

/* Links on such a network are names for one container alone; whom they lead to is found by name when it
 * is asked for, so it may come later. */
static void add_links(const struct strings *links, struct pairs *out)
{
	for (size_t i = 0; i < links->count; i++) {
		scoped_link struct container_link link = {0};

		if (!link_parse(links->items[i], &link, &(struct error){0}))
			continue;
		lower_case(link.alias);
		lower_case(link.target);
		pairs_set(out, link.alias, link.target);
	}
}

static bool leads_outside(struct engine *engine, const struct endpoint_spec *endpoint)
{
	struct network *network =
		networks_find(engine->parts.networks, endpoint->network_id, &(struct error){0});

	return network && !network_get_spec(network)->internal;
}

static bool are_asked(const struct container_run *run)
{
	for (size_t i = 0; i < run->plan.endpoints.count; i++)
		if (names_on(run->container, endpoint_at(run, i)))
			return true;
	return false;
}

/* On no such network any more, it still needs somebody who passes its questions on. */
static struct shim_names *describe(const struct container_run *run)
{
	const struct container *c = run->container;
	struct shim_names *names = mem_new(struct shim_names);
	bool outside = false;

	for (size_t i = 0; i < run->plan.endpoints.count; i++) {
		const struct endpoint_spec *endpoint = endpoint_at(run, i);

		outside = outside || leads_outside(c->engine, endpoint);
		if (!names_on(c, endpoint))
			continue;
		strings_add(&names->zones, endpoint->network_id);
		add_links(&settings_of(c, endpoint)->links, &names->links);
	}
	if (!links_are_addresses(c)) /* clients of the API may say it for all networks */
		add_links(&c->host_config.links, &names->links);
	names->folder = str_format("%s/%s", c->engine->settings.exec_root, ZONES_FOLDER);
	if (outside)
		run_name_servers(c, &names->servers);
	return names;
}

struct shim_names *names_for(const struct container_run *run)
{
	return run->plan.names ? describe(run) : NULL;
}

void names_change(struct container *c, const struct endpoint_spec *left)
{
	struct container_run *run = c->run;
	struct shim_names *names;

	if (!run || !run->named)
		return;
	write_zones_of(run);
	if (left)
		write_zone(c->engine, left->network_id, left->network_name);
	names = run->peer ? names_for(run) : NULL;
	if (!names)
		return;
	shim_peer_send(run->peer, SHIM_NAMES, &shim_names_type, names, NULL, 0);
	record_fini(&shim_names_type, names);
	free(names);
}

/* ---- names that come late ---- */

bool names_are_missing(const struct container_run *run)
{
	return !run->plan.names && are_asked(run);
}

void names_note(struct container_run *run)
{
	run->plan.names = are_asked(run);
}

struct job *names_open(struct container_run *run, job_done *done, void *data, struct error *err)
{
	struct container *c = run->container;
	char *args[] = {"wherry-shim", "names", NULL};
	scoped_free char *folder = container_run_folder(c);
	struct shim_names_request request = {folder, c->pid, run->start_time};
	scoped_buffer struct buffer input = {0};

	record_encode(&shim_names_request_type, &request, &input);
	struct job_request job = {.program = c->engine->shim,
				  .args = args,
				  .input = input.data,
				  .size = input.size,
				  .timeout_ms = OPEN_TIMEOUT_MS};
	return job_start(c->engine->parts.loop, &job, done, data, err);
}
