/* Reading an archive.  Members of type 'x' (pax), 'L' and 'K' (GNU's long names) tell of the member that
 * follows; 'g' (pax, for all that follow) is passed over, as nothing that is told so matters here. */
#include "cmd/cli/tar.h"

#include "base/time.h"

#define BLOCK	      512
#define EXTENDED_MOST (1u << 20)
#define XATTR_PREFIX  "SCHILY.xattr."

struct tar_reader {
	ssize_t (*read)(void *data, void *out, size_t size, struct error *err);
	void *data;
	int64_t left;	 /* of the present member's content */
	int64_t padding; /* behind it */
};

struct tar_reader *tar_reader_new(ssize_t (*read)(void *data, void *out, size_t size,
						  struct error *err),
				  void *data)
{
	struct tar_reader *reader = mem_new(struct tar_reader);

	reader->read = read;
	reader->data = data;
	return reader;
}

void tar_reader_free(struct tar_reader *reader)
{
	free(reader);
}

/* ---- bytes ---- */

static bool fail(struct error *err, const char *why)
{
	return error_set(err, ERROR_INVALID, "archive/tar: %s", why);
}

/* All of `size` bytes; with *ended the archive may end before the first. */
static bool read_exactly(struct tar_reader *r, void *out, size_t size, bool *ended,
			 struct error *err)
{
	char *at = out;

	while (size) {
		ssize_t got = r->read(r->data, at, size, err);

		if (got < 0)
			return false;
		if (!got && ended && at == out)
			return *ended = true;
		if (!got)
			return fail(err, "unexpected EOF");
		at += got;
		size -= (size_t)got;
	}
	return true;
}

static bool pass_over(struct tar_reader *r, struct error *err)
{
	char piece[16384];

	for (r->left += r->padding, r->padding = 0; r->left;) {
		size_t part = r->left < (int64_t)sizeof(piece) ? (size_t)r->left : sizeof(piece);

		if (!read_exactly(r, piece, part, NULL, err))
			return false;
		r->left -= (int64_t)part;
	}
	return true;
}

ssize_t tar_reader_read(struct tar_reader *r, void *out, size_t size, struct error *err)
{
	size_t part = r->left < (int64_t)size ? (size_t)r->left : size;

	if (!part)
		return 0;
	ssize_t got = r->read(r->data, out, part, err);
	if (got == 0)
		return fail(err, "unexpected EOF") - 1;
	if (got > 0)
		r->left -= got;
	return got;
}

/* ---- fields ---- */

static bool parse_binary(const unsigned char *field, size_t size, int64_t *out)
{
	uint64_t value = field[0] & 0x7f;

	for (size_t i = 1; i < size; i++) {
		if (value >> 55)
			return false;
		value = value << 8 | field[i];
	}
	*out = (int64_t)value;
	return true;
}

/* Octal with blanks or NULs around it, or GNU's binary form. */
static bool parse_field(const char *field, size_t size, int64_t *out)
{
	uint64_t value = 0;
	size_t at = 0;

	if ((unsigned char)field[0] & 0x80)
		return parse_binary((const unsigned char *)field, size, out);
	while (at < size && field[at] == ' ')
		at++;
	for (; at < size && field[at] >= '0' && field[at] <= '7'; at++)
		value = value << 3 | (uint64_t)(field[at] - '0');
	*out = (int64_t)value;
	return at == size || !field[at] || field[at] == ' ';
}

static bool checksum_is_right(const char block[static BLOCK])
{
	int64_t wanted;
	unsigned sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)block[i];
	return parse_field(block + 148, 8, &wanted) && wanted == (int64_t)sum;
}

