#include "image/tar_header.h"

#include <stdio.h>
#include <sys/sysmacros.h>

/* POSIX.1-1988's header. */
struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a tar header is one block");

#define OCTAL_7	 INT64_C(07777777)     /* what fits a field of 8 */
#define OCTAL_11 INT64_C(077777777777) /* of 12 */

/* ---- pax records ---- */

static size_t count_digits(size_t number)
{
	size_t count = 1;

	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

/* "30 mtime=1350244992.023960108\n": the number counts itself. */
static void add_pax(struct buffer *pax, const char *name, const void *value, size_t size)
{
	size_t rest = strlen(name) + size + 3; /* blank, "=", newline */
	size_t total = rest + count_digits(rest);

	if (count_digits(total) != count_digits(rest))
		total = rest + count_digits(total);
	buffer_format(pax, "%zu %s=", total, name);
	buffer_add(pax, value, size);
	buffer_add_char(pax, '\n');
}

static void add_pax_text(struct buffer *pax, const char *name, const char *value)
{
	add_pax(pax, name, value, strlen(value));
}

static void add_pax_number(struct buffer *pax, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add_pax_text(pax, name, text);
}

/* Readers disagree on fractions before 1970: those are left out. */
static void add_pax_time(struct buffer *pax, const struct timespec *time)
{
	char text[40];
	size_t length;

	snprintf(text, sizeof(text), "%lld.%09ld", (long long)time->tv_sec, time->tv_nsec);
	length = strlen(text);
	while (text[length - 1] == '0')
		text[--length] = '\0';
	add_pax_text(pax, "mtime", text);
}

static bool is_fraction(const struct timespec *time)
{
	return time->tv_nsec > 0 && time->tv_sec >= 0;
}

static bool fits_time(const struct timespec *time)
{
	return time->tv_sec >= 0 && time->tv_sec <= OCTAL_11;
}

static void add_pax_mtime(struct buffer *pax, const struct tar_entry *e)
{
	if (is_fraction(&e->mtime))
		add_pax_time(pax, &e->mtime);
	else if (!fits_time(&e->mtime))
		add_pax_number(pax, "mtime", e->mtime.tv_sec);
}

static void add_pax_xattrs(struct buffer *pax, const struct tar_entry *e)
{
	for (size_t i = 0; i < e->xattr_count; i++) {
		const struct tar_xattr *x = &e->xattrs[i];
		scoped_free char *name = str_format("SCHILY.xattr.%s", x->name);

		add_pax(pax, name, x->value.data ? x->value.data : "", x->value.size);
	}
}

/* ---- holes: GNU's pax form 1.0, whose map stands before the bytes ---- */

static void write_map(const struct tar_entry *e, struct buffer *out)
{
	size_t before = out->size;

	buffer_format(out, "%zu\n", e->range_count);
	for (size_t i = 0; i < e->range_count; i++)
		buffer_format(out, "%lld\n%lld\n", (long long)e->ranges[i].offset,
			      (long long)e->ranges[i].size);
	for (size_t n = tar_padding((int64_t)(out->size - before)); n > 0; n--)
		buffer_add_char(out, '\0');
}

static void add_pax_sparse(struct buffer *pax, const struct tar_entry *e)
{
	if (!e->ranges)
		return;
	add_pax_text(pax, "GNU.sparse.major", "1");
	add_pax_text(pax, "GNU.sparse.minor", "0");
	add_pax_text(pax, "GNU.sparse.name", e->name);
	add_pax_number(pax, "GNU.sparse.realsize", e->size);
}

int64_t tar_data_size(const struct tar_entry *e)
{
	int64_t sum = 0;

	if (e->type != TAR_FILE)
		return 0;
	if (!e->ranges)
		return e->size;
	for (size_t i = 0; i < e->range_count; i++)
		sum += e->ranges[i].size;
	return sum;
}

/* ---- ustar ---- */

static void put_text(char *field, size_t size, const char *text)
{
	memcpy(field, text, strnlen(text, size));
}

/* What does not fit stands in a pax record, and here as 0. */
static void put_octal(char *field, size_t size, int64_t value, int64_t max)
{
	char text[24];

	snprintf(text, sizeof(text), "%0*llo", (int)size - 1,
		 (unsigned long long)(value >= 0 && value <= max ? value : 0));
	memcpy(field, text, size - 1);
}

/* Where a long name is cut into prefix and name; NULL: nowhere. */
static const char *find_cut(const char *name)
{
	size_t length = strlen(name);
	const char *cut;

	for (cut = name + 1; (cut = strchr(cut, '/')); cut++) {
		size_t prefix = (size_t)(cut - name), rest = length - prefix - 1;

		if (prefix > sizeof((struct ustar){0}.prefix) || rest == 0)
			return NULL;
		if (rest <= sizeof((struct ustar){0}.name))
			return cut;
	}
	return NULL;
}

static bool fits_name(const char *name)
{
	return strlen(name) <= sizeof((struct ustar){0}.name) || find_cut(name);
}

static void put_name(struct ustar *h, const char *name)
{
	const char *cut = strlen(name) > sizeof(h->name) ? find_cut(name) : NULL;

	if (cut) {
		memcpy(h->prefix, name, (size_t)(cut - name));
		name = cut + 1;
	}
	put_text(h->name, sizeof(h->name), name);
}

static void put_checksum(struct ustar *h)
{
	const unsigned char *bytes = (const unsigned char *)h;
	unsigned sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += bytes[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum);
}

static void fill(struct ustar *h, const struct tar_entry *e, int64_t size)
{
	put_octal(h->mode, sizeof(h->mode), e->mode & 07777, OCTAL_7);
	put_octal(h->uid, sizeof(h->uid), e->uid, OCTAL_7);
	put_octal(h->gid, sizeof(h->gid), e->gid, OCTAL_7);
	put_octal(h->size, sizeof(h->size), size, OCTAL_11);
	put_octal(h->mtime, sizeof(h->mtime), e->mtime.tv_sec, OCTAL_11);
	put_octal(h->major, sizeof(h->major), major(e->device), OCTAL_7);
	put_octal(h->minor, sizeof(h->minor), minor(e->device), OCTAL_7);
	h->type = (char)e->type;
	put_text(h->link, sizeof(h->link), e->target ? e->target : "");
	memcpy(h->magic, "ustar", 6);
	memcpy(h->version, "00", 2);
	put_checksum(h);
}

static void add_block(struct buffer *out, const struct ustar *h)
{
	buffer_add(out, h, sizeof(*h));
}

/* ---- the whole ---- */

static void collect_pax(const struct tar_entry *e, int64_t size, struct buffer *pax)
{
	if (!e->ranges && !fits_name(e->name))
		add_pax_text(pax, "path", e->name);
	if (e->target && strlen(e->target) > sizeof((struct ustar){0}.link))
		add_pax_text(pax, "linkpath", e->target);
	if (size > OCTAL_11)
		add_pax_number(pax, "size", size);
	if (e->uid > OCTAL_7)
		add_pax_number(pax, "uid", e->uid);
	if (e->gid > OCTAL_7)
		add_pax_number(pax, "gid", e->gid);
	add_pax_mtime(pax, e);
	add_pax_sparse(pax, e);
	add_pax_xattrs(pax, e);
}

static const char *last_part(const char *name)
{
	size_t length = strlen(name);

	while (length > 0 && name[length - 1] == '/')
		length--;
	while (length > 0 && name[length - 1] != '/')
		length--;
	return name + length;
}

static void write_pax(const struct tar_entry *e, const struct buffer *pax, struct buffer *out)
{
	struct tar_entry head = {.type = 'x', .mode = 0644};
	struct ustar h = {0};

	snprintf(h.name, sizeof(h.name), "PaxHeaders/%.80s", last_part(e->name));
	fill(&h, &head, (int64_t)pax->size);
	add_block(out, &h);
	buffer_add(out, pax->data, pax->size);
	memset(buffer_reserve(out, TAR_BLOCK), 0, TAR_BLOCK);
	buffer_wrote(out, tar_padding((int64_t)pax->size));
}

void tar_header_write(const struct tar_entry *e, struct buffer *out)
{
	scoped_buffer struct buffer pax = {0}, map = {0};
	struct ustar h = {0};
	int64_t size = tar_data_size(e);

	if (e->ranges)
		write_map(e, &map);
	size += (int64_t)map.size;
	collect_pax(e, size, &pax);
	if (pax.size > 0)
		write_pax(e, &pax, out);
	if (e->ranges)
		snprintf(h.name, sizeof(h.name), "GNUSparseFile.0/%.80s", last_part(e->name));
	else
		put_name(&h, e->name);
	fill(&h, e, size);
	add_block(out, &h);
	buffer_add(out, map.data ? map.data : "", map.size);
}
