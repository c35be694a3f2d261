#include "journal/merge.h"

#include <errno.h>
#include <string.h>

/* ---- order ---- */

struct journal_place journal_place_of(const struct journal_view *view)
{
	struct journal_place place = {.boot_rank = view->file->boot_rank,
				      .monotonic_ns = view->stored.head.monotonic_ns,
				      .sequence = view->sequence};

	memcpy(place.stream, view->file->name.stream, sizeof(place.stream));
	return place;
}

static int compare_numbers(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

int journal_place_compare(const struct journal_place *a, const struct journal_place *b)
{
	int order = compare_numbers(a->boot_rank, b->boot_rank);

	if (!order)
		order = compare_numbers(a->monotonic_ns, b->monotonic_ns);
	if (!order)
		order = compare_numbers((int64_t)a->sequence, (int64_t)b->sequence);
	return order ? order : memcmp(a->stream, b->stream, sizeof(a->stream));
}

/* The same without putting places together: most of a merge is this. */
static int compare_views(const struct journal_view *a, const struct journal_view *b)
{
	int order = compare_numbers(a->file->boot_rank, b->file->boot_rank);

	if (!order)
		order = compare_numbers(a->stored.head.monotonic_ns, b->stored.head.monotonic_ns);
	if (!order)
		order = compare_numbers((int64_t)a->sequence, (int64_t)b->sequence);
	return order ? order
		     : memcmp(a->file->name.stream, b->file->name.stream,
			      sizeof(a->file->name.stream));
}

static bool comes_first(const struct journal_merge *m, const struct journal_file *a,
			const struct journal_file *b)
{
	int order = compare_views(&a->view, &b->view);

	return m->backward ? order > 0 : order < 0;
}

/* ---- the heap ---- */

static void swap(struct journal_file **a, struct journal_file **b)
{
	struct journal_file *other = *a;

	*a = *b;
	*b = other;
}

static void sift_down(struct journal_merge *m, size_t i)
{
	struct journal_file **h = m->heap.items;

	for (size_t child; (child = 2 * i + 1) < m->heap.count; i = child) {
		if (child + 1 < m->heap.count && comes_first(m, h[child + 1], h[child]))
			child++;
		if (!comes_first(m, h[child], h[i]))
			return;
		swap(&h[child], &h[i]);
	}
}

static void push(struct journal_merge *m, struct journal_file *file)
{
	struct journal_file **h;
	size_t i = m->heap.count;

	vector_add(&m->heap, file);
	h = m->heap.items;
	for (; i > 0 && comes_first(m, h[i], h[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&h[i], &h[(i - 1) / 2]);
}

static void pop(struct journal_merge *m)
{
	m->heap.items[0] = m->heap.items[--m->heap.count];
	sift_down(m, 0);
}

const struct journal_view *journal_merge_front(const struct journal_merge *m)
{
	return m->heap.count ? &m->heap.items[0]->view : NULL;
}

static bool move(const struct journal_merge *m, struct journal_file *file)
{
	return m->backward ? journal_file_previous(file) : journal_file_next(file);
}

void journal_merge_advance(struct journal_merge *m)
{
	if (!m->heap.count)
		return;
	if (move(m, m->heap.items[0]))
		sift_down(m, 0);
	else
		pop(m);
}

/* ---- boots ---- */

/* Files are sorted by their start, so a boot's first file stands before those of later boots. */
int journal_merge_boot_rank(const struct journal_merge *m, const uint8_t boot[static 16])
{
	for (size_t i = m->files.count; i-- > 0;)
		if (memcmp(m->files.items[i]->name.boot, boot, 16) == 0)
			return m->files.items[i]->boot_rank;
	return -1;
}

static int next_rank(const struct journal_merge *m)
{
	int next = 0;

	for (size_t i = 0; i < m->files.count; i++)
		if (m->files.items[i]->boot_rank >= next)
			next = m->files.items[i]->boot_rank + 1;
	return next;
}

/* ---- files ---- */

static bool is_wanted(const struct journal_merge *m, const char *name)
{
	struct journal_name parts;

	return journal_name_read(name, &parts) &&
	       (!m->one_boot || memcmp(parts.boot, m->boot, sizeof(m->boot)) == 0);
}

static struct journal_file *add_file(struct journal_merge *m, const char *name)
{
	struct journal_file *file = is_wanted(m, name) ? journal_file_open(m->folder, name) : NULL;

	if (!file)
		return NULL;
	file->need = m->need;
	file->boot_rank = journal_merge_boot_rank(m, file->name.boot);
	if (file->boot_rank < 0)
		file->boot_rank = next_rank(m);
	vector_add(&m->files, file);
	return file;
}

static struct journal_file *find_file(const struct journal_merge *m, const char *name)
{
	for (size_t i = 0; i < m->files.count; i++)
		if (str_equal(m->files.items[i]->text, name))
			return m->files.items[i];
	return NULL;
}

static bool is_in_heap(const struct journal_merge *m, const struct journal_file *file)
{
	for (size_t i = 0; i < m->heap.count; i++)
		if (m->heap.items[i] == file)
			return true;
	return false;
}

static void refresh(struct journal_merge *m, const char *name)
{
	struct journal_file *file = find_file(m, name);

	if (file)
		journal_file_refresh(file);
	else
		file = add_file(m, name);
	if (file && !is_in_heap(m, file) && move(m, file))
		push(m, file);
}

void journal_merge_refresh(struct journal_merge *m, const char *name)
{
	scoped_with(journal_names_fini) struct journal_names names = {0};
	struct error ignored;

	if (name)
		refresh(m, name);
	else if (journal_names_read(m->folder, &names, &ignored))
		for (size_t i = 0; i < names.count; i++)
			refresh(m, names.items[i].text);
}

void journal_merge_forget(struct journal_merge *m, const char *name)
{
	struct journal_file *file = find_file(m, name);

	if (!file)
		return;
	refresh(m, name);
	if (is_in_heap(m, file))
		return;
	for (size_t i = 0; i < m->files.count; i++) {
		if (m->files.items[i] != file)
			continue;
		vector_remove(&m->files, i);
		break;
	}
	journal_file_free(file);
}

bool journal_merge_open(struct journal_merge *m, int folder, const struct journal_need *need,
			const uint8_t *boot, struct error *err)
{
	scoped_with(journal_names_fini) struct journal_names names = {0};

	*m = (struct journal_merge){.folder = folder, .need = need, .one_boot = boot};
	if (boot)
		memcpy(m->boot, boot, sizeof(m->boot));
	if (!journal_names_read(folder, &names, err))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		errno = 0;
		if (!add_file(m, names.items[i].text) && errno == EMFILE)
			return error_errno(err, "the journal has too many files to read at once");
	}
	return true;
}

void journal_merge_fini(struct journal_merge *m)
{
	for (size_t i = 0; i < m->files.count; i++)
		journal_file_free(m->files.items[i]);
	vector_fini(&m->files);
	vector_fini(&m->heap);
}

/* ---- places ---- */

/* Files of older boots than the target's are all before it, those of younger ones all behind. */
static bool place_file(struct journal_merge *m, struct journal_file *file,
		       const struct journal_target *target, int boot_rank)
{
	bool found = false;

	if (file->boot_rank < boot_rank)
		journal_file_to_end(file);
	else if (file->boot_rank > boot_rank)
		found = journal_file_seek(file,
					  &(struct journal_target){JOURNAL_BY_SEQUENCE, 0, 0});
	else
		found = journal_file_seek(file, target);
	return m->backward ? journal_file_previous(file) : found;
}

static void begin(struct journal_merge *m, bool backward)
{
	m->heap.count = 0;
	m->backward = backward;
}

void journal_merge_from_start(struct journal_merge *m)
{
	journal_merge_from_time(m, INT64_MIN, false);
}

void journal_merge_from_end(struct journal_merge *m, bool backward)
{
	begin(m, backward);
	for (size_t i = 0; i < m->files.count; i++) {
		journal_file_to_end(m->files.items[i]);
		if (backward && journal_file_previous(m->files.items[i]))
			push(m, m->files.items[i]);
	}
}

void journal_merge_from_time(struct journal_merge *m, int64_t realtime_ns, bool backward)
{
	const struct journal_target target = {JOURNAL_BY_REALTIME, realtime_ns, 0};

	begin(m, backward);
	for (size_t i = 0; i < m->files.count; i++)
		if (place_file(m, m->files.items[i], &target, m->files.items[i]->boot_rank))
			push(m, m->files.items[i]);
}

void journal_merge_from_place(struct journal_merge *m, const struct journal_place *place,
			      bool backward)
{
	const struct journal_target target = {JOURNAL_BY_MONOTONIC, place->monotonic_ns,
					      place->sequence + (backward ? 1 : 0)};

	begin(m, backward);
	for (size_t i = 0; i < m->files.count; i++)
		if (place_file(m, m->files.items[i], &target, place->boot_rank))
			push(m, m->files.items[i]);
	while (m->heap.count) { /* of the same moment and sequence, in streams that come before it */
		struct journal_place front = journal_place_of(&m->heap.items[0]->view);
		int order = journal_place_compare(&front, place);

		if (backward ? order <= 0 : order >= 0)
			return;
		journal_merge_advance(m);
	}
}

bool journal_merge_find(struct journal_merge *m, const uint8_t stream[static 16], uint64_t sequence,
			struct journal_place *out)
{
	const struct journal_target target = {JOURNAL_BY_SEQUENCE, 0, sequence};

	for (size_t i = 0; i < m->files.count; i++) {
		struct journal_file *file = m->files.items[i];

		if (memcmp(file->name.stream, stream, 16) != 0 || !journal_file_seek(file, &target))
			continue;
		*out = journal_place_of(&file->view);
		if (out->sequence == sequence)
			return true;
	}
	return false;
}
