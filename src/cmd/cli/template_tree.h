/* The parsed form of a template: only template_*.c see it. */
#pragma once

#include "cmd/cli/template.h"

enum operand_kind {
	OPERAND_DOT,	  /* . and .A.B */
	OPERAND_VARIABLE, /* $ and $x and $x.A */
	OPERAND_CONSTANT, /* "text", 12, 'c', true */
	OPERAND_NIL,
	OPERAND_FUNCTION, /* a name */
	OPERAND_GROUP,	  /* (pipeline) and (pipeline).A */
};

struct operand {
	enum operand_kind kind;
	char *name;		/* owned: variable's or function's */
	json_t *constant;	/* owned */
	struct pipeline *group; /* owned */
	struct strings members; /* the .A.B behind it */
	size_t start, end;	/* of its text in the source */
	size_t position;	/* where errors point to */
};

/* An operand alone, or a function or method with its arguments. */
struct call {
	struct operand *items;
	size_t count, capacity;
	size_t start, end; /* of its text */
};

struct pipeline {
	char *variables[2]; /* owned: declared or assigned */
	size_t variable_count;
	bool assigns; /* = instead of := */
	struct {
		struct call *items;
		size_t count, capacity;
	} calls;
};

enum node_kind {
	NODE_TEXT,
	NODE_ACTION,
	NODE_IF,
	NODE_WITH,
	NODE_RANGE,
	NODE_BREAK,
	NODE_CONTINUE,
};

struct nodes {
	struct node *items;
	size_t count, capacity;
};

struct node {
	enum node_kind kind;
	char *text;		   /* owned */
	struct pipeline *pipeline; /* owned */
	struct nodes body, otherwise;
};

struct template
{
	char *source; /* owned */
	struct nodes nodes;
};

void pipeline_free(struct pipeline *pipeline);
void nodes_fini(struct nodes *nodes);

/* ---- the pieces of an action ---- */

enum token_kind {
	TOKEN_END, /* of the action */
	TOKEN_DOT,
	TOKEN_MEMBER,	/* .Name; text is the name */
	TOKEN_VARIABLE, /* text with its $ */
	TOKEN_NAME,
	TOKEN_CONSTANT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_DECLARE, /* := */
	TOKEN_ASSIGN,
};

struct token {
	enum token_kind kind;
	bool spaced; /* a blank stands before it */
	size_t start, end;
	char *text;	  /* owned */
	json_t *constant; /* owned */
};

void token_fini(struct token *token);

/* `c` in UTF-8. */
void token_add_utf8(struct buffer *out, unsigned long c);

/* The token at *at, which moves behind it; `end` is where the action ends. */
bool token_read(const char *source, size_t *at, size_t end, struct token *token, struct error *err);

/* ---- values ---- */

enum shape {
	SHAPE_PLAIN,   /* what JSON says */
	SHAPE_MAP,     /* an object that Go has as a map; null is an empty one */
	SHAPE_LIST,    /* null is an empty list */
	SHAPE_POINTER, /* null is <nil>, also when it is absent */
	SHAPE_TEXT,    /* absent is "" */
	SHAPE_NUMBER,  /* absent is 0 */
	SHAPE_BOOL,    /* absent is false */
	SHAPE_ROW,     /* a row of a table, whose JSON has HTML's characters escaped */
};

struct value {
	json_t *json; /* owned unless said otherwise; NULL: no value (a name that a map lacks) */
	enum shape shape;
};

static inline void value_fini(struct value *value)
{
	json_decref(value->json);
	value->json = NULL;
}

#define scoped_value scoped_with(value_fini)

/* What the Engine API's members of this name are. */
enum shape shape_of_member(const char *name);

/* What stands under `name` in the object; borrowed from it. */
struct value value_member(const struct value *object, const char *name);

/* What JSON calls the field of a struct that Go calls `field`: "Id" for "ID".  The same where they do
 * not differ. */
const char *member_of_field(const char *field);

/* May objects lack a member of this name, so that its zero value is meant? */
bool member_is_optional(const char *name);

/* An object whose members are fields, in their order; else its names are keys, which Go sorts. */
bool value_is_struct(const struct value *value);
bool value_is_true(const struct value *value);

/* The names of an object, sorted or in its order. */
struct strings value_names(const struct value *value, bool sorted);

/* As Go's %v. */
void value_print(const struct value *value, struct buffer *out);

/* As encoding/json writes it: maps by name; without HTML's escapes unless asked for. */
void value_print_json(const struct value *value, bool html, struct buffer *out);

/* Go's Printf. */
void value_printf(const char *format, const struct value *arguments, size_t count,
		  struct buffer *out);

/* ---- functions ---- */

enum laziness { EVALUATES_ALL, STOPS_AT_FALSE, STOPS_AT_TRUE };

struct function {
	const char *name;
	size_t least, most;
	bool of_docker; /* identity on the headers of a table */
	enum laziness laziness;
	bool (*run)(const struct value *arguments, size_t count, struct value *result,
		    struct error *err);
};

#define FUNCTION_ANY 1024

const struct function *function_find(const char *name);
