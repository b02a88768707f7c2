/* Rows out, and at the start rows in. */
#include "routerd/sharing_store.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/wire.h"
#include "daemon/log.h"
#include "routerd/data.h"
#include "routerd/router.h"
#include "routerd/sharing.h"

/* So much is read at a time that it can be no more than STORE_ROWS_MAX. */
enum { PERSONS_AT_ONCE = 20000, GROUPS_AT_ONCE = 32 };
/* The first column. */
enum { IS_PERSON = 1, IS_GROUP = 2, IS_CHANGE = 3 };

/* ---- out ---------------------------------------------------------------------------------- */

static struct str id_of(const struct group *g)
{
	return str_make(g->id, sizeof g->id);
}

void sharing_store_person(struct store_tx *tx, const struct person *m)
{
	store_int(tx, m->id);
	store_text(tx, person_jid(m));
	store_text(tx, str_of(m->name));
	store_do(tx, SQL_SHARED_PERSON_PUT);
}

void sharing_unstore_person(struct store_tx *tx, uint32_t id)
{
	store_int(tx, id);
	store_do(tx, SQL_SHARED_PERSON_DELETE);
}

static void put_number(struct buf *out, uint32_t number)
{
	number = htobe32(number);
	buf_put(out, &number, sizeof number);
}

static void store_persons(struct store_tx *tx, const struct ptrs *persons)
{
	struct buf numbers = BUF_INIT;

	for (uint32_t i = 0; i < persons->n; i++)
		put_number(&numbers, ((const struct person *)persons->of[i])->id);
	store_blob(tx, buf_str(&numbers));
	buf_fini(&numbers);
}

static void store_renamed(struct store_tx *tx, const struct ptrs *renamed)
{
	struct buf numbers = BUF_INIT;

	for (uint32_t i = 0; i < renamed->n; i++)
		put_number(&numbers, ((const struct renaming *)renamed->of[i])->person->id);
	store_blob(tx, buf_str(&numbers));
	buf_fini(&numbers);
}

static void store_viewers(struct store_tx *tx, const struct ptrs *viewers)
{
	struct buf ids = BUF_INIT;

	for (uint32_t i = 0; i < viewers->n; i++)
		buf_put_str(&ids, id_of(viewers->of[i]));
	store_blob(tx, buf_str(&ids));
	buf_fini(&ids);
}

static void store_look(struct store_tx *tx, const struct group_look *look)
{
	store_text(tx, str_of(look->title));
	store_int(tx, look->there);
	store_int(tx, look->show);
	store_int(tx, look->roles);
	store_viewers(tx, &look->viewers);
}

static void store_place(struct store_tx *tx, const struct group *g)
{
	store_blob(tx, id_of(g));
	store_text(tx, str_of(g->directory));
	store_text(tx, str_make(g->realm->name, g->realm->node.key_len));
}

static void store_group(struct store_tx *tx, const struct regroup *rg, const uint8_t digest[GROUP_ID_SIZE])
{
	const struct group *g = rg->group;

	if (!rg->look.there) {
		store_blob(tx, id_of(g));
		store_do(tx, SQL_SHARED_GROUP_DELETE);
		return;
	}
	store_place(tx, g);
	store_look(tx, &rg->look);
	store_blob(tx, str_make(digest, GROUP_ID_SIZE));
	store_int(tx, (int64_t)(g->next_version != 0 ? g->next_version : g->version));
	store_persons(tx, &rg->members);
	store_do(tx, SQL_SHARED_GROUP_PUT);
}

static void store_names(struct store_tx *tx, const struct regroup *rg)
{
	for (uint32_t i = 0; i < rg->renamed.n; i++) {
		const struct renaming *r = rg->renamed.of[i];

		store_text(tx, str_of(r->name));
		store_int(tx, r->person->id);
		store_do(tx, SQL_SHARED_PERSON_NAME);
	}
	for (uint32_t i = 0; i < rg->renewed.n; i++) {
		const struct group *g = rg->renewed.of[i];

		store_int(tx, (int64_t)g->next_version);
		store_blob(tx, id_of(g));
		store_do(tx, SQL_SHARED_GROUP_VERSION);
	}
}

