/* Presets, as directories come from their makers. */
#include "directory/group_schema.h"

#include <stddef.h>
#include <string.h>

/* Where a kind of entry has members of one sort only, asking for the others costs nothing; so does a class that the
 * server has not. */
#define USUAL "member", "uniqueMember", "memberUid"

static const struct group_schema known[] = {
	{"openldap", "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))", USUAL},
	{"freeipa", "(|(objectClass=ipaUserGroup)(objectClass=posixGroup)(objectClass=groupOfNames))", USUAL},
	{"389ds", "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))", USUAL},
	{"ad", "(objectCategory=group)", "member", NULL, NULL},
};

const struct group_schema *group_schema_find(const char *name)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}
