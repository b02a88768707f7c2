/*
 * entry_private - an entry in libldap's hands; lib/directory only
 */
#ifndef DIRECTORY_ENTRY_PRIVATE_H
#define DIRECTORY_ENTRY_PRIVATE_H

#include <ldap.h>

#include "directory/entry.h"

enum { ATTRIBUTES_MAX = 64 }; /* of one entry; what we ask for is less */

struct direntry {
	char *dn;
	unsigned n;
	struct direntry_attribute {
		char *name;
		struct berval **values; /* NULL: none */
		size_t count; /* of them, which libldap counts one by one: a group may have 100,000 */
	} of[ATTRIBUTES_MAX];
};

/* Of a message of type LDAP_RES_SEARCH_ENTRY.  direntry_fini() frees what it holds. */
void direntry_read(struct direntry *e, LDAP *ld, LDAPMessage *message);
void direntry_fini(struct direntry *e);

#endif
