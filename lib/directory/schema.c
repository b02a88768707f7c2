/* Presets, as directories come from their makers. */
#include "directory/schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "directory/entry.h"

static const struct schema known[] = {
	{.name = "openldap", .user = "uid", .filter = "(objectClass=inetOrgPerson)",
		.lock = {"pwdAccountLockedTime", LOCK_FOREVER}, .must_change = "pwdReset",
		.ids = {"entryUUID"}, .changed = "modifyTimestamp"},
	{.name = "openldap-rfc2307bis", .user = "uid", .filter = "(objectClass=inetOrgPerson)",
		.lock = {"pwdAccountLockedTime", LOCK_FOREVER}, .must_change = "pwdReset",
		.ids = {"entryUUID"}, .changed = "modifyTimestamp"},
	/* By RFC 4533 it tells nsUniqueId as well: so both ways of following it mean the same entries. */
	{.name = "freeipa", .user = "uid", .filter = "(objectClass=posixAccount)", .lock = {"nsAccountLock", LOCK_TRUE},
		.ids = {"nsUniqueId", "ipaUniqueID"}, .changed = "modifyTimestamp"},
	{.name = "389ds", .user = "uid", .filter = "(objectClass=inetOrgPerson)", .lock = {"nsAccountLock", LOCK_TRUE},
		.ids = {"nsUniqueId"}, .changed = "modifyTimestamp"},
	/* modifyTimestamp is made up when it is read there, and cannot be searched for. */
	{.name = "ad", .user = "sAMAccountName", .filter = "(&(objectCategory=person)(objectClass=user))",
		.lock = {"userAccountControl", LOCK_BIT_2}, .ids = {"objectGUID"}, .changed = "whenChanged"},
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
