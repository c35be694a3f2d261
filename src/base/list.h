/* Doubly linked list that lives inside the structs it links.  A list is a link of its own, joined
 * to itself while it is empty; a link that stands in no list is zero or joined to itself. */
#pragma once

#include "base/memory.h"

#include <stdbool.h>

struct link {
	struct link *previous, *next;
};

static inline void list_init(struct link *list)
{
	list->previous = list->next = list;
}

static inline bool list_is_empty(const struct link *list)
{
	return list->next == list;
}

static inline void list_append(struct link *list, struct link *item)
{
	item->previous = list->previous;
	item->next = list;
	list->previous->next = item;
	list->previous = item;
}

/* Take a link out of the list it stands in; nothing happens when it stands in none. */
static inline void list_remove(struct link *item)
{
	if (!item->next)
		return;
	item->previous->next = item->next;
	item->next->previous = item->previous;
	*item = (struct link){0};
}

/* Append all of `from`, which is empty afterwards. */
static inline void list_move(struct link *to, struct link *from)
{
	if (list_is_empty(from))
		return;
	from->next->previous = to->previous;
	to->previous->next = from->next;
	from->previous->next = to;
	to->previous = from->previous;
	list_init(from);
}

static inline bool list_holds(const struct link *item)
{
	return item->next;
}

/* The struct around the first link, or NULL:  list_first(&server->waiting, struct waiter, link) */
#define list_first(list, type, member)                                                             \
	(list_is_empty(list) ? NULL : container_of((list)->next, type, member))

/* Every link in order; the present one may be removed inside the loop. */
#define list_each(item, list)                                                                      \
	for (struct link *item = (list)->next, *next_ = item->next; item != (list);                \
	     item = next_, next_ = item->next)
