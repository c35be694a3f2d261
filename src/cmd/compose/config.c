/* config: the project as it is understood, or lists of what is in it. */
#include "cmd/compose/config.h"

#include "cmd/compose/observe.h"
#include "cmd/compose/verbs.h"
#include "format/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct config {
	char *format, *output, *hash;
	bool quiet, services, volumes, networks, images, profiles, models, variables, environment,
		origin;
	bool resolve_image_digests, lock_image_digests;
	bool no_interpolate, no_normalize, no_path_resolution, no_consistency, no_env_resolution;
};

#define HERE(field) offsetof(struct config, field)

static const struct option options[] = {
	{'q', "quiet", &option_switch, HERE(quiet), .help = "Only check the files, print nothing"},
	{0, "format", &option_string, HERE(format), .initial = "yaml",
	 .help = "How to write it: 'yaml' or 'json'"},
	{'o', "output", &option_string, HERE(output), .help = "Write to a file"},
	{0, "services", &option_switch, HERE(services), .help = "List the services"},
	{0, "volumes", &option_switch, HERE(volumes), .help = "List the volumes"},
	{0, "networks", &option_switch, HERE(networks), .help = "List the networks"},
	{0, "images", &option_switch, HERE(images), .help = "List the images"},
	{0, "profiles", &option_switch, HERE(profiles), .help = "List the profiles"},
	{0, "models", &option_switch, HERE(models), .help = "List the models"},
	{0, "hash", &option_string, HERE(hash),
	 .help = "List the hashes of services ('*': all of them)"},
	{0, "variables", &option_switch, HERE(variables),
	 .help = "List the variables that the files ask for, with their defaults"},
	{0, "environment", &option_switch, HERE(environment),
	 .help = "List the environment that variables are replaced from"},
	{0, "origin", &option_switch, HERE(origin), .help = "List where each value was written"},
	{0, "resolve-image-digests", &option_switch, HERE(resolve_image_digests),
	 .help = "Name images by their digests"},
	{0, "lock-image-digests", &option_switch, HERE(lock_image_digests),
	 .help = "Write an override file that names images by their digests"},
	{0, "no-interpolate", &option_switch, HERE(no_interpolate),
	 .help = "Do not replace variables"},
	{0, "no-normalize", &option_switch, HERE(no_normalize), .help = "Do not put in defaults"},
	{0, "no-path-resolution", &option_switch, HERE(no_path_resolution),
	 .help = "Do not make paths absolute"},
	{0, "no-consistency", &option_switch, HERE(no_consistency),
	 .help = "Do not check what only the whole project shows"},
	{0, "no-env-resolution", &option_switch, HERE(no_env_resolution),
	 .help = "Do not read the files of env_file"},
};

/* One call: a list has `out`, one line each. */
struct listing {
	struct compose *compose;
	const struct config *config;
	const struct config_selection *selection;
	struct buffer *out;
};

/* ---- lists ---- */

static bool list_services(struct listing *l, struct error *err)
{
	const struct project *project = l->compose->project;
	const struct service **order = config_order(project);

	for (size_t i = 0; i < project->service_count; i++)
		if (config_has_service(l->selection, order[i]))
			buffer_format(l->out, "%s\n", order[i]->name);
	free(order);
	return true;
}

static bool is_shown(const struct listing *l, const char *section, const char *key)
{
	scoped_free char *name = str_format("%s %s", section, key);

	return l->compose->style == COMPOSE_V1 || l->selection->all_resources ||
	       map_get(&l->selection->used, name);
}

static void list_resources(struct listing *l, const char *section,
			   const struct resources *resources)
{
	for (size_t i = 0; i < resources->count; i++)
		if (is_shown(l, section, resources->items[i].key))
			buffer_format(l->out, "%s\n", resources->items[i].key);
}

static bool list_volumes(struct listing *l, struct error *err)
{
	list_resources(l, "volumes", &l->compose->project->volumes);
	return true;
}

static bool list_networks(struct listing *l, struct error *err)
{
	list_resources(l, "networks", &l->compose->project->networks);
	return true;
}

/* Each name once, sorted. */
static void write_names(struct listing *l, struct pairs *names)
{
	pairs_sort(names);
	for (size_t i = 0; i < names->count; i++)
		buffer_format(l->out, "%s\n", names->items[i].name);
}

static bool list_images(struct listing *l, struct error *err)
{
	const struct project *project = l->compose->project;
	scoped_pairs struct pairs names = {0};

	for (size_t i = 0; i < project->service_count; i++)
		if (config_has_service(l->selection, &project->services[i]) &&
		    project->services[i].image)
			pairs_set(&names, project->services[i].image, NULL);
	write_names(l, &names);
	return true;
}

