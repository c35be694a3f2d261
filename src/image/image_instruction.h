/* What an instruction of a Dockerfile says of an image, without doing anything: CMD, ENTRYPOINT, ENV, EXPOSE,
 * HEALTHCHECK, LABEL, MAINTAINER, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR.  Pure; for builds and
 * for the changes of commit and import. */
#pragma once

#include "format/dockerfile.h"
#include "image/image_config.h"

struct instruction_setting {
	const struct strings
		*env; /* what variables are taken from; NULL: the image's environment */
	char escape;
	bool literal;  /* LABEL: names and values are taken as they are */
	bool *cmd_set; /* a CMD stood beside it, which an ENTRYPOINT then keeps; NULL: it keeps it
				always */
	struct buffer *said; /* gets the instruction with its values, as histories have it:
				"ENV A=1 B=two words"; NULL: not wanted */
};

bool instruction_is_setting(enum instruction_kind kind);

/* INVALID, in Docker's words; `config` may have changed in part then. */
bool image_apply_instruction(const struct instruction *instruction,
			     const struct instruction_setting *setting, struct image_config *config,
			     struct error *err);

/* NAME=value into a list of them: replaces, or stands at the end. */
void environment_set(struct strings *env, const char *name, const char *value);

/* Add words as Go prints a list of quoted strings: ["a" "b c"]. */
void write_quoted_words(struct buffer *out, const struct strings *words);
