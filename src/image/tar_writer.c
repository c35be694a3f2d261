#include "image/tar_writer.h"

#include "base/map.h"
#include "base/text.h"
#include "image/tar_header.h"
#include "image/xattr_rule.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/xattr.h>
#include <unistd.h>

#define READ_SIZE    (256 * 1024)
#define XATTRS_MAX   (64 * 1024) /* the kernel's own limit, of the list and of a value */
#define OPAQUE_XATTR "trusted.overlay.opaque"
#define HERE	     AT_SYMLINK_NOFOLLOW

struct tar_writer {
	struct tar_options options;
	struct tar_sink sink;
	struct map links;   /* "device:inode" of what has several names: the first of them, owned */
	struct buffer name; /* of the entry at hand, in the archive */
	struct buffer path; /* and on the disk */
	struct buffer header;
	unsigned char *block; /* owned, READ_SIZE */
	struct {
		struct tar_xattr *items;
		size_t count, capacity;
	} xattrs;
	struct {
		struct tar_range *items;
		size_t count, capacity;
	} ranges;
	struct tar_facts facts;
	uint64_t mount; /* that the tree began on */
};

/* A folder stays open while what is below it is written, and folders nest deeper than 1,024. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

struct tar_writer *tar_writer_new(const struct tar_options *options, const struct tar_sink *sink)
{
	struct tar_writer *w = mem_new(struct tar_writer);

	w->options = *options;
	w->sink = *sink;
	w->block = mem_resize(NULL, READ_SIZE, 1);
	raise_file_limit();
	return w;
}

static void clear_xattrs(struct tar_writer *w)
{
	for (size_t i = 0; i < w->xattrs.count; i++) {
		free(w->xattrs.items[i].name);
		buffer_fini(&w->xattrs.items[i].value);
	}
	w->xattrs.count = 0;
}

void tar_writer_free(struct tar_writer *w)
{
	if (!w)
		return;
	for (struct map_slot *slot = map_first(&w->links); slot; slot = map_next(&w->links, slot))
		free(slot->value);
	map_fini(&w->links);
	clear_xattrs(w);
	vector_fini(&w->xattrs);
	vector_fini(&w->ranges);
	buffer_fini(&w->name);
	buffer_fini(&w->path);
	buffer_fini(&w->header);
	free(w->block);
	free(w);
}

/* ---- names on the way ---- */

static const char *text_of(const struct buffer *b)
{
	return b->data ? b->data : "";
}

static void cut(struct buffer *b, size_t size)
{
	b->size = size;
	if (b->data)
		b->data[size] = '\0';
}

static void append_part(struct buffer *b, const char *part)
{
	if (b->size > 0 && b->data[b->size - 1] != '/')
		buffer_add_char(b, '/');
	buffer_add_text(b, part);
}

/* ---- extended attributes ---- */

static int compare_xattrs(const void *a, const void *b)
{
	return strcmp(((const struct tar_xattr *)a)->name, ((const struct tar_xattr *)b)->name);
}

/* By descriptor, or (fd < 0) by name in the working folder. */
static ssize_t get_xattr(int fd, const char *file, const char *name, void *value, size_t size)
{
	return fd >= 0 ? fgetxattr(fd, name, value, size) : lgetxattr(file, name, value, size);
}

static void add_xattr(struct tar_writer *w, int fd, const char *file, const char *name)
{
	struct tar_xattr x = {0};
	ssize_t size;

	size = get_xattr(fd, file, name, buffer_reserve(&x.value, XATTRS_MAX), XATTRS_MAX);
	if (size < 0) { /* gone meanwhile */
		buffer_fini(&x.value);
		return;
	}
	buffer_wrote(&x.value, (size_t)size);
	x.name = str_dup(name);
	vector_add(&w->xattrs, x);
}

