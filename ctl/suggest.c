/* Which command was meant: the one at the smallest edit distance. */
#include <string.h>

#include "base/edit.h"
#include "ctl/ctl.h"

enum { FAR = 4 };

const char *suggest(const char *unknown)
{
	const char *best = NULL;
	unsigned nearest = FAR;

	for (const struct command *c = commands; c->name != NULL; c++) {
		unsigned d = edit_distance(unknown, c->name);

		if (d < nearest && d < strlen(c->name)) {
			nearest = d;
			best = c->name;
		}
	}
	return best;
}
