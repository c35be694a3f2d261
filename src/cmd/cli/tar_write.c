#include "cmd/cli/tar.h"

#include "base/time.h"

#include <stdio.h>

#define BLOCK	   512
#define NAME_SIZE  100
#define OCTAL_SIZE ((int64_t)1 << 33) /* what eleven octal digits hold */
#define OCTAL_ID   ((uint64_t)1 << 21)

void tar_entry_fini(struct tar_entry *entry)
{
	free(entry->name);
	free(entry->link);
	pairs_fini(&entry->attributes);
	buffer_fini(&entry->capability);
	*entry = (struct tar_entry){0};
}

/* ---- the block ---- */

static void put_octal(char *field, size_t size, uint64_t value)
{
	snprintf(field, size, "%0*llo", (int)size - 1, (unsigned long long)value);
}

static void put_checksum(char block[static BLOCK])
{
	unsigned sum = 0;

	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	snprintf(block + 148, 8, "%06o", sum);
}

static void put_text(char *field, size_t size, const char *text)
{
	size_t length = strlen(text);

	memcpy(field, text, length < size ? length : size);
}

static void add_block(struct buffer *out, const struct tar_entry *entry)
{
	char *block = buffer_reserve(out, BLOCK);

	memset(block, 0, BLOCK);
	put_text(block, NAME_SIZE, entry->name);
	put_octal(block + 100, 8, entry->mode & 07777);
	put_octal(block + 108, 8, entry->uid < OCTAL_ID ? entry->uid : 0);
	put_octal(block + 116, 8, entry->gid < OCTAL_ID ? entry->gid : 0);
	put_octal(block + 124, 12, entry->size < OCTAL_SIZE ? (uint64_t)entry->size : 0);
	put_octal(block + 136, 12,
		  entry->mtime_ns > 0 ? (uint64_t)(entry->mtime_ns / NS_PER_SECOND) : 0);
	block[156] = entry->type;
	put_text(block + 157, NAME_SIZE, entry->link ? entry->link : "");
	memcpy(block + 257, "ustar\00000", 8);
	put_octal(block + 329, 8, entry->major);
	put_octal(block + 337, 8, entry->minor);
	put_checksum(block);
	buffer_wrote(out, BLOCK);
}

/* ---- what ustar has no room for ---- */

/* "LENGTH NAME=VALUE\n", where the length counts itself. */
static void add_record(struct buffer *records, const char *name, const void *value, size_t size)
{
	size_t rest = strlen(name) + size + 3, length = rest + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof(digits), "%zu", length) + rest != length)
		length = (size_t)snprintf(digits, sizeof(digits), "%zu", length) + rest;
	buffer_format(records, "%zu %s=", length, name);
	buffer_add(records, value, size);
	buffer_add_char(records, '\n');
}

static void add_text_record(struct buffer *records, const char *name, const char *value)
{
	add_record(records, name, value, strlen(value));
}

static void add_number_record(struct buffer *records, const char *name, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	add_text_record(records, name, digits);
}

static void add_time_record(struct buffer *records, int64_t ns)
{
	scoped_free char *text = str_format("%lld.%09lld", (long long)(ns / NS_PER_SECOND),
					    (long long)(ns % NS_PER_SECOND));

	add_text_record(records, "mtime", text);
}

static void collect_records(const struct tar_entry *entry, struct buffer *records)
{
	if (strlen(entry->name) > NAME_SIZE)
		add_text_record(records, "path", entry->name);
	if (entry->link && strlen(entry->link) > NAME_SIZE)
		add_text_record(records, "linkpath", entry->link);
	if (entry->size >= OCTAL_SIZE)
		add_number_record(records, "size", (uint64_t)entry->size);
	if (entry->uid >= OCTAL_ID)
		add_number_record(records, "uid", entry->uid);
	if (entry->gid >= OCTAL_ID)
		add_number_record(records, "gid", entry->gid);
	if (entry->mtime_ns > 0 && entry->mtime_ns % NS_PER_SECOND)
		add_time_record(records, entry->mtime_ns);
	if (entry->capability.size)
		add_record(records, "SCHILY.xattr.security.capability", entry->capability.data,
			   entry->capability.size);
}

static void add_extended_head(struct buffer *out, const struct buffer *records)
{
	struct tar_entry head = {
		.name = (char[]){"PaxHeaders.0/entry"},
		.type = 'x',
		.mode = 0644,
		.size = (int64_t)records->size,
	};

	add_block(out, &head);
	buffer_add(out, records->data, records->size);
	tar_pad(out, head.size);
}

void tar_write_head(struct buffer *out, const struct tar_entry *entry)
{
	scoped_buffer struct buffer records = {0};

	collect_records(entry, &records);
	if (records.size)
		add_extended_head(out, &records);
	add_block(out, entry);
}

void tar_pad(struct buffer *out, int64_t size)
{
	size_t missing = (size_t)(-size & (BLOCK - 1));

	memset(buffer_reserve(out, BLOCK), 0, BLOCK);
	buffer_wrote(out, missing);
}

void tar_write_end(struct buffer *out)
{
	memset(buffer_reserve(out, 2 * (size_t)BLOCK), 0, 2 * (size_t)BLOCK);
	buffer_wrote(out, 2 * (size_t)BLOCK);
}
