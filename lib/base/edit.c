/* Edit distance, with three rows of the table at a time. */
#include "base/edit.h"

#include <string.h>

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Row i of the table from the two before it. */
static void fill_row(unsigned *row, const unsigned *above, const unsigned *above2, const char *a,
	const char *b)
{
	for (unsigned j = 1; b[j - 1] != '\0'; j++) {
		row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (*a != b[j - 1]));
		if (above2 != NULL && j > 1 && *a == b[j - 2] && a[-1] == b[j - 1] &&
			above2[j - 2] + 1 < row[j])
			row[j] = above2[j - 2] + 1;
	}
}

unsigned edit_distance(const char *a, const char *b)
{
	unsigned rows[3][EDIT_LENGTH_MAX + 1] = {{0}};
	size_t m = strlen(a), n = strlen(b);

	if (m > EDIT_LENGTH_MAX || n > EDIT_LENGTH_MAX)
		return EDIT_LENGTH_MAX;
	for (unsigned j = 0; j <= n; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= m; i++) {
		rows[i % 3][0] = i;
		fill_row(rows[i % 3], rows[(i - 1) % 3], i > 1 ? rows[(i - 2) % 3] : NULL,
			a + i - 1, b);
	}
	return rows[m % 3][n];
}
