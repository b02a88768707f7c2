/* Which command was meant: the one at the smallest edit distance. */
#include <string.h>

#include "ctl/ctl.h"

enum { LENGTH_MAX = 32, FAR = 4 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Letters to insert, delete or change (Levenshtein); both shorter than LENGTH_MAX. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[LENGTH_MAX];
	size_t n = strlen(b);

	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *suggest(const char *unknown)
{
	const char *best = NULL;
	unsigned nearest = FAR;

	if (strlen(unknown) >= LENGTH_MAX)
		return NULL;
	for (const struct command *c = commands; c->name != NULL; c++) {
		unsigned d = distance(unknown, c->name);

		if (d < nearest && d < strlen(c->name)) {
			nearest = d;
			best = c->name;
		}
	}
	return best;
}
