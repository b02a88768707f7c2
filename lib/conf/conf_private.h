/*
 * conf_private - what a struct conf is made of
 */
#ifndef BH_CONF_PRIVATE_H
#define BH_CONF_PRIVATE_H

#include "base/buf.h"
#include "base/digest.h"
#include "conf/conf.h"
#include "conf/value.h"

/* A section with a name and settings of its own: domain, component, directory, group "...". */
struct conf_section {
	char *name;
	struct value *values; /* in the order of settings[]; those of its kind are set */
};

struct conf_sections {
	struct conf_section *of;
	size_t n;
};

struct conf {
	char *folder;
	uint8_t digest[DIGEST_SHA256_SIZE]; /* of the text */
	struct value *values; /* in the order of settings[] */
	struct conf_sections domains, components, directories, groups;
	char **instances;
	size_t ninstances;
};

/* All sections of a kind that have a name; NULL for one whose sections have none. */
const struct conf_sections *conf_sections_of(const struct conf *conf, const char *section);

/* Adds all of a file.  0, BH_ETOOBIG, BH_ENOMEM or -errno. */
int conf_read_file(const char *path, struct buf *out);

#endif
