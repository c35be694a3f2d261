#include "journal/boots.h"

#include "journal/folder.h"
#include "journal/journal_file.h"
#include "os/file.h"

#include <fcntl.h>
#include <unistd.h>

struct boots {
	struct journal_boot *items;
	size_t count, capacity;
};

/* Files come oldest first, so a boot's first one opens it. */
static struct journal_boot *boot_of(struct boots *boots, const struct journal_name *name)
{
	struct journal_boot boot = {.first_ns = INT64_MAX, .last_ns = INT64_MIN};

	journal_id_text(name->boot, boot.id);
	for (size_t i = boots->count; i-- > 0;)
		if (str_equal(boots->items[i].id, boot.id))
			return &boots->items[i];
	vector_add(boots, boot);
	return &boots->items[boots->count - 1];
}

static void note(struct journal_boot *boot, int64_t realtime_ns)
{
	if (realtime_ns < boot->first_ns)
		boot->first_ns = realtime_ns;
	if (realtime_ns > boot->last_ns)
		boot->last_ns = realtime_ns;
}

static void add_file(struct boots *boots, int folder, const char *name)
{
	struct journal_file *file = journal_file_open(folder, name);
	struct block_frame head;

	if (file && journal_file_head(file, &head)) {
		struct journal_boot *boot = boot_of(boots, &file->name);

		note(boot, head.realtime_ns);
		journal_file_to_end(file);
		if (journal_file_previous(file))
			note(boot, file->view.stored.head.realtime_ns);
	}
	journal_file_free(file);
}

bool journal_boots(const char *path, struct journal_boot **boots, size_t *count, struct error *err)
{
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);
	scoped_with(journal_names_fini) struct journal_names names = {0};
	struct boots found = {0};

	if (folder < 0 || !journal_names_read(folder, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++)
		add_file(&found, folder, names.items[i].text);
	*boots = found.items;
	*count = found.count;
	return true;
}

bool journal_boot_find(const char *folder, const char *text, uint8_t out[static 16],
		       struct error *err)
{
	scoped_free struct journal_boot *boots = NULL;
	size_t count;
	int64_t offset, index;

	if (journal_id_read(text, out))
		return true;
	if (!parse_i64(*text == '+' ? text + 1 : text, &offset))
		return error_set(err, ERROR_INVALID, "'%.100s' names no boot", text);
	if (!journal_boots(folder, &boots, &count, err))
		return false;
	index = offset > 0 ? offset - 1 : offset + (int64_t)count - 1;
	if (index < 0 || index >= (int64_t)count)
		return error_set(err, ERROR_NOT_FOUND, "the journal knows no boot %.100s", text);
	return journal_id_read(boots[index].id, out);
}
