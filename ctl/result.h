/*
 * result - the columns and rows of an answer, as a table for people or as JSON
 */
#ifndef CTL_RESULT_H
#define CTL_RESULT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"

enum { RESULT_COLUMNS_MAX = 32 };

struct result {
	struct buf columns; /* a list of texts (bus/textlist.h) */
	struct buf rows;    /* a list of such lists */
	bool has_columns;
	bool too_large;
};

#define RESULT_INIT ((struct result){0})

void result_fini(struct result *r);
void result_columns(struct result *r, struct str names);
/* The same, of names that are separated by spaces. */
void result_name_columns(struct result *r, const char *names);
void result_row(struct result *r, struct str values);
/* The same of texts; NULL ends them. */
void result_texts(struct result *r, const char *const *values);

struct call;

/* Prints a result on standard output as the command and the options want it. */
void result_print(const struct call *call, const struct result *r);

/* The value in that column (from 0) of a row. */
struct str result_value(struct str row, unsigned column);

/* A line for each column: its name, and its value. */
void upright_print(FILE *out, const struct result *r);

/* Aligned columns; values beyond the columns are left out. */
void table_print(FILE *out, const struct result *r, bool header);

/* An array of objects, one for a row, with the columns' names as keys; all values are strings. */
void json_print(FILE *out, const struct result *r);
/* One row as an object on a line of its own. */
void json_row(FILE *out, struct str names, struct str values);
/* One object that says how it went: an exit code and a sentence. */
void json_outcome(FILE *out, int code, const char *text);

#endif
