/* An archive's members become files below a folder.  Nothing outside of it is touched: names lead nowhere
 * else, and no symbolic link on the way is followed. */
#pragma once

#include "cmd/cli/tar.h"

struct tar_target {
	int folder;
	const char *path;      /* of it, for errors */
	const char *from, *to; /* the first `from` in each name becomes `to`; NULL: nothing does */
};

/* Owners stay who runs this.  A folder is never replaced by something else, nor the reverse; other files
 * are replaced. */
bool tar_extract(struct tar_reader *reader, const struct tar_target *target, struct error *err);