/* A filesystem that has none is as good as a file that has none. */
static void collect_xattrs(struct tar_writer *w, int folder, int fd, const char *file)
{
	scoped_buffer struct buffer names = {0};
	char small[256];
	ssize_t size;

	clear_xattrs(w);
	if (fd < 0 && fchdir(folder) < 0)
		return;
	size = fd >= 0 ? flistxattr(fd, small, sizeof(small))
		       : llistxattr(file, small, sizeof(small));
	if (size > 0) {
		buffer_add(&names, small, (size_t)size);
	} else if (size < 0 && errno == ERANGE) {
		char *room = buffer_reserve(&names, XATTRS_MAX);

		size = fd >= 0 ? flistxattr(fd, room, XATTRS_MAX)
			       : llistxattr(file, room, XATTRS_MAX);
		buffer_wrote(&names, size > 0 ? (size_t)size : 0);
	}
	for (size_t at = 0; at < names.size; at += strlen(names.data + at) + 1)
		if (xattr_is_kept(names.data + at))
			add_xattr(w, fd, file, names.data + at);
	if (w->xattrs.count > 1)
		qsort(w->xattrs.items, w->xattrs.count, sizeof(*w->xattrs.items), compare_xattrs);
}

/* ---- entries ---- */

static bool put(struct tar_writer *w, const void *bytes, size_t size, struct error *err)
{
	return size == 0 || w->sink.write(w->sink.data, bytes, size, err);
}

static bool put_zeros(struct tar_writer *w, size_t size, struct error *err)
{
	static const unsigned char zeros[2 * TAR_BLOCK];

	return put(w, zeros, size, err);
}

static bool put_header(struct tar_writer *w, const struct tar_entry *entry, struct error *err)
{
	w->facts.files++;
	buffer_clear(&w->header);
	tar_header_write(entry, &w->header);
	return put(w, w->header.data, w->header.size, err);
}

static struct tar_entry describe(const struct tar_writer *w, const struct stat *st)
{
	return (struct tar_entry){
		.name = text_of(&w->name),
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = st->st_mtim,
		.xattrs = w->xattrs.items,
		.xattr_count = w->xattrs.count,
	};
}

