/* The option `o` of a volume, as mount(8) and fstab write it ("rw,noatime,addr=10.0.0.1"): what the
 * kernel takes as flags, as a second step, or as text for the filesystem.  Pure. */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct mount_words {
	unsigned long flags;	   /* MS_* */
	unsigned long propagation; /* MS_SHARED ..., with MS_REC or without; 0: as it comes */
	bool loop;		   /* the device is a file to be put behind a loop device */
	char *data;		   /* owned; "" when there is nothing left */
};

void mount_words_parse(const char *text, struct mount_words *out);
void mount_words_fini(struct mount_words *words);

/* `text` with the values of passwords covered, for errors. */
char *mount_words_without_secrets(const char *text);

/* The value of `name` in a list of words, owned; NULL: it is not there.  And the list with another
 * value for it, at its place or at the end. */
char *mount_words_get(const char *text, const char *name);
char *mount_words_set(const char *text, const char *name, const char *value);
