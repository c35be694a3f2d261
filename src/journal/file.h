/* The bytes of a journal file (docs/journal.md says the same for people).
 *
 * A file is a row of blocks of 64 KiB, a block a row of frames, and the rest of a block is zeros.  Each frame
 * has its length and a checksum; no frame lies across two blocks.  Little endian, not aligned.
 *
 *	block	the first frame of each block: whose it is, the moment and sequence of its first entry, and
 *		what the block before it holds.  As it stands at multiples of 64 KiB, a reader bisects a file
 *		by time with one small read a step, sealed or not, and goes on behind a block that is damaged
 *	origin	before the first entry of each block and at each change: the fields that all entries share
 *	entry	one message, or lines: a run of text whose lines are an entry each, with the same other fields
 *	seal	the last frame of a file to which nothing is added any more: the end of its time, who is in it
 *
 * A writer that is killed leaves a frame whose checksum is wrong, or none: it is the end, as far as readers
 * are concerned, and the next writer of the file cuts it off.
 *
 * A name is BOOT-START-STREAM-NUMBER.journal: the boot's id, the moment at which the file was begun (us, hex),
 * the id of the stream of entries it belongs to and its number in that stream (hex).  A stream has one writer at
 * a time, and its sequence grows by one from entry to entry, over all its files. */
#pragma once

#include "base/text.h"
#include "journal/journal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the structs are the file's bytes");

enum {
	JOURNAL_BLOCK = 64 << 10,
	JOURNAL_ORIGIN_LIMIT = 8 << 10, /* of its fields; extra ones that do not fit are left out */
	JOURNAL_ID_SIZE = 33,		/* 32 hex */
};

enum frame_kind { FRAME_BLOCK = 1, FRAME_ORIGIN, FRAME_ENTRY, FRAME_SEAL };

struct frame {
	uint32_t checksum; /* CRC-32C of the rest of the frame */
	uint32_t size;	   /* with this head; 0: nothing more in this block */
	uint8_t kind;	   /* enum frame_kind */
	uint8_t priority, transport;
	uint8_t lines; /* an entry's text is lines, each with its end */
};

struct block_frame {
	struct frame head;
	uint32_t number;
	char magic[8]; /* JOURNAL_MAGIC: of this layout */
	uint8_t boot[16], stream[16];
	int64_t realtime_ns, monotonic_ns; /* as of the first entry */
	uint64_t sequence;
	uint64_t units;	     /* of the block before: journal_unit_bits() of all its entries */
	uint32_t priorities; /* 1 << priority, of all its entries */
	uint32_t unused;
};

struct entry_frame {
	struct frame head;
	uint32_t count; /* of lines; 1 */
	int64_t realtime_ns, monotonic_ns;
	uint64_t sequence; /* of the first line */
	uint32_t pid, uid, gid;
	uint8_t identifier_size, comm_size, message_id_size, unused;
	/* identifier, comm, message id, text */
};

struct seal_frame {
	struct frame head;
	uint32_t blocks;
	int64_t realtime_ns, monotonic_ns; /* of the last entry */
	uint64_t sequence;		   /* behind the last entry */
	uint64_t units;			   /* of the whole file */
	uint32_t priorities;
	uint32_t unused;
};

#define JOURNAL_MAGIC "wherryJ1"

_Static_assert(sizeof(struct frame) == 12 && sizeof(struct block_frame) == 96 &&
		       sizeof(struct entry_frame) == 56 && sizeof(struct seal_frame) == 56,
	       "no holes");

#define JOURNAL_NO_ID UINT32_MAX /* a uid or gid that nobody knows */

/* ---- frames ---- */

enum frame_state {
	FRAME_WHOLE,
	FRAME_END,   /* zeros, or no room for a head */
	FRAME_BROKEN /* torn, or something else */
};

/* What stands at the front of `data`, the rest of a block.  The head is copied out. */
enum frame_state frame_read(const char *data, size_t size, struct frame *out);

/* Sets size and checksum of the whole frame. */
void frame_finish(char *frame, size_t size);

/* As long as the frame is FRAME_WHOLE; false: it is not of that kind, or makes no sense. */
bool block_read(const char *data, size_t size, struct block_frame *out);
bool seal_read(const char *data, size_t size, struct seal_frame *out);

/* An entry frame taken apart; texts point into it and have no NUL. */
struct text_part {
	const char *text;
	size_t size;
};
struct stored_entry {
	struct entry_frame head;
	struct text_part identifier, comm, message_id, text;
};
bool entry_read(const char *data, size_t size, struct stored_entry *out);

/* How much of a line is shown.  As with journald, blanks at its end are nothing that was said, unless there is
 * nothing else. */
size_t journal_line_size(const char *line, size_t size);

/* ---- origins ---- */

/* The fields of an origin as they are stored: NAME=value, NUL, ... */
void origin_encode(const struct journal_origin *origin, struct buffer *out);

/* The next field of `fields`, which is moved on; false: there is none, or it is not whole. */
bool origin_next(struct text_part *fields, struct text_part *name, struct text_part *value);

#define ORIGIN_UNIT	  "UNIT" /* the names in the file; what they are shown as: journal/fields.h */
#define ORIGIN_INVOCATION "INVOCATION"
#define ORIGIN_CGROUP	  "CGROUP"
#define ORIGIN_HOSTNAME	  "HOSTNAME"
#define ORIGIN_CONTAINER  "CONTAINER"

/* A Bloom filter of two bits: units whose bits are not all set in a block's or file's are not in it. */
uint64_t journal_unit_bits(const char *unit, size_t size);

/* ---- ids and names ---- */

/* 32 hex digits, with or without dashes, to 16 bytes. */
bool journal_id_read(const char *text, uint8_t out[static 16]);
void journal_id_text(const uint8_t id[static 16], char out[static JOURNAL_ID_SIZE]);

struct journal_name {
	uint8_t boot[16], stream[16];
	int64_t start_us;
	uint32_t number;
};
#define JOURNAL_NAME_SIZE 120
const char *journal_name_text(const struct journal_name *name, char out[static JOURNAL_NAME_SIZE]);
bool journal_name_read(const char *text, struct journal_name *out);
