/* Reading all of a file. */
#include <errno.h>
#include <stdio.h>

#include "base/err.h"
#include "conf/conf_private.h"

enum { FILE_MAX = 16 * 1024 * 1024 };

static int read_stream(FILE *f, struct buf *text)
{
	enum { STEP = 4096 };
	size_t n;

	do {
		if (text->len > FILE_MAX)
			return BH_ETOOBIG;
		if (buf_room(text, STEP) == NULL)
			return BH_ENOMEM;
		n = fread(text->data + text->len, 1, STEP, f);
		buf_commit(text, n);
	} while (n > 0);
	return ferror(f) ? -errno : 0;
}

int conf_read_file(const char *path, struct buf *text)
{
	FILE *f = fopen(path, "re");
	int rc;

	if (f == NULL)
		return -errno;
	rc = read_stream(f, text);
	fclose(f);
	return rc;
}
