/* Two tables by domain. */
#include "routerd/rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "routerd/data.h"

struct rule {
	struct map_node node;
	char *domain;
	bool allowed;
};

struct rules {
	struct map own, configured;
	bool closed; /* who is not named is not allowed */
};

struct rules *rules_create(void)
{
	return bh_alloc(sizeof(struct rules));
}

static void clear(struct map *map)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, map);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct rule *rule = container_of(n, struct rule, node);

		map_remove(map, n);
		free(rule->domain);
		free(rule);
	}
	map_fini(map);
	*map = MAP_INIT;
}

void rules_free(struct rules **rules)
{
	clear(&(*rules)->own);
	clear(&(*rules)->configured);
	free(*rules);
	*rules = NULL;
}

static struct rule *find(const struct map *map, struct str domain)
{
	struct map_node *n = map_find(map, domain.p, domain.len);

	return n != NULL ? container_of(n, struct rule, node) : NULL;
}

static int put(struct map *map, struct str domain, bool allowed)
{
	struct rule *rule = find(map, domain);

	if (rule != NULL) {
		rule->allowed = allowed;
		return 0;
	}
	rule = bh_alloc(sizeof *rule);
	rule->domain = bh_strndup(domain.p, domain.len);
	rule->allowed = allowed;
	return map_add(map, &rule->node, rule->domain, domain.len);
}

static int take_list(struct rules *rules, const struct conf *conf, const char *setting, bool allowed)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < conf_list_size(conf, setting); i++)
		rc = put(&rules->configured, str_of(conf_list_item(conf, setting, i)), allowed);
	return rc;
}

int rules_set(struct rules *rules, const struct conf *conf)
{
	int rc;

	clear(&rules->configured);
	rules->closed = conf_list_size(conf, "s2sd.allow") > 0;
	rc = take_list(rules, conf, "s2sd.allow", true);
	return rc == 0 ? take_list(rules, conf, "s2sd.deny", false) : rc;
}

void rules_load(struct rules *rules, const struct store_rows *row)
{
	(void)put(&rules->own, store_row_text(row, 1), store_row_int(row, 2) != 0);
}

bool rules_allow(const struct rules *rules, struct str domain)
{
	const struct rule *rule = NULL;
	const char *end = domain.p + domain.len;

	while (domain.len > 0) {
		const char *dot = memchr(domain.p, '.', domain.len);

		rule = find(&rules->own, domain);
		if (rule == NULL)
			rule = find(&rules->configured, domain);
		if (rule != NULL)
			return rule->allowed;
		if (dot == NULL)
			break;
		domain = str_make(dot + 1, (size_t)(end - dot - 1));
	}
	return !rules->closed;
}

void rules_add(struct router *r, struct str domain, bool allowed, void (*done)(void *arg, int rc), void *arg)
{
	struct store_tx *tx = store_begin(r->store);

	(void)put(&r->rules->own, domain, allowed);
	store_text(tx, domain);
	store_int(tx, allowed);
	store_do(tx, SQL_RULE_PUT);
	store_commit(tx, done, arg);
}

static void each_of(const struct map *map, bool configured, rule_fn *each, void *arg)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, map);
	while ((n = map_walk_next(&walk)) != NULL) {
		const struct rule *rule = container_of(n, struct rule, node);

		each(arg, rule->domain, rule->allowed, configured);
	}
}

void rules_each(const struct rules *rules, rule_fn *each, void *arg)
{
	each_of(&rules->own, false, each, arg);
	each_of(&rules->configured, true, each, arg);
}
