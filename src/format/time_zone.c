#include "base/date.h"
#include "base/text.h"
#include "format/time_zone_rule.h"
#include "os/file.h"

#include "base/byte.h"

#include <endian.h>
#include <fcntl.h>
#include <time.h>

enum { FILE_LIMIT = 1 << 16, STATE_LIMIT = 256 };

struct time_zone {
	int64_t *moments; /* owned; at which clocks are set */
	uint8_t *after;	  /* owned; which of the states holds from then on */
	size_t count;
	struct time_zone_state *states; /* owned; the first holds before all moments */
	size_t state_count;
	struct time_zone_rule rule; /* from the last moment on */
	bool has_rule;
};

/* ---- files ---- */

struct cursor {
	const char *at, *end;
};

/* The next `size` bytes; NULL: there are less. */
static const char *take_bytes(struct cursor *c, size_t size)
{
	const char *bytes = c->at;

	if ((size_t)(c->end - c->at) < size)
		return NULL;
	c->at += size;
	return bytes;
}

static uint32_t read_u32(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

/* A moment takes 4 bytes in the first half of a file, 8 in the second. */
static int64_t read_moment(const char *at, size_t width)
{
	if (width == 4)
		return (int32_t)read_u32(at);
	return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

struct header {
	char version;
	uint32_t ut_count, standard_count, leap_count, moment_count, state_count, text_size;
};

static bool read_header(struct cursor *c, struct header *out)
{
	const char *at = take_bytes(c, 44);

	if (!at || memcmp(at, "TZif", 4) != 0)
		return false;
	*out = (struct header){.version = at[4],
			       .ut_count = read_u32(at + 20),
			       .standard_count = read_u32(at + 24),
			       .leap_count = read_u32(at + 28),
			       .moment_count = read_u32(at + 32),
			       .state_count = read_u32(at + 36),
			       .text_size = read_u32(at + 40)};
	return out->state_count && out->state_count <= STATE_LIMIT &&
	       out->moment_count < FILE_LIMIT && out->leap_count < FILE_LIMIT &&
	       out->text_size < FILE_LIMIT && out->ut_count <= STATE_LIMIT &&
	       out->standard_count <= STATE_LIMIT;
}

static size_t body_size(const struct header *h, size_t width)
{
	return h->moment_count * (width + 1) + h->state_count * 6 + h->text_size +
	       h->leap_count * (width + 4) + h->standard_count + h->ut_count;
}

static bool read_states(struct time_zone *zone, const char *at, const char *texts, size_t text_size)
{
	zone->states = mem_zeroed(zone->state_count, sizeof(*zone->states));
	for (size_t i = 0; i < zone->state_count; i++, at += 6) {
		size_t text = (uint8_t)at[5];
		struct time_zone_state *state = &zone->states[i];

		state->offset = (int32_t)read_u32(at);
		if (text >= text_size || state->offset < -SECONDS_PER_DAY * 2 ||
		    state->offset > SECONDS_PER_DAY * 2)
			return false;
		snprintf(state->abbreviation, sizeof(state->abbreviation), "%.*s",
			 (int)(text_size - text), texts + text);
	}
	return true;
}

static bool read_moments(struct time_zone *zone, const char *at, size_t width)
{
	zone->moments = mem_zeroed(zone->count, sizeof(*zone->moments));
	zone->after = mem_zeroed(zone->count, 1);
	memcpy(zone->after, at + zone->count * width, zone->count);
	for (size_t i = 0; i < zone->count; i++) {
		zone->moments[i] = read_moment(at + i * width, width);
		if (zone->after[i] >= zone->state_count ||
		    (i && zone->moments[i] <= zone->moments[i - 1]))
			return false;
	}
	return true;
}

static bool read_body(struct time_zone *zone, const char *at, const struct header *h, size_t width)
{
	const char *states = at + h->moment_count * (width + 1);

	zone->count = h->moment_count;
	zone->state_count = h->state_count;
	return read_states(zone, states, states + h->state_count * 6, h->text_size) &&
	       read_moments(zone, at, width);
}

/* Between two line ends; may be empty. */
static bool read_footer(struct time_zone *zone, struct cursor *c)
{
	const char *end =
		c->at < c->end ? memchr(c->at + 1, '\n', (size_t)(c->end - c->at - 1)) : NULL;

	if (!end || *c->at != '\n')
		return false;
	scoped_free char *rule = str_dup_n(c->at + 1, (size_t)(end - c->at - 1));
	zone->has_rule = *rule;
	return !*rule || time_zone_rule_parse(rule, &zone->rule);
}

struct time_zone *time_zone_parse(const char *data, size_t size)
{
	scoped(time_zone) struct time_zone *zone = mem_new(struct time_zone);
	struct cursor c = {data, data + size};
	struct header h;
	const char *body;
	size_t width = 4;

	if (!read_header(&c, &h) || !(body = take_bytes(&c, body_size(&h, width))))
		return NULL;
	if (h.version) { /* the same again, with larger numbers, and the rule */
		width = 8;
		if (!read_header(&c, &h) || !(body = take_bytes(&c, body_size(&h, width))) ||
		    !read_footer(zone, &c))
			return NULL;
	}
	return read_body(zone, body, &h, width) ? take(zone) : NULL;
}

/* ---- names ---- */

static bool is_zone_name(const char *name)
{
	return byte_is_letter(*name) && strlen(name) < 64 && !strstr(name, "..") &&
	       !name[strspn(name,
			    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/")];
}

static struct time_zone *open_utc(void)
{
	struct time_zone *zone = mem_new(struct time_zone);

	zone->has_rule = time_zone_rule_parse("UTC0", &zone->rule);
	return zone;
}

struct time_zone *time_zone_open(const char *name)
{
	scoped_buffer struct buffer data = {0};
	struct error err;

	if (strcmp(name, "UTC") == 0)
		return open_utc();
	if (!is_zone_name(name))
		return NULL;
	scoped_free char *path = str_format("/usr/share/zoneinfo/%s", name);
	if (!file_read(AT_FDCWD, path, FILE_LIMIT, &data, &err) || !data.size)
		return NULL;
	return time_zone_parse(data.data, data.size);
}

void time_zone_free(struct time_zone *zone)
{
	if (!zone)
		return;
	free(zone->moments);
	free(zone->after);
	free(zone->states);
	free(zone);
}

/* ---- moments ---- */

static struct time_zone_state local_state(int64_t moment)
{
	struct time_zone_state state = {0};
	time_t seconds = moment;
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return state;
	state.offset = tm.tm_gmtoff;
	if (tm.tm_zone)
		snprintf(state.abbreviation, sizeof(state.abbreviation), "%s", tm.tm_zone);
	return state;
}

/* How many changes are not later than `moment`. */
static size_t count_changes(const struct time_zone *zone, int64_t moment)
{
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->moments[middle] <= moment)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct time_zone_state time_zone_at(const struct time_zone *zone, int64_t moment)
{
	if (!zone)
		return local_state(moment);
	size_t changes = count_changes(zone, moment);
	if (changes == zone->count && zone->has_rule)
		return time_zone_rule_at(&zone->rule, moment);
	return zone->states[changes ? zone->after[changes - 1] : 0];
}

int64_t time_zone_offset(const struct time_zone *zone, int64_t moment)
{
	return time_zone_at(zone, moment).offset;
}

int64_t time_zone_change(const struct time_zone *zone, int64_t from, int64_t to)
{
	int64_t before = time_zone_offset(zone, from);

	while (to - from > 1) {
		int64_t middle = from + (to - from) / 2;

		if (time_zone_offset(zone, middle) == before)
			from = middle;
		else
			to = middle;
	}
	return to;
}

int64_t time_zone_moment(const struct time_zone *zone, int64_t shown)
{
	int64_t from = shown - SECONDS_PER_DAY, to = shown + SECONDS_PER_DAY;
	int64_t before = time_zone_offset(zone, from), after = time_zone_offset(zone, to);

	if (before == after || time_zone_offset(zone, shown - before) == before)
		return shown - before;
	if (time_zone_offset(zone, shown - after) == after)
		return shown - after;
	return time_zone_change(zone, from, to);
}
