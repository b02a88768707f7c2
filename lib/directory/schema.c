/* Presets, as directories come from their makers. */
#include "directory/schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "directory/entry.h"

static const struct schema known[] = {
	{"openldap", "uid", "(objectClass=inetOrgPerson)", {"pwdAccountLockedTime", LOCK_FOREVER},
		{"entryUUID", NULL}, "modifyTimestamp"},
	/* By RFC 4533 it tells nsUniqueId as well: so both ways of following it mean the same entries. */
	{"freeipa", "uid", "(objectClass=posixAccount)", {"nsAccountLock", LOCK_TRUE},
		{"nsUniqueId", "ipaUniqueID"}, "modifyTimestamp"},
	{"389ds", "uid", "(objectClass=inetOrgPerson)", {"nsAccountLock", LOCK_TRUE},
		{"nsUniqueId", NULL}, "modifyTimestamp"},
	/* modifyTimestamp is made up when it is read there, and cannot be searched for. */
	{"ad", "sAMAccountName", "(&(objectCategory=person)(objectClass=user))", {"userAccountControl", LOCK_BIT_2},
		{"objectGUID", NULL}, "whenChanged"},
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

bool schema_identity(const struct schema *s, const struct direntry *entry, uint8_t out[UUID_SIZE])
{
	for (size_t i = 0; i < sizeof s->ids / sizeof s->ids[0] && s->ids[i] != NULL; i++)
		if (uuid_parse(direntry_value(entry, s->ids[i], 0), out))
			return true;
	return false;
}

bool schema_is_locked(const struct schema *s, const struct direntry *entry)
{
	struct str value = s->lock.attribute != NULL ? direntry_value(entry, s->lock.attribute, 0) : STR_NONE;
	char text[64];

	if (value.p == NULL || value.len >= sizeof text)
		return false;
	memcpy(text, value.p, value.len);
	text[value.len] = '\0';
	switch (s->lock.kind) {
	case LOCK_TRUE:
		return strcasecmp(text, "TRUE") == 0;
	case LOCK_FOREVER: /* ppolicy: by an administrator; other times pass (draft-behera-ldap-password-policy 5.3.3) */
		return strcmp(text, "000001010000Z") == 0;
	default:
		return strtol(text, NULL, 10) & 2;
	}
}
