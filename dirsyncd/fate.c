/* From what the directory says to what happens. */
#include "dirsyncd/fate.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "dirsyncd/counters.h"
#include "dirsyncd/told.h"
#include "xmpp/jid.h"

const char *fate_name(enum going going)
{
	static const char *const names[] = {
		[GOING_NOT] = "stays", [GOING_REMOVED] = "removed", [GOING_DISABLED] = "disabled",
		[GOING_RENAMED] = "renamed", [GOING_RENAMED_DISABLED] = "renamed and disabled",
	};

	return names[going];
}

/* ---- what routerd is told ------------------------------------------------------------------ */

enum { ACCOUNT_SIZE = 2 * JID_PART_MAX + 2 };

/* Of that account in each domain; becomes is NULL where it does not get another name. */
static void say(struct mirror *m, const char *local, const char *becomes, unsigned change)
{
	char account[ACCOUNT_SIZE], other[ACCOUNT_SIZE];
	struct told t = {.change = change, .when_us = clock_wall_us()};

	for (size_t i = 0; i < m->ndomains; i++) {
		snprintf(account, sizeof account, "%s@%s", local, m->domains[i]);
		snprintf(other, sizeof other, "%s@%s", becomes != NULL ? becomes : "", m->domains[i]);
		t.account = str_of(account);
		t.becomes = becomes != NULL ? str_of(other) : STR_NONE;
		told_say(m->owner, following_tx(m->following), &t);
	}
}

static void end_rights(struct mirror *m, const struct known *k, enum going why)
{
	count_add(COUNT_REVOKED, 1);
	log_info("account-revoked", "directory=%s account=%s reason=%s", LOG_TEXT(m->directory->name),
		LOG_TEXT(k->person.local), LOG_TEXT(fate_name(why)));
	say(m, k->person.local, NULL, ACCOUNT_WAS_DISABLED);
}

static void erase(struct mirror *m, struct departed *d, const char *why)
{
	count_add(COUNT_ERASED, 1);
	log_info("account-erased", "directory=%s account=%s reason=%s", LOG_TEXT(m->directory->name),
		LOG_TEXT(d->local), LOG_TEXT(why));
	say(m, d->local, NULL, ACCOUNT_WAS_DELETED);
	mirror_write_returned(m, d->local);
	departed_drop(&m->departures, d);
}

static void depart(struct mirror *m, const struct known *k)
{
	int64_t now = clock_wall();

	if (departed_add(&m->departures, str_of(k->person.local), k->person.uuid, now))
		mirror_write_departed(m, k, now);
}

/* ---- names --------------------------------------------------------------------------------- */

/* It has the use of its name, or, locked, the name alone. */
static void arrive(struct mirror *m, const struct known *k)
{
	struct departed *d = departed_find(&m->departures, str_of(k->person.local));

	if (d == NULL)
		return;
	if (memcmp(d->uuid, k->person.uuid, UUID_SIZE) != 0) {
		erase(m, d, "another entry has got its name");
	} else if (!k->person.locked) {
		mirror_write_returned(m, d->local);
		departed_drop(&m->departures, d);
	}
}

static void say_twice(const struct mirror *m, const struct known *k)
{
	log_warn("account-twice", "directory=%s account=%s reason=\"two entries have that name: nobody can log in\"",
		LOG_TEXT(m->directory->name), LOG_TEXT(k->person.local));
}

/* Somebody else of that name has it now. */
static void succeed(struct mirror *m, struct known *next)
{
	if (next == NULL)
		return;
	mirror_write(m, next);
	arrive(m, next);
	mirror_tell(m, next);
}

static void leave(struct mirror *m, const struct known *k, enum going why)
{
	if (!k->person.locked)
		end_rights(m, k, why);
	depart(m, k);
}

/* ---- what happens -------------------------------------------------------------------------- */

static void remove_it(struct mirror *m, struct known *k)
{
	if (k->first)
		leave(m, k, GOING_REMOVED);
	mirror_tell_gone(m, k);
	mirror_write_gone(m, k);
	succeed(m, knowns_remove(&m->knowns, k));
}

static void disable(struct mirror *m, struct known *k)
{
	if (k->first)
		leave(m, k, GOING_DISABLED);
	knowns_lock(&m->knowns, k, true);
	mirror_write(m, k);
	mirror_tell(m, k);
}

static void enable(struct mirror *m, struct known *k)
{
	knowns_lock(&m->knowns, k, false);
	mirror_write(m, k);
	if (k->first)
		arrive(m, k);
	mirror_tell(m, k);
}

/* What was there under the old name is moved before anybody else may have that. */
static void rename_it(struct mirror *m, struct known *k, enum going going, const char *becomes)
{
	char old[JID_PART_MAX + 1];
	bool had = k->first;
	struct known *next;

	snprintf(old, sizeof old, "%s", k->person.local);
	if (had)
		leave(m, k, going);
	next = knowns_rename(&m->knowns, k, becomes);
	knowns_lock(&m->knowns, k, going == GOING_RENAMED_DISABLED);
	mirror_write(m, k);
	if (k->first)
		arrive(m, k);
	else
		say_twice(m, k);
	if (k->first && had) {
		count_add(COUNT_RENAMED, 1);
		say(m, old, k->person.local, TOLD_RENAMED);
	}
	if (k->first && k->person.locked)
		depart(m, k);
	mirror_tell(m, k);
	succeed(m, next);
}

