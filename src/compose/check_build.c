/* `build`, `develop` and `image`. */
#include "compose/check.h"

#include "format/platform.h"
#include "format/reference.h"

#include <string.h>

static void check_dockerfile(const struct check *c, const struct node *build)
{
	const struct node_member *written = node_find(build, "dockerfile");
	const struct node_member *line = node_find(build, "dockerfile_inline");

	if (written && line)
		check_error(c, line->place, "build.dockerfile_inline",
			    "\"dockerfile\" and \"dockerfile_inline\" exclude each other");
}

static void check_platforms(const struct check *c, const struct node *build)
{
	const struct node *platforms = node_get(build, "platforms");
	const struct node *wanted = check_text(c->node, "platform");

	if (!platforms || !platforms->count || !wanted)
		return;
	node_each(member, platforms)
		if (strcmp(member->value->text, wanted->text) == 0)
			return;
	check_error(c, platforms->place, "build.platforms",
		    "must include the service's platform %s", wanted->text);
}

void check_platform(const struct check *c, const struct node *wanted)
{
	struct platform platform;
	struct error err;

	if (!platform_parse(wanted->text, &platform, &err))
		check_error(c, wanted->place, "platform", "%s", err.text);
}

/* An id names an image too. */
static bool is_id(const char *text)
{
	if (str_starts_with(text, "sha256:"))
		return true;
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

void check_image(const struct check *c, const struct node *image)
{
	scoped_reference struct reference reference = {0};
	struct error err;

	if (!is_id(image->text) && !reference_parse(image->text, &reference, &err))
		check_error(c, image->place, "image", "%s: \"%s\"", err.text, image->text);
}

void check_has_image(const struct check *c)
{
	if (node_find(c->node, "image") || node_find(c->node, "build") ||
	    node_find(c->node, "provider"))
		return;
	scoped_free char *path = str_format("services.%s", c->service->name);
	if (!check_is_spoilt(c, path, true))
		check_error(c, c->service->place, "",
			    "service \"%s\" has neither an image nor a build context specified",
			    c->service->name);
}

static void check_watch(const struct check *c, const struct node *rule, size_t index)
{
	const char *action = node_get_text(rule, "action", "");
	scoped_free char *path = str_format("develop.watch[%zu]", index);

	if (str_starts_with(action, "sync") && !node_find(rule, "target"))
		check_error(c, rule->place, path, "the action %s needs a target", action);
	if (strcmp(action, "sync+exec") == 0 && !node_find(rule, "exec"))
		check_error(c, rule->place, path, "the action %s needs 'exec'", action);
}

void check_build(const struct check *c, const struct node *build)
{
	check_dockerfile(c, build);
	check_platforms(c, build);
	check_files(c, "secret", "build.secrets", node_get(build, "secrets"), &c->project->secrets);
}

void check_develop(const struct check *c, const struct node *develop)
{
	size_t index = 0;

	node_each(member, node_get(develop, "watch"))
		check_watch(c, member->value, index++);
}
