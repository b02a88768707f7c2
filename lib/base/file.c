/* Opening files for reading. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

static int (*opener)(const char *path);

void file_set_opener(int (*fn)(const char *path))
{
	opener = fn;
}

static int open_self(const char *path)
{
	struct stat st;
	/* Not to hang on a FIFO that stands where a file should. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
}

int file_open(const char *path)
{
	return opener != NULL ? opener(path) : open_self(path);
}

static int read_all(int fd, size_t max, struct buf *out)
{
	enum { STEP = 4096 };
	size_t begin = out->len;
	ssize_t n;

	do {
		if (buf_room(out, STEP) == NULL)
			return BH_ENOMEM;
		n = read(fd, out->data + out->len, STEP);
		if (n > 0)
			buf_commit(out, (size_t)n);
		if (out->len - begin > max)
			return BH_ETOOBIG;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

int file_read(const char *path, size_t max, struct buf *out)
{
	int fd = file_open(path), rc;

	if (fd < 0)
		return fd;
	rc = read_all(fd, max, out);
	close(fd);
	return rc;
}
