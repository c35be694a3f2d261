#include "engine/link.h"

#include "base/id.h"
#include "base/log.h"
#include "engine/link_environment.h"
#include "format/port.h"
#include "network/etc.h"
#include "os/file.h"

#include <fcntl.h>
#include <unistd.h>

#define HOSTS_LIMIT  (1 << 20)
#define DONORS_MOST  16 /* of a container that is on another's network, and so on */
#define DEFAULT_NAME "bridge"

/* ---- as it is written ---- */

void link_fini(struct container_link *link)
{
	free(link->target);
	free(link->alias);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool link_parse(const char *text, struct container_link *out, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, ':');
	const char *target = parts.count > 0 ? parts.items[0] : "",
		   *alias = parts.count > 1 ? parts.items[1] : target;

	if (!*text)
		return error_set(err, ERROR_INVALID, "empty string specified for links");
	if (*target == '/') { /* as HostConfig.Links shows it */
		target++;
		alias = last_part(alias);
	}
	if (parts.count > 2 || !*target || !*alias)
		return error_set(err, ERROR_INVALID, "bad format for links: %s", text);
	out->target = str_dup(target);
	out->alias = str_dup(alias);
	return true;
}

bool links_are_addresses(const struct container *c)
{
	const char *mode = c->host_config.network_mode;

	return str_is_empty(mode) || str_equal(mode, "default") || str_equal(mode, DEFAULT_NAME);
}

/* ---- whom it leads to ---- */

static struct container *target_of(const struct container *c, const struct pair *link)
{
	return map_get(&c->engine->by_id, link->value);
}

/* Who shares the network of another has that one's address. */
static struct container *find_owner(struct engine *engine, const char *name, struct error *err)
{
	struct container *c = engine_find(engine, name, err);

	for (int i = 0; c && i < DONORS_MOST; i++) {
		const char *donor = container_mode_target(c->host_config.network_mode);

		if (!donor)
			return c;
		c = engine_find(engine, donor, err);
	}
	return c;
}

static bool resolve(struct container *c, const struct container_link *link, struct error *err)
{
	struct container *target = find_owner(c->engine, link->target, err);

	if (!target) {
		err->kind = ERROR_INVALID; /* NOT_FOUND would be taken for a missing image */
		return error_prefix(err, "could not get container for %s", link->target);
	}
	if (str_equal(target->host_config.network_mode, "host"))
		return error_set(err, ERROR_INVALID,
				 "conflicting options: host type networking can't be used with "
				 "links. This would result in undefined behavior");
	pairs_set(&c->links, link->alias, target->id);
	return true;
}

static void show_links(struct container *c)
{
	struct strings shown = {0};

	for (size_t i = 0; i < c->links.count; i++) {
		const struct pair *link = &c->links.items[i];
		const struct container *target = target_of(c, link);

		if (target)
			strings_format(&shown, "/%s:/%s/%s", target->name, c->name, link->name);
	}
	strings_fini(&c->host_config.links);
	c->host_config.links = shown;
}

bool links_resolve(struct container *c, struct error *err)
{
	const struct strings *links = &c->host_config.links;

	for (size_t i = 0; i < links->count; i++) {
		scoped_link struct container_link link = {0};

		if (!link_parse(links->items[i], &link, err) ||
		    (links_are_addresses(c) && !resolve(c, &link, err)))
			return false;
	}
	if (c->links.count > 0)
		show_links(c);
	return true;
}

void links_rename(struct engine *engine)
{
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		if (c->links.count > 0)
			show_links(c);
}

void links_lead_to(const struct container *old, const struct container *new)
{
	for (struct container *c = engine_first(old->engine); c; c = engine_next(c)) {
		bool changed = false;

		for (size_t i = 0; i < c->links.count; i++) {
			if (!str_equal(c->links.items[i].value, old->id))
				continue;
			str_replace(&c->links.items[i].value, new->id);
			changed = true;
		}
		if (!changed)
			continue;
		show_links(c);
		container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
	}
}

/* ---- at the start ---- */

bool links_check_running(const struct container *c, struct error *err)
{
	for (size_t i = 0; i < c->links.count; i++) {
		const struct pair *link = &c->links.items[i];
		const struct container *target = target_of(c, link);

		if (target && !container_is_live(target))
			return error_set(err, ERROR_SYSTEM,
					 "Cannot link to a non running container: /%s AS /%s/%s",
					 target->name, c->name, link->name);
	}
	return true;
}

static bool waits_for(const struct container *c, const struct container *other)
{
	for (size_t i = 0; i < c->links.count; i++)
		if (str_equal(c->links.items[i].value, other->id))
			return true;
	return false;
}

bool links_must_wait(struct container *c)
{
	c->waits_for_links = false;
	for (size_t i = 0; i < c->links.count && !c->waits_for_links; i++) {
		const struct container *target = target_of(c, &c->links.items[i]);

		c->waits_for_links = target && target->state == CONTAINER_RESTARTING;
	}
	return c->waits_for_links;
}

void links_tell_state(struct container *changed)
{
	for (struct container *c = engine_first(changed->engine); c; c = engine_next(c)) {
		if (!c->waits_for_links || !waits_for(c, changed))
			continue;
		c->waits_for_links = false;
		container_restart_now(c);
	}
}

static const char *address_of(const struct container *c)
{
	const struct endpoint_settings *settings =
		record_map_get(&endpoint_settings_type, &c->networks, DEFAULT_NAME);

	return settings && !str_is_empty(settings->ip_address) ? settings->ip_address : NULL;
}

