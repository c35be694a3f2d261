/* Docker's json-file log: one JSON object a line,
 *
 *	{"log":"text\n","stream":"stdout","attrs":{...},"time":"2023-01-02T03:04:05.678901234Z"}
 *
 * one for each line that a container writes, for each JSONLOG_PIECE bytes of a longer one (without
 * the \n), and for what it wrote last.  Made for both ends of the log path: over 1 GB/s written,
 * over 600 MB/s read back.  No jansson: the static shim links this. */
#pragma once

#include "base/text.h"
#include "base/time.h"
#include "format/stream_frame.h"

#define JSONLOG_PIECE 16384

/* ---- writing ---- */

struct jsonlog_encoder {
	struct buffer tails[2]; /* what follows the text in lines of stdout and of stderr */
	int64_t time_ns;	/* the moment that the tails say */
};

/* `attrs`: `"attrs":{...}` for each line, or NULL. */
void jsonlog_encoder_init(struct jsonlog_encoder *encoder, const char *attrs);
void jsonlog_encoder_fini(struct jsonlog_encoder *encoder);

/* The moment for the lines from now on: once for each read, not for each line. */
void jsonlog_set_time(struct jsonlog_encoder *encoder, int64_t ns);

/* Append an object for each complete line of `data` (STREAM_STDOUT or STREAM_STDERR) and for each
 * full piece of a longer one.  Returns how many bytes that took; the caller keeps the rest, less
 * than a piece, in front of what it reads next. */
size_t jsonlog_encode(struct jsonlog_encoder *encoder, enum stream_kind stream, const char *data,
		      size_t size, struct buffer *out);

/* The rest, when no more comes: at most a piece, without a line's end. */
void jsonlog_encode_rest(struct jsonlog_encoder *encoder, enum stream_kind stream, const char *data,
			 size_t size, struct buffer *out);

/* ---- reading ---- */

struct jsonlog_entry {
	bool valid; /* false: the line is torn or foreign; nothing was added, skip it */
	enum stream_kind stream;
	size_t text_size; /* bytes that were added to `out` */

	/* Borrowed from the line; NULL where it has none. */
	const char *time, *attrs; /* attrs: {...} */
	size_t time_size, attrs_size;
};

/* Read the line at the front: its text is appended to `out`, what else it says is in `entry`.
 * Returns the bytes of the line with its newline; 0: there is no whole line. */
size_t jsonlog_decode(const char *data, size_t size, struct buffer *out,
		      struct jsonlog_entry *entry);

/* The moment of an entry; false when it has none that can be read. */
bool jsonlog_entry_time(const struct jsonlog_entry *entry, int64_t *ns);

/* The same as `logs -t` shows it: nine digits and Z; "" when it has none. */
const char *jsonlog_entry_time_text(const struct jsonlog_entry *entry,
				    char out[static TIME_TEXT_SIZE]);