static bool list_profiles(struct listing *l, struct error *err)
{
	const struct project *project = l->compose->project;
	scoped_pairs struct pairs names = {0};

	for (size_t i = 0; i < project->service_count; i++)
		node_each(member, node_get(project->services[i].node, "profiles"))
			pairs_set(&names, member->value->text, NULL);
	write_names(l, &names);
	return true;
}

static bool list_models(struct listing *l, struct error *err)
{
	node_each(member, node_get(l->compose->project->root, "models"))
		buffer_format(l->out, "%s\n", member->key);
	return true;
}

static bool list_environment(struct listing *l, struct error *err)
{
	scoped_pairs struct pairs sorted = pairs_copy(&l->compose->project->environment);

	pairs_sort(&sorted);
	for (size_t i = 0; i < sorted.count; i++)
		buffer_format(l->out, "%s=%s\n", sorted.items[i].name,
			      sorted.items[i].value ? sorted.items[i].value : "");
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct variable *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static size_t column_width(size_t width, const char *text)
{
	size_t wanted = strlen(text ? text : "") + 3;

	return wanted > width ? wanted : width;
}

static bool list_variables(struct listing *l, struct error *err)
{
	const struct variable *items = l->compose->project->variables.items;
	size_t count = l->compose->project->variables.count, name = 20, otherwise = 20;

	if (count)
		qsort(l->compose->project->variables.items, count, sizeof(*items), by_name);
	for (size_t i = 0; i < count; i++) {
		name = column_width(name, items[i].name);
		otherwise = column_width(otherwise, items[i].otherwise);
	}
	buffer_format(l->out, "%-*s%-20s%-*s%s\n", (int)name, "NAME", "REQUIRED", (int)otherwise,
		      "DEFAULT VALUE", "ALTERNATE VALUE");
	for (size_t i = 0; i < count; i++)
		buffer_format(l->out, "%-*s%-20s%-*s%s\n", (int)name, items[i].name,
			      items[i].required ? "true" : "false", (int)otherwise,
			      items[i].otherwise ? items[i].otherwise : "",
			      items[i].alternate ? items[i].alternate : "");
	return true;
}

/* ---- hashes ---- */

static bool write_hash(struct listing *l, const struct wanted *wanted, const char *name,
		       struct error *err)
{
	const char *hash = pairs_get(&wanted->hashes, name);

	if (!hash)
		return error_set(err, ERROR_NOT_FOUND, "%s: %s",
				 l->compose->style == COMPOSE_V1 ? "No such service"
								 : "no such service",
				 name);
	buffer_format(l->out, "%s %s\n", name, hash);
	return true;
}

static bool list_hashes(struct listing *l, struct error *err)
{
	scoped_strings struct strings names = strings_split(l->config->hash, ',');
	struct wanted wanted = {0};
	bool is_all = strcmp(l->config->hash, "*") == 0;
	bool good = observe_wanted(l->compose, &wanted, err);

	for (size_t i = 0; good && is_all && i < wanted.hashes.count; i++)
		good = write_hash(l, &wanted, wanted.hashes.items[i].name, err);
	for (size_t i = 0; good && !is_all && i < names.count; i++)
		good = write_hash(l, &wanted, names.items[i], err);
	pairs_fini(&wanted.hashes);
	return good;
}

/* ---- where values were written ---- */

static void write_origin(struct listing *l, const struct node *node, const char *path)
{
	const struct place *place = &node->place;

	if (node->count) {
		size_t index = 0;

		node_each(member, node) {
			scoped_free char *below =
				member->key
					? str_format("%s%s%s", path, *path ? "." : "", member->key)
					: str_format("%s[%zu]", path, index++);

			write_origin(l, member->value, below);
		}
		return;
	}
	scoped_buffer struct buffer value = {0};
	node_write_json(node, &value);
	if (place->line && place->file)
		buffer_format(l->out, "%s:%u:%u: %s: %s\n", place->file, place->line, place->column,
			      path, value.data);
	else
		buffer_format(l->out, "(default): %s: %s\n", path, value.data);
}

static bool list_origins(struct listing *l, struct error *err)
{
	write_origin(l, l->compose->project->root, "");
	return true;
}

/* ---- the whole ---- */

/* Names of services and their images alone. */
static struct node *only_images(struct arena *arena, const struct node *tree)
{
	struct node *root = node_new_map(arena, (struct place){0});
	struct node *services = node_new_map(arena, (struct place){0});

	node_append(arena, root, "services", (struct place){0}, services);
	node_each(member, node_get(tree, "services")) {
		struct node *image = node_get(member->value, "image");
		struct node *service = node_new_map(arena, (struct place){0});

		if (!image)
			continue;
		node_append(arena, service, "image", image->place, image);
		node_append(arena, services, member->key, member->place, service);
	}
	return root;
}

static void write_tree(const struct listing *l, const struct node *tree)
{
	bool is_v1 = l->compose->style == COMPOSE_V1;
	scoped_buffer struct buffer json = {0};

	if (strcmp(l->config->format, "json") != 0) {
		yaml_write(tree, !is_v1, l->out);
		if (is_v1)
			buffer_add_char(l->out, '\n');
		return;
	}
	node_write_json(tree, &json);
	json_t *document = json_loads(json.data, JSON_DECODE_ANY, NULL);
	scoped_free char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENCODE_ANY);
	json_decref(document);
	buffer_format(l->out, "%s\n", text ? text : json.data);
}

