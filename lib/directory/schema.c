/* Presets, as directories come from their makers. */
#include "directory/schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "directory/entry.h"

static const struct schema known[] = {
	{"openldap", "uid", "(objectClass=inetOrgPerson)", {"pwdAccountLockedTime", LOCK_FOREVER}, "pwdReset"},
	{"openldap-rfc2307bis", "uid", "(objectClass=inetOrgPerson)", {"pwdAccountLockedTime", LOCK_FOREVER}, "pwdReset"},
	{"freeipa", "uid", "(objectClass=posixAccount)", {"nsAccountLock", LOCK_TRUE}, NULL},
	{"389ds", "uid", "(objectClass=inetOrgPerson)", {"nsAccountLock", LOCK_TRUE}, NULL},
	{"ad", "sAMAccountName", "(&(objectCategory=person)(objectClass=user))", {"userAccountControl", LOCK_BIT_2}, NULL},
};

bool schema_find(const char *name, struct schema *out)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		*out = known[i];
		return true;
	}
	return false;
}

/* The attribute's value as text; empty where there is none, or a longer one. */
static void text_of(const struct direntry *entry, const char *attribute, char text[64])
{
	struct str value = attribute != NULL ? direntry_value(entry, attribute, 0) : STR_NONE;

	if (value.len >= 64)
		value.len = 0;
	if (value.len > 0)
		memcpy(text, value.p, value.len);
	text[value.len] = '\0';
}

bool schema_is_locked(const struct schema *s, const struct direntry *entry)
{
	char text[64];

	text_of(entry, s->lock.attribute, text);
	switch (s->lock.kind) {
	case LOCK_TRUE:
		return strcasecmp(text, "TRUE") == 0;
	case LOCK_FOREVER: /* ppolicy: by an administrator; other times pass (draft-behera-ldap-password-policy 5.3.3) */
		return strcmp(text, "000001010000Z") == 0;
	default:
		return strtol(text, NULL, 10) & 2;
	}
}

bool schema_must_change(const struct schema *s, const struct direntry *entry)
{
	char text[64];

	text_of(entry, s->must_change, text);
	return strcasecmp(text, "TRUE") == 0;
}
