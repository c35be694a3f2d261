/* Every path of the target is looked up below its root, so that a link that leads out of the image leads
 * nowhere else than it would in a container.  A folder gets its owner and mode when it is made, and its
 * time when all that is in it is there. */
#include "build/copy_write.h"

#include "base/memory.h"
#include "build/mode_change.h"
#include "image/decompress.h"
#include "image/layer_unpack.h"
#include "os/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BLOCK_SIZE  ((size_t)256 * 1024)
#define FILES_LIMIT (4 << 20)
#define LINKS_MAX   40 /* as the kernel's */
#define SIZE_LIMIT  (INT64_C(64) << 30)

struct writer {
	const struct copy_order *order;
	const struct copy_match *match;
	int root;
	uid_t uid;
	gid_t gid;
	const char *destination; /* of the match: what its "" becomes */
	char *block;		 /* owned */
	struct {
		bool *items; /* of the folders we are in: made by us */
		size_t count, capacity;
	} made;
};

/* ---- attributes ---- */

static bool mode_of(const struct writer *w, const struct stat *st, mode_t *mode, struct error *err)
{
	*mode = st->st_mode & 07777;
	if (w->match->item->mode >= 0 && S_ISREG(st->st_mode))
		*mode = (mode_t)w->match->item->mode;
	if (w->order->chmod >= 0)
		*mode = (mode_t)w->order->chmod;
	return !w->order->chmod_text ||
	       mode_change(w->order->chmod_text, *mode, S_ISDIR(st->st_mode), mode, err);
}

static void owner_of(const struct writer *w, const struct stat *st, uid_t *uid, gid_t *gid)
{
	*uid = w->order->keep_owners ? st->st_uid : w->uid;
	*gid = w->order->keep_owners ? st->st_gid : w->gid;
}

/* The owner first: changing it clears setuid bits and capabilities. */
static bool dress(const struct writer *w, const struct copy_entry *entry, int fd, struct error *err)
{
	uid_t uid;
	gid_t gid;
	mode_t mode;

	owner_of(w, &entry->st, &uid, &gid);
	if (!mode_of(w, &entry->st, &mode, err))
		return false;
	if (fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0)
		return error_errno(err, "cannot set the owner of '%.200s'", entry->path);
	return true;
}

static bool xattr_travels(const char *name)
{
	return str_starts_with(name, "user.") ? !str_starts_with(name, "user.overlay.")
					      : str_equal(name, "security.capability");
}

/* Where the filesystem has none there is nothing to lose. */
static void copy_xattrs(struct writer *w, int from, int to)
{
	ssize_t size = flistxattr(from, w->block, BLOCK_SIZE);
	scoped_free char *names = size > 0 ? mem_copy(w->block, (size_t)size) : NULL;

	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t n = xattr_travels(names + at)
				    ? fgetxattr(from, names + at, w->block, BLOCK_SIZE)
				    : -1;

		if (n >= 0)
			fsetxattr(to, names + at, w->block, (size_t)n, 0);
	}
}

static void set_time(int fd, const struct stat *st)
{
	const struct timespec times[] = {st->st_mtim, st->st_mtim};

	futimens(fd, times);
}

/* ---- places ---- */

static char *path_of(const struct writer *w, const struct copy_entry *entry)
{
	return *entry->below ? str_format("%s/%s", w->destination, entry->below)
			     : str_dup(w->destination);
}

/* The folder that holds it; one that is missing is made, as root's. */
static int open_above(const struct writer *w, const char *path, const char **name,
		      struct error *err)
{
	scoped_fd int above = root_make_above(w->root, path, name, err);
	int folder = above < 0 ? -1 : openat(above, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (above >= 0 && folder < 0)
		error_errno(err, "cannot copy to non-directory: %.200s", path);
	return folder;
}

/* What is no folder makes place. */
static bool make_place(int folder, const char *name, const char *path, struct error *err)
{
	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno == EISDIR || errno == EPERM)
		return error_set(err, ERROR_INVALID,
				 "cannot overwrite directory %.200s with non-directory", path);
	return error_errno(err, "cannot replace '%.200s'", path);
}

/* ---- kinds ---- */

static bool write_block(int to, const char *block, size_t size)
{
	while (size > 0) {
		ssize_t n = write(to, block, size);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			block += n;
			size -= (size_t)n;
		}
	}
	return true;
}

static bool copy_part(const struct writer *w, int from, int to, off_t start, off_t end)
{
	if (lseek(from, start, SEEK_SET) < 0 || lseek(to, start, SEEK_SET) < 0)
		return false;
	while (start < end) {
		size_t wanted =
			(off_t)BLOCK_SIZE < end - start ? BLOCK_SIZE : (size_t)(end - start);
		ssize_t n = read(from, w->block, wanted);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || !write_block(to, w->block, (size_t)n))
			return n == 0;
		start += n;
	}
	return true;
}