static bool list_all(struct listing *l, struct error *err)
{
	struct arena *arena = &l->compose->project->arena;
	struct node *tree = l->compose->style == COMPOSE_V1 ? config_tree_v1(arena, l->selection)
							    : config_tree_v2(arena, l->selection);
	bool locks = l->config->lock_image_digests;

	if ((locks || l->config->resolve_image_digests) &&
	    !config_resolve_images(l->compose, tree, err))
		return false;
	write_tree(l, locks ? only_images(arena, tree) : tree);
	return true;
}

/* ---- the verb ---- */

static bool write_output(const struct config *config, const struct buffer *text, struct error *err)
{
	if (str_is_empty(config->output))
		return cli_print(text) == 0 ||
		       error_set(err, ERROR_SYSTEM, "cannot write to the standard output");
	scoped_fd int fd = open(config->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_errno(err, "cannot write '%s'", config->output);
	for (size_t done = 0; done < text->size;) {
		ssize_t n = write(fd, text->data + done, text->size - done);

		if (n < 0 && errno != EINTR)
			return error_errno(err, "cannot write '%s'", config->output);
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The first list that was asked for; all of it, where none was. */
static bool list(struct listing *l, struct error *err)
{
	const struct config *config = l->config;
	const struct {
		bool wanted;
		bool (*write)(struct listing *l, struct error *err);
	} lists[] = {
		{config->services, list_services},
		{config->volumes, list_volumes},
		{config->networks, list_networks},
		{config->images, list_images},
		{config->profiles, list_profiles},
		{config->models, list_models},
		{config->hash != NULL, list_hashes},
		{config->variables, list_variables},
		{config->environment, list_environment},
		{config->origin, list_origins},
		{true, list_all},
	};
	size_t i = 0;

	while (!lists[i].wanted)
		i++;
	return lists[i].write(l, err);
}

static bool check_format(const struct config *config, struct error *err)
{
	if (strcmp(config->format, "yaml") == 0 || strcmp(config->format, "json") == 0)
		return true;
	return error_set(err, ERROR_INVALID, "unsupported format \"%s\": it is yaml or json",
			 config->format);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct config *config = fields;
	struct compose *compose = compose_of(cli);
	struct compose_request wishes = {
		.no_interpolate = config->no_interpolate,
		.no_normalize = config->no_normalize,
		.no_path_resolution = config->no_path_resolution,
		.no_consistency = config->no_consistency,
		.no_env_resolution = config->no_env_resolution,
	};
	scoped_config_selection struct config_selection selection = {
		.all_resources = compose->options.all_resources,
		.escape = !config->no_interpolate,
	};
	scoped_buffer struct buffer out = {0};
	struct listing listing = {compose, config, &selection, &out};
	struct error err;

	if (!check_format(config, &err))
		return compose_fail(compose, &err);
	if (!compose_open_with(compose, arguments, &wishes))
		return 1;
	if (config->quiet)
		return 0;
	config_select(&selection, compose->project, arguments);
	if (!list(&listing, &err) || !write_output(config, &out, &err))
		return compose_fail(compose, &err);
	return 0;
}

const struct command compose_config = {
	.summary = "Check the files, and show what they say",
	.details = "All files are merged, variables replaced and short forms made long. With "
		   "--origin each value "
		   "is shown with the place where it was written.",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct config),
	.options = {OPTION_SET(options)},
	.run = run,
};