static bool is_empty(const char block[static BLOCK])
{
	for (size_t i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

static char *text_field(const char *field, size_t size)
{
	return str_dup_n(field, strnlen(field, size));
}

static char *full_name(const char block[static BLOCK])
{
	scoped_free char *name = text_field(block, 100);
	bool ustar = memcmp(block + 257, "ustar\0", 6) == 0;

	if (!ustar || !block[345])
		return take(name);
	scoped_free char *prefix = text_field(block + 345, 155);
	return str_format("%s/%s", prefix, name);
}

static bool parse_block(const char block[static BLOCK], struct tar_entry *entry, struct error *err)
{
	int64_t mode, uid, gid, mtime, major = 0, minor = 0;

	if (!checksum_is_right(block))
		return fail(err, "invalid tar header");
	if (!parse_field(block + 100, 8, &mode) || !parse_field(block + 108, 8, &uid) ||
	    !parse_field(block + 116, 8, &gid) || !parse_field(block + 124, 12, &entry->size) ||
	    !parse_field(block + 136, 12, &mtime) || entry->size < 0 ||
	    entry->size > INT64_MAX - BLOCK)
		return fail(err, "invalid tar header");
	parse_field(block + 329, 8, &major);
	parse_field(block + 337, 8, &minor);
	entry->type = block[156] ? block[156] : '0';
	entry->mode = (mode_t)mode & 07777;
	entry->uid = (uint64_t)uid;
	entry->gid = (uint64_t)gid;
	entry->mtime_ns =
		mtime >= 0 && mtime < INT64_MAX / NS_PER_SECOND ? mtime * NS_PER_SECOND : 0;
	entry->major = (unsigned)major;
	entry->minor = (unsigned)minor;
	entry->name = full_name(block);
	entry->link = text_field(block + 157, 100);
	return true;
}

/* ---- what is told of the next member ---- */

static bool set_number(const char *text, int64_t *out)
{
	return parse_i64(text, out) && *out >= 0 && *out <= INT64_MAX - BLOCK;
}

static bool set_record(struct tar_entry *entry, const char *name, const char *value, size_t size)
{
	int64_t number;

	if (strcmp(name, "path") == 0)
		str_replace(&entry->name, value);
	else if (strcmp(name, "linkpath") == 0)
		str_replace(&entry->link, value);
	else if (strcmp(name, "size") == 0)
		return set_number(value, &entry->size);
	else if (strcmp(name, "mtime") == 0)
		time_from_unix_text(value, &entry->mtime_ns);
	else if (strcmp(name, "uid") == 0 && set_number(value, &number))
		entry->uid = (uint64_t)number;
	else if (strcmp(name, "gid") == 0 && set_number(value, &number))
		entry->gid = (uint64_t)number;
	else if (strcmp(name, XATTR_PREFIX "security.capability") == 0) {
		buffer_clear(&entry->capability);
		buffer_add(&entry->capability, value, size);
	} else if (str_starts_with(name, XATTR_PREFIX) && strlen(value) == size)
		pairs_set(&entry->attributes, name + strlen(XATTR_PREFIX), value);
	return true;
}

/* Records "LENGTH NAME=VALUE\n"; `text` has a NUL behind it. */
static bool apply_records(struct tar_entry *entry, char *text, size_t size)
{
	while (size) {
		char *blank = memchr(text, ' ', size), *end, *equals;
		size_t length = 0;

		if (!blank || blank - text > 9)
			return false;
		for (const char *at = text; at < blank; at++) {
			if (*at < '0' || *at > '9')
				return false;
			length = length * 10 + (size_t)(*at - '0');
		}
		if (length > size || length < (size_t)(blank - text) + 3)
			return false;
		end = text + length - 1;
		equals = memchr(blank + 1, '=', (size_t)(end - blank - 1));
		if (*end != '\n' || !equals)
			return false;
		*equals = *end = '\0';
		if (!set_record(entry, blank + 1, equals + 1, (size_t)(end - equals - 1)))
			return false;
		text += length;
		size -= length;
	}
	return true;
}

struct extension {
	struct buffer records;	     /* of pax */
	char *long_name, *long_link; /* of GNU */
};

static void extension_fini(struct extension *extension)
{
	buffer_fini(&extension->records);
	free(extension->long_name);
	free(extension->long_link);
}

static bool read_extension(struct tar_reader *r, char type, struct extension *extension,
			   struct error *err)
{
	scoped_buffer struct buffer text = {0};

	if (r->left > EXTENDED_MOST)
		return fail(err, "invalid tar header");
	size_t size = (size_t)r->left;
	if (!read_exactly(r, buffer_reserve(&text, size + 1), size, NULL, err))
		return false;
	buffer_wrote(&text, size);
	r->left = 0;
	if (type == 'L')
		str_replace(&extension->long_name, text.data ? text.data : "");
	else if (type == 'K')
		str_replace(&extension->long_link, text.data ? text.data : "");
	else if (type == 'x') {
		buffer_clear(&extension->records);
		buffer_add(&extension->records, text.data, text.size);
	}
	return true;
}

static bool apply_extension(struct tar_entry *entry, const struct extension *extension,
			    struct error *err)
{
	if (extension->long_name)
		str_replace(&entry->name, extension->long_name);
	if (extension->long_link)
		str_replace(&entry->link, extension->long_link);
	return apply_records(entry, extension->records.data, extension->records.size) ||
	       fail(err, "invalid tar header");
}

/* ---- the next member ---- */

/* 1: a head, 0: the end, -1: neither. */
static int read_head(struct tar_reader *r, struct tar_entry *entry, struct error *err)
{
	char block[BLOCK];
	bool ended = false;

	if (!pass_over(r, err) || !read_exactly(r, block, BLOCK, &ended, err))
		return -1;
	if (ended || is_empty(block))
		return 0;
	if (!parse_block(block, entry, err))
		return -1;
	return 1;
}

/* Links, folders and the like have no content, whatever the head says. */
static bool has_content(char type)
{
	return !strchr("123456", type);
}

static void begin_content(struct tar_reader *r, const struct tar_entry *entry)
{
	r->left = has_content(entry->type) ? entry->size : 0;
	r->padding = -r->left & (BLOCK - 1);
}

int tar_reader_next(struct tar_reader *r, struct tar_entry *out, struct error *err)
{
	scoped_with(extension_fini) struct extension extension = {0};

	for (;;) {
		scoped_tar_entry struct tar_entry entry = {0};
		int found = read_head(r, &entry, err);

		if (found <= 0)
			return found;
		bool extends = strchr("xgLK", entry.type) != NULL;
		if (!extends && !apply_extension(&entry, &extension, err))
			return -1;
		begin_content(r, &entry);
		if (!extends) {
			*out = entry;
			entry = (struct tar_entry){0};
			return 1;
		}
		if (!read_extension(r, entry.type, &extension, err))
			return -1;
	}
}
