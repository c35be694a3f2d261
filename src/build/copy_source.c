#include "build/copy_source.h"

#include "base/memory.h"
#include "format/file_pattern.h"
#include "format/path.h"
#include "os/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define DEPTH_LIMIT 1000

/* ---- names of a folder ---- */

static bool is_dots(const char *name)
{
	return str_equal(name, ".") || str_equal(name, "..");
}

static bool list_names(int root, const char *path, struct strings *out, struct error *err)
{
	int fd = root_open(root, *path ? path : ".", O_RDONLY | O_DIRECTORY, err);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (fd < 0)
		return false;
	if (!dir) {
		close(fd);
		return error_errno(err, "cannot list '%s'", path);
	}
	while ((entry = readdir(dir)))
		if (!is_dots(entry->d_name))
			strings_add(out, entry->d_name);
	closedir(dir);
	strings_sort(out);
	return true;
}

static char *join(const char *folder, const char *name)
{
	return *folder && *name ? str_format("%s/%s", folder, name)
				: str_dup(*folder ? folder : name);
}

/* ---- finding ---- */

struct finding {
	const struct copy_order *order;
	const struct copy_roots *roots;
	const struct copy_item *item;
	struct copy_matches *out;
	const char *pivot; /* --parents: what stands in front of "/./"; "" */
};

static bool is_ignored(const struct finding *f, const char *path)
{
	return f->item->place == COPY_FROM_TREE && f->roots->ignore && *path &&
	       dockerignore_match(f->roots->ignore, path);
}

static bool not_found(const struct finding *f, const char *path, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "%s failed: %sstat %s: file does not exist",
			 f->order->instruction,
			 f->roots->is_context
				 ? "file not found in build context or excluded by .dockerignore: "
				 : "",
			 path);
}

static int root_of(const struct finding *f)
{
	return f->item->place == COPY_FROM_EXTRA ? f->roots->extra : f->roots->tree;
}

/* What of the path is kept below the destination. */
static char *kept_folder(const struct finding *f, const char *path)
{
	const char *rest = path;
	const char *slash;

	if (!f->order->parents)
		return NULL;
	if (*f->pivot && str_starts_with(path, f->pivot))
		rest = path + strlen(f->pivot);
	rest += strspn(rest, "/");
	slash = strrchr(rest, '/');
	return slash ? str_dup_n(rest, (size_t)(slash - rest)) : str_dup("");
}

/* *found: there is something. */
static bool add_match(const struct finding *f, const char *path, bool *found, struct error *err)
{
	struct copy_match match = {.root = root_of(f), .item = f->item};
	scoped_fd int fd = root_open(match.root, *path ? path : ".", O_PATH, err);

	*found = false;
	if (fd < 0)
		return err->kind == ERROR_NOT_FOUND || err->os == ENOTDIR;
	if (fstat(fd, &match.st) < 0)
		return error_errno(err, "cannot look at '%s'", path);
	if (is_ignored(f, path) && !(S_ISDIR(match.st.st_mode) && f->roots->ignore->any_again))
		return true;
	*found = true;
	match.path = str_dup(path);
	match.under = kept_folder(f, path);
	vector_add(f->out, match);
	return true;
}

/* `rest` are the parts that still have to be found below `folder`. */
static bool find_pattern(const struct finding *f, const char *folder, const char *rest, bool *any,
			 struct error *err)
{
	const char *slash = strchr(rest, '/');
	scoped_free char *part = str_dup_n(rest, slash ? (size_t)(slash - rest) : strlen(rest));
	scoped(file_pattern) struct file_pattern *pattern = NULL;
	scoped_strings struct strings names = {0};
	bool found = false;

	if (!file_pattern_is_one(part)) {
		strings_add(&names, part);
	} else {
		pattern = file_pattern_new(part, FILE_PATTERN_PLAIN, err);
		if (!pattern)
			return false;
		if (!list_names(root_of(f), folder, &names, err))
			return err->kind == ERROR_NOT_FOUND || err->os == ENOTDIR;
	}
	for (size_t i = 0; i < names.count; i++) {
		scoped_free char *path = join(folder, names.items[i]);

		if (pattern && !file_pattern_match(pattern, names.items[i]))
			continue;
		if (slash) {
			if (!find_pattern(f, path, slash + 1, any, err))
				return false;
			continue;
		}
		if (!add_match(f, path, &found, err))
			return false;
		*any |= found;
	}
	return true;
}

/* The path as one below the root; NULL: it leads out. */
static char *path_below(const char *path)
{
	scoped_free char *clean = path_clean(path + strspn(path, "/"));

	if (str_equal(clean, "..") || str_starts_with(clean, "../"))
		return NULL;
	return str_dup(str_equal(clean, ".") ? "" : clean);
}

/* A pattern may find nothing: "package.json package-lock.json*" stands in many a file. */
static bool find_below(struct finding *f, const char *path, struct error *err)
{
	bool any = false;

	if (!file_pattern_is_one(path)) {
		if (!add_match(f, path, &any, err))
			return false;
		return any || not_found(f, *path ? path : f->item->path, err);
	}
	return find_pattern(f, "", path, &any, err);
}

