/* COLUMNS, ROW, END. */
#include "bus/ctl_answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "bus/textlist.h"

void ctl_end(struct link *link, uint64_t subject, unsigned code, const char *fmt, ...)
{
	char text[512];
	struct msg_ctl_end m = {.code = (uint16_t)code};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	m.text = str_of(text);
	if (link != NULL)
		(void)LINK_SEND(link, CTL_END, ctl_end, subject, &m);
}

void ctl_columns(struct link *link, uint64_t subject, const char *names)
{
	struct buf list = BUF_INIT;
	struct msg_ctl_columns m;

	textlist_put_words(&list, names);
	m.names = buf_str(&list);
	(void)LINK_SEND(link, CTL_COLUMNS, ctl_columns, subject, &m);
	buf_fini(&list);
}

void ctl_row_begin(struct ctl_row *row, struct link *link, uint64_t subject)
{
	*row = (struct ctl_row){.link = link, .subject = subject};
}

void ctl_cell(struct ctl_row *row, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	textlist_put(&row->values, str_of(text));
}

void ctl_row_end(struct ctl_row *row)
{
	struct msg_ctl_row m = {.values = buf_str(&row->values)};

	(void)LINK_SEND(row->link, CTL_ROW, ctl_row, row->subject, &m);
	buf_fini(&row->values);
}
