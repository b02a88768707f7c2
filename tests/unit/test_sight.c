/* people, sight, regroup: who sees whom, and what a change of a group makes of it, against the plain definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "routerd/regroup.h"

enum { PERSONS = 10, GROUPS = 5, DOMAINS = 2, STEPS = 4000, MANY = 10000 };

/* The world of a test: persons p0, p1, ... of two domains by turns, of whom some are present. */
struct world {
	struct people people;
	struct present present[PERSONS];
	bool here[PERSONS];
	uint32_t seed;
};

static unsigned draw(struct world *w, unsigned below)
{
	w->seed = w->seed * 1664525u + 1013904223u;
	return (w->seed >> 16) % below;
}

static struct str jid_of(unsigned i, char text[32])
{
	snprintf(text, 32, "p%u@d%u.example", i, i % DOMAINS);
	return str_of(text);
}

static unsigned number_of(struct str jid)
{
	return (unsigned)strtoul(jid.p + 1, NULL, 10);
}

static struct present *present_of(void *owner, struct str bare)
{
	struct world *w = owner;
	unsigned i = number_of(bare);

	return i < PERSONS && w->here[i] ? &w->present[i] : NULL;
}

static void arrive(struct world *w, unsigned i)
{
	char text[32];

	w->here[i] = true;
	people_arrive(&w->people, &w->present[i], jid_of(i, text));
}

static void depart(struct world *w, unsigned i)
{
	w->here[i] = false;
	people_depart(&w->present[i]);
}

static void begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	people_init(&w->people, present_of, w);
}

static void end(struct world *w)
{
	for (unsigned i = 0; i < PERSONS; i++)
		if (w->here[i])
			depart(w, i);
	people_fini(&w->people);
}

/* ---- changes --------------------------------------------------------------------------- */

struct wish {
	unsigned group, show, domain;
	const char *title;
	unsigned viewers; /* sets */
	unsigned members;
	unsigned renamed;
};

static void id_of(unsigned group, uint8_t id[GROUP_ID_SIZE])
{
	memset(id, 0, GROUP_ID_SIZE);
	id[0] = (uint8_t)group + 1;
}

static struct group_look look_of(struct world *w, const struct wish *wish)
{
	struct group_look look = {.there = wish->show < 4, .show = (uint8_t)(wish->show % 4),
		.title = strdup(wish->title)};
	uint8_t id[GROUP_ID_SIZE];

	for (unsigned i = 0; i < GROUPS && wish->show == GROUP_SHOW_GROUPS; i++)
		if (wish->viewers & 1u << i) {
			id_of(i, id);
			ptrs_add(&look.viewers, people_group(&w->people, id));
		}
	return look;
}

static struct regroup *read_wish(struct world *w, const struct wish *wish)
{
	struct group_look look = look_of(w, wish);
	uint8_t id[GROUP_ID_SIZE];
	struct person *who;
	struct regroup *rg;
	struct group *g;
	char text[32], name[32];
	uint32_t at = 0;

	id_of(wish->group, id);
	g = people_group(&w->people, id);
	snprintf(name, sizeof name, "d%u.example", wish->domain);
	g->realm = people_realm(&w->people, str_of(name));
	rg = regroup_create(&w->people, g, &look);
	for (unsigned i = 0; i < PERSONS; i++) {
		if (!(wish->members & 1u << i) || i % DOMAINS != wish->domain)
			continue;
		who = people_find(&w->people, jid_of(i, text));
		snprintf(name, sizeof name, "%s", who != NULL ? who->name : "Somebody");
		if (wish->renamed & 1u << i)
			snprintf(name, sizeof name, "Name %u", draw(w, 1000));
		regroup_member(rg, jid_of(i, text), str_of(name), &who);
		regroup_member(rg, jid_of(i, text), str_of(name), &who); /* twice is once */
	}
	while (!regroup_left(rg, &at, 3))
		;
	regroup_renew(rg);
	return rg;
}

static void change(struct world *w, const struct wish *wish)
{
	struct regroup *rg = read_wish(w, wish);

	regroup_apply(rg);
	regroup_free(&rg, NULL, NULL);
}