static void happen(struct mirror *m, struct known *k)
{
	enum going going = k->going;
	char becomes[JID_PART_MAX + 1];

	snprintf(becomes, sizeof becomes, "%s", k->becomes != NULL ? k->becomes : "");
	knowns_set_held(&m->knowns, k, false);
	knowns_set_going(&m->knowns, k, GOING_NOT, NULL);
	if (going == GOING_REMOVED)
		remove_it(m, k);
	else if (going == GOING_DISABLED)
		disable(m, k);
	else
		rename_it(m, k, going, becomes);
}

/* ---- the brake ----------------------------------------------------------------------------- */

static void hold(struct mirror *m, struct known *k)
{
	knowns_set_held(&m->knowns, k, true);
	mirror_write(m, k);
}

static void say_brake(const struct mirror *m, size_t n, size_t of)
{
	char command[256];

	snprintf(command, sizeof command, "bulkheadctl ldap sync --accept %s", m->directory->name);
	log_error("directory-brake",
		"directory=%s vanished=%zu accounts=%zu reason=\"too many at once: nothing is done about it\" accept=%s",
		LOG_TEXT(m->directory->name), n, of, LOG_TEXT(command));
}

void fate_say_held(const struct mirror *m)
{
	if (m->knowns.held > 0)
		say_brake(m, m->knowns.held, m->knowns.active);
}

static void say_released(const struct mirror *m, const char *how)
{
	log_info("directory-brake-released", "directory=%s reason=%s", LOG_TEXT(m->directory->name), LOG_TEXT(how));
}

/* false: n more would be too many, and that has been said. */
static bool allowed(struct mirror *m, size_t n)
{
	size_t before;

	if (brake_allows(&m->brake, clock_ms(), n, m->knowns.active))
		return true;
	before = brake_vanished(&m->brake);
	say_brake(m, before + n, before + m->knowns.active);
	return false;
}

/* Who has nothing to lose goes at once. */
static void go(struct mirror *m, struct known *k, enum going going, const char *becomes)
{
	bool vanishes = known_is_active(k);
	bool waits = k->held || (vanishes && m->knowns.held > 0);

	knowns_set_going(&m->knowns, k, going, becomes);
	if (!waits && vanishes && m->refreshing)
		return; /* until all have been read */
	if (!waits && (!vanishes || allowed(m, 1)))
		happen(m, k);
	else
		hold(m, k);
}

static void stay(struct mirror *m, struct known *k)
{
	bool held = k->held;

	if (k->going == GOING_NOT)
		return;
	knowns_set_held(&m->knowns, k, false);
	knowns_set_going(&m->knowns, k, GOING_NOT, NULL);
	if (!held)
		return;
	mirror_write(m, k);
	if (m->knowns.held == 0)
		say_released(m, "all are back");
}

/* ---- what the directory says --------------------------------------------------------------- */

void fate_new(struct mirror *m, struct known *k)
{
	k->since = (uint32_t)clock_wall();
	mirror_write(m, k);
	if (k->first)
		arrive(m, k);
	else
		say_twice(m, k);
	mirror_tell(m, k);
}

void fate_is(struct mirror *m, struct known *k, const char *local, bool locked)
{
	if (strcmp(k->person.local, local) != 0) {
		go(m, k, locked ? GOING_RENAMED_DISABLED : GOING_RENAMED, local);
	} else if (locked && !k->person.locked) {
		go(m, k, GOING_DISABLED, NULL);
	} else {
		stay(m, k);
		if (k->person.locked && !locked)
			enable(m, k);
	}
}

void fate_gone(struct mirror *m, struct known *k)
{
	go(m, k, GOING_REMOVED, NULL);
}

/* ---- refreshes ----------------------------------------------------------------------------- */

/* Calls fn for each that is to go; those with another name last, since names may have to be given up for them. */
static void each_going(struct mirror *m, bool held, void (*fn)(struct mirror *m, struct known *k))
{
	for (unsigned renamed = 0; renamed < 2; renamed++) {
		struct map_walk walk;
		struct map_node *node;

		map_walk_start(&walk, &m->knowns.by_uuid);
		while (m->knowns.going > 0 && (node = map_walk_next(&walk)) != NULL) {
			struct known *k = container_of(node, struct known, by_uuid);

			if (k->going != GOING_NOT && k->held == held && (k->becomes != NULL) == renamed)
				fn(m, k);
		}
	}
}

static void forget(struct mirror *m, struct known *k)
{
	knowns_set_going(&m->knowns, k, GOING_NOT, NULL);
}

void fate_begin(struct mirror *m)
{
	if (m->knowns.going > m->knowns.held)
		each_going(m, false, forget);
	m->refreshing = true;
}

void fate_refreshed(struct mirror *m)
{
	size_t n = m->knowns.going - m->knowns.held;

	m->refreshing = false;
	if (n > 0)
		each_going(m, false, allowed(m, n) ? happen : hold);
}

size_t fate_accept(struct mirror *m)
{
	size_t n = m->knowns.held;

	if (n == 0)
		return 0;
	each_going(m, true, happen);
	brake_reset(&m->brake);
	say_released(m, "an administrator has accepted it");
	return n;
}

void fate_tick(struct mirror *m)
{
	int64_t by = clock_wall() - m->directory->keep_s;
	struct departed *d;

	while ((d = departed_due(&m->departures, by)) != NULL)
		erase(m, d, "it has been kept long enough");
	following_flush(m->following);
}
