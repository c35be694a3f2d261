/* Two things are reckoned first, in one walk over the text.  How many nodes regcomp will make: a group's are
 * the sum of its parts', and an operator multiplies those of the part in front of it.  And in how many ways
 * an empty string can pass a part, as three can pass "(a?)?": regcomp walks all of them, from each node, and
 * in a sequence they multiply.
 *
 * What would be an error for regcomp is left to it, but an error must not hide what was made before. */
#include "format/expression.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
	NODES_LIMIT = 1000, /* Go's expressions repeat nothing more often either */
	WAYS_LIMIT = 100,
	DEPTH_LIMIT = 50,
};

struct part {
	size_t nodes;
	size_t ways; /* through it, for an empty string; 0: it takes a character */
	size_t most; /* ways from any place in it to any other */
};

/* A group that is open. */
struct group {
	struct part last;   /* what an operator would repeat, not counted yet */
	size_t nodes, most; /* of the others */
	size_t before;	    /* ways through the branches in front of "|" */
	size_t ways;	    /* through the present branch */
	size_t run;	    /* from the last part that takes a character to here */
	size_t longest;	    /* of all such runs */
};

struct reckoning {
	const char *at;
	struct group groups[DEPTH_LIMIT];
	size_t depth;
	int fault;
};

/* What holds at a place alone makes copies of the nodes behind it, for when it holds. */
static const struct part nothing = {0, 1, 1}, character = {1, 0, 1}, place = {4, 2, 2};

static struct group *innermost(struct reckoning *r)
{
	return &r->groups[r->depth];
}

static size_t greater(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void check(struct reckoning *r)
{
	const struct group *g = innermost(r);

	if (g->nodes + g->last.nodes > NODES_LIMIT || g->last.ways > WAYS_LIMIT ||
	    g->longest * greater(g->most, g->last.most) > WAYS_LIMIT)
		r->fault = REG_ESPACE;
}

static void count_last(struct reckoning *r)
{
	struct group *g = innermost(r);
	struct part last = g->last;

	g->last = nothing;
	g->nodes += last.nodes;
	g->most = greater(g->most, last.most);
	g->ways *= last.ways;
	g->run = last.ways ? g->run * last.ways : 1;
	g->longest = greater(g->longest, g->run);
	check(r);
}

static void add_part(struct reckoning *r, struct part part)
{
	count_last(r);
	innermost(r)->last = part;
	check(r);
}

static void begin_branch(struct reckoning *r)
{
	struct group *g = innermost(r);

	count_last(r);
	g->before += g->ways;
	g->ways = g->run = 1;
	g->nodes++;
}

static void begin_group(struct group *g)
{
	*g = (struct group){.last = nothing, .most = 1, .ways = 1, .run = 1, .longest = 1};
}

static void open_group(struct reckoning *r)
{
	if (r->depth + 1 == DEPTH_LIMIT) {
		r->fault = REG_ESPACE;
		return;
	}
	r->depth++;
	begin_group(innermost(r));
}

/* One that closes nothing stands for itself. */
static void close_group(struct reckoning *r)
{
	struct group *g = innermost(r);

	if (r->depth == 0) {
		add_part(r, character);
		return;
	}
	count_last(r);
	size_t ways = g->before + g->ways;
	struct part part = {g->nodes + 1, ways, greater(ways, g->longest) * g->most};
	r->depth--;
	if (!r->fault)
		add_part(r, part);
}

/* ---- operators ---- */

static void repeat(struct reckoning *r, size_t copies, size_t ways)
{
	struct part *last = &innermost(r)->last;

	last->nodes = last->nodes * copies + 1;
	last->ways = ways;
	last->most *= greater(ways, 1);
	check(r);
}

static void may_be_left_out(struct reckoning *r)
{
	repeat(r, 1, innermost(r)->last.ways + 1);
}

static void at_least_once(struct reckoning *r)
{
	size_t ways = innermost(r)->last.ways;

	repeat(r, 2, ways * (ways + 1));
}

static size_t read_number(struct reckoning *r)
{
	size_t number = 0;

	for (; *r->at >= '0' && *r->at <= '9'; r->at++)
		if (number <= NODES_LIMIT)
			number = number * 10 + (size_t)(*r->at - '0');
	return number;
}

/* Ways through as many of them, each of which may be left out. */
static size_t ways_through(size_t ways, size_t least, size_t copies)
{
	size_t product = 1;

	if (ways == 0)
		return least == 0;
	for (size_t i = 0; i < copies && product <= WAYS_LIMIT; i++)
		product *= ways + 1;
	return product;
}

/* "3}", "3,}", "3,5}" */
static void read_interval(struct reckoning *r)
{
	size_t least = read_number(r), most = least;

	if (*r->at == ',') {
		r->at++;
		most = read_number(r);
	}
	if (*r->at != '}') {
		r->fault = REG_BADBR;
		return;
	}
	r->at++;
	most = greater(least, most) + 1;
	repeat(r, most, ways_through(innermost(r)->last.ways, least, most));
}

/* "[:alpha:]" and its like, behind whose "[" we stand. */
static void skip_class(struct reckoning *r)
{
	const char end[] = {*r->at, ']', '\0'};
	const char *found = strchr(":.=", end[0]) ? strstr(r->at + 1, end) : NULL;

	if (found)
		r->at = found + 2;
}

/* What stands between brackets, behind whose first one we stand, is one part. */
static void read_bracket(struct reckoning *r)
{
	r->at += *r->at == '^';
	r->at += *r->at == ']';
	while (*r->at && *r->at != ']')
		if (*r->at++ == '[' && *r->at)
			skip_class(r);
	r->at += *r->at == ']';
	add_part(r, character);
}

/* Some of them are places between characters, as "^" is one. */
static void read_escape(struct reckoning *r)
{
	char c = *r->at;

	if (c >= '1' && c <= '9')
		r->fault = REG_ESUBREG;
	r->at += c != '\0';
	add_part(r, c && strchr("<>bB`'", c) ? place : character);
}

static void read_one(struct reckoning *r)
{
	switch (*r->at++) {
	case '(':
		open_group(r);
		return;
	case ')':
		close_group(r);
		return;
	case '|':
		begin_branch(r);
		return;
	case '[':
		read_bracket(r);
		return;
	case '\\':
		read_escape(r);
		return;
	case '^':
	case '$':
		add_part(r, place);
		return;
	case '+':
		at_least_once(r);
		return;
	case '*':
	case '?':
		may_be_left_out(r);
		return;
	case '{':
		read_interval(r);
		return;
	default:
		add_part(r, character);
	}
}

/* 0: it may be compiled. */
static int fault_of(const char *text)
{
	struct reckoning r = {.at = text};

	if (strlen(text) > EXPRESSION_LIMIT)
		return REG_ESPACE;
	begin_group(innermost(&r));
	while (*r.at && !r.fault)
		read_one(&r);
	return r.fault;
}

int expression_compile(const char *text, int flags, regex_t *out)
{
	int fault = fault_of(text);

	return fault ? fault : regcomp(out, text, flags | REG_EXTENDED);
}
