/* The files of a journal: which there are, who holds them, which go. */
#pragma once

#include "journal/file.h"

struct journal_file_name {
	char text[JOURNAL_NAME_SIZE];
	struct journal_name name;
	int64_t size, changed_ns; /* once measured; 0 when it has gone meanwhile */
};

struct journal_names {
	struct journal_file_name *items; /* owned */
	size_t count, capacity;
};

/* All of the folder, oldest first; what has another name is no file of the journal. */
bool journal_names_read(int folder, struct journal_names *out, struct error *err);
void journal_names_measure(int folder, struct journal_names *names);
void journal_names_fini(struct journal_names *names);

/* Some of the files of a boot, any of them with the same chance; how many. */
enum { JOURNAL_SAMPLE = 8 };
size_t journal_names_sample(int folder, const uint8_t boot[static 16],
			    char out[static JOURNAL_SAMPLE][JOURNAL_NAME_SIZE]);

/* A descriptor of a file (O_RDWR) that nobody else writes and that is in the folder still, locked as long as
 * it is open; -1. */
int journal_file_claim(int folder, const char *name);

/* Whole files go, oldest first, that nobody writes.  Returns how many bytes that freed. */
int64_t journal_folder_trim(int folder, const struct journal_keep *keep);
