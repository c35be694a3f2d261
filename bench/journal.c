/* The journal's own speed, without a daemon:
 *	journal write FOLDER          what comes on standard input, as a shim writes a unit's output
 *	journal say FOLDER            the same, each line by itself
 *	journal fill FOLDER COUNT     COUNT entries of 100 bytes, each 1 ms after the one before, from 1,000,000 s on
 *	journal seek FOLDER COUNT     to 200 moments of such a journal: "best B median M worst W" in
 *	                              microseconds, from the question to the first text
 *	journal read FOLDER [OUTPUT]  all of it as text to standard output */
#include "journal/journal.h"
#include "base/time.h"

#include <stdio.h>
#include <unistd.h>

#define FIRST_NS  (1000000 * NS_PER_SECOND)
#define FOLDER_MB 4096

static void die(const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	fprintf(stderr, "journal: %s\n", error_text(err, text, sizeof(text)));
	exit(1);
}

static struct journal_writer *open_writer(const char *folder)
{
	const struct journal_bounds bounds = {.folder_bytes = (int64_t)FOLDER_MB << 20};
	const struct journal_origin origin = {.unit = "bench.service", .hostname = "host"};
	struct error err;
	struct journal_writer *writer = journal_writer_open(folder, &bounds, &err);

	if (!writer)
		die(&err);
	journal_writer_set_origin(writer, &origin);
	return writer;
}

/* ---- writing ---- */

/* How much of it was whole lines. */
typedef size_t put_lines(struct journal_writer *writer, const struct journal_entry *entry,
			 const char *data, size_t size);

static size_t put_together(struct journal_writer *writer, const struct journal_entry *entry,
			   const char *data, size_t size)
{
	return journal_write_lines(writer, entry, data, size, true);
}

static size_t put_each(struct journal_writer *writer, const struct journal_entry *entry,
		       const char *data, size_t size)
{
	struct journal_entry line = *entry;
	const char *at = data, *end;

	for (; (end = memchr(at, '\n', size - (size_t)(at - data))); at = end + 1) {
		line.message = at;
		line.message_size = (size_t)(end - at);
		journal_write(writer, &line);
	}
	return (size_t)(at - data);
}

static int write_input(const char *folder, put_lines *put)
{
	struct journal_writer *writer = open_writer(folder);
	const struct journal_entry entry = {.priority = 6, .identifier = "bench", .pid = getpid()};
	static char data[256 << 10];
	size_t kept = 0, taken;
	struct error err;
	ssize_t n;

	while ((n = read(STDIN_FILENO, data + kept, sizeof(data) / 2)) > 0) {
		kept += (size_t)n;
		taken = put(writer, &entry, data, kept);
		memmove(data, data + taken, kept - taken);
		kept -= taken;
		if (!journal_flush(writer, &err))
			die(&err);
	}
	journal_writer_free(writer);
	return 0;
}

static int fill(const char *folder, int64_t count)
{
	struct journal_writer *writer = open_writer(folder);
	char text[101];

	for (int64_t i = 0; i < count; i++) {
		struct journal_entry entry = {.priority = 6,
					      .identifier = "bench",
					      .pid = 42,
					      .realtime_ns = FIRST_NS + i * NS_PER_MS,
					      .monotonic_ns = FIRST_NS + i * NS_PER_MS,
					      .message = text,
					      .message_size = sizeof(text) - 1};

		snprintf(text, sizeof(text), "%0100lld", (long long)i);
		journal_write(writer, &entry);
	}
	journal_writer_free(writer);
	return 0;
}

/* ---- reading ---- */

static bool take_none(void *data, const char *text, size_t size)
{
	*(int64_t *)data = strtoll(text, NULL, 10);
	return false;
}

static int64_t seek_us(const char *folder, int64_t wanted)
{
	struct journal_query query = {.since_ns = FIRST_NS + wanted * NS_PER_MS,
				      .priority_high = 7,
				      .lines = 1,
				      .from_head = true};
	int64_t found = -1, start = time_monotonic_ns();
	const struct journal_sink sink = {.write = take_none, .data = &found, .stop = -1};
	struct error err;

	if (!journal_read(folder, &query, JOURNAL_CAT, &sink, &err))
		die(&err);
	start = time_monotonic_ns() - start;
	if (found != wanted) {
		fprintf(stderr, "journal: found %lld instead of %lld\n", (long long)found,
			(long long)wanted);
		exit(1);
	}
	return start / 1000;
}

static int compare(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static int seek(const char *folder, int64_t count)
{
	enum { SEEKS = 200 };
	int64_t us[SEEKS];

	for (int i = 0; i < SEEKS; i++)
		us[i] = seek_us(folder, (i * INT64_C(7919) + 13) * 4001 % count);
	qsort(us, SEEKS, sizeof(us[0]), compare);
	printf("best %lld median %lld worst %lld\n", (long long)us[0], (long long)us[SEEKS / 2],
	       (long long)us[SEEKS - 1]);
	return 0;
}

static bool put_out(void *data, const char *text, size_t size)
{
	return write(STDOUT_FILENO, text, size) == (ssize_t)size;
}

static int read_all(const char *folder, const char *name)
{
	enum journal_output output = JOURNAL_SHORT;
	const struct journal_query query = {.priority_high = 7, .lines = -1};
	const struct journal_sink sink = {.write = put_out, .stop = -1};
	struct error err;

	while (output < JOURNAL_OUTPUTS && strcmp(journal_output_name(output), name) != 0)
		output++;
	if (output == JOURNAL_OUTPUTS)
		return 2;
	if (!journal_read(folder, &query, output, &sink, &err))
		die(&err);
	return 0;
}

int main(int argc, char **argv)
{
	int64_t count = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;

	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_input(argv[2], put_together);
	if (argc == 3 && strcmp(argv[1], "say") == 0)
		return write_input(argv[2], put_each);
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "read") == 0)
		return read_all(argv[2], argc == 4 ? argv[3] : "short");
	if (argc == 4 && count > 0 && strcmp(argv[1], "fill") == 0)
		return fill(argv[2], count);
	if (argc == 4 && count > 0 && strcmp(argv[1], "seek") == 0)
		return seek(argv[2], count);
	fprintf(stderr, "usage: journal write|say FOLDER, journal read FOLDER [OUTPUT], journal "
			"fill|seek FOLDER COUNT\n");
	return 2;
}
