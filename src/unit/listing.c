/* Folders are read once for all units: a name is then looked up in memory.  Links are read, but only their text is
 * looked at; whether it names a folder of the search path is asked of the kernel once for each folder that is
 * named. */
#include "unit/listing.h"

#include "base/map.h"
#include "format/path.h"
#include "format/unit_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
	char *path;
	dev_t device;
	ino_t inode;
};

struct unit_listing {
	struct folder *folders;
	size_t folder_count, own;
	struct map names;		  /* -> struct listing_entry * */
	struct map aliases;		  /* -> struct strings * */
	struct map links, instance_links; /* -> bits of folders */
	struct map places;		  /* path of a folder -> its index + 2; 1: outside */
};

/* ---- links ---- */

static char *read_link(int folder, const char *name)
{
	char text[PATH_MAX];
	ssize_t size = readlinkat(folder, name, text, sizeof(text) - 1);

	return size < 0 ? NULL : str_dup_n(text, (size_t)size);
}

/* Which folder of the search path this is, whatever links lead there; -1: none. */
static ptrdiff_t ask_place(const struct unit_listing *listing, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	for (size_t i = 0; i < listing->folder_count; i++)
		if (listing->folders[i].inode == st.st_ino &&
		    listing->folders[i].device == st.st_dev)
			return (ptrdiff_t)i;
	return -1;
}

static ptrdiff_t find_place(struct unit_listing *listing, const char *path)
{
	void *known = map_get(&listing->places, path);

	if (!known) {
		known = (void *)(intptr_t)(ask_place(listing, path) + 2);
		map_put(&listing->places, path, known);
	}
	return (intptr_t)known - 2;
}

static void resolve_link(struct unit_listing *listing, struct listing_entry *entry,
			 const char *text)
{
	const char *folder = listing->folders[entry->folder].path;
	scoped_free char *joined = *text == '/' ? str_dup(text) : str_format("%s/%s", folder, text);

	entry->target = path_clean(joined);
	scoped_free char *parent = str_dup(entry->target);
	char *slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
	entry->target_at = find_place(listing, parent);
}

/* ---- reading ---- */

static bool is_folder_name(const char *name)
{
	return str_ends_with(name, ".d") || str_ends_with(name, ".wants") ||
	       str_ends_with(name, ".requires");
}

static void add_member(struct listing_entry *entry, int fd, const struct dirent *found)
{
	scoped_free char *target = found->d_type == DT_LNK ? read_link(fd, found->d_name) : NULL;

	entry->members =
		mem_resize(entry->members, entry->member_count + 1, sizeof(*entry->members));
	entry->members[entry->member_count++] =
		(struct listing_member){str_dup(found->d_name), str_equal(target, "/dev/null")};
}

static bool read_members(struct listing_entry *entry, int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder) {
		close_fd(&fd);
		return false;
	}
	for (const struct dirent *found; (found = readdir(folder));)
		if (found->d_name[0] != '.')
			add_member(entry, fd, found);
	closedir(folder);
	return true;
}

static void free_entry(struct listing_entry *entry)
{
	for (size_t i = 0; i < entry->member_count; i++)
		free(entry->members[i].name);
	free(entry->members);
	free(entry->target);
	free(entry);
}

static void add_entry(struct unit_listing *listing, const char *name, struct listing_entry *entry)
{
	struct listing_entry *best = map_get(&listing->names, name);

	if (!best) {
		map_put(&listing->names, name, entry);
		return;
	}
	while (best->next) /* folders are read best first */
		best = best->next;
	best->next = entry;
}

