/* One block is in memory, with a list of its entries.  Moving on from its last entry loads the next one; the
 * heads of blocks alone are read to bisect a file and to see what the blocks before them hold. */
#include "journal/journal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- blocks ---- */

static int64_t block_count(const struct journal_file *f)
{
	return (f->size + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK;
}

static bool read_head(const struct journal_file *f, int64_t block, struct block_frame *out)
{
	char bytes[sizeof(*out)];
	ssize_t n = pread(f->fd, bytes, sizeof(bytes), block * JOURNAL_BLOCK);

	return n == (ssize_t)sizeof(bytes) && block_read(bytes, sizeof(bytes), out);
}

static void add_item(struct journal_file *f, const struct stored_entry *entry)
{
	const struct entry_frame *head = &entry->head;
	struct journal_item item = {.at = (uint32_t)f->parsed,
				    .size = head->head.size,
				    .origin_at = f->origin_at,
				    .origin_size = f->origin_size,
				    .realtime_ns = head->realtime_ns,
				    .monotonic_ns = head->monotonic_ns,
				    .sequence = head->sequence,
				    .count = head->count};

	vector_add(&f->entries, item);
}

/* The whole frames that are there and were not before. */
static void parse(struct journal_file *f)
{
	struct stored_entry entry;
	struct frame head;

	while (frame_read(f->data + f->parsed, f->loaded - f->parsed, &head) == FRAME_WHOLE) {
		if (head.kind == FRAME_ENTRY &&
		    entry_read(f->data + f->parsed, head.size, &entry)) {
			add_item(f, &entry);
		} else if (head.kind == FRAME_ORIGIN) {
			f->origin_at = (uint32_t)(f->parsed + sizeof(head));
			f->origin_size = head.size - (uint32_t)sizeof(head);
		}
		f->parsed += head.size;
	}
}

/* What lies behind the parsed bytes is read again: a torn frame may be whole by now. */
static void read_block(struct journal_file *f)
{
	int64_t start = f->block * JOURNAL_BLOCK, left = f->size - start;
	size_t wanted = left < JOURNAL_BLOCK ? (size_t)left : JOURNAL_BLOCK;
	ssize_t n;

	if (left <= 0 || wanted <= f->parsed)
		return;
	f->data = mem_resize(f->data, wanted, 1);
	n = pread(f->fd, f->data + f->parsed, wanted - f->parsed, start + (int64_t)f->parsed);
	f->loaded = f->parsed + (n > 0 ? (size_t)n : 0);
	parse(f);
}

/* false: it is not there or damaged at its front. */
static bool load(struct journal_file *f, int64_t block)
{
	struct block_frame head;

	if (f->block == block)
		return true;
	f->block = block;
	f->loaded = f->parsed = 0;
	f->origin_at = f->origin_size = 0;
	f->entries.count = 0;
	f->item = 0;
	read_block(f);
	if (block_read(f->data, f->loaded, &head))
		return true;
	f->entries.count = 0;
	return false;
}

static bool may_hold(const struct journal_need *need, uint64_t units, uint32_t priorities)
{
	bool found = !need->units;

	for (size_t i = 0; !found && i < need->unit_count; i++)
		found = (need->units[i] & ~units) == 0;
	return found && (need->priorities & priorities);
}

/* The head of the block behind says what is in this one, the seal what is in all of them. */
static bool is_needed(const struct journal_file *f, int64_t block)
{
	struct block_frame next;

	if (!f->need)
		return true;
	if (f->sealed && !may_hold(f->need, f->seal.units, f->seal.priorities))
		return false;
	return block + 1 >= block_count(f) || !read_head(f, block + 1, &next) ||
	       may_hold(f->need, next.units, next.priorities);
}

static bool load_useful(struct journal_file *f, int64_t block)
{
	return is_needed(f, block) && load(f, block) && f->entries.count > 0;
}

/* ---- the place ---- */

static struct text_part text_of(const struct journal_file *f)
{
	return f->view.stored.text;
}

static bool has_lines(const struct journal_file *f)
{
	return f->view.stored.head.head.lines;
}

/* The item's frame has been checked when it was parsed. */
static void view_item(struct journal_file *f)
{
	const struct journal_item *item = &f->entries.items[f->item];

	entry_read(f->data + item->at, item->size, &f->view.stored);
	f->view.file = f;
	f->view.origin = (struct text_part){f->data + item->origin_at, item->origin_size};
}

static void view_line(struct journal_file *f)
{
	const char *line = text_of(f).text + f->line_at;

	f->view.text = (struct text_part){line, has_lines(f) ? journal_line_size(line, f->line_size)
							     : f->line_size};
	f->view.sequence = f->entries.items[f->item].sequence + f->line;
}

static bool first_line(struct journal_file *f)
{
	view_item(f);
	f->line = 0;
	f->line_at = 0;
	f->line_size = text_of(f).size;
	if (has_lines(f))
		f->line_size =
			(size_t)((const char *)memchr(text_of(f).text, '\n', text_of(f).size) -
				 text_of(f).text);
	view_line(f);
	return true;
}

static uint32_t count_lines(struct text_part text)
{
	const char *at = text.text, *end = text.text + text.size;
	uint32_t count = 0;

	for (; at < end; at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1)
		count++;
	return count;
}

/* The line that ends in front of `end`. */
static void line_before(struct journal_file *f, size_t end)
{
	const char *text = text_of(f).text;
	const char *newline = end ? memrchr(text, '\n', end) : NULL;

	f->line_at = newline ? (size_t)(newline - text) + 1 : 0;
	f->line_size = end - f->line_at;
	view_line(f);
}

static bool last_line(struct journal_file *f)
{
	view_item(f);
	if (!has_lines(f))
		return first_line(f);
	f->line = count_lines(text_of(f)) - 1;
	line_before(f, text_of(f).size - 1);
	return true;
}

static bool next_line(struct journal_file *f)
{
	size_t at = f->line_at + f->line_size + 1;
	const char *newline;

	if (!has_lines(f) || at >= text_of(f).size)
		return false;
	newline = memchr(text_of(f).text + at, '\n', text_of(f).size - at);
	f->line_size = (size_t)(newline - text_of(f).text) - at;
	f->line_at = at;
	f->line++;
	view_line(f);
	return true;
}

static bool previous_line(struct journal_file *f)
{
	if (!has_lines(f) || f->line_at == 0)
		return false;
	f->line--;
	line_before(f, f->line_at - 1);
	return true;
}

/* ---- moving ---- */

/* `at_item`: the place is an entry, not between two or before the first. */
static bool is_at_entry(const struct journal_file *f)
{
	return f->block >= 0 && f->item < f->entries.count && f->view.file;
}

bool journal_file_next(struct journal_file *f)
{
	if (is_at_entry(f)) {
		if (next_line(f))
			return true;
		f->item++;
	}
	f->view.file = NULL;
	if (f->block >= 0 && f->item < f->entries.count)
		return first_line(f);
	for (int64_t block = f->block + 1; block < block_count(f); block++)
		if (load_useful(f, block))
			return first_line(f);
	return false;
}

bool journal_file_previous(struct journal_file *f)
{
	if (is_at_entry(f) && previous_line(f))
		return true;
	f->view.file = NULL;
	if (f->block >= 0 && f->item > 0) {
		f->item--;
		return last_line(f);
	}
	for (int64_t block = f->block - 1; block >= 0; block--) {
		if (!load_useful(f, block))
			continue;
		f->item = f->entries.count - 1;
		return last_line(f);
	}
	return false;
}

void journal_file_to_end(struct journal_file *f)
{
	int64_t last = block_count(f) - 1;

	f->view.file = NULL;
	if (last < 0)
		return;
	if (f->sealed && !is_needed(f, last)) {
		f->block = last + 1; /* that is not there: nothing comes behind a seal */
		f->entries.count = f->item = 0;
		return;
	}
	load(f, last);
	f->item = f->entries.count;
}

void journal_file_refresh(struct journal_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) == 0)
		f->size = st.st_size;
	if (f->block >= 0)
		read_block(f);
	if (is_at_entry(f)) { /* the bytes may have moved */
		view_item(f);
		view_line(f);
	}
}

