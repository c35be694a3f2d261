/* How a table of ours gets from what the kernel has to what it is to be: pure functions.
 *
 * Who takes a table away and makes it again leaves a moment, in the same transaction, in which a packet meets
 * neither: a chain of the new one is asked before the transaction's end, when it has no rules yet, and that of
 * the old one after it, when it has none any more.  A connection that begins then is not led to its container
 * for as long as it lives.  So as long as the base (ruleset.h) is what it was, its chains and maps stay, and the
 * others get their rules anew: a packet sees all rules of one chain from before or from after.
 *
 * Three chains without rules say what a table is made of.  They are made in this order with all else, in one
 * transaction, and the kernel numbers what it makes in a table:
 *
 *	base-HASH	behind what the base, whose hash this is, has made
 *	rules-begin	what follows are the rules
 *	rules-HASH	their end
 *
 * What is removed leaves a number without anything, and what is added has one behind them.  But a chain can get
 * another name, and a rule that is replaced where it stands keeps its number.  So behind them comes, as soon as all
 * is there, a fourth, `seal-HASH`: of the names of all, and of what the rules say, and what maps and sets are, in the
 * kernel's words (a set may be told anew how much it may hold). Without it
 * (a worker was killed in between) numbers alone are believed. */
#pragma once

#include "base/text.h"
#include "network/table_look.h"

struct table_form {
	uint8_t family;		 /* NFPROTO_INET, NFPROTO_BRIDGE */
	const char *family_name; /* "inet", "bridge" */
	const char *name;
	const char *base, *rules; /* texts for nft; base NULL: it is not to be there */
};

enum table_state {
	TABLE_ABSENT,
	TABLE_ALTERED, /* by others, or it is of another version of ours */
	TABLE_OTHER,   /* the base is the same, the rules are not */
	TABLE_CURRENT,
};

#define TABLE_MARK_SIZE 32

/* The name of the chain that seals what is there. */
void table_seal(const struct table_look *look, char name[static TABLE_MARK_SIZE]);
bool table_is_sealed(const struct table_look *look); /* by whatever name */

enum table_state table_judge(const struct table_form *form, const struct table_look *look);

/* What nft is to do; nothing, where nothing is to be done.  `elements`: commands that add those of a table that
 * is made anew. */
void table_render(const struct table_form *form, const struct table_look *look,
		  enum table_state state, const struct buffer *elements, struct buffer *out);
