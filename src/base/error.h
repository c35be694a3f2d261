/* One error type for the whole tree: plain data, no allocation, free to copy; a child can send it to
 * its parent through a pipe.
 *
 * A function that can fail returns bool (or a pointer, NULL on failure) and takes `struct error *`
 * last.  It is never NULL and is written only on failure; out parameters only on success.  The kind
 * is for programs, the text for people: no code compares texts.  Texts start in lower case, name the
 * object in quotes and carry no full stop; the text of errno is added where the error is shown. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum error_kind {
	ERROR_NONE,
	ERROR_INVALID,	   /* the request makes no sense                    400 */
	ERROR_DENIED,	   /* credentials or rights are missing             401 */
	ERROR_FORBIDDEN,   /* understood and refused                        403 */
	ERROR_NOT_FOUND,   /*                                               404 */
	ERROR_CONFLICT,	   /* exists already, or in another state           409 */
	ERROR_UNCHANGED,   /* nothing to do                                 304 */
	ERROR_UNSUPPORTED, /* known by name, not done by this version       501 */
	ERROR_UNAVAILABLE, /* later may work: no leader, no room            503 */
	ERROR_SYSTEM,	   /* the kernel said no; see os                    500 */
};

struct error {
	enum error_kind kind;
	int os; /* errno, or 0 */
	char text[496];
};

/* Set the error; always false, so that failing is one line: return error_set(err, ...).  They are macros
 * so that the compiler, too, knows that what follows a failure is never reached with success. */
#define error_set(err, kind, ...)                                                                  \
	__extension__({                                                                            \
		error_write(err, kind, __VA_ARGS__);                                               \
		false;                                                                             \
	})

/* As error_set, kind ERROR_SYSTEM, with the present errno. */
#define error_errno(err, ...)                                                                      \
	__extension__({                                                                            \
		error_write_errno(err, __VA_ARGS__);                                               \
		false;                                                                             \
	})

/* Put "<format>: " before the text, for a caller that knows more.  Always false. */
#define error_prefix(err, ...)                                                                     \
	__extension__({                                                                            \
		error_write_prefix(err, __VA_ARGS__);                                              \
		false;                                                                             \
	})

void error_write(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void error_write_errno(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void error_write_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text as people read it, with errno's words (in lower case): writes to `out`, returns it. */
const char *error_text(const struct error *err, char *out, size_t size);

#define ERROR_TEXT_SIZE 600
