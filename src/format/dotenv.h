/* .env and env_file: lines of KEY=VALUE, KEY: VALUE, `export KEY=VALUE`, KEY alone, comments.  An
 * unquoted value ends at " #" and is trimmed; '...' is literal but for \'; "..." knows \n \r \t \\
 * \" \$ \a \b \f \v and \0nnn; quoted ones may span lines; unquoted and "..." are interpolated,
 * from `get`, then earlier lines. */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum {
	DOTENV_SIZE_LIMIT = 1 << 20,
	DOTENV_VALUES_LIMIT = 16 << 20, /* bytes of all values, which may hold each other */
};

struct dotenv_rules {
	const char *(*get)(void *data, const char *name); /* the shell's; NULL: unset */
	void (*unset)(void *data, const char *name);	  /* may be NULL */
	void *data;
	bool raw; /* format: raw, the bytes behind = as they are */
};

/* Added to `out`, later ones replace; KEY alone has the value that `get` says, and is left out when it has
 * none.  ERROR_INVALID "line 3: ..." */
bool dotenv_parse(const char *text, size_t size, const struct dotenv_rules *rules,
		  struct pairs *out, struct error *err);
