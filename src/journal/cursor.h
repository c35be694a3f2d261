/* The name of an entry, by which a reader finds it again. */
#pragma once

#include "journal/journal_file.h"

struct journal_cursor {
	uint8_t stream[16], boot[16];
	uint64_t sequence;
	int64_t monotonic_us, realtime_us;
};

/* "s=STREAM;i=SEQUENCE;b=BOOT;m=MONOTONIC;t=REALTIME;x=CHECK", as journald's are. */
#define JOURNAL_CURSOR_TEXT_SIZE 180
const char *journal_cursor_text(const struct journal_view *view,
				char out[static JOURNAL_CURSOR_TEXT_SIZE]);

/* s and i, or b and m, or t alone are enough: what is not given is 0. */
bool journal_cursor_read(const char *text, struct journal_cursor *out, struct error *err);
