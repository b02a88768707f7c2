/*
 * group_schema - what kinds of directories call groups (schema.h: people)
 */
#ifndef DIRECTORY_GROUP_SCHEMA_H
#define DIRECTORY_GROUP_SCHEMA_H

struct group_schema {
	const char *name;
	const char *filter; /* which entries are groups */
	const char *members;	    /* attributes; NULL where it has none: with names of entries (DN), */
	const char *unique_members; /* the same, each perhaps with an identifier (RFC 4519, 2.40), */
	const char *users;	    /* and with user names */
};

/* NULL: there is none of that name. */
const struct group_schema *group_schema_find(const char *name);

#endif
