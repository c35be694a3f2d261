/* What the two files of --supervisor=systemd share. */
#pragma once

#include "unit/export.h"
#include "unit/units_private.h"

#define SYSTEMD_FOLDER "/run/systemd/system" /* is there where systemd is the first process */

struct handed_file {
	const char *name; /* interned */
	bool goes;	  /* the unit has no file any more; nothing is exported */
	struct unit_exporting exporting;
	bool changed;	  /* systemd knows it otherwise: all is to be read again */
	struct error err; /* kind ERROR_NONE: it is there */
};

struct handed_files {
	struct work work;
	struct units *units;
	struct handed_file *items;
	size_t count, capacity;
	bool changed;
};

void handed_files_write(struct work *work); /* in the pool */
void handed_files_free(struct handed_files *files);
