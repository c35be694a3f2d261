#include "journal/folder.h"

#include "base/id.h"
#include "base/time.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

static void add_name(const char *text, struct journal_names *out)
{
	struct journal_file_name file = {0};

	if (!journal_name_read(text, &file.name))
		return;
	memcpy(file.text, text, strlen(text));
	vector_add(out, file);
}

void journal_names_measure(int folder, struct journal_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		struct journal_file_name *file = &names->items[i];
		struct stat st;

		if (fstatat(folder, file->text, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		file->size = st.st_size;
		file->changed_ns = st.st_mtim.tv_sec * NS_PER_SECOND + st.st_mtim.tv_nsec;
	}
}

static int compare_age(const void *left, const void *right)
{
	const struct journal_file_name *a = left, *b = right;

	if (a->name.start_us != b->name.start_us)
		return a->name.start_us < b->name.start_us ? -1 : 1;
	return strcmp(a->text, b->text);
}

bool journal_names_read(int folder, struct journal_names *out, struct error *err)
{
	scoped_list DIR *list = folder_list(folder);

	if (!list)
		return error_errno(err, "cannot list the journal's folder");
	for (struct dirent *entry; (entry = folder_next(list));)
		add_name(entry->d_name, out);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), compare_age);
	return true;
}

/* Good enough to spread who begins over what is there. */
static size_t random_below(uint64_t *state, size_t limit)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (*state >> 33) % limit;
}

/* Each further one takes the place of one that was chosen, with the chance that all then have. */
size_t journal_names_sample(int folder, const uint8_t boot[static 16],
			    char out[static JOURNAL_SAMPLE][JOURNAL_NAME_SIZE])
{
	scoped_list DIR *list = folder_list(folder);
	struct journal_name name;
	uint64_t random;
	size_t seen = 0;

	random_bytes(&random, sizeof(random));
	for (struct dirent *entry; (entry = folder_next(list));) {
		size_t place = seen < JOURNAL_SAMPLE ? seen : random_below(&random, seen + 1);

		if (!journal_name_read(entry->d_name, &name) ||
		    memcmp(name.boot, boot, sizeof(name.boot)) != 0)
			continue;
		if (place < JOURNAL_SAMPLE)
			memcpy(out[place], entry->d_name, strlen(entry->d_name) + 1);
		seen++;
	}
	return seen < JOURNAL_SAMPLE ? seen : JOURNAL_SAMPLE;
}

void journal_names_fini(struct journal_names *names)
{
	vector_fini(names);
}

/* ---- claims ---- */

int journal_file_claim(int folder, const char *name)
{
	scoped_fd int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	/* who had it a moment ago may have removed it */
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0 ||
	    !S_ISREG(st.st_mode))
		return -1;
	return take_fd(fd);
}

static bool remove_unheld(int folder, const char *name)
{
	scoped_fd int fd = journal_file_claim(folder, name);

	return fd >= 0 && unlinkat(folder, name, 0) == 0;
}

static int64_t bytes_of(int folder, struct journal_names *names)
{
	int64_t bytes = 0;

	journal_names_measure(folder, names);
	for (size_t i = 0; i < names->count; i++)
		bytes += names->items[i].size;
	return bytes;
}

static bool is_too_much(const struct journal_keep *keep, int64_t bytes, int64_t files)
{
	return (keep->bytes >= 0 && bytes > keep->bytes) ||
	       (keep->files >= 0 && files > keep->files);
}

int64_t journal_folder_trim(int folder, const struct journal_keep *keep)
{
	scoped_with(journal_names_fini) struct journal_names names = {0};
	struct error ignored;
	int64_t bytes, files, freed = 0;

	if (!journal_names_read(folder, &names, &ignored))
		return 0;
	bytes = bytes_of(folder, &names);
	files = (int64_t)names.count;
	for (size_t i = 0; i < names.count; i++) {
		const struct journal_file_name *file = &names.items[i];

		if (!is_too_much(keep, bytes - freed, files) && file->changed_ns >= keep->before_ns)
			continue;
		if (!remove_unheld(folder, file->text))
			continue;
		freed += file->size;
		files--;
	}
	return freed;
}

/* ---- what the daemon asks ---- */

int64_t journal_usage(const char *path)
{
	scoped_fd int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_with(journal_names_fini) struct journal_names names = {0};
	struct error ignored;

	return folder >= 0 && journal_names_read(folder, &names, &ignored)
		       ? bytes_of(folder, &names)
		       : 0;
}

bool journal_vacuum(const char *path, const struct journal_keep *keep, int64_t *freed,
		    struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);
	const struct journal_keep bounds = {keep->bytes > 0 ? keep->bytes : -1,
					    keep->files > 0 ? keep->files : -1, keep->before_ns};

	if (folder < 0)
		return false;
	*freed = journal_folder_trim(folder, &bounds);
	return true;
}

bool journal_sync(const char *path, struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);

	if (folder < 0)
		return false;
	return syncfs(folder) == 0 || error_errno(err, "cannot write the journal to its disk");
}
