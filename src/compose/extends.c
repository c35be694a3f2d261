/* Services that begin as another one: of the same files, or of another file. */
#include "compose/load.h"

#include "compose/merge.h"

/* Whose services are looked at: those of the project's files, or of a file that `extends` names. */
struct place_of {
	struct node *services;
	const struct node *more;   /* of included projects; NULL */
	const struct scope *scope; /* its directory is where `file` begins */
	const struct scope *from;  /* that of the project whose services extend */
	const char *shown;	   /* NULL: the project's own files */
};

/* A service on its way, and who extends it. */
struct link {
	const struct link *up;
	const struct place_of *at;
	const char *name;
	size_t depth;
};

static void write_link(const struct place_of *at, const char *name, struct buffer *out)
{
	buffer_add_text(out, name);
	if (at->shown)
		buffer_format(out, " (%s)", at->shown);
}

static void write_chain(const struct link *link, const struct link *until, struct buffer *out)
{
	if (link != until)
		write_chain(link->up, until, out);
	write_link(link->at, link->name, out);
	buffer_add_text(out, " -> ");
}

static bool is_same(const struct link *link, const struct place_of *at, const char *name)
{
	return link->at->services == at->services && strcmp(link->name, name) == 0;
}

static bool refuse_circle(struct load *load, const struct link *link, const struct place_of *at,
			  const char *name, const struct node *extends)
{
	scoped_buffer struct buffer chain = {0};
	scoped_free char *path = str_format("services.%s.extends", link->name);

	for (const struct link *other = link; other; other = other->up) {
		if (!is_same(other, at, name))
			continue;
		write_chain(link, other, &chain);
		write_link(at, name, &chain);
		return diagnostics_error(load->diagnostics, extends->place, path,
					 "services extend each other: %s", chain.data);
	}
	if (link->depth < LOAD_CHAIN_LIMIT)
		return true;
	return diagnostics_error(load->diagnostics, extends->place, path,
				 "a chain of more than %d services that extend each other",
				 LOAD_CHAIN_LIMIT);
}

/* ---- of another file ---- */

/* One scope for each directory, so that a file is read once. */
static const struct scope *scope_of(struct load *load, const struct place_of *at, const char *path)
{
	const char *directory = load_directory_of(load, path);

	for (size_t i = 0; i < load->extended.count; i++) {
		struct extended *known = &load->extended.items[i];

		if (known->from == at->from && strcmp(known->scope->directory, directory) == 0)
			return known->scope;
	}
	struct scope *scope = scope_new(load, directory, &at->from->environment);
	vector_add(&load->extended, ((struct extended){at->from, scope}));
	return scope;
}

static bool open_file(struct load *load, const struct link *link, const struct node *extends,
		      struct place_of *out)
{
	const struct node *file = node_get(extends, "file");
	scoped_free char *path = str_format("services.%s.extends.file", link->name);
	const char *name = load_path(load, link->at->scope->directory, file->text);

	if (path_is_remote(file->text))
		return diagnostics_error(load->diagnostics, file->place, path,
					 "files from elsewhere are not supported yet");
	const struct scope *scope = scope_of(load, link->at, name);
	struct source *source = source_load(load, name, scope, file->place, path);
	if (!source)
		return false;
	struct node *services = node_get(source->root, "services");
	*out = (struct place_of){services ? services : source->root, NULL, scope, link->at->from,
				 source->shown};
	return true;
}

/* ---- one service ---- */

static struct node *resolve(struct load *load, const struct place_of *at, const char *name,
			    const struct link *up);

static bool is_text(const struct node *node)
{
	return node && node->kind == NODE_TEXT;
}

static struct node *missing(struct load *load, const struct link *link, const struct place_of *base,
			    const struct node *wanted)
{
	scoped_free char *path = str_format("services.%s.extends", link->name);

	diagnostics_error(load->diagnostics, wanted->place, path,
			  "service \"%s\" extends \"%s\", which is not in %s", link->name,
			  wanted->text, base->shown ? base->shown : "these files");
	return NULL;
}

/* What is extended, resolved itself; a copy, since what a service has is changed later. */
static struct node *find_base(struct load *load, const struct link *link,
			      const struct node *extends)
{
	const struct node *wanted = node_get(extends, "service");
	struct place_of other, base = *link->at;

	if (!is_text(wanted))
		return NULL; /* told by the check of the file */
	if (is_text(node_get(extends, "file"))) {
		if (!open_file(load, link, extends, &other))
			return NULL;
		base = other;
	}
	struct node *included = node_get(base.more, wanted->text);
	if (!node_get(base.services, wanted->text))
		return included ? node_copy(load->arena, included)
				: missing(load, link, &base, wanted);
	if (!refuse_circle(load, link, &base, wanted->text, extends))
		return NULL;
	struct node *found = resolve(load, &base, wanted->text, link);
	return found ? node_copy(load->arena, found) : NULL;
}

static struct node *without_extends(struct load *load, const struct node *service)
{
	struct node *copy = node_new_map(load->arena, service->place);

	copy->tag = service->tag;
	node_each (member, service)
		if (strcmp(member->key, "extends") != 0)
			node_append(load->arena, copy, member->key, member->place, member->value);
	return copy;
}

static struct node *resolve(struct load *load, const struct place_of *at, const char *name,
			    const struct link *up)
{
	struct node_member *member = node_find(at->services, name);
	struct node *service = member->value, *extends = node_get(service, "extends");
	struct link link = {up, at, name, up ? up->depth + 1 : 0};

	if (service->kind != NODE_MAP || !extends || extends->tag == NODE_TAG_RESET)
		return service;
	struct node *base = find_base(load, &link, extends);
	struct node *own = without_extends(load, service);
	if (base)
		own = merge_nodes(load->arena, &attributes_service, base, own);
	member->value = own;
	return base ? own : NULL;
}

void extends_resolve(struct load *load, struct node *tree, const struct node *included,
		     const struct scope *scope)
{
	struct place_of at = {node_get(tree, "services"), node_get(included, "services"), scope,
			      scope, NULL};

	for (size_t i = 0; at.services && i < at.services->count; i++) {
		resolve(load, &at, at.services->members[i].key, NULL);
		if (!load_has_room(load, at.services->members[i].place))
			return;
	}
}