static struct person *person(struct world *w, unsigned i)
{
	char text[32];

	return people_find(&w->people, jid_of(i, text));
}

static bool does_see(struct world *w, unsigned v, unsigned m)
{
	char text[32];

	return person(w, m) != NULL && sight_sees(viewer_of(&w->people, jid_of(v, text)), person(w, m));
}

/* ---- the plain definition ---------------------------------------------------------------- */

static bool is_member(const struct group *g, unsigned i)
{
	for (uint32_t k = 0; k < g->members.n; k++)
		if (number_of(person_jid(g->members.of[k])) == i)
			return true;
	return false;
}

static bool plainly_watches(const struct group *g, unsigned v)
{
	char domain[32];

	snprintf(domain, sizeof domain, "d%u.example", v % DOMAINS);
	if (!g->look.there || g->look.show == GROUP_SHOW_NOBODY)
		return false;
	if (g->look.show == GROUP_SHOW_EVERYBODY)
		return str_is(str_make(g->realm->name, g->realm->node.key_len), domain);
	if (is_member(g, v))
		return true;
	for (uint32_t i = 0; i < g->look.viewers.n; i++)
		if (is_member(g->look.viewers.of[i], v))
			return true;
	return false;
}

static struct group *group_at(struct world *w, unsigned i)
{
	uint8_t id[GROUP_ID_SIZE];

	id_of(i, id);
	return people_group_find(&w->people, id);
}

static bool plainly_sees(struct world *w, unsigned v, unsigned m)
{
	for (unsigned i = 0; v != m && i < GROUPS; i++) {
		struct group *g = group_at(w, i);

		if (g != NULL && is_member(g, m) && plainly_watches(g, v))
			return true;
	}
	return false;
}

/* What v's roster says of m: titles are each group's own. */
struct view {
	char text[PERSONS][PERSONS][256];
	bool sees[PERSONS][PERSONS];
	uint64_t print[PERSONS];
};

static void describe(struct world *w, unsigned v, unsigned m, char out[256])
{
	size_t at = (size_t)snprintf(out, 256, "%s %s", plainly_sees(w, m, v) ? "both" : "to", person(w, m)->name);

	for (unsigned i = 0; i < GROUPS; i++) {
		struct group *g = group_at(w, i);

		if (g != NULL && is_member(g, m) && plainly_watches(g, v))
			at += (size_t)snprintf(out + at, 256 - at, ", %s", g->look.title);
	}
}

static struct view *look_around(struct world *w)
{
	struct view *view = calloc(1, sizeof *view);
	char text[32];

