/* All attributes of an entry, read at once. */
#include "directory/entry_private.h"

#include <string.h>
#include <strings.h>

static size_t count(struct berval **values)
{
	return values != NULL ? (size_t)ldap_count_values_len(values) : 0;
}

void direntry_read(struct direntry *e, LDAP *ld, LDAPMessage *message)
{
	BerElement *ber = NULL;
	char *name;

	e->n = 0;
	e->dn = ldap_get_dn(ld, message);
	for (name = ldap_first_attribute(ld, message, &ber); name != NULL && e->n < ATTRIBUTES_MAX;
		name = ldap_next_attribute(ld, message, ber)) {
		e->of[e->n].name = name;
		e->of[e->n].values = ldap_get_values_len(ld, message, name);
		e->of[e->n].count = count(e->of[e->n].values);
		e->n++;
	}
	if (name != NULL)
		ldap_memfree(name);
	if (ber != NULL)
		ber_free(ber, 0);
}

void direntry_fini(struct direntry *e)
{
	for (unsigned i = 0; i < e->n; i++) {
		ldap_memfree(e->of[i].name);
		if (e->of[i].values != NULL)
			ldap_value_free_len(e->of[i].values);
	}
	if (e->dn != NULL)
		ldap_memfree(e->dn);
}

const char *direntry_dn(const struct direntry *e)
{
	return e->dn != NULL ? e->dn : "";
}

static const struct direntry_attribute *find(const struct direntry *e, const char *attribute)
{
	for (unsigned i = 0; i < e->n; i++)
		if (strcasecmp(e->of[i].name, attribute) == 0)
			return &e->of[i];
	return NULL;
}

size_t direntry_count(const struct direntry *e, const char *attribute)
{
	const struct direntry_attribute *found = find(e, attribute);

	return found != NULL ? found->count : 0;
}

bool direntry_is_partial(const struct direntry *e, const char *attribute)
{
	static const char option[] = ";range=";
	size_t len = strlen(attribute);

	for (unsigned i = 0; i < e->n; i++)
		if (strncasecmp(e->of[i].name, attribute, len) == 0 &&
			strncasecmp(e->of[i].name + len, option, sizeof option - 1) == 0)
			return true;
	return false;
}

struct str direntry_value(const struct direntry *e, const char *attribute, size_t i)
{
	const struct direntry_attribute *found = find(e, attribute);

	if (found == NULL || i >= found->count)
		return STR_NONE;
	return str_make(found->values[i]->bv_val, found->values[i]->bv_len);
}
