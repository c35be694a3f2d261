/* The options of `run` become a service of a file that stands above the others: the same short
 * forms, the same errors. */
#include "cmd/compose/run.h"

#include "cmd/compose/files.h"
#include "compose/attributes.h"
#include "compose/shell_words.h"
#include "format/dotenv.h"

#include <stdio.h>
#include <unistd.h>

struct line_change {
	struct compose *compose;
	const struct run_wishes *wishes;
	struct arena *arena;
	struct node *node; /* of the changed service */
};

static const struct place nowhere;

static struct node *list_of(struct arena *arena, const struct strings *words)
{
	struct node *list = node_new_list(arena, nowhere);

	for (size_t i = 0; i < words->count; i++)
		node_add(arena, list, node_new_text(arena, words->items[i], nowhere));
	return list;
}

static void set(struct line_change *change, const char *key, struct node *value)
{
	node_set(change->arena, change->node, key, nowhere, value);
}

static void set_text(struct line_change *change, const char *key, const char *text)
{
	if (text)
		set(change, key, node_new_text(change->arena, text, nowhere));
}

static bool fail(struct line_change *change, const struct error *err)
{
	compose_fail(change->compose, err);
	return false;
}

/* The map or list of the service, made when it has none. */
static struct node *member(struct line_change *change, const char *key, bool map)
{
	struct node *node = node_get(change->node, key);

	if (node && node->kind == (map ? NODE_MAP : NODE_LIST))
		return node;
	node = map ? node_new_map(change->arena, nowhere) : node_new_list(change->arena, nowhere);
	set(change, key, node);
	return node;
}

/* ---- what is run ---- */

static bool set_command(struct line_change *change, const struct strings *command)
{
	const char *entrypoint = change->wishes->entrypoint;
	scoped_strings struct strings words = {0};
	struct error err;

	if (entrypoint && !shell_words_split(entrypoint, &words, &err)) {
		error_prefix(&err, "--entrypoint");
		return fail(change, &err);
	}
	if (entrypoint)
		set(change, "entrypoint", list_of(change->arena, &words));
	if (entrypoint || command->count)
		set(change, "command", list_of(change->arena, command));
	return true;
}

/* ---- environment and labels ---- */

static void set_pair(struct line_change *change, const char *key, const char *name,
		     const char *value)
{
	node_set(change->arena, member(change, key, true), name, nowhere,
		 node_new_text(change->arena, value, nowhere));
}

static const char *from_shell(void *data, const char *name)
{
	return getenv(name);
}

static bool read_environment_file(struct line_change *change, const char *path)
{
	struct dotenv_rules rules = {.get = from_shell};
	scoped_buffer struct buffer text = {0};
	scoped_pairs struct pairs pairs = {0};
	struct error err;

	if (!host_files.read(host_files.data, path, DOTENV_SIZE_LIMIT, &text, &err) ||
	    !dotenv_parse(text.data ? text.data : "", text.size, &rules, &pairs, &err)) {
		error_prefix(&err, "%s", path);
		return fail(change, &err);
	}
	for (size_t i = 0; i < pairs.count; i++)
		set_pair(change, "environment", pairs.items[i].name, pairs.items[i].value);
	return true;
}

/* NAME=VALUE, or NAME as it is here. */
static void set_words(struct line_change *change, const char *key, const struct strings *words,
		      bool from_here)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i], *equals = strchr(word, '=');
		scoped_free char *name =
			equals ? str_dup_n(word, (size_t)(equals - word)) : str_dup(word);
		const char *value = equals ? equals + 1 : from_here ? getenv(name) : "";

		if (value)
			set_pair(change, key, name, value);
		else
			node_remove(member(change, key, true), name);
	}
}

static bool set_environment(struct line_change *change)
{
	const struct run_wishes *wishes = change->wishes;

	for (size_t i = 0; i < wishes->environment_files.count; i++)
		if (!read_environment_file(change, wishes->environment_files.items[i]))
			return false;
	set_words(change, "environment", &wishes->environment, true);
	set_words(change, "labels", &wishes->labels, false);
	return true;
}

/* ---- short forms ---- */

/* services: {NAME: {volumes: [...], ports: [...]}}, as a file would say it. */
static struct node *line_as_file(struct line_change *change, const char *service)
{
	struct arena *arena = change->arena;
	struct node *own = node_new_map(arena, nowhere), *services = node_new_map(arena, nowhere),
		    *root = node_new_map(arena, nowhere);

	node_set(arena, own, "volumes", nowhere, list_of(arena, &change->wishes->volumes));
	node_set(arena, own, "ports", nowhere, list_of(arena, &change->wishes->publish));
	node_set(arena, services, service, nowhere, own);
	node_set(arena, root, "services", nowhere, services);
	return root;
}

static bool is_same_target(const struct node *a, const struct node *b)
{
	return str_equal(node_get_text(a, "target", NULL), node_get_text(b, "target", NULL));
}

/* A mount of the line stands in for the one of the file at that place. */
static void lay_volume(struct line_change *change, struct node *volume)
{
	struct node *list = member(change, "volumes", false);

	node_each (other, list) {
		if (is_same_target(other->value, volume)) {
			other->value = volume;
			return;
		}
	}
	node_add(change->arena, list, volume);
}

static void show(struct line_change *change, const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		struct error err;

		error_set(&err, ERROR_INVALID, "%s", diagnostics->items[i].text);
		if (diagnostics->items[i].level == DIAGNOSTIC_ERROR)
			compose_fail(change->compose, &err);
		else
			compose_warn(change->compose, "%s", err.text);
	}
}

static bool set_short_forms(struct line_change *change, const char *service)
{
	scoped_free char *here = get_current_dir_name();
	struct long_form_rules rules = {.style = change->compose->style,
					.directory = here ? here : "/",
					.home = getenv("HOME")};
	scoped_diagnostics struct diagnostics diagnostics = {0};
	const struct node *root =
		long_form_file(change->arena, line_as_file(change, service), &rules, &diagnostics);
	const struct node *own = node_get(node_get(root, "services"), service);

	show(change, &diagnostics);
	if (!change->wishes->service_ports)
		set(change, "ports", node_new_list(change->arena, nowhere));
	node_each (volume, node_get(own, "volumes"))
		lay_volume(change, volume->value);
	node_each (port, node_get(own, "ports"))
		node_add(change->arena, member(change, "ports", false), port->value);
	return !diagnostics.errors;
}

/* ---- the rest ---- */

static void add_words(struct line_change *change, const char *key, const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++)
		node_add(change->arena, member(change, key, false),
			 node_new_text(change->arena, words->items[i], nowhere));
}

bool run_change_service(struct compose *compose, const struct run_wishes *wishes,
			const struct strings *command, const struct service *service,
			struct service *out)
{
	struct arena *arena = &compose->project->arena;
	struct line_change change = {compose, wishes, arena, node_copy(arena, service->node)};

	*out = *service;
	out->node = change.node;
	out->scale = 1;
	set_text(&change, "user", wishes->user);
	set_text(&change, "working_dir", wishes->workdir);
	add_words(&change, "cap_add", &wishes->cap_add);
	add_words(&change, "cap_drop", &wishes->cap_drop);
	return set_command(&change, command) && set_environment(&change) &&
	       set_short_forms(&change, service->name);
}