static bool find_item(struct finding *f, struct error *err)
{
	const char *written = f->item->path ? f->item->path : "";
	const char *cut = f->order->parents ? strstr(written, "/./") : NULL;
	scoped_free char *path = path_below(written);
	scoped_free char *before = str_dup_n(written, cut ? (size_t)(cut - written) : 0);
	scoped_free char *pivot = path_below(before);

	if (!path)
		return error_set(err, ERROR_INVALID,
				 "%s failed: forbidden path outside the build context: %s ()",
				 f->order->instruction, written);
	f->pivot = pivot ? pivot : "";
	return find_below(f, path, err);
}

bool copy_find(const struct copy_order *order, const struct copy_roots *roots,
	       struct copy_matches *out, struct error *err)
{
	out->ignore = roots->ignore;
	for (size_t i = 0; i < order->exclude->count; i++)
		if (!dockerignore_add(&out->exclude, order->exclude->items[i], err))
			return false;
	for (size_t i = 0; i < order->items.count; i++) {
		struct finding f = {order, roots, &order->items.items[i], out, ""};

		if (!find_item(&f, err))
			return false;
	}
	return true;
}

void copy_order_fini(struct copy_order *order)
{
	for (size_t i = 0; i < order->items.count; i++)
		free(order->items.items[i].path);
	vector_fini(&order->items);
}

void copy_matches_fini(struct copy_matches *matches)
{
	for (size_t i = 0; i < matches->count; i++) {
		free(matches->items[i].path);
		free(matches->items[i].under);
	}
	vector_fini(matches);
	dockerignore_fini(&matches->exclude);
}

const char *copy_match_name(const struct copy_match *match)
{
	const char *slash = strrchr(match->path, '/');

	return slash ? slash + 1 : match->path;
}

/* ---- walking ---- */

struct walk {
	const struct copy_matches *matches;
	const struct copy_match *match;
	copy_visit *visit;
	void *data;
};

int copy_entry_open(const struct copy_entry *entry, int flags, struct error *err)
{
	return root_open(entry->root, *entry->path ? entry->path : ".",
			 flags | (entry->is_match ? 0 : O_NOFOLLOW), err);
}

bool copy_entry_link(const struct copy_entry *entry, char *out, size_t size, struct error *err)
{
	scoped_fd int fd = copy_entry_open(entry, O_PATH, err);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", out, size - 1);

	if (fd >= 0 && n < 0)
		return error_errno(err, "cannot read the link '%s'", entry->path);
	if (n >= 0)
		out[n] = '\0';
	return n >= 0;
}

static bool look(int root, const char *path, struct stat *st, struct error *err)
{
	scoped_fd int fd = root_open(root, path, O_PATH | O_NOFOLLOW, err);

	if (fd < 0)
		return false;
	return fstat(fd, st) == 0 || error_errno(err, "cannot look at '%s'", path);
}

enum fate { COPIED, ONLY_WALKED, LEFT_OUT };

static enum fate fate_by(const struct dockerignore *ignore, const char *path, bool folder)
{
	if (!ignore || !dockerignore_match(ignore, path))
		return COPIED;
	return folder && !dockerignore_prunes(ignore, path) ? ONLY_WALKED : LEFT_OUT;
}

static enum fate fate_of(const struct walk *w, const char *path, const char *below, bool folder)
{
	bool tree = w->match->item->place == COPY_FROM_TREE;
	enum fate a = fate_by(tree ? w->matches->ignore : NULL, path, folder);
	enum fate b = fate_by(&w->matches->exclude, below, folder);

	return a > b ? a : b;
}

static bool walk_folder(const struct walk *w, const char *path, const char *below, int depth,
			struct error *err);

static bool visit_child(const struct walk *w, const char *path, const char *below, int depth,
			struct error *err)
{
	struct copy_entry entry = {.root = w->match->root, .path = path, .below = below};
	bool folder;
	enum fate fate;

	if (!look(entry.root, path, &entry.st, err))
		return false;
	folder = S_ISDIR(entry.st.st_mode);
	fate = fate_of(w, path, below, folder);
	if (fate == LEFT_OUT)
		return true;
	if (fate == COPIED && !w->visit(w->data, &entry, err))
		return false;
	if (!folder)
		return true;
	if (!walk_folder(w, path, below, depth + 1, err))
		return false;
	entry.leaving = true;
	return fate != COPIED || w->visit(w->data, &entry, err);
}

static bool walk_folder(const struct walk *w, const char *path, const char *below, int depth,
			struct error *err)
{
	scoped_strings struct strings names = {0};

	if (depth > DEPTH_LIMIT)
		return error_set(err, ERROR_INVALID, "the folders of '%.200s' are too deep", path);
	if (!list_names(w->match->root, path, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		scoped_free char *child = join(path, names.items[i]);
		scoped_free char *child_below = join(below, names.items[i]);

		if (!visit_child(w, child, child_below, depth, err))
			return false;
	}
	return true;
}

bool copy_walk(const struct copy_matches *matches, const struct copy_match *match,
	       copy_visit *visit, void *data, struct error *err)
{
	struct walk w = {matches, match, visit, data};
	struct copy_entry entry = {.root = match->root,
				   .path = match->path,
				   .below = "",
				   .st = match->st,
				   .is_match = true};

	if (!S_ISDIR(match->st.st_mode))
		return fate_by(&matches->exclude, copy_match_name(match), false) == LEFT_OUT ||
		       visit(data, &entry, err);
	if (!visit(data, &entry, err) || !walk_folder(&w, match->path, "", 0, err))
		return false;
	entry.leaving = true;
	return visit(data, &entry, err);
}
