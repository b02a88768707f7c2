/*
 * file - opening files for reading, by ourselves or by somebody who may
 *
 * A confined daemon cannot open the files that its configuration names.  The skeleton gives such a
 * process an opener (lib/daemon/reader.h), and every library opens files through here.
 */
#ifndef BH_FILE_H
#define BH_FILE_H

#include <stddef.h>

#include "base/buf.h"

/* A descriptor of a regular file, open for reading, that the caller closes; or -errno. */
int file_open(const char *path);

/* Adds the whole file to out, which holds at most `max` bytes of it.  0, BH_ETOOBIG, BH_ENOMEM or
 * -errno. */
int file_read(const char *path, size_t max, struct buf *out);

/* From now on file_open() asks this function, which has the same contract.  NULL: open(2). */
void file_set_opener(int (*opener)(const char *path));

#endif
