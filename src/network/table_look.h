/* In the worker: what the kernel has of a table. */
#pragma once

#include "network/element.h"

#include <linux/netfilter/nf_tables.h>

enum table_object_kind { TABLE_CHAIN, TABLE_RULE, TABLE_SET };

struct table_object {
	enum table_object_kind kind;
	uint64_t number; /* unique in a table, growing */
	uint64_t
		content; /* a hash of what a rule says; of what a set or map is, whatever it holds */
	char *chain;	 /* owned: its name, or where the rule is; NULL: a set */
};

struct table_look {
	bool found;
	bool weakened; /* switched off, or a chain of it drops what it has no rule for */
	struct {
		struct table_object *items;
		size_t count, capacity;
	} objects;
};

void table_look_fini(struct table_look *look);

/* By its attributes, up to TABLE_SET_ATTRIBUTE_MAX: name, kind, how much and how long it may hold. */
#define TABLE_SET_ATTRIBUTE_MAX NFTA_SET_HANDLE
uint64_t table_set_content(const struct nlattr **attributes);

/* `socket` is of NETLINK_NETFILTER. */
bool table_look(int socket, uint8_t family, const char *table, struct table_look *out,
		struct error *err);

/* What a map or a set of an inet table holds; `map` is borrowed. */
bool table_look_into(int socket, const char *table, const char *map, struct element_list *out,
		     struct error *err);