void sharing_store_change(struct store_tx *tx, const struct regroup *rg, const uint8_t digest[GROUP_ID_SIZE])
{
	store_group(tx, rg, digest);
	store_names(tx, rg);
	store_place(tx, rg->group);
	store_look(tx, &rg->group->look);
	store_persons(tx, &rg->added);
	store_persons(tx, &rg->removed);
	store_renamed(tx, &rg->renamed);
	store_do(tx, SQL_SHARED_CHANGE_PUT);
}

void sharing_store_told(struct store_tx *tx, const struct regroup *rg)
{
	store_blob(tx, id_of(rg->group));
	store_do(tx, SQL_SHARED_CHANGE_DELETE);
}

void sharing_store_digest(struct store_tx *tx, const struct group *g)
{
	store_blob(tx, str_make(g->digest, sizeof g->digest));
	store_blob(tx, id_of(g));
	store_do(tx, SQL_SHARED_GROUP_DIGEST);
}

/* ---- in ----------------------------------------------------------------------------------- */

struct loading {
	struct sharing *sharing;
	void (*done)(struct router *r, int rc);
	struct ptrs persons; /* struct person, in the order of their numbers */
	int64_t last; /* of what has been read: a person's number, a group's row */
	unsigned read;
};

static void take_person(struct loading *l, const struct store_rows *row)
{
	l->last = store_row_int(row, 1);
	ptrs_add(&l->persons, people_add(&l->sharing->people, store_row_text(row, 2), store_row_text(row, 3),
		(uint32_t)l->last));
}

static int by_id(const void *id, const void *person)
{
	uint32_t a = *(const uint32_t *)id, b = (*(struct person *const *)person)->id;

	return (a > b) - (a < b);
}

static struct person *person_at(const struct loading *l, struct str numbers, uint32_t at)
{
	uint32_t id = wire_u32_at((const uint8_t *)numbers.p + at);
	struct person **found = NULL;

	if (l->persons.n > 0)
		found = bsearch(&id, l->persons.of, l->persons.n, sizeof(struct person *), by_id);
	return found != NULL ? *found : NULL;
}

/* From that column on, as store_place() and store_look() have written it. */
static struct group *take_group(struct people *p, const struct store_rows *row, unsigned column, struct group_look *look)
{
	struct str id = store_row_text(row, column), directory = store_row_text(row, column + 1);
	struct str title = store_row_text(row, column + 3), viewers = store_row_text(row, column + 7);
	struct group *g;

	if (id.len != GROUP_ID_SIZE)
		return NULL;
	g = people_group(p, (const uint8_t *)id.p);
	free(g->directory);
	g->directory = bh_strndup(directory.p, directory.len);
	g->realm = people_realm(p, store_row_text(row, column + 2));
	*look = (struct group_look){
		.title = bh_strndup(title.p, title.len),
		.there = store_row_int(row, column + 4) != 0,
		.show = (uint8_t)(store_row_int(row, column + 5) & 3),
		.roles = (uint8_t)store_row_int(row, column + 6),
	};
	for (uint32_t at = 0; at + GROUP_ID_SIZE <= viewers.len; at += GROUP_ID_SIZE)
		ptrs_add(&look->viewers, people_group(p, (const uint8_t *)viewers.p + at));
	return g;
}

enum { AFTER_LOOK = 8 }; /* columns of take_group() */

/* Without all its members it is asked for anew. */
static void take_whole_group(struct loading *l, const struct store_rows *row)
{
	struct people *p = &l->sharing->people;
	struct str digest = store_row_text(row, 2 + AFTER_LOOK), numbers = store_row_text(row, 4 + AFTER_LOOK);
	struct group_look look, none;
	struct group *g = take_group(p, row, 2, &look);
	bool whole = g != NULL && digest.len == GROUP_ID_SIZE;

	l->last = store_row_int(row, 1);
	if (g == NULL)
		return;
	none = g->look;
	group_look(g, &look);
	group_look_fini(&none);
	g->version = (uint64_t)store_row_int(row, 3 + AFTER_LOOK);
	for (uint32_t at = 0; at + 4 <= numbers.len; at += 4) {
		struct person *m = person_at(l, numbers, at);

		whole &= m != NULL;
		if (m != NULL)
			people_member(p, g, m);
	}
	if (whole)
		memcpy(g->digest, digest.p, sizeof g->digest);
}

static void take_persons(const struct loading *l, struct str numbers, struct ptrs *persons)
{
	for (uint32_t at = 0; at + 4 <= numbers.len; at += 4) {
		struct person *m = person_at(l, numbers, at);

		if (m != NULL)
			ptrs_add(persons, m);
	}
}

