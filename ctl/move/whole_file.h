/*
 * whole_file - a file, read as a whole
 */
#ifndef CTL_MOVE_WHOLE_FILE_H
#define CTL_MOVE_WHOLE_FILE_H

#include "base/buf.h"

/* Appends it.  0, BH_ETOOBIG where it is longer than max, BH_ENOMEM, or -errno. */
int whole_file(const char *path, size_t max, struct buf *out);

#endif