/* What is not there any more, under the name `mark` in the folder of the entry at hand. */
static bool put_mark(struct tar_writer *w, const char *mark, struct error *err)
{
	struct tar_entry entry = {.type = TAR_FILE, .name = mark, .mode = 0600};

	return put_header(w, &entry, err);
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static bool put_whiteout(struct tar_writer *w, struct error *err)
{
	const char *name = text_of(&w->name), *slash = strrchr(name, '/');
	int head = slash ? (int)(slash + 1 - name) : 0;
	scoped_free char *mark = str_format("%.*s.wh.%s", head, name, name + head);

	return put_mark(w, mark, err);
}

/* ---- files ---- */

static ssize_t read_at(int fd, void *out, size_t size, int64_t offset)
{
	ssize_t n;

	do
		n = pread(fd, out, size, offset);
	while (n < 0 && errno == EINTR);
	return n;
}

static size_t least(int64_t a, size_t b)
{
	return a < (int64_t)b ? (size_t)a : b;
}

static bool put_range(struct tar_writer *w, int fd, const struct tar_range *range,
		      struct error *err)
{
	int64_t done = 0;

	if (w->sink.payload && range->size > 0 &&
	    !w->sink.payload(w->sink.data, text_of(&w->path), range->offset, range->size, err))
		return false;
	while (done < range->size) {
		size_t size = least(range->size - done, READ_SIZE);
		ssize_t n = read_at(fd, w->block, size, range->offset + done);

		if (n < 0)
			return error_errno(err, "cannot read '%.200s'", text_of(&w->path));
		if (n == 0) /* it has become shorter */
			memset(w->block, 0, size);
		n = n == 0 ? (ssize_t)size : n;
		if (!put(w, w->block, (size_t)n, err))
			return false;
		done += n;
	}
	return true;
}

static void add_range(struct tar_writer *w, int64_t offset, int64_t end)
{
	struct tar_range range = {offset, end - offset};

	vector_add(&w->ranges, range);
}

/* Nothing when it has no holes, or on a filesystem that knows of none.  The last range ends where the
 * file does, empty if there is a hole. */
static void find_ranges(struct tar_writer *w, int fd, const struct stat *st)
{
	int64_t at = 0, end;

	w->ranges.count = 0;
	if (w->options.overlay || st->st_blocks * 512 >= st->st_size)
		return;
	while (at < st->st_size && (at = lseek(fd, at, SEEK_DATA)) >= 0) {
		end = lseek(fd, at, SEEK_HOLE);
		if (end < 0 || end > st->st_size)
			end = st->st_size;
		if (at >= end)
			break;
		add_range(w, at, end);
		at = end;
	}
	if (w->ranges.count == 1 && w->ranges.items[0].offset == 0 &&
	    w->ranges.items[0].size == st->st_size)
		w->ranges.count = 0;
	else if (w->ranges.count == 0 || at != st->st_size)
		add_range(w, st->st_size, st->st_size);
}

static bool put_file(struct tar_writer *w, int fd, const struct stat *st, struct error *err)
{
	struct tar_entry entry = describe(w, st);
	struct tar_range all = {0, st->st_size};

	find_ranges(w, fd, st);
	entry.type = TAR_FILE;
	entry.size = st->st_size;
	entry.ranges = w->ranges.count > 0 ? w->ranges.items : NULL;
	entry.range_count = w->ranges.count;
	w->facts.size += st->st_size;
	if (!put_header(w, &entry, err))
		return false;
	for (size_t i = 0; i < w->ranges.count; i++)
		if (!put_range(w, fd, &w->ranges.items[i], err))
			return false;
	return (entry.ranges || put_range(w, fd, &all, err)) &&
	       put_zeros(w, tar_padding(tar_data_size(&entry)), err);
}

/* The name that the file was written under already; NULL: this is its first, which is noted. */
static const char *find_first_name(struct tar_writer *w, const struct stat *st)
{
	char key[48];
	const char *first;

	if (st->st_nlink < 2)
		return NULL;
	snprintf(key, sizeof(key), "%llx:%llx", (unsigned long long)st->st_dev,
		 (unsigned long long)st->st_ino);
	first = map_get(&w->links, key);
	if (!first)
		map_put(&w->links, key, str_dup(text_of(&w->name)));
	return first;
}

static bool put_hardlink(struct tar_writer *w, const struct stat *st, const char *first,
			 struct error *err)
{
	struct tar_entry entry;

	clear_xattrs(w);
	entry = describe(w, st);
	entry.type = TAR_HARDLINK;
	entry.target = first;
	return put_header(w, &entry, err);
}

/* ---- links, devices, fifos ---- */

static bool read_target(int folder, const char *name, struct buffer *out)
{
	ssize_t size = readlinkat(folder, name, buffer_reserve(out, 4096), 4096);

	if (size > 0)
		buffer_wrote(out, (size_t)size);
	return size > 0;
}

static bool put_symlink(struct tar_writer *w, int folder, const char *name, const struct stat *st,
			struct error *err)
{
	scoped_buffer struct buffer target = {0};
	struct tar_entry entry;

	if (!read_target(folder, name, &target))
		return true; /* gone meanwhile */
	collect_xattrs(w, folder, -1, name);
	entry = describe(w, st);
	entry.type = TAR_SYMLINK;
	entry.target = target.data;
	return put_header(w, &entry, err);
}

static bool put_node(struct tar_writer *w, int folder, const char *name, const struct stat *st,
		     struct error *err)
{
	struct tar_entry entry;

	collect_xattrs(w, folder, -1, name);
	entry = describe(w, st);
	entry.type = S_ISFIFO(st->st_mode)  ? TAR_FIFO
		     : S_ISCHR(st->st_mode) ? TAR_CHARACTER
					    : TAR_BLOCK_DEVICE;
	entry.device = S_ISFIFO(st->st_mode) ? 0 : st->st_rdev;
	return put_header(w, &entry, err);
}

/* ---- folders ---- */

static bool add_node(struct tar_writer *w, int folder, const char *name, struct error *err);

static bool list_names(int folder, struct strings *out, struct error *err)
{
	scoped_list DIR *list = folder_list(folder);

	if (!list)
		return error_errno(err, "cannot read a folder");
	for (struct dirent *entry; (entry = folder_next(list));)
		strings_add(out, entry->d_name);
	strings_sort(out);
	return true;
}

static bool put_children(struct tar_writer *w, int folder, struct error *err)
{
	scoped_strings struct strings names = {0};
	size_t name_size = w->name.size, path_size = w->path.size;

	if (!list_names(folder, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		append_part(&w->name, names.items[i]);
		append_part(&w->path, names.items[i]);
		if (!add_node(w, folder, names.items[i], err))
			return false;
		cut(&w->name, name_size);
		cut(&w->path, path_size);
	}
	return true;
}

static bool is_opaque(int fd)
{
	char value[2];

	return fgetxattr(fd, OPAQUE_XATTR, value, sizeof(value)) == 1 && value[0] == 'y';
}

static bool put_opaque(struct tar_writer *w, int fd, struct error *err)
{
	scoped_free char *mark = NULL;

	if (!w->options.overlay || !is_opaque(fd))
		return true;
	mark = str_format("%s.wh..wh..opq", text_of(&w->name));
	return put_mark(w, mark, err);
}

static uint64_t mount_of(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 ? st.stx_mnt_id : 0;
}

static bool put_folder(struct tar_writer *w, int fd, const struct stat *st, struct error *err)
{
	struct tar_entry entry;
	bool unnamed = w->name.size == 0;

	if (!unnamed && w->name.data[w->name.size - 1] != '/')
		buffer_add_char(&w->name, '/');
	entry = describe(w, st);
	entry.type = TAR_FOLDER;
	if (!unnamed && !put_header(w, &entry, err))
		return false;
	if (w->options.one_mount && mount_of(fd) != w->mount)
		return true;
	return put_opaque(w, fd, err) && put_children(w, fd, err);
}

/* ---- anything ---- */

/* Not blocking, should it have become a fifo.  -1: gone, or something else by now. */
static int open_node(int folder, const char *name, struct stat *st)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	scoped_fd int fd = openat(folder, name, S_ISDIR(st->st_mode) ? flags | O_DIRECTORY : flags);
	mode_t type = st->st_mode & S_IFMT;

	if (fd < 0 || fstat(fd, st) < 0)
		return -1;
	if ((st->st_mode & S_IFMT) != type) {
		errno = ENOENT;
		return -1;
	}
	return take_fd(fd);
}

static bool add_opened(struct tar_writer *w, int folder, const char *name, struct stat *st,
		       struct error *err)
{
	scoped_fd int fd = open_node(folder, name, st);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == EACCES || errno == EIO))
		return error_errno(err, "cannot open '%.200s'", text_of(&w->path));
	if (fd < 0)
		return true;
	collect_xattrs(w, folder, fd, name);
	return S_ISDIR(st->st_mode) ? put_folder(w, fd, st, err) : put_file(w, fd, st, err);
}

