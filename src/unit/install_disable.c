/* Disabling: whatever leads to the unit from our folders, or from systemd's, goes. */
#include "unit/install_private.h"

#include "format/unit_name.h"
#include "unit/install_link.h"

/* The links of a template are those of its instances. */
static bool is_of(const char *name, const char *link)
{
	scoped_free char *template = unit_name_is_template(name) ? unit_name_template(link) : NULL;

	return str_equal(name, link) || str_equal(name, template);
}

struct removal {
	struct installer *in;
	const char *name;
	size_t folders[2]; /* ours, systemd's */
	size_t folder_count;
	bool found;
};

static bool is_removed_from(const struct removal *removal, size_t folder)
{
	for (size_t i = 0; i < removal->folder_count; i++)
		if (removal->folders[i] == folder)
			return true;
	return false;
}

static bool remove_members(struct removal *removal, const char *key,
			   const struct listing_entry *entry, struct error *err)
{
	const char *folder = unit_listing_folder(removal->in->listing, entry->folder);

	for (size_t i = 0; i < entry->member_count; i++) {
		scoped_free char *path =
			str_format("%s/%s/%s", folder, key, entry->members[i].name);

		if (!is_of(removal->name, entry->members[i].name))
			continue;
		removal->found = true;
		if (!install_link_remove(path, removal->in->result, err))
			return false;
	}
	return true;
}

/* An alias, or the link that brought a file into the search path. */
static bool remove_entry(struct removal *removal, const char *key,
			 const struct listing_entry *entry, struct error *err)
{
	const char *folder = unit_listing_folder(removal->in->listing, entry->folder);
	scoped_free char *path = str_format("%s/%s", folder, key);
	struct unit_source source;
	bool is_link_to_it;

	if (str_equal(entry->target, "/dev/null"))
		return true;
	unit_source_find(removal->in->listing, key, &source);
	is_link_to_it = is_of(removal->name, source.name);
	unit_source_fini(&source);
	if (!is_link_to_it)
		return true;
	removal->found = true;
	return install_link_remove(path, removal->in->result, err);
}

static bool remove_slot(void *data, const char *key, const struct listing_entry *entry,
			struct error *err)
{
	struct removal *removal = data;
	bool is_arrow = str_ends_with(key, ".wants") || str_ends_with(key, ".requires");

	if (!is_removed_from(removal, entry->folder))
		return true;
	if (entry->kind == LISTING_FOLDER)
		return !is_arrow || remove_members(removal, key, entry, err);
	return entry->kind != LISTING_LINK || remove_entry(removal, key, entry, err);
}

/* The mark in our folder of a link in systemd's is no news beside it. */
static void hide_marks(const struct removal *removal)
{
	const struct strings *folders = &removal->in->context->paths->folders;
	struct strings *removed = &removal->in->result->removed;
	const char *own = folders->items[removal->folders[0]];

	if (removal->folders[1] >= folders->count)
		return;
	for (size_t i = removed->count; i-- > 0;) {
		const char *path = removed->items[i];

		if (!str_starts_with(path, own))
			continue;
		scoped_free char *foreign =
			str_format("%s%s", folders->items[removal->folders[1]], path + strlen(own));
		if (strings_contain(removed, foreign))
			strings_remove(removed, i);
	}
}

bool install_disable(struct installer *in, const char *name, struct error *err)
{
	size_t own = in->context->paths->own, runtime = in->options->runtime ? 1 : 0;
	struct removal removal = {in, name, {own > 1 ? runtime : 0, own + runtime}, 2};
	struct install_subject subject;
	bool done;

	if (strings_contain(&in->seen, name))
		return true;
	strings_add(&in->seen, name);
	done = unit_listing_each(in->listing, remove_slot, &removal, err);
	hide_marks(&removal);
	install_subject_read(in, name, NULL, &subject);
	if (done && !removal.found)
		done = subject.draft.config.load == LOAD_MASKED ||
		       install_subject_check(&subject, err);
	for (size_t i = 0; done && i < subject.section.also.count; i++) {
		struct error ignored;

		install_disable(in, subject.section.also.items[i], &ignored);
	}
	install_subject_fini(&subject);
	return done;
}
