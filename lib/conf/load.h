/*
 * load - what the two halves of reading a file share: load.c (libconfuse, errors, values) and
 * sections.c (what was read, taken over into a struct conf)
 */
#ifndef BH_CONF_LOAD_H
#define BH_CONF_LOAD_H

#include <confuse.h>

#include "conf/conf_private.h"

enum { TITLE_MAX = 64 };

struct loader {
	struct conf *conf;
	const char *path;
	const char *instance;
	char *what;
	size_t size;
	bool failed, ended;
	int *lines; /* where each setting stood last */
};

/* "file:line: ..."; only the first failure counts. */
void loader_fail(struct loader *l, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The file's last line, when the sentinel has been read in the line behind it. */
int loader_last_line(int line);

/* The daemon whose settings an instance's section holds: what stands before '@'. */
const struct setting_section *loader_daemon_of(const char *title);

/* The section of the table that the settings of a section of the file stand in; "" for none. */
const char *loader_table_section(cfg_t *cfg);

/* Takes over all that the file says; l->failed tells of what is wrong between its parts. */
void loader_take(struct loader *l, cfg_t *root);

#endif
