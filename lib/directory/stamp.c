/* Digits into a time, and back. */
#include "directory/stamp.h"

#include <stdio.h>
#include <time.h>

enum { WHOLE = 14, SECOND = 1000000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int number(const char *p, unsigned digits)
{
	int n = 0;

	for (unsigned i = 0; i < digits; i++)
		n = n * 10 + (p[i] - '0');
	return n;
}

/* What stands behind the point. */
static int64_t fraction(struct str text, uint32_t *at)
{
	int64_t us = 0, unit = SECOND / 10;

	if (*at >= text.len || (text.p[*at] != '.' && text.p[*at] != ','))
		return 0;
	for (++*at; *at < text.len && is_digit(text.p[*at]); ++*at) {
		us += (text.p[*at] - '0') * unit;
		unit /= 10;
	}
	return us;
}

bool stamp_parse(struct str text, int64_t *us)
{
	struct tm tm = {0};
	uint32_t at = WHOLE;
	int64_t part;

	if (text.len <= WHOLE)
		return false;
	for (unsigned i = 0; i < WHOLE; i++)
		if (!is_digit(text.p[i]))
			return false;
	tm.tm_year = number(text.p, 4) - 1900;
	tm.tm_mon = number(text.p + 4, 2) - 1;
	tm.tm_mday = number(text.p + 6, 2);
	tm.tm_hour = number(text.p + 8, 2);
	tm.tm_min = number(text.p + 10, 2);
	tm.tm_sec = number(text.p + 12, 2);
	part = fraction(text, &at);
	if (at >= text.len || text.p[at] != 'Z')
		return false;
	*us = (int64_t)timegm(&tm) * SECOND + part;
	return true;
}

void stamp_write(int64_t us, char out[STAMP_SIZE])
{
	time_t seconds = us / SECOND;
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	(void)strftime(out, STAMP_SIZE, "%Y%m%d%H%M%SZ", &tm);
}
