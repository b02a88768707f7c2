/*
 * domains - the domains that this server is
 */
#ifndef ROUTERD_DOMAINS_H
#define ROUTERD_DOMAINS_H

#include "base/map.h"
#include "base/ptrs.h"
#include "base/str.h"
#include "conf/conf.h"
#include "routerd/directory.h"
#include "xmpp/jid.h"

/* Whom to turn to (XEP-0157). */
enum { DOMAIN_CONTACTS = 6 };
/* "abuse-addresses", ... */
extern const char *const domain_contact_vars[DOMAIN_CONTACTS];

struct domain_contact {
	char **addresses;
	size_t n;
};

struct domain {
	struct map_node node;
	char *name;
	struct domain_contact contacts[DOMAIN_CONTACTS];
	bool federates; /* it may exchange stanzas with remote domains, */
	bool by_role;	/* if only those of its accounts that have that role */
	struct ptrs admins; /* char: bare JIDs */
	struct domain_directory directory;
	char caps[29]; /* the hash of its disco#info (caps.h), in Base64 */
};

/* Makes the map what the configuration says.  0 or BH_ENOMEM. */
int domains_set(struct map *domains, const struct conf *conf);
void domains_free(struct map *domains);
bool domains_have(const struct map *domains, struct str name);
/* Has any of them a directory? */
bool domains_have_directories(const struct map *domains);
/* Is that the address of an account, bare and in prepared form, of a domain whose accounts a directory holds? */
bool domains_in_directory(const struct map *domains, struct str account, struct jid *jid);
struct domain *domain_find(const struct map *domains, struct str name);

#endif