static void take_change(struct loading *l, const struct store_rows *row)
{
	struct group_look look;
	struct group *g = take_group(&l->sharing->people, row, 1, &look);
	struct ptrs renamed = {0};
	struct regroup *rg;

	if (g == NULL)
		return;
	if (l->sharing->people.change != NULL) { /* the store failed when that was over */
		group_look_fini(&look);
		return;
	}
	rg = regroup_create(&l->sharing->people, g, &look);
	take_persons(l, store_row_text(row, 1 + AFTER_LOOK), &rg->added);
	take_persons(l, store_row_text(row, 2 + AFTER_LOOK), &rg->removed);
	take_persons(l, store_row_text(row, 3 + AFTER_LOOK), &renamed);
	for (uint32_t i = 0; i < renamed.n; i++)
		regroup_was_renamed(rg, renamed.of[i]);
	ptrs_fini(&renamed);
	regroup_again(rg);
	sharing_want_told(l->sharing, rg);
}

/* Of one that was not stored to its end: nobody needs them. */
static void drop_orphans(struct sharing *s)
{
	struct store_tx *tx = store_begin(s->router->store);
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &s->people.persons);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct person *m = container_of(n, struct person, node);
		uint32_t id = m->id;

		if (m->moved == MOVED_NOT && people_drop(&s->people, m))
			sharing_unstore_person(tx, id);
	}
	store_commit(tx, NULL, NULL);
}

static void finish(struct loading *l, int rc)
{
	struct sharing *s = l->sharing;
	void (*done)(struct router *r, int rc) = l->done;

	if (rc == 0) {
		drop_orphans(s);
		log_info("groups-loaded", "groups=%zu persons=%zu members=%lu", s->people.groups.count,
			s->people.persons.count, (unsigned long)s->people.members);
	}
	s->loading = NULL;
	ptrs_fini(&l->persons);
	free(l);
	done(s->router, rc);
}

static void (*const takes[])(struct loading *l, const struct store_rows *row) = {
	[IS_PERSON] = take_person, [IS_GROUP] = take_whole_group, [IS_CHANGE] = take_change,
};

static void take_rows(struct loading *l, struct store_rows *rows)
{
	l->read = 0;
	while (store_row(rows)) {
		takes[store_row_int(rows, 0)](l, rows);
		l->read++;
	}
}

static void on_changes(void *arg, int rc, struct store_rows *rows)
{
	if (rc == 0)
		take_rows(arg, rows);
	finish(arg, rc);
}

static void ask(struct loading *l, unsigned statement, unsigned most,
	void (*then)(void *arg, int rc, struct store_rows *rows))
{
	struct store_tx *tx = store_begin(l->sharing->router->store);

	if (most > 0) {
		store_int(tx, l->last);
		store_int(tx, most);
	}
	store_do(tx, statement);
	store_ask(tx, then, l);
}

static void on_groups_read(void *arg, int rc, struct store_rows *rows)
{
	struct loading *l = arg;

	if (rc != 0) {
		finish(l, rc);
		return;
	}
	take_rows(l, rows);
	if (l->read == GROUPS_AT_ONCE)
		ask(l, SQL_SHARED_GROUPS_GET, GROUPS_AT_ONCE, on_groups_read);
	else
		ask(l, SQL_SHARED_CHANGES_GET, 0, on_changes);
}

static void on_persons_read(void *arg, int rc, struct store_rows *rows)
{
	struct loading *l = arg;

	if (rc != 0) {
		finish(l, rc);
		return;
	}
	take_rows(l, rows);
	if (l->read == PERSONS_AT_ONCE) {
		ask(l, SQL_SHARED_PERSONS_GET, PERSONS_AT_ONCE, on_persons_read);
		return;
	}
	l->last = -1;
	ask(l, SQL_SHARED_GROUPS_GET, GROUPS_AT_ONCE, on_groups_read);
}

void sharing_load(struct router *r, void (*done)(struct router *r, int rc))
{
	struct loading *l = bh_alloc(sizeof *l);

	l->sharing = r->sharing;
	l->done = done;
	r->sharing->loading = l;
	ask(l, SQL_SHARED_PERSONS_GET, PERSONS_AT_ONCE, on_persons_read);
}
