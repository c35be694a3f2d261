#include "cmd/compose/watch_rule.h"

static const char *const action_names[] = {
	[WATCH_REBUILD] = "rebuild",	 [WATCH_RESTART] = "restart",
	[WATCH_SYNC] = "sync",		 [WATCH_SYNC_RESTART] = "sync+restart",
	[WATCH_SYNC_EXEC] = "sync+exec",
};

/* What editors write beside a file while they save it. */
static const char *const passing[] = {
	"**/*~", "**/.*.sw?", "**/.#*", "**/#*#", "**/4913", "**/___jb_*___", "**/.git",
};

static enum watch_action action_of(const struct node *node)
{
	const char *name = node_get_text(node, "action", "");

	for (size_t i = 0; i < array_length(action_names); i++)
		if (strcmp(action_names[i], name) == 0)
			return (enum watch_action)i;
	return WATCH_REBUILD; /* the checks of the file let nothing else through */
}

static bool fail_place(const struct node *node, struct error *err)
{
	const struct place *place = &node->place;

	return error_prefix(err, "%s:%u:%u", place->file ? place->file : "", place->line,
			    place->column);
}

static bool add_patterns(struct dockerignore *patterns, const struct node *list, struct error *err)
{
	node_each (item, list)
		if (!dockerignore_add(patterns, item->value->text, err))
			return fail_place(item->value, err);
	return true;
}

/* "" or "a/b" when `path` is the context or below it. */
static char *path_below(const char *context, const char *path)
{
	size_t length = strlen(context);

	if (!length || strncmp(path, context, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return str_dup(path + length + (path[length] == '/'));
}

static bool read_context(struct watch_rule *rule, const char *ignore_file, struct error *err)
{
	const struct node *build = node_get(rule->service->node, "build");

	rule->below = path_below(node_get_text(build, "context", ""), rule->path);
	if (!ignore_file || !rule->below)
		return true;
	return dockerignore_parse(ignore_file, strlen(ignore_file), &rule->context, err) ||
	       error_prefix(err, "%s/.dockerignore", node_get_text(build, "context", ""));
}

static bool copies(enum watch_action action)
{
	return action != WATCH_REBUILD && action != WATCH_RESTART;
}

bool watch_rule_init(struct watch_rule *rule, const struct service *service,
		     const struct node *node, const char *ignore_file, struct error *err)
{
	*rule = (struct watch_rule){
		.service = service,
		.node = node,
		.action = action_of(node),
		.path = node_get_text(node, "path", ""),
		.target = node_get_text(node, "target", NULL),
		.initial_sync = node_get_bool(node, "initial_sync", false),
	};
	if (copies(rule->action) && !rule->target) {
		error_set(err, ERROR_INVALID, "'%s' needs a target: where the files go to",
			  action_names[rule->action]);
		return fail_place(node, err);
	}
	for (size_t i = 0; i < array_length(passing); i++)
		if (!dockerignore_add(&rule->ignored, passing[i], err))
			return false;
	return add_patterns(&rule->ignored, node_get(node, "ignore"), err) &&
	       add_patterns(&rule->included, node_get(node, "include"), err) &&
	       read_context(rule, ignore_file, err);
}

void watch_rule_fini(struct watch_rule *rule)
{
	dockerignore_fini(&rule->ignored);
	dockerignore_fini(&rule->included);
	dockerignore_fini(&rule->context);
	free(rule->below);
}

/* A folder that is ignored may hold files that are not. */
static bool matches(const struct dockerignore *patterns, const char *path, bool folder)
{
	return folder ? dockerignore_prunes(patterns, path) : dockerignore_match(patterns, path);
}

static bool context_ignores(const struct watch_rule *rule, const char *path, bool folder)
{
	if (!rule->context.count)
		return false;
	scoped_free char *whole =
		*rule->below ? str_format("%s/%s", rule->below, path) : str_dup(path);
	return matches(&rule->context, whole, folder);
}

bool watch_rule_ignores(const struct watch_rule *rule, const char *path, bool folder)
{
	if (!*path)
		return false;
	if (matches(&rule->ignored, path, folder) || context_ignores(rule, path, folder))
		return true;
	return !folder && rule->included.count && !dockerignore_match(&rule->included, path);
}

char *watch_rule_target(const struct watch_rule *rule, const char *path)
{
	const char *target = rule->target + strspn(rule->target, "/");
	size_t length = strlen(target);

	while (length && target[length - 1] == '/')
		length--;
	return str_format("%.*s%s%s", (int)length, target, length && *path ? "/" : "", path);
}