	for (unsigned v = 0; v < PERSONS; v++) {
		view->print[v] = sight_print(viewer_of(&w->people, jid_of(v, text)));
		for (unsigned m = 0; m < PERSONS; m++) {
			view->sees[v][m] = plainly_sees(w, v, m);
			if (view->sees[v][m])
				describe(w, v, m, view->text[v][m]);
		}
	}
	return view;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void each_show_lets_see_whom_it_says(void **state)
{
	static const struct {
		unsigned show;
		bool member, other, viewer, abroad;
	} cases[] = {
		{GROUP_SHOW_NOBODY, false, false, false, false},
		{GROUP_SHOW_MEMBERS, true, false, false, false},
		{GROUP_SHOW_EVERYBODY, true, true, true, false},
		{GROUP_SHOW_GROUPS, true, false, true, false},
		{4, false, false, false, false}, /* it has gone */
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(&w);
		/* 0 and 2 are in it, 4 is in its viewers, 6 in neither, 1 of another domain. */
		change(&w, &(struct wish){.group = 1, .show = GROUP_SHOW_NOBODY, .title = "v", .members = 1u << 4});
		change(&w, &(struct wish){.group = 0, .show = cases[i].show, .title = "g", .viewers = 1u << 1,
			.members = cases[i].show < 4 ? 1u << 0 | 1u << 2 : 0});
		assert_int_equal(does_see(&w, 0, 2), cases[i].member);
		assert_int_equal(does_see(&w, 4, 2), cases[i].viewer);
		assert_int_equal(does_see(&w, 6, 2), cases[i].other);
		assert_int_equal(does_see(&w, 1, 2), cases[i].abroad);
		assert_false(does_see(&w, 2, 2));
		assert_false(does_see(&w, 2, 4));
		end(&w);
	}
}

struct heard {
	struct world *world;
	unsigned viewer;
	bool heard[PERSONS][PERSONS];
	struct sight_change change[PERSONS][PERSONS];
	bool visited[PERSONS];
};

static void on_contact(void *arg, struct person *m, struct sight_change c)
{
	struct heard *h = arg;
	unsigned i = number_of(person_jid(m));

	assert_false(h->heard[h->viewer][i]); /* once */
	h->heard[h->viewer][i] = true;
	h->change[h->viewer][i] = c;
}

static unsigned index_of(const struct world *w, const struct present *who)
{
	return (unsigned)(who - w->present);
}

static void on_viewer(void *arg, struct present *who)
{
	struct heard *h = arg;
	unsigned i = index_of(h->world, who);

	assert_false(h->visited[i]);
	h->visited[i] = true;
}

static void random_wish(struct world *w, struct wish *wish, char title[32])
{
	snprintf(title, 32, "title %u", draw(w, 3));
	*wish = (struct wish){
		.group = draw(w, GROUPS), .show = draw(w, 5), .title = title, .viewers = draw(w, 1u << GROUPS),
		.members = draw(w, 1u << PERSONS), .renamed = draw(w, 4) == 0 ? draw(w, 1u << PERSONS) : 0};
	wish->domain = wish->group % DOMAINS;
	/* Mostly small changes. */
	if (draw(w, 3) != 0) {
		struct group *g = group_at(w, wish->group);

		wish->members = 0;
		for (unsigned i = 0; g != NULL && i < PERSONS; i++)
			wish->members |= is_member(g, i) ? 1u << i : 0;
		wish->members ^= 1u << draw(w, PERSONS);
	}
	snprintf(title + strlen(title), 32 - strlen(title), " of %u", wish->group);
	if (wish->show == 4)
		wish->members = 0;
}

/* Who is told of whom is who sees something else of whom. */
static void check_told(struct world *w, const struct heard *h, const struct view *before, const struct view *after)
{
	for (unsigned v = 0; v < PERSONS; v++)
		for (unsigned m = 0; m < PERSONS; m++) {
			bool differs = strcmp(before->text[v][m], after->text[v][m]) != 0;

			if (!w->here[v])
				continue;
			assert_int_equal(h->heard[v][m], differs);
			if (!differs)
				continue;
			assert_int_equal(h->change[v][m].saw, before->sees[v][m]);
			assert_int_equal(h->change[v][m].sees, after->sees[v][m]);
		}
}

/* What has another print may be the same; what is not the same has another print. */
static void check_prints(const struct view *before, const struct view *after)
{
	for (unsigned v = 0; v < PERSONS; v++)
		if (memcmp(before->text[v], after->text[v], sizeof before->text[v]) != 0)
			assert_true(before->print[v] != after->print[v]);
}

static void tell(struct world *w, struct regroup *rg, struct heard *h)
{
	memset(h, 0, sizeof *h);
	h->world = w;
	regroup_each_viewer(rg, on_viewer, h);
	for (h->viewer = 0; h->viewer < PERSONS; h->viewer++)
		if (h->visited[h->viewer])
			regroup_each_contact(rg, viewer_present(&w->present[h->viewer]), on_contact, h);
}

static void a_change_tells_exactly_who_sees_something_else(void **state)
{
	struct heard *h = calloc(1, sizeof *h);
	struct world w;
	struct wish wish;
	char title[32];

	(void)state;
	begin(&w);
	for (unsigned step = 0; step < STEPS; step++) {
		struct view *before = look_around(&w), *after;
		unsigned somebody = draw(&w, PERSONS);
		struct regroup *rg;

		random_wish(&w, &wish, title);
		rg = read_wish(&w, &wish);
		regroup_apply(rg);
		after = look_around(&w);
		tell(&w, rg, h);
		check_told(&w, h, before, after);
		check_prints(before, after);
		regroup_free(&rg, NULL, NULL);
		free(before);
		free(after);
		if (w.here[somebody])
			depart(&w, somebody);
		else
			arrive(&w, somebody);
	}
	end(&w);
	free(h);
}

static void what_is_the_same_is_no_change(void **state)
{
	struct wish wish = {.group = 0, .show = GROUP_SHOW_GROUPS, .title = "g", .viewers = 6, .members = 0x15};
	struct regroup *rg;
	struct world w;

	(void)state;
	begin(&w);
	change(&w, &wish);
	rg = read_wish(&w, &wish);
	assert_true(regroup_is_nothing(rg));
	regroup_free(&rg, NULL, NULL);
	wish.viewers = 2;
	rg = read_wish(&w, &wish);
	assert_false(regroup_is_nothing(rg));
	regroup_free(&rg, NULL, NULL);
	assert_true(does_see(&w, 0, 2)); /* one that was not applied leaves no trace */
	end(&w);
}

static void count_gone(void *arg, uint32_t id)
{
	assert_true(id != 0);
	++*(unsigned *)arg;
}

static void who_is_in_no_group_is_forgotten(void **state)
{
	struct wish wish = {.group = 0, .show = GROUP_SHOW_GROUPS, .title = "g", .viewers = 2, .members = 0x15};
	struct regroup *rg;
	unsigned gone = 0;
	struct world w;

	(void)state;
	begin(&w);
	change(&w, &wish);
	change(&w, &(struct wish){.group = 2, .show = GROUP_SHOW_MEMBERS, .title = "other", .members = 1});
	assert_int_equal(w.people.members, 4);
	wish.show = 4;
	wish.members = 0;
	rg = read_wish(&w, &wish);
	regroup_apply(rg);
	assert_int_equal(w.people.persons.count, 3);
	regroup_free(&rg, count_gone, &gone);
	assert_int_equal(gone, 2);
	assert_int_equal(w.people.persons.count, 1); /* the one of the other group */
	assert_int_equal(w.people.groups.count, 1);  /* and it; the mere name of a viewer has gone as well */
	assert_int_equal(w.people.members, 1);
	end(&w);
}

static void roles_are_those_of_all_groups(void **state)
{
	struct regroup *rg;
	struct world w;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 2; i++) {
		rg = read_wish(&w, &(struct wish){.group = i, .show = GROUP_SHOW_NOBODY, .title = "", .members = 1});
		rg->look.roles = i == 0 ? ACCOUNT_ADMIN : ACCOUNT_FEDERATES;
		regroup_apply(rg);
		regroup_free(&rg, NULL, NULL);
	}
	assert_int_equal(sight_roles(person(&w, 0)), ACCOUNT_ADMIN | ACCOUNT_FEDERATES);
	end(&w);
}