static bool add_found(struct tar_writer *w, int folder, const char *name, struct stat *st,
		      struct error *err)
{
	const char *first;

	if (S_ISDIR(st->st_mode))
		return add_opened(w, folder, name, st, err);
	if (w->options.overlay && is_whiteout(st))
		return put_whiteout(w, err);
	if (S_ISSOCK(st->st_mode))
		return true;
	first = find_first_name(w, st);
	if (first)
		return put_hardlink(w, st, first, err);
	if (S_ISREG(st->st_mode))
		return add_opened(w, folder, name, st, err);
	if (S_ISLNK(st->st_mode))
		return put_symlink(w, folder, name, st, err);
	return put_node(w, folder, name, st, err);
}

static bool add_node(struct tar_writer *w, int folder, const char *name, struct error *err)
{
	struct stat st;

	if (fstatat(folder, name, &st, HERE) == 0)
		return add_found(w, folder, name, &st, err);
	return errno == ENOENT || error_errno(err, "cannot look at '%.200s'", text_of(&w->path));
}

bool tar_writer_add(struct tar_writer *w, int folder, const char *name, const char *as,
		    struct error *err)
{
	struct stat st;

	buffer_clear(&w->name);
	buffer_clear(&w->path);
	buffer_add_text(&w->name, as);
	if (!str_equal(name, "."))
		buffer_add_text(&w->path, name);
	if (fstatat(folder, name, &st, HERE) < 0)
		return error_set(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM,
				 "cannot find '%.200s'", name);
	w->mount = mount_of(folder);
	return add_found(w, folder, name, &st, err);
}

bool tar_writer_finish(struct tar_writer *w, struct tar_facts *facts, struct error *err)
{
	if (facts)
		*facts = w->facts;
	return put_zeros(w, 2 * TAR_BLOCK, err);
}
