/* Dockerfiles: text to a list of instructions.  Pure; nothing is expanded here (format/expand.h) and no
 * stage is known (build/plan.h).
 *
 * Understood: a byte order mark, CRLF, the directives `escape`, `syntax` (kept, means nothing here) and
 * `check` (likewise) in the first comments, comments, continued lines (with comments and empty lines
 * between), flags, JSON and shell forms, and here-documents of RUN, COPY and ADD (and of those behind
 * ONBUILD): <<EOF, <<-EOF (tabs in front are dropped), <<"EOF" (nothing is expanded), several of them.
 *
 * Errors are ERROR_INVALID in the words that Docker's users know, with the line:
 *	dockerfile parse error on line 2: unknown instruction: BOGUS
 *	dockerfile parse error on line 2: unknown instruction: COPPY (did you mean COPY?) */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define DOCKERFILE_SIZE_LIMIT	      (4u << 20) /* bytes of the file */
#define DOCKERFILE_LINE_LIMIT	      65535	 /* bytes of one line */
#define DOCKERFILE_INSTRUCTIONS_LIMIT 10000

enum instruction_kind {
	INSTRUCTION_ADD,
	INSTRUCTION_ARG,
	INSTRUCTION_CMD,
	INSTRUCTION_COPY,
	INSTRUCTION_ENTRYPOINT,
	INSTRUCTION_ENV,
	INSTRUCTION_EXPOSE,
	INSTRUCTION_FROM,
	INSTRUCTION_HEALTHCHECK,
	INSTRUCTION_LABEL,
	INSTRUCTION_MAINTAINER,
	INSTRUCTION_ONBUILD,
	INSTRUCTION_RUN,
	INSTRUCTION_SHELL,
	INSTRUCTION_STOPSIGNAL,
	INSTRUCTION_USER,
	INSTRUCTION_VOLUME,
	INSTRUCTION_WORKDIR,
};
#define INSTRUCTION_KINDS (INSTRUCTION_WORKDIR + 1)

/* "ADD", "ARG", ... */
const char *instruction_name(enum instruction_kind kind);

/* --name=value; a flag without a value has "" ("true" is said so by boolean flags alone). */
struct instruction_flag {
	char *name; /* "from", without dashes */
	char *value;
	bool has_value;
};

struct here_document {
	char *name;	 /* "EOF" */
	char *content;	 /* its lines, each with "\n"; tabs in front are dropped already for <<- */
	bool expand;	 /* the name stood without quotes */
	bool strip_tabs; /* <<- */
};

/* Which fields hold what:
 *	words	ADD COPY: sources, destination last; without those of here-documents, which are sources too
 *		EXPOSE FROM VOLUME: the words; USER WORKDIR STOPSIGNAL MAINTAINER: one
 *		CMD ENTRYPOINT RUN SHELL, HEALTHCHECK CMD: the JSON array when is_json, else one: the line
 *		HEALTHCHECK NONE: none
 *		ONBUILD: none, see text
 *	pairs	ARG (value NULL: none given) ENV LABEL, as written and unexpanded, names too; may repeat
 *	text	what stands behind the name and the flags, blanks around dropped; ONBUILD's trigger
 * Words and pairs keep their quotes and escapes but for JSON. */
struct instruction {
	enum instruction_kind kind;
	int line, last_line; /* from 1; here-documents included */
	char *original; /* all of it in one line without here-documents' bodies: Step 1/3 : ... */
	char *text;
	struct strings words;
	bool is_json;
	struct pair *pairs; /* owned */
	size_t pair_count;
	struct instruction_flag *flags; /* owned */
	size_t flag_count;
	struct here_document *documents; /* owned */
	size_t document_count;
};

struct dockerfile {
	char escape;	      /* '\\' or '`' */
	char *syntax, *check; /* of the directives; NULL: none */
	struct instruction *items;
	size_t count, capacity;
};

/* The whole file.  INVALID `file with no instructions` where there is none. */
bool dockerfile_parse(const char *text, size_t size, struct dockerfile *out, struct error *err);

/* One instruction that stands in no file: a trigger of ONBUILD, a change of commit.  No directives; `text`
 * may hold here-documents behind the first line.  Errors say no line. */
bool instruction_parse(const char *text, size_t size, char escape, struct instruction *out,
		       struct error *err);

void instruction_fini(struct instruction *instruction);
void dockerfile_fini(struct dockerfile *file);

/* The value of the (last) flag, "" for one without; NULL: not given. */
const char *instruction_flag(const struct instruction *instruction, const char *name);

/* Of --link, --parents and the like: given, and not "=false".  Values were checked when parsing. */
bool instruction_flag_is_set(const struct instruction *instruction, const char *name);

#define scoped_dockerfile  scoped_with(dockerfile_fini)
#define scoped_instruction scoped_with(instruction_fini)