static void count_present(void *arg, struct present *who)
{
	(void)who;
	++*(unsigned *)arg;
}

static void count_person(void *arg, struct person *who)
{
	(void)who;
	++*(unsigned *)arg;
}

/* Each once, though they see each other by many groups. */
static void check_walks(struct world *w, unsigned v)
{
	unsigned seen = 0, seen_here = 0, viewers = 0, n[3] = {0};
	char text[32];

	for (unsigned m = 0; m < PERSONS; m++) {
		seen += plainly_sees(w, v, m);
		seen_here += w->here[m] && plainly_sees(w, v, m);
		viewers += w->here[m] && plainly_sees(w, m, v);
	}
	sight_each_seen(&w->people, viewer_of(&w->people, jid_of(v, text)), count_person, &n[0]);
	sight_each_seen_present(&w->people, viewer_of(&w->people, jid_of(v, text)), count_present, &n[1]);
	if (person(w, v) != NULL)
		sight_each_viewer(&w->people, person(w, v), count_present, &n[2]);
	assert_int_equal(n[0], seen);
	assert_int_equal(n[1], seen_here);
	assert_int_equal(n[2], viewers);
}

static void a_walk_meets_everybody_once(void **state)
{
	struct world w;
	struct wish wish;
	char title[32];

	(void)state;
	begin(&w);
	for (unsigned step = 0; step < STEPS / 4; step++) {
		random_wish(&w, &wish, title);
		change(&w, &wish);
		for (unsigned v = 0; v < PERSONS; v++)
			check_walks(&w, v);
		if (w.here[step % PERSONS])
			depart(&w, step % PERSONS);
		else
			arrive(&w, step % PERSONS);
	}
	end(&w);
}

