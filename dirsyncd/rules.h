/*
 * rules - what the sections group "NAME" of the configuration say of the groups of one directory
 *
 * A section is of the group whose whole name it has, without regard to case, or whose DN; where several are, the first
 * counts.  Groups without one are as directory.groups says.
 */
#ifndef DIRSYNCD_RULES_H
#define DIRSYNCD_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "bus/codes.h"
#include "conf/conf.h"

struct rules;

/* A group, as rules know it. */
struct group_name {
	struct str folded; /* its name (fold.h) */
	const uint8_t *dn_digest;
};

struct rule {
	const char *title; /* NULL: the group's own name */
	enum group_show show;
	uint8_t roles; /* enum account_role */
	struct naming *names; /* show_to */
	size_t n;
};

/* Of the i-th directory.  0, or BH_ECONFIG with a sentence in what. */
int rules_load(const struct conf *conf, size_t i, struct rules **out, char *what, size_t size);
void rules_free(struct rules **r);

const struct rule *rules_find(const struct rules *r, const struct group_name *g);
/* Does the rule show its group to that one (show_to)? */
bool rule_shows_to(const struct rule *rule, const struct group_name *g);
/* Does any rule? */
bool rules_show_to(const struct rules *r, const struct group_name *g);

#endif
