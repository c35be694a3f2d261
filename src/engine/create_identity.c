/* Who a container that is being made will be: its image, its name, and whose namespaces it joins. */
#include "engine/create_private.h"

#include "base/id.h"
#include "base/memory.h"
#include "engine/container_check.h"
#include "engine/container_merge.h"
#include "engine/container_name.h"
#include "format/platform.h"

#include <unistd.h>

#define NAME_TRIES 16

/* ---- image ---- */

static bool check_platform(struct operation *op, const struct image *image, struct error *err)
{
	const struct create_operation *self = create_of(op);
	struct platform made =
		platform_of(image->config.os, image->config.architecture, image->config.variant);
	struct platform wanted = platform_host();
	char ours[PLATFORM_TEXT_SIZE], theirs[PLATFORM_TEXT_SIZE];
	bool asked = !str_is_empty(self->platform);

	if (asked && !platform_parse(self->platform, &wanted, err))
		return false;
	if (platform_match(&wanted, &made) > 0)
		return true;
	platform_text(&made, ours);
	platform_text(&wanted, theirs);
	if (asked)
		return error_set(err, ERROR_NOT_FOUND,
				 "image with reference %s was found but its platform (%s) does not "
				 "match the specified platform (%s)",
				 self->made->config.image, ours, theirs);
	strings_format(
		&op->warnings,
		"The requested image's platform (%s) does not match the detected host platform "
		"(%s) and no specific platform was requested",
		ours, theirs);
	return true;
}

bool create_take_image(struct operation *op, struct error *err)
{
	struct container *c = create_of(op)->made;
	struct image_store *images = op->engine->parts.images;
	struct image *image = image_find(images, c->config.image ? c->config.image : "", err);

	if (!image || !check_platform(op, image, err) || !image_lease(images, image, err))
		return false;
	c->image = image;
	c->image_id = str_dup(image->id);
	c->platform = str_dup("linux");
	container_config_merge(&c->config, &image->config.defaults);
	return container_check_merged(&c->config, err) &&
	       container_command(&c->config, &c->path, &c->args, err);
}

/* ---- names ---- */

bool create_take_name(struct operation *op, struct error *err)
{
	struct create_operation *self = create_of(op);
	char name[CONTAINER_NAME_SIZE];
	unsigned number;

	if (!str_is_empty(self->name)) {
		if (!container_name_check(self->name, err))
			return false;
		self->made->name = str_dup(container_name_bare(self->name));
		return engine_name_is_free(op->engine, self->made->name, err);
	}
	for (int i = 0; i < NAME_TRIES; i++) {
		random_bytes(&number, sizeof(number));
		container_name_make(number, i == 0 ? -1 : i, name);
		if (engine_name_is_free(op->engine, name, err)) {
			self->made->name = str_dup(name);
			return true;
		}
	}
	self->made->name = str_dup_n(self->made->id, ID_SHORT_LENGTH);
	return true;
}

/* ---- modes ---- */

/* "container:web" is kept as "container:<id>": names may move on.  One that is not there is found
 * missing at the start. */
static void resolve_mode(struct engine *engine, char **mode)
{
	const char *target = container_mode_target(*mode);
	struct container *other = target ? engine_find(engine, target, &(struct error){0}) : NULL;
	char *resolved;

	if (!other)
		return;
	resolved = str_format("container:%s", other->id);
	free(*mode);
	*mode = resolved;
}

static void take_hostname(struct container *c)
{
	char name[256] = "";

	c->user_hostname = !str_is_empty(c->config.hostname);
	if (c->user_hostname || container_mode_target(c->host_config.network_mode))
		return;
	if (!str_equal(c->host_config.network_mode, "host") ||
	    gethostname(name, sizeof(name) - 1) != 0)
		snprintf(name, sizeof(name), "%.*s", ID_SHORT_LENGTH, c->id);
	str_replace(&c->config.hostname, name); /* clients send "" for none */
}

bool create_take_modes(struct operation *op, struct error *err)
{
	struct container *c = create_of(op)->made;

	(void)err;
	resolve_mode(op->engine, &c->host_config.network_mode);
	resolve_mode(op->engine, &c->host_config.ipc_mode);
	resolve_mode(op->engine, &c->host_config.pid_mode);
	take_hostname(c);
	return true;
}