struct ghosts {
	struct world *world;
	bool met[PERSONS];
};

static void on_ghost(void *arg, struct present *who)
{
	struct ghosts *g = arg;

	g->met[index_of(g->world, who)] = true;
}

static void who_saw_somebody_before_a_change_is_known_until_its_end(void **state)
{
	struct world w;
	struct wish wish;
	char title[32];

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < PERSONS; i++)
		arrive(&w, i);
	for (unsigned step = 0; step < STEPS / 4; step++) {
		struct view *before = look_around(&w);
		struct regroup *rg;

		random_wish(&w, &wish, title);
		rg = read_wish(&w, &wish);
		regroup_apply(rg);
		for (unsigned m = 0; m < PERSONS; m++) {
			struct ghosts g = {.world = &w};

			if (person(&w, m) != NULL)
				sight_each_who_saw(&w.people, person(&w, m), on_ghost, &g);
			for (unsigned v = 0; v < PERSONS; v++)
				assert_int_equal(g.met[v], before->sees[v][m] && !plainly_sees(&w, v, m));
		}
		regroup_free(&rg, NULL, NULL);
		free(before);
	}
	end(&w);
}

/* ---- ten thousand ------------------------------------------------------------------------- */

static struct regroup *many(struct world *w, unsigned n)
{
	struct group_look look = {.there = true, .show = GROUP_SHOW_MEMBERS, .title = strdup("All")};
	uint8_t id[GROUP_ID_SIZE];
	struct person *who;
	struct regroup *rg;
	struct group *g;
	char text[32];
	uint32_t at = 0;

	id_of(0, id);
	g = people_group(&w->people, id);
	g->realm = people_realm(&w->people, STR_LIT("d0.example"));
	rg = regroup_create(&w->people, g, &look);
	for (unsigned i = 0; i < n; i++)
		regroup_member(rg, jid_of(i * DOMAINS, text), STR_LIT("Name"), &who);
	assert_true(regroup_left(rg, &at, MANY));
	regroup_renew(rg);
	regroup_apply(rg);
	return rg;
}

static void a_group_of_ten_thousand_costs_those_who_are_present(void **state)
{
	unsigned present = 0, seen = 0, told = 0;
	struct regroup *rg;
	struct world w;

	(void)state;
	begin(&w);
	for (unsigned i = 0; i < 3; i++)
		arrive(&w, i * DOMAINS);
	rg = many(&w, MANY - 1);
	regroup_free(&rg, NULL, NULL);
	rg = many(&w, MANY);
	assert_int_equal(rg->added.n, 1);
	regroup_each_viewer(rg, count_present, &told);
	assert_int_equal(told, 3);
	regroup_free(&rg, NULL, NULL);
	sight_each_viewer(&w.people, person(&w, 0), count_present, &present);
	assert_int_equal(present, 2);
	sight_each_seen(&w.people, viewer_person(person(&w, 0)), count_person, &seen);
	assert_int_equal(seen, MANY - 1);
	assert_int_equal(person(&w, 0)->groups.n, 1);
	end(&w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_show_lets_see_whom_it_says),
		cmocka_unit_test(a_change_tells_exactly_who_sees_something_else),
		cmocka_unit_test(what_is_the_same_is_no_change),
		cmocka_unit_test(who_is_in_no_group_is_forgotten),
		cmocka_unit_test(roles_are_those_of_all_groups),
		cmocka_unit_test(a_walk_meets_everybody_once),
		cmocka_unit_test(who_saw_somebody_before_a_change_is_known_until_its_end),
		cmocka_unit_test(a_group_of_ten_thousand_costs_those_who_are_present),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
