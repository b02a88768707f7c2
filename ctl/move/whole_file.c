/* Into one run of memory: what is secret in it is not copied around. */
#include "ctl/move/whole_file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"

static int read_open(FILE *file, size_t max, struct buf *out)
{
	struct stat st;
	uint8_t *at;
	size_t n;

	if (fstat(fileno(file), &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if ((uintmax_t)st.st_size > max)
		return BH_ETOOBIG;
	at = buf_room(out, (size_t)st.st_size + 1);
	if (at == NULL)
		return BH_ENOMEM;
	n = fread(at, 1, (size_t)st.st_size, file);
	if (ferror(file) != 0)
		return BH_EIO;
	buf_commit(out, n);
	return 0;
}

int whole_file(const char *path, size_t max, struct buf *out)
{
	FILE *file = fopen(path, "re");
	int rc;

	if (file == NULL)
		return -errno;
	/* Its own buffer would keep a copy. */
	setvbuf(file, NULL, _IONBF, 0);
	rc = read_open(file, max, out);
	fclose(file);
	return rc;
}
