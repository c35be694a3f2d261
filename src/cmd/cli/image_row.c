#include "cmd/cli/image_row.h"

#include "cmd/cli/api.h"
#include "cmd/cli/show.h"
#include "format/units.h"

#define NONE "<none>"

/* The daemon says -1 for what it did not count. */
static void set_amount(json_t *row, const char *name, int64_t amount)
{
	scoped_free char *text = amount < 0 ? str_dup("N/A") : size_to_text_fine((double)amount);

	doc_set_text(row, name, text);
}

static json_t *row_of(const json_t *image, bool truncate)
{
	json_t *row = json_object();
	const char *id = doc_text(image, "Id");
	int64_t created = doc_number(image, "Created"), size = doc_number(image, "Size");
	int64_t shared = doc_number(image, "SharedSize"), users = doc_number(image, "Containers");
	scoped_free char *shown = truncate ? show_short_id(id) : str_dup(id);
	scoped_free char *created_at = show_time(created), *age = show_age(created);
	scoped_free char *size_text = size_to_text((double)size);

	doc_set_text(row, "ID", shown);
	doc_set_text(row, "CreatedAt", created_at);
	doc_set_text(row, "CreatedSince", age);
	doc_set_text(row, "Size", size_text);
	if (users < 0)
		doc_set_text(row, "Containers", "N/A");
	else
		doc_set_format(row, "Containers", "%lld", (long long)users);
	set_amount(row, "VirtualSize", size);
	set_amount(row, "SharedSize", shared);
	set_amount(row, "UniqueSize", shared < 0 || size < 0 ? -1 : size - shared);
	return row;
}

static void add_row(const json_t *image, const struct image_view *view, const char *repository,
		    const char *tag, const char *digest, json_t *rows)
{
	json_t *row = row_of(image, view->truncate);

	doc_set_text(row, "Repository", repository);
	doc_set_text(row, "Tag", tag);
	doc_set_text(row, "Digest", digest);
	json_array_append_new(rows, row);
}

/* "host:5000/a:b" into "host:5000/a" and "b"; "a@sha256:..." likewise. */
static char *split_name(const char *name, char separator, const char **rest)
{
	const char *at = strrchr(name, separator);

	if (separator == '@')
		at = strchr(name, '@');
	if (!at)
		return NULL;
	*rest = at + 1;
	return str_dup_n(name, (size_t)(at - name));
}

/* Whether a name of `names` is one of the repository; `digest` is then its digest. */
static bool find_digest(const json_t *names, const char *repository, size_t *from,
			const char **digest)
{
	for (; *from < json_array_size(names); ++*from) {
		const char *name = json_string_value(json_array_get(names, *from));
		scoped_free char *of = name ? split_name(name, '@', digest) : NULL;

		if (of && strcmp(of, repository) == 0) {
			++*from;
			return true;
		}
	}
	return false;
}

static void add_tagged(const json_t *image, const struct image_view *view, const char *name,
		       json_t *rows)
{
	const json_t *digests = json_object_get(image, "RepoDigests");
	const char *tag, *digest;
	scoped_free char *repository = split_name(name, ':', &tag);
	size_t from = 0;
	bool any = false;

	if (!repository)
		return;
	while (view->with_digests && find_digest(digests, repository, &from, &digest)) {
		add_row(image, view, repository, tag, digest, rows);
		any = true;
	}
	if (!any)
		add_row(image, view, repository, tag, NONE, rows);
}

static bool has_tag(const json_t *image, const char *repository)
{
	size_t i;
	json_t *name;

	json_array_foreach (json_object_get(image, "RepoTags"), i, name) {
		const char *tag;
		scoped_free char *of = json_is_string(name)
					       ? split_name(json_string_value(name), ':', &tag)
					       : NULL;

		if (of && strcmp(of, repository) == 0)
			return true;
	}
	return false;
}

/* Repositories that know the image by its digest alone. */
static void add_untagged(const json_t *image, const struct image_view *view, const char *name,
			 json_t *rows)
{
	const char *digest;
	scoped_free char *repository = split_name(name, '@', &digest);

	if (repository && !has_tag(image, repository))
		add_row(image, view, repository, NONE, view->digests ? digest : "", rows);
}

static bool is_nameless(const char *name)
{
	return !name || strcmp(name, NONE ":" NONE) == 0 || strcmp(name, NONE "@" NONE) == 0;
}

void image_rows(const json_t *image, const struct image_view *view, json_t *rows)
{
	static const struct {
		const char *member;
		void (*add)(const json_t *, const struct image_view *, const char *, json_t *);
	} kinds[] = {{"RepoTags", add_tagged}, {"RepoDigests", add_untagged}};
	size_t before = json_array_size(rows), i;
	json_t *name;

	for (size_t kind = 0; kind < array_length(kinds); kind++)
		json_array_foreach (json_object_get(image, kinds[kind].member), i, name) {
			if (!is_nameless(json_string_value(name)))
				kinds[kind].add(image, view, json_string_value(name), rows);
		}
	if (json_array_size(rows) == before)
		add_row(image, view, NONE, NONE, NONE, rows);
}

static const struct listing_column columns[] = {
	{"ID", "IMAGE ID"},
	{"Repository", "REPOSITORY"},
	{"Tag", "TAG"},
	{"Digest", "DIGEST"},
	{"CreatedSince", "CREATED"},
	{"CreatedAt", "CREATED AT"},
	{"Size", "SIZE"},
	{"Containers", "CONTAINERS"},
	{"VirtualSize", "SIZE"},
	{"SharedSize", "SHARED SIZE"},
	{"UniqueSize", "UNIQUE SIZE"},
};

const struct listing image_listing = {
	.row_type = "*formatter.imageContext",
	LISTING_COLUMNS(columns),
	.identity = "ID",
	.raw = "repository: {{.Repository}}\n{{if .Tag}}tag: {{.Tag}}\n{{end}}image_id: {{.ID}}\n"
	       "created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n",
};