void links_add_environment(const struct container *c, struct strings *out)
{
	for (size_t i = 0; i < c->links.count; i++) {
		const struct container *target = target_of(c, &c->links.items[i]);
		struct link_facts facts = {.parent = c->name, .alias = c->links.items[i].name};

		if (!target || !(facts.address = address_of(target)))
			continue;
		facts.exposed = &target->config.exposed_ports;
		facts.env = &target->config.env;
		link_environment(&facts, out);
	}
}

/* "alias id12 name", or less where two are the same. */
static char *names_of(const char *alias, const struct container *target)
{
	struct strings names = {0};
	const char *all[] = {alias, target->config.hostname, target->name};
	char *joined;

	for (size_t i = 0; i < array_length(all); i++)
		if (!str_is_empty(all[i]) && !strings_contain(&names, all[i]))
			strings_add(&names, all[i]);
	joined = strings_join(&names, " ");
	strings_fini(&names);
	return joined;
}

void links_add_hosts(const struct container *c, struct pairs *out)
{
	for (size_t i = 0; i < c->links.count; i++) {
		const struct container *target = target_of(c, &c->links.items[i]);
		const char *address = target ? address_of(target) : NULL;

		if (!address)
			continue;
		scoped_free char *names = names_of(c->links.items[i].name, target);
		pairs_set(out, names, address);
	}
}

/* ---- while it runs ---- */

/* The file is mounted, so it is written where it lies.  The container may have made anything of it. */
static bool change_hosts(const struct container *c, const char *alias, const char *address,
			 struct error *err)
{
	scoped_free char *path = str_format("%s/etc/hosts", c->id);
	scoped_buffer struct buffer before = {0}, after = {0};
	scoped_fd int fd = openat(c->engine->runs, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return error_errno(err, "cannot open '%s'", path);
	if (!file_read(c->engine->runs, path, HOSTS_LIMIT, &before, err))
		return false;
	hosts_change_link(before.data ? before.data : "", alias, address, &after);
	if (pwrite(fd, after.data ? after.data : "", after.size, 0) != (ssize_t)after.size ||
	    ftruncate(fd, (off_t)after.size) < 0)
		return error_errno(err, "cannot write '%s'", path);
	return true;
}

static void tell_one(const struct container *c, const struct container *target, const char *address)
{
	struct error err;

	for (size_t i = 0; i < c->links.count; i++)
		if (str_equal(c->links.items[i].value, target->id) &&
		    !change_hosts(c, c->links.items[i].name, address, &err))
			log_warning("cannot tell an address to a linked container", &err, "id=%s",
				    c->id);
}

void links_tell_address(struct container *target)
{
	const char *address = address_of(target);

	for (struct container *c = engine_first(target->engine); c && address; c = engine_next(c))
		if (c->links.count > 0 && container_is_live(c))
			tell_one(c, target, address);
}

/* ---- where containers are kept apart ---- */

static void open_range(struct openings *out, struct opening opening, const char *port)
{
	struct error ignored; /* looked at when it was created */
	uint16_t first, last;
	int protocol;

	if (!port_spec_parse(port, &protocol, &first, &last, &ignored))
		return;
	opening.protocol = (uint8_t)protocol;
	for (unsigned number = first; number <= last; number++) {
		opening.port = (uint16_t)number;
		openings_add(out, &opening);
	}
}

static void open_to_targets(const struct container *c, struct openings *out)
{
	const char *from = address_of(c);

	for (size_t i = 0; from && i < c->links.count; i++) {
		const struct container *target = target_of(c, &c->links.items[i]);
		const char *to = target ? address_of(target) : NULL;
		struct opening opening = {0};

		if (!to || !address_parse(from, &opening.from) || !address_parse(to, &opening.to))
			continue;
		for (size_t port = 0; port < target->config.exposed_ports.count; port++)
			open_range(out, opening, target->config.exposed_ports.items[port]);
	}
}

void links_open_ports(struct engine *engine)
{
	struct networks *networks = engine->parts.networks;
	struct openings openings = {0};

	if (!networks_keep_apart(networks))
		return;
	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		open_to_targets(c, &openings);
	networks_open_between(networks, &openings);
}

/* ---- rm --link ---- */

struct unlink_operation {
	struct operation op;
	char *alias;
};

static void fini_unlink(struct operation *op)
{
	free(((struct unlink_operation *)op)->alias);
}

static void run_unlink(struct operation *op)
{
	struct unlink_operation *self = (struct unlink_operation *)op;
	struct container *c = op->container;
	struct error err;

	if (!operation_claim(op))
		return;
	if (!pairs_remove(&c->links, self->alias)) {
		error_set(&err, ERROR_NOT_FOUND, "No such container: %s/%s", c->name, self->alias);
		operation_finish(op, &err);
		return;
	}
	show_links(c);
	if (container_is_live(c) && !change_hosts(c, self->alias, NULL, &err))
		log_warning("cannot remove a link from hosts", &err, "id=%s", c->id);
	links_open_ports(c->engine);
	container_save(c, STORE_SURVIVES_POWER_CUT, operation_stored, op);
}

void engine_unlink(struct engine *engine, struct container *c, const char *alias, engine_done *done,
		   void *data)
{
	struct unlink_operation *self = operation_new(sizeof(*self), engine, c, run_unlink);

	self->op.fini = fini_unlink;
	self->alias = str_dup(alias);
	operation_begin(self, done, data);
}
