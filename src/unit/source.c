/* From a name to files: links, templates, aliases, and which folders' drop-ins are a unit's. */
#include "base/map.h"
#include "format/unit_name.h"
#include "unit/listing.h"

enum { ALIAS_LIMIT = 16 };

/* ---- the file ---- */

static bool is_same_type(const char *a, const char *b)
{
	enum unit_type first, second;

	return unit_type_of_name(a, &first) && unit_type_of_name(b, &second) && first == second;
}

/* NAME.service out of NAME.container, or web@1.service out of web@.container. */
static const struct listing_entry *find_container(const struct unit_listing *listing,
						  const char *name)
{
	if (!str_ends_with(name, ".service"))
		return NULL;
	scoped_free char *file =
		str_format("%.*s.container", (int)(strlen(name) - strlen(".service")), name);
	return unit_listing_find(listing, file);
}

/* The entry for a name, or for its template; `used`: the name in the folder (owned). */
static const struct listing_entry *find_entry(const struct unit_listing *listing, const char *name,
					      char **used, bool *is_container)
{
	const struct listing_entry *entry = unit_listing_find(listing, name);

	*used = NULL;
	*is_container = !entry && (entry = find_container(listing, name));
	if (entry || !unit_name_is_instance(name)) {
		*used = entry ? str_dup(name) : NULL;
		return entry;
	}
	scoped_free char *template = unit_name_template(name);
	entry = unit_listing_find(listing, template);
	*is_container = !entry && (entry = find_container(listing, template));
	*used = entry ? str_dup(template) : NULL;
	return entry;
}

static char *path_of_entry(const struct unit_listing *listing, const struct listing_entry *entry,
			   const char *name, bool is_container)
{
	const char *folder = unit_listing_folder(listing, entry->folder);

	if (is_container)
		return str_format("%s/%.*s.container", folder,
				  (int)(strlen(name) - strlen(".service")), name);
	return str_format("%s/%s", folder, name);
}

/* The unit for which `name` stands when its entry is a link to `base`; NULL: for itself. */
static char *name_behind(const char *name, const char *used, const char *base)
{
	scoped_free char *instance = unit_name_instance(name);
	scoped_free char *template = unit_name_template(name);

	if (!unit_name_is_valid(base) || !is_same_type(name, base) || str_equal(base, used) ||
	    str_equal(base, template))
		return NULL;
	if (unit_name_is_template(base) && !str_is_empty(instance))
		return unit_name_with_instance(base, instance);
	return str_dup(base);
}

void unit_source_find(const struct unit_listing *listing, const char *name, struct unit_source *out)
{
	*out = (struct unit_source){.name = str_dup(name)};
	for (int depth = 0; depth < ALIAS_LIMIT; depth++) {
		scoped_free char *used = NULL;
		const struct listing_entry *entry =
			find_entry(listing, out->name, &used, &out->is_container);

		if (!entry)
			return;
		out->folder = entry->folder;
		out->is_masked = str_equal(entry->target, "/dev/null");
		scoped_free char *other =
			entry->target_at < 0
				? NULL
				: name_behind(out->name, used, strrchr(entry->target, '/') + 1);
		if (!other) {
			out->path = entry->target ? str_dup(entry->target)
						  : path_of_entry(listing, entry, used,
								  out->is_container);
			out->link = entry->target && entry->target_at < 0 && !out->is_masked
					    ? path_of_entry(listing, entry, used, out->is_container)
					    : NULL;
			return;
		}
		out->is_alias = true;
		free(out->name);
		out->name = take(other);
	}
	out->is_loop = true;
}

void unit_source_fini(struct unit_source *source)
{
	free(source->name);
	free(source->path);
	free(source->link);
	*source = (struct unit_source){0};
}

/* ---- the folders beside it ---- */

struct search {
	const struct unit_listing *listing;
	const char *suffix;
	bool own;
	struct map known; /* file names */
	struct listing_files *out;
};

static void add_files(struct search *search, const char *name)
{
	scoped_free char *key = str_format("%s%s", name, search->suffix);
	const struct listing_entry *entry = unit_listing_find(search->listing, key);

	for (; entry; entry = entry->next) {
		const char *folder = unit_listing_folder(search->listing, entry->folder);

		if (search->own && !unit_listing_is_own(search->listing, entry->folder))
			continue;
		for (size_t i = 0; i < entry->member_count; i++) {
			const struct listing_member *member = &entry->members[i];
			struct listing_file file = {member->name};

			if (map_put(&search->known, member->name, search))
				continue;
			if (!member->is_null) /* without a path it only hides the others */
				file.path = str_format("%s/%s/%s", folder, key, member->name);
			vector_add(search->out, file);
		}
	}
}

/* The name, its template, then shorter and shorter beginnings that end in a dash: foo-bar-.service, foo-.service. */
static void add_files_of_name(struct search *search, const char *name)
{
	scoped_free char *prefix = unit_name_prefix(name);
	scoped_free char *template = unit_name_template(name);
	const char *type = strrchr(name, '.');

	add_files(search, name);
	if (template && !str_equal(template, name))
		add_files(search, template);
	for (size_t length = strlen(prefix); length > 1; length--) {
		if (prefix[length - 1] != '-')
			continue;
		scoped_free char *shorter = str_format("%.*s%s", (int)length, prefix, type);

		if (!str_equal(shorter, name))
			add_files(search, shorter);
	}
}

static int compare_files(const void *a, const void *b)
{
	const struct listing_file *first = a, *second = b;

	return strcmp(first->name, second->name);
}

static void drop_hidden(struct listing_files *files)
{
	size_t kept = 0;

	for (size_t i = 0; i < files->count; i++)
		if (files->items[i].path)
			files->items[kept++] = files->items[i];
	files->count = kept;
	if (kept)
		qsort(files->items, kept, sizeof(*files->items), compare_files);
}

void unit_listing_files(const struct unit_listing *listing, const char *name, const char *suffix,
			bool own, struct listing_files *out)
{
	struct search search = {listing, suffix, own, {0}, out};
	const struct strings *aliases = unit_listing_aliases(listing, name);

	*out = (struct listing_files){0};
	add_files_of_name(&search, name);
	for (size_t i = 0; aliases && i < aliases->count; i++)
		add_files_of_name(&search, aliases->items[i]);
	add_files(&search, strrchr(name, '.') + 1);
	map_fini(&search.known);
	drop_hidden(out);
}

void listing_files_fini(struct listing_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->items[i].path);
	vector_fini(files);
}
