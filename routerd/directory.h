/*
 * directory - the directory that holds a domain's accounts, as far as routerd must know it
 *
 * Part of struct domain; its profiles and searches are asked of dirsyncd (question.h).
 */
#ifndef ROUTERD_DIRECTORY_H
#define ROUTERD_DIRECTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

/* Where the vCards of a domain are. */
enum directory_profiles {
	PROFILES_OFF,	   /* in our store, as users set them */
	PROFILES_READONLY, /* in the directory */
	PROFILES_EDITABLE, /* there, and in our store for whoever has set one */
};

struct domain_directory {
	char *name;	  /* NULL: there is none, and the rest is nought */
	uint8_t profiles; /* enum directory_profiles */
	bool search;	  /* its users may search (XEP-0055) */
	uint32_t search_results, search_letters, search_rate; /* the last: in a minute, of each */
};

/* That of the i-th domain of the configuration. */
void domain_directory_read(struct domain_directory *d, const struct conf *conf, size_t domain);
void domain_directory_fini(struct domain_directory *d);

#endif
