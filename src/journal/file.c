#include "journal/file.h"

#include "base/byte.h"
#include "base/id.h"
#include "journal/crc32c.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- frames ---- */

static uint32_t checksum_of(const char *frame, size_t size)
{
	size_t behind = offsetof(struct frame, size);

	return crc32c(frame + behind, size - behind);
}

enum frame_state frame_read(const char *data, size_t size, struct frame *out)
{
	if (size < sizeof(*out))
		return FRAME_END;
	memcpy(out, data, sizeof(*out));
	if (!out->size && !out->checksum && !out->kind)
		return FRAME_END;
	if (out->size < sizeof(*out) || out->size > size)
		return FRAME_BROKEN;
	return checksum_of(data, out->size) == out->checksum ? FRAME_WHOLE : FRAME_BROKEN;
}

void frame_finish(char *frame, size_t size)
{
	struct frame head;

	memcpy(&head, frame, sizeof(head));
	head.size = (uint32_t)size;
	memcpy(frame, &head, sizeof(head));
	head.checksum = checksum_of(frame, size);
	memcpy(frame, &head, sizeof(head));
}

bool block_read(const char *data, size_t size, struct block_frame *out)
{
	struct frame head;

	if (frame_read(data, size, &head) != FRAME_WHOLE || head.kind != FRAME_BLOCK ||
	    head.size != sizeof(*out))
		return false;
	memcpy(out, data, sizeof(*out));
	return memcmp(out->magic, JOURNAL_MAGIC, sizeof(out->magic)) == 0;
}

bool seal_read(const char *data, size_t size, struct seal_frame *out)
{
	struct frame head;

	if (frame_read(data, size, &head) != FRAME_WHOLE || head.kind != FRAME_SEAL ||
	    head.size != sizeof(*out))
		return false;
	memcpy(out, data, sizeof(*out));
	return true;
}

static struct text_part cut_front(struct text_part *rest, size_t size)
{
	struct text_part front = {rest->text, size};

	rest->text += size;
	rest->size -= size;
	return front;
}

bool entry_read(const char *data, size_t size, struct stored_entry *out)
{
	struct text_part rest = {data, size};
	struct entry_frame *head = &out->head;

	if (size < sizeof(*head))
		return false;
	memcpy(head, cut_front(&rest, sizeof(*head)).text, sizeof(*head));
	if (head->head.kind != FRAME_ENTRY || head->head.size != size || head->head.priority > 7 ||
	    rest.size < (size_t)head->identifier_size + head->comm_size + head->message_id_size)
		return false;
	out->identifier = cut_front(&rest, head->identifier_size);
	out->comm = cut_front(&rest, head->comm_size);
	out->message_id = cut_front(&rest, head->message_id_size);
	out->text = rest;
	return !head->head.lines || (rest.size > 0 && rest.text[rest.size - 1] == '\n');
}

size_t journal_line_size(const char *line, size_t size)
{
	size_t shown = size;

	while (shown > 0 && line[shown - 1] && strchr(" \t\r", line[shown - 1]))
		shown--;
	return shown ? shown : size;
}

/* ---- origins ---- */

static void add_field(struct buffer *out, const char *name, const char *value)
{
	size_t size = strlen(name) + 1 + (value ? strlen(value) : 0) + 1;

	if (!value || out->size + size > JOURNAL_ORIGIN_LIMIT)
		return;
	buffer_add_text(out, name);
	buffer_add_char(out, '=');
	buffer_add(out, value, strlen(value) + 1);
}

void origin_encode(const struct journal_origin *origin, struct buffer *out)
{
	add_field(out, ORIGIN_UNIT, origin->unit);
	add_field(out, ORIGIN_INVOCATION, origin->invocation_id);
	add_field(out, ORIGIN_CGROUP, origin->cgroup);
	add_field(out, ORIGIN_HOSTNAME, origin->hostname);
	add_field(out, ORIGIN_CONTAINER, origin->container);
	for (size_t i = 0; i < origin->extra.count && i < JOURNAL_FIELDS_LIMIT; i++)
		add_field(out, origin->extra.items[i].name, origin->extra.items[i].value);
}

bool origin_next(struct text_part *fields, struct text_part *name, struct text_part *value)
{
	const char *end = fields->size ? memchr(fields->text, '\0', fields->size) : NULL;
	const char *equals;

	if (!end)
		return false;
	*value = cut_front(fields, (size_t)(end - fields->text));
	cut_front(fields, 1);
	equals = value->size ? memchr(value->text, '=', value->size) : NULL;
	if (!equals)
		return false;
	*name = cut_front(value, (size_t)(equals - value->text));
	cut_front(value, 1);
	return true;
}

uint64_t journal_unit_bits(const char *unit, size_t size)
{
	uint32_t hash = crc32c(unit, size);

	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

/* ---- ids and names ---- */

bool journal_id_read(const char *text, uint8_t out[static 16])
{
	size_t digits = 0;

	for (; *text && digits < 32; text++) {
		int digit = byte_hex_value(*text);

		if (*text == '-')
			continue;
		if (digit < 0)
			return false;
		out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | digit : digit << 4);
		digits++;
	}
	return digits == 32 && !*text;
}

void journal_id_text(const uint8_t id[static 16], char out[static JOURNAL_ID_SIZE])
{
	hex_encode(id, 16, out);
}

const char *journal_name_text(const struct journal_name *name, char out[static JOURNAL_NAME_SIZE])
{
	char boot[JOURNAL_ID_SIZE], stream[JOURNAL_ID_SIZE];

	journal_id_text(name->boot, boot);
	journal_id_text(name->stream, stream);
	snprintf(out, JOURNAL_NAME_SIZE, "%s-%016" PRIx64 "-%s-%08" PRIx32 ".journal", boot,
		 (uint64_t)name->start_us, stream, name->number);
	return out;
}

static bool read_hex(const char *text, size_t digits, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < digits; i++) {
		int digit = byte_hex_value(text[i]);

		if (digit < 0)
			return false;
		*out = *out << 4 | (uint64_t)digit;
	}
	return true;
}

bool journal_name_read(const char *text, struct journal_name *out)
{
	enum { BOOT = 0, START = 33, STREAM = 50, NUMBER = 83, END = 91 };
	char boot[JOURNAL_ID_SIZE] = "", stream[JOURNAL_ID_SIZE] = "";
	uint64_t start, number;

	if (strlen(text) != END + strlen(".journal") || !str_equal(text + END, ".journal"))
		return false;
	memcpy(boot, text + BOOT, 32);
	memcpy(stream, text + STREAM, 32);
	if (!read_hex(text + START, 16, &start) || !read_hex(text + NUMBER, 8, &number) ||
	    start > INT64_MAX)
		return false;
	out->start_us = (int64_t)start;
	out->number = (uint32_t)number;
	return text[32] == '-' && text[49] == '-' && text[82] == '-' &&
	       journal_id_read(boot, out->boot) && journal_id_read(stream, out->stream);
}
