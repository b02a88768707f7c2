/*
 * list - intrusive doubly linked lists
 *
 * A struct list is both the head and the link inside a member.  An empty head, and a link
 * that stands in no list, point at themselves.  The list owns nothing.
 */
#ifndef BH_LIST_H
#define BH_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->next = l;
	l->prev = l;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert_before(struct list *at, struct list *link)
{
	link->prev = at->prev;
	link->next = at;
	at->prev->next = link;
	at->prev = link;
}

#define list_append(head, link) list_insert_before((head), (link))
#define list_prepend(head, link) list_insert_before((head)->next, (link))

/* Takes the link out of its list, if it is in one. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* Counts them. */
static inline size_t list_length(const struct list *head)
{
	size_t n = 0;

	for (const struct list *pos = head->next; pos != head; pos = pos->next)
		n++;
	return n;
}

/* Moves all of from to the end of to. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_for_each(pos, head) for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
/* The same; pos may be removed and freed in the body. */
#define list_for_each_safe(pos, head)                                                              \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head);              \
		pos = pos##_next, pos##_next = pos->next)

#endif
