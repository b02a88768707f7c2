/*
 * str - a borrowed run of bytes with a length
 *
 * Never owns what it points at, is not terminated by NUL, and may hold any bytes.  An
 * absent text has p == NULL; an empty one has p != NULL and len == 0.
 */
#ifndef BH_STR_H
#define BH_STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	uint32_t len;
};

#define STR_NONE ((struct str){0})
#define STR_LIT(text) ((struct str){"" text, sizeof(text) - 1})
/* For printf's "%.*s". */
#define STR_FMT(s) (int)(s).len, (s).p != NULL ? (s).p : ""

static inline struct str str_of(const char *text)
{
	return (struct str){text, text != NULL ? (uint32_t)strlen(text) : 0};
}

static inline struct str str_make(const void *p, size_t len)
{
	return (struct str){p, (uint32_t)len};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool str_is(struct str a, const char *text)
{
	return str_eq(a, str_of(text));
}

#endif