/* Only where there is data, so that holes stay holes. */
static bool copy_bytes(const struct writer *w, int from, int to, off_t size)
{
	off_t data, hole;

	if (ftruncate(to, size) < 0)
		return false;
	for (off_t at = 0; at < size; at = hole) {
		data = lseek(from, at, SEEK_DATA);
		if (data < 0)
			return errno == ENXIO;
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || !copy_part(w, from, to, data, hole))
			return false;
	}
	return true;
}

static bool write_file(struct writer *w, const struct copy_entry *entry, int folder,
		       const char *name, struct error *err)
{
	scoped_fd int from = copy_entry_open(entry, O_RDONLY | O_NONBLOCK, err);
	scoped_fd int to = -1;

	if (from < 0)
		return false;
	to = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0 || !copy_bytes(w, from, to, entry->st.st_size))
		return error_errno(err, "cannot write '%.200s'", name);
	if (!dress(w, entry, to, err))
		return false;
	copy_xattrs(w, from, to);
	set_time(to, &entry->st);
	return true;
}

static bool write_link(struct writer *w, const struct copy_entry *entry, int folder,
		       const char *name, struct error *err)
{
	const struct timespec times[] = {entry->st.st_mtim, entry->st.st_mtim};
	char target[PATH_MAX];
	uid_t uid;
	gid_t gid;

	owner_of(w, &entry->st, &uid, &gid);
	if (!copy_entry_link(entry, target, sizeof(target), err))
		return false;
	if (symlinkat(target, folder, name) < 0 ||
	    fchownat(folder, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot make the link '%.200s'", name);
	utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW);
	return true;
}

static bool write_node(struct writer *w, const struct copy_entry *entry, int folder,
		       const char *name, struct error *err)
{
	uid_t uid;
	gid_t gid;

	owner_of(w, &entry->st, &uid, &gid);
	if (S_ISSOCK(entry->st.st_mode))
		return true; /* nobody listens in an image */
	if (mknodat(folder, name, entry->st.st_mode, entry->st.st_rdev) < 0 ||
	    fchownat(folder, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno(err, "cannot make '%.200s'", name);
	return true;
}

/* *made: there was none. */
static int make_folder(const struct writer *w, const char *path, bool *made, struct error *err)
{
	int folder = root_open(w->root, path, O_RDONLY | O_DIRECTORY, err);

	*made = false;
	if (folder >= 0)
		return folder;
	if (err->os == ENOTDIR) {
		error_set(err, ERROR_INVALID, "cannot copy to non-directory: %.200s", path);
		return -1;
	}
	if (err->kind != ERROR_NOT_FOUND)
		return -1;
	scoped_fd int fresh = root_make(w->root, path, ROOT_FOLDER, err);
	*made = true;
	return fresh < 0 ? -1 : root_open(w->root, path, O_RDONLY | O_DIRECTORY, err);
}

static bool enter_folder(struct writer *w, const struct copy_entry *entry, const char *path,
			 struct error *err)
{
	bool made;
	scoped_fd int folder = make_folder(w, path, &made, err);

	if (folder < 0 || (made && !dress(w, entry, folder, err)))
		return false;
	vector_add(&w->made, made);
	return true;
}

static bool leave_folder(struct writer *w, const struct copy_entry *entry, const char *path,
			 struct error *err)
{
	scoped_fd int folder = root_open(w->root, path, O_RDONLY | O_DIRECTORY, err);

	if (folder < 0)
		return false;
	if (w->made.items[--w->made.count])
		set_time(folder, &entry->st);
	return true;
}

static bool write_entry(void *data, const struct copy_entry *entry, struct error *err)
{
	struct writer *w = data;
	scoped_free char *path = path_of(w, entry);
	scoped_fd int folder = -1;
	const char *name;

	if (S_ISDIR(entry->st.st_mode))
		return entry->leaving ? leave_folder(w, entry, path, err)
				      : enter_folder(w, entry, path, err);
	folder = open_above(w, path, &name, err);
	if (folder < 0 || !make_place(folder, name, path, err))
		return false;
	if (S_ISREG(entry->st.st_mode))
		return write_file(w, entry, folder, name, err);
	if (S_ISLNK(entry->st.st_mode))
		return write_link(w, entry, folder, name, err);
	return write_node(w, entry, folder, name, err);
}

/* ---- archives ---- */

struct file_source {
	int file;
	char *block; /* borrowed, BLOCK_SIZE */
};

static ssize_t next_block(void *data, const void **block, struct error *err)
{
	struct file_source *source = data;
	ssize_t n;

	do
		n = read(source->file, source->block, BLOCK_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		error_errno(err, "cannot read the archive");
	*block = source->block;
	return n;
}

/* The sum of a header's bytes, its own field counted as blanks, stands in it in octal. */
static bool is_tar_header(const unsigned char *block)
{
	char field[9] = {0};
	unsigned long sum = 0;

	memcpy(field, block + 148, 8);
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : block[i];
	return block[0] && strtoul(field + strspn(field, " "), NULL, 8) == sum;
}

bool copy_is_archive(int file)
{
	scoped_free char *memory = mem_resize(NULL, BLOCK_SIZE, 1);
	struct file_source from = {file, memory};
	struct byte_source source = {next_block, &from};
	struct error err;
	scoped(decompressor) struct decompressor *d = decompressor_new(&source, &err);
	struct byte_source plain;
	const void *block;
	bool is = false;

	if (d) {
		plain = decompressor_source(d);
		is = byte_source_next(&plain, &block, &err) >= 512 && is_tar_header(block);
	}
	lseek(file, 0, SEEK_SET);
	return is;
}

static int open_archive(const struct copy_match *match, struct error *err)
{
	scoped_fd int file = -1;

	if (!match->item->unpack || !S_ISREG(match->st.st_mode))
		return -1;
	file = root_open(match->root, match->path, O_RDONLY, err);
	return file >= 0 && copy_is_archive(file) ? take_fd(file) : -1;
}

static bool unpack(const struct writer *w, int archive, struct error *err)
{
	static const struct layer_limits limits = {
		.size = SIZE_LIMIT, .files = FILES_LIMIT, .plain = true};
	struct file_source from = {archive, w->block};
	struct layer_facts facts;
	bool made;
	scoped_fd int folder = make_folder(w, w->destination, &made, err);

	return folder >= 0 &&
	       layer_unpack(folder, &(struct byte_source){next_block, &from}, &limits, &facts, err);
}

/* ---- the whole ---- */

static bool is_folder(int root, const char *path)
{
	struct error none;
	scoped_fd int folder = root_open(root, path, O_PATH | O_DIRECTORY, &none);

	return folder >= 0;
}

static char *without_slash(const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	return str_dup_n(path, length);
}

static char *place_of(const struct writer *w, const struct copy_match *match, bool into)
{
	scoped_free char *top = without_slash(w->order->destination);
	scoped_free char *under = match->under && *match->under
					  ? str_format("%s/%s", top, match->under)
					  : str_dup(top);
	bool folder = S_ISDIR(match->st.st_mode);

	if (folder ? !match->under || !*match->path : !into)
		return str_dup(*under ? under : "/");
	return str_format("%s/%s", under, copy_match_name(match));
}

/* Where a link at the place leads in the image; NULL: there is none. */
static char *target_of(int root, const char *place)
{
	const char *slash = strrchr(place, '/');
	scoped_free char *above = str_dup_n(place, slash ? (size_t)(slash - place) : 0);
	struct error none;
	scoped_fd int folder = root_open(root, *above ? above : "/", O_PATH | O_DIRECTORY, &none);
	char target[PATH_MAX];
	ssize_t size = folder < 0 ? -1
				  : readlinkat(folder, slash ? slash + 1 : place, target,
					       sizeof(target) - 1);

	if (size <= 0)
		return NULL;
	target[size] = '\0';
	return *target == '/' ? str_dup(target) : str_format("%s/%s", above, target);
}

/* A destination that is a link to a file stays one, and the file gets what is copied. */
static char *follow_links(int root, char *place)
{
	char *next;

	for (int i = 0; i < LINKS_MAX && (next = target_of(root, place)); i++) {
		free(place);
		place = next;
	}
	return place;
}

static bool write_match(struct writer *w, const struct copy_matches *matches,
			const struct copy_match *match, bool into, struct error *err)
{
	scoped_fd int archive = open_archive(match, err);
	scoped_free char *place =
		archive < 0 ? place_of(w, match, into) : without_slash(w->order->destination);

	if (archive < 0 && !into && !S_ISDIR(match->st.st_mode))
		place = follow_links(w->root, place);
	w->match = match;
	w->destination = *place ? place : "/";
	w->made.count = 0;
	if (archive >= 0)
		return unpack(w, archive, err);
	return copy_walk(matches, match, write_entry, w, err);
}

bool copy_check_place(const struct copy_order *order, const struct copy_matches *matches,
		      struct error *err)
{
	const char *end = order->destination + strlen(order->destination);

	return matches->count < 2 || end[-1] == '/' ||
	       error_set(err, ERROR_INVALID,
			 "When using %s with more than one source file, the destination must be a "
			 "directory and end with a /",
			 order->instruction);
}

static void writer_fini(struct writer *w)
{
	free(w->block);
	vector_fini(&w->made);
}

bool copy_write(const struct copy_order *order, const struct copy_matches *matches, int root,
		struct error *err)
{
	scoped_with(writer_fini) struct writer w = {.order = order, .root = root};
	const char *end = order->destination + strlen(order->destination);
	bool into = end[-1] == '/' || order->parents || is_folder(root, order->destination);

	if (order->chown && !copy_owner(root, order->chown, &w.uid, &w.gid, err))
		return false;
	w.block = mem_resize(NULL, BLOCK_SIZE, 1);
	for (size_t i = 0; i < matches->count; i++)
		if (!write_match(&w, matches, &matches->items[i], into, err))
			return false;
	return true;
}

bool copy_make_folder(int root, const char *path, bool *made, struct error *err)
{
	struct writer w = {.root = root};
	scoped_fd int folder = make_folder(&w, path, made, err);

	return folder >= 0;
}