static unsigned char type_of(int folder, const struct dirent *found)
{
	struct stat st;

	if (found->d_type != DT_UNKNOWN)
		return found->d_type;
	return fstatat(folder, found->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? DT_UNKNOWN
									    : IFTODT(st.st_mode);
}

/* A folder with the name of a unit is none: run folders of former builds lie in /run/wherry/units. */
static void read_entry(struct unit_listing *listing, size_t at, int fd, const struct dirent *found)
{
	bool is_folder = is_folder_name(found->d_name);
	unsigned char type = is_folder ? DT_DIR : type_of(fd, found);

	if (!is_folder && (type == DT_DIR || (!unit_name_is_valid(found->d_name) &&
					      !str_ends_with(found->d_name, ".container"))))
		return;
	struct listing_entry *entry = mem_new(struct listing_entry);
	entry->folder = at;
	entry->kind = is_folder ? LISTING_FOLDER : LISTING_FILE;
	entry->target_at = -1;
	scoped_free char *text = type == DT_LNK ? read_link(fd, found->d_name) : NULL;
	if (text) {
		entry->kind = LISTING_LINK;
		resolve_link(listing, entry, text);
	}
	if (is_folder && !read_members(entry, fd, found->d_name))
		free_entry(entry);
	else
		add_entry(listing, found->d_name, entry);
}

static void read_folder(struct unit_listing *listing, size_t at)
{
	DIR *folder = opendir(listing->folders[at].path);

	if (!folder)
		return;
	for (const struct dirent *found; (found = readdir(folder));)
		if (found->d_name[0] != '.')
			read_entry(listing, at, dirfd(folder), found);
	closedir(folder);
}

/* ---- aliases ---- */

static void add_alias(struct unit_listing *listing, const char *name, const char *alias)
{
	struct strings *aliases = map_get(&listing->aliases, name);

	if (!aliases) {
		aliases = mem_new(struct strings);
		map_put(&listing->aliases, name, aliases);
	}
	strings_add(aliases, alias);
}

static void find_aliases(struct unit_listing *listing)
{
	for (struct map_slot *slot = map_first(&listing->names); slot;
	     slot = map_next(&listing->names, slot)) {
		const struct listing_entry *entry = slot->value;
		struct unit_source source;

		if (entry->kind != LISTING_LINK || entry->target_at < 0)
			continue;
		unit_source_find(listing, slot->key, &source);
		if (source.is_alias && !source.is_masked && source.path)
			add_alias(listing, source.name, slot->key);
		unit_source_fini(&source);
	}
}

/* ---- what is wanted ---- */

static void set_bit(struct map *map, const char *name, size_t folder)
{
	uintptr_t bits = (uintptr_t)map_get(map, name);

	map_put(map, name, (void *)(bits | listing_bit(folder)));
}

static bool note_links(void *data, const char *key, const struct listing_entry *entry,
		       struct error *err)
{
	struct unit_listing *listing = data;

	for (size_t i = 0; !str_ends_with(key, ".d") && i < entry->member_count; i++) {
		const char *name = entry->members[i].name;
		scoped_free char *template = NULL;

		if (!unit_name_is_valid(name))
			continue;
		set_bit(&listing->links, name, entry->folder);
		template = unit_name_is_instance(name) ? unit_name_template(name) : NULL;
		if (template)
			set_bit(&listing->instance_links, template, entry->folder);
	}
	return true;
}

uint64_t unit_listing_links(const struct unit_listing *listing, const char *name)
{
	return (uintptr_t)map_get(&listing->links, name);
}

uint64_t unit_listing_instance_links(const struct unit_listing *listing, const char *template)
{
	return (uintptr_t)map_get(&listing->instance_links, template);
}

const struct strings *unit_listing_aliases(const struct unit_listing *listing, const char *name)
{
	return map_get(&listing->aliases, name);
}

/* ---- the whole ---- */

struct unit_listing *unit_listing_read(const struct unit_paths *paths)
{
	struct unit_listing *listing = mem_new(struct unit_listing);
	struct error err;

	listing->folder_count = paths->folders.count;
	listing->own = paths->own;
	listing->folders = mem_zeroed(listing->folder_count, sizeof(*listing->folders));
	for (size_t i = 0; i < listing->folder_count; i++) {
		struct folder *folder = &listing->folders[i];
		struct stat st = {0};

		folder->path = path_clean(paths->folders.items[i]);
		if (stat(folder->path, &st) == 0) {
			folder->device = st.st_dev;
			folder->inode = st.st_ino;
		}
		/* also one that is not there yet is known by its name */
		map_put(&listing->places, folder->path, (void *)(intptr_t)(i + 2));
	}
	for (size_t i = 0; i < listing->folder_count; i++)
		read_folder(listing, i);
	find_aliases(listing);
	unit_listing_each(listing, note_links, listing, &err);
	return listing;
}

static void free_names(struct unit_listing *listing)
{
	for (struct map_slot *slot = map_first(&listing->names); slot;
	     slot = map_next(&listing->names, slot))
		for (struct listing_entry *entry = slot->value, *next; entry; entry = next) {
			next = entry->next;
			free_entry(entry);
		}
	map_fini(&listing->names);
}

void unit_listing_free(struct unit_listing *listing)
{
	if (!listing)
		return;
	free_names(listing);
	for (struct map_slot *slot = map_first(&listing->aliases); slot;
	     slot = map_next(&listing->aliases, slot)) {
		strings_fini(slot->value);
		free(slot->value);
	}
	map_fini(&listing->aliases);
	map_fini(&listing->links);
	map_fini(&listing->instance_links);
	map_fini(&listing->places);
	for (size_t i = 0; i < listing->folder_count; i++)
		free(listing->folders[i].path);
	free(listing->folders);
	free(listing);
}

const struct listing_entry *unit_listing_find(const struct unit_listing *listing, const char *name)
{
	return map_get(&listing->names, name);
}

const char *unit_listing_folder(const struct unit_listing *listing, size_t folder)
{
	return listing->folders[folder].path;
}

bool unit_listing_is_own(const struct unit_listing *listing, size_t folder)
{
	return folder < listing->own;
}

bool unit_listing_each(const struct unit_listing *listing,
		       bool (*each)(void *data, const char *key, const struct listing_entry *entry,
				    struct error *err),
		       void *data, struct error *err)
{
	for (struct map_slot *slot = map_first(&listing->names); slot;
	     slot = map_next(&listing->names, slot))
		for (const struct listing_entry *entry = slot->value; entry; entry = entry->next)
			if (!each(data, slot->key, entry, err))
				return false;
	return true;
}

/* ---- names ---- */

static void sort_once(struct strings *names)
{
	size_t kept = 0;

	if (!names->count)
		return;
	strings_sort(names);
	for (size_t i = 0; i < names->count; i++) {
		if (kept && str_equal(names->items[kept - 1], names->items[i]))
			free(names->items[i]);
		else
			names->items[kept++] = names->items[i];
	}
	names->count = kept;
	names->items[kept] = NULL;
}

static void list_entry(const char *key, const struct listing_entry *entry, struct strings *names)
{
	size_t length = strlen(key);

	for (size_t i = 0; entry->kind == LISTING_FOLDER && i < entry->member_count; i++)
		if (!str_ends_with(key, ".d") && unit_name_is_valid(entry->members[i].name))
			strings_add(names, entry->members[i].name);
	if (entry->kind == LISTING_FOLDER)
		return;
	if (str_ends_with(key, ".container"))
		strings_format(names, "%.*s.service", (int)(length - strlen(".container")), key);
	else
		strings_add(names, key);
}

static bool list_files(const struct unit_paths *paths, bool own, struct strings *names)
{
	scoped(unit_listing) struct unit_listing *listing = unit_listing_read(paths);

	for (struct map_slot *slot = map_first(&listing->names); slot;
	     slot = map_next(&listing->names, slot))
		for (const struct listing_entry *entry = slot->value; entry; entry = entry->next)
			if (!own || unit_listing_is_own(listing, entry->folder))
				list_entry(slot->key, entry, names);
	sort_once(names);
	return true;
}

bool unit_list_files(const struct unit_paths *paths, struct strings *names, struct error *err)
{
	return list_files(paths, false, names);
}

bool unit_list_own_files(const struct unit_paths *paths, struct strings *names, struct error *err)
{
	return list_files(paths, true, names);
}
