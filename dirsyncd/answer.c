/* Rows that gather, and go out at once. */
#include "dirsyncd/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "bus/ctl_answer.h"
#include "bus/textlist.h"

struct answer *answer_create(const struct dirsyncd *d, uint64_t subject, const char *columns)
{
	struct answer *a = bh_alloc(sizeof *a);

	a->subject = subject;
	a->link_number = d->link_number;
	a->columns = columns;
	a->rows = RECORDS_INIT;
	return a;
}

void answer_cell(struct answer *a, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	textlist_put(&a->row, str_of(text));
}

void answer_row(struct answer *a)
{
	void *at = records_add(&a->rows, a->row.len);

	if (at != NULL)
		memcpy(at, a->row.data, a->row.len);
	buf_clear(&a->row);
}

void answer_end(struct answer *a, unsigned code, const char *fmt, ...)
{
	va_list ap;

	a->code = code;
	va_start(ap, fmt);
	vsnprintf(a->text, sizeof a->text, fmt, ap);
	va_end(ap);
}

static void send_rows(const struct answer *a, struct link *link)
{
	uint64_t at = records_first(&a->rows);
	struct msg_ctl_row m;

	if (a->columns != NULL)
		ctl_columns(link, a->subject, a->columns);
	while (records_next(&a->rows, &at, &m.values))
		(void)LINK_SEND(link, CTL_ROW, ctl_row, a->subject, &m);
	ctl_end(link, a->subject, a->code, "%s", a->text);
}

void answer_send(struct dirsyncd *d, struct answer **ref)
{
	struct link *link = bus_client_link(d->bus);
	struct answer *a = *ref;

	*ref = NULL;
	if (link != NULL && a->link_number == d->link_number)
		send_rows(a, link);
	buf_fini(&a->row);
	records_fini(&a->rows);
	free(a);
}
