/*
 * ctl_answer - what an administrator gets: columns, rows, and an end
 */
#ifndef BUS_CTL_ANSWER_H
#define BUS_CTL_ANSWER_H

#include <stdint.h>

#include "base/buf.h"
#include "bus/link.h"

/* Answers a request with END; it is over. */
void ctl_end(struct link *link, uint64_t subject, unsigned code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The names of the columns, separated by spaces. */
void ctl_columns(struct link *link, uint64_t subject, const char *names);

/* A row under way: ctl_cell() for each value, then ctl_row_end(). */
struct ctl_row {
	struct link *link;
	uint64_t subject;
	struct buf values;
};
void ctl_row_begin(struct ctl_row *row, struct link *link, uint64_t subject);
void ctl_cell(struct ctl_row *row, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void ctl_row_end(struct ctl_row *row);

#endif
