/*
 * report - figures as lines of text, for the screen and for --once; and as rows, for --json
 */
#ifndef CTL_TOP_REPORT_H
#define CTL_TOP_REPORT_H

#include <stdbool.h>

#include "ctl/result.h"
#include "ctl/top/figures.h"

enum report_sort { SORT_NAME, SORT_CPU, SORT_MEMORY, SORTS };
const char *report_sort_name(enum report_sort sort);

struct report {
	const struct figures *before, *now;
	enum report_sort sort;
	bool utf8; /* where it is shown; else other characters than ASCII are question marks */
};

/* Lines that end with LF. */
void report_text(const struct report *r, struct buf *out);
void report_rows(const struct report *r, struct result *out);

#endif
