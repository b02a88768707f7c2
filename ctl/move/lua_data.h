/*
 * lua_data - the data of a Lua file, without Lua
 *
 * prosody writes its files as Lua programs that do nothing but return a table, or call item() with one for each entry.  That
 * subset is read here: tables, strings, numbers, true, false and nil.  Nothing is run, as it would be by liblua, whose
 * sandbox would be longer than this: whatever else stands there is an error.
 */
#ifndef CTL_MOVE_LUA_DATA_H
#define CTL_MOVE_LUA_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { LUA_DEPTH_MAX = 64 };
/* The largest file, and what its values may take in memory. */
#define LUA_FILE_MAX 67108864u	  /* 64 MiB */
#define LUA_MEMORY_MAX 1073741824u /* 1 GiB */

enum lua_type { LUA_NIL, LUA_FALSE, LUA_TRUE, LUA_NUMBER, LUA_STRING, LUA_TABLE };

struct lua_entry;

struct lua_value {
	enum lua_type type;
	struct str text;		/* LUA_STRING: any bytes */
	double number;			/* LUA_NUMBER */
	const struct lua_entry *first;	/* LUA_TABLE: in the order of the file */
};

/* A value under its key; of the n-th without a key the key is the number n. */
struct lua_entry {
	struct lua_value key, value;
	const struct lua_entry *next;
};

struct lua_data;

/* The values: one of `return`, or those of item().  0, BH_EPROTO with the line in *line, or BH_ENOMEM.  Nothing is
 * borrowed from text. */
int lua_data_parse(struct str text, struct lua_data **out, unsigned *line);
/* Wipes it. */
void lua_data_free(struct lua_data **data);

/* A table, whose values they are. */
const struct lua_value *lua_data_values(const struct lua_data *data);

/* NULL where the value is no table, or has no such key. */
const struct lua_value *lua_field(const struct lua_value *table, const char *key);
/* Absent where it is no string. */
struct str lua_text(const struct lua_value *table, const char *key);
/* 0 where it is no number. */
double lua_number(const struct lua_value *table, const char *key);

#endif