/* ---- seeking ---- */

struct moment {
	int64_t realtime_ns, monotonic_ns;
	uint64_t sequence;
};

static bool is_before(const struct moment *m, const struct journal_target *target)
{
	switch (target->scale) {
	case JOURNAL_BY_REALTIME:
		return m->realtime_ns < target->time_ns;
	case JOURNAL_BY_SEQUENCE:
		return m->sequence < target->sequence;
	case JOURNAL_BY_MONOTONIC:
	default:
		return m->monotonic_ns != target->time_ns ? m->monotonic_ns < target->time_ns
							  : m->sequence < target->sequence;
	}
}

static bool block_is_before(const struct journal_file *f, int64_t block,
			    const struct journal_target *target)
{
	struct block_frame head;

	/* a damaged one is as the one before it */
	while (block > 0 && !read_head(f, block, &head))
		block--;
	if (block == 0)
		return true;
	return is_before(&(struct moment){head.realtime_ns, head.monotonic_ns, head.sequence},
			 target);
}

/* The last block that begins before the target: what is not before it can only be there or behind. */
static int64_t find_block(const struct journal_file *f, const struct journal_target *target)
{
	int64_t low = 0, high = block_count(f);

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (block_is_before(f, middle, target))
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool item_is_before(const struct journal_item *item, const struct journal_target *target)
{
	uint64_t last = item->sequence + (item->count ? item->count - 1 : 0);

	return is_before(&(struct moment){item->realtime_ns, item->monotonic_ns, last}, target);
}

static bool view_is_before(const struct journal_view *v, const struct journal_target *target)
{
	const struct entry_frame *head = &v->stored.head;

	return is_before(&(struct moment){head->realtime_ns, head->monotonic_ns, v->sequence},
			 target);
}

bool journal_file_seek(struct journal_file *f, const struct journal_target *target)
{
	f->view.file = NULL;
	if (block_count(f) > 0) {
		load(f, find_block(f, target));
		for (f->item = 0; f->item < f->entries.count; f->item++)
			if (!item_is_before(&f->entries.items[f->item], target))
				break;
	}
	while (journal_file_next(f))
		if (!view_is_before(&f->view, target))
			return true;
	return false;
}

/* ---- life ---- */

static void read_seal(struct journal_file *f)
{
	char bytes[sizeof(f->seal)];
	int64_t at = f->size - (int64_t)sizeof(bytes);

	f->sealed = at > 0 && pread(f->fd, bytes, sizeof(bytes), at) == (ssize_t)sizeof(bytes) &&
		    seal_read(bytes, sizeof(bytes), &f->seal);
}

struct journal_file *journal_file_open(int folder, const char *name)
{
	struct journal_file *f = mem_new(struct journal_file);
	struct stat st;

	f->fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	f->block = -1;
	if (f->fd < 0 || !journal_name_read(name, &f->name) || fstat(f->fd, &st) < 0 ||
	    !S_ISREG(st.st_mode)) {
		journal_file_free(f);
		return NULL;
	}
	memcpy(f->text, name, strlen(name));
	f->size = st.st_size;
	read_seal(f);
	return f;
}

void journal_file_free(struct journal_file *f)
{
	if (!f)
		return;
	close_fd(&f->fd);
	free(f->data);
	vector_fini(&f->entries);
	free(f);
}

bool journal_file_head(const struct journal_file *f, struct block_frame *out)
{
	return read_head(f, 0, out);
}
