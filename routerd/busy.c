/* The sketch, and its windows. */
#include "routerd/busy.h"

#include <stdbool.h>
#include <string.h>

#include "base/hash.h"

static uint32_t find_least(const struct busy_sketch *s)
{
	uint32_t least = s->counts[0];

	for (unsigned i = 1; i < s->n; i++)
		least = s->counts[i] < least ? s->counts[i] : least;
	return least;
}

/* Counts only grow: each place is passed once for each value of the least one. */
static unsigned smallest(struct busy_sketch *s)
{
	while (s->cursor < s->n && s->counts[s->cursor] > s->least)
		s->cursor++;
	if (s->cursor < s->n)
		return s->cursor;
	s->least = find_least(s);
	for (s->cursor = 0; s->counts[s->cursor] > s->least;)
		s->cursor++;
	return s->cursor;
}

/* The place of a new name, whose count is what it may have had. */
static unsigned make_place(struct busy_sketch *s)
{
	unsigned i = s->n;

	if (i == BUSY_NAMES)
		return smallest(s);
	s->counts[i] = 0;
	s->n++;
	return i;
}

static void put_name(char out[BUSY_NAME_SIZE], struct str name)
{
	size_t len = name.len < BUSY_NAME_SIZE ? name.len : BUSY_NAME_SIZE - 1;

	memcpy(out, name.p, len);
	out[len] = '\0';
}

void busy_sketch_add(struct busy_sketch *s, struct str name)
{
	uint64_t hash = hash_bytes(hash_process_key(), name.p, name.len);
	unsigned i = 0;

	while (i < s->n && s->hashes[i] != hash)
		i++;
	if (i == s->n) {
		i = make_place(s);
		s->hashes[i] = hash;
		s->over[i] = s->counts[i];
		put_name(s->names[i], name);
	}
	s->counts[i]++;
}

void busy_add(struct busy *b, struct str name, uint64_t now_ms)
{
	if (b->began[b->at] == 0 || now_ms - b->began[b->at] >= BUSY_WINDOW_MS) {
		b->at ^= 1;
		b->windows[b->at].n = 0;
		b->windows[b->at].least = b->windows[b->at].cursor = 0;
		b->began[b->at] = now_ms;
	}
	busy_sketch_add(&b->windows[b->at], name);
}

static uint32_t certain(const struct busy_sketch *s, unsigned i)
{
	return s->counts[i] - s->over[i];
}

static void each_of(const struct busy_sketch *s, double seconds, unsigned most, busy_fn *each, void *arg)
{
	bool told[BUSY_NAMES] = {false};

	for (; most > 0; most--) {
		unsigned best = BUSY_NAMES;

		for (unsigned i = 0; i < s->n; i++)
			if (!told[i] && (best == BUSY_NAMES || certain(s, i) > certain(s, best)))
				best = i;
		if (best == BUSY_NAMES || certain(s, best) == 0)
			return;
		told[best] = true;
		each(arg, s->names[best], certain(s, best) / seconds);
	}
}

/* The one that goes on, as soon as it says something; before that the one before.  Both may be long over. */
void busy_each(const struct busy *b, uint64_t now_ms, unsigned most, busy_fn *each, void *arg)
{
	uint64_t age = now_ms - b->began[b->at], before = b->began[b->at] - b->began[b->at ^ 1];

	if (b->began[b->at] == 0 || age >= 2ul * BUSY_WINDOW_MS)
		return;
	if (age >= BUSY_WINDOW_MS / 2 || b->began[b->at ^ 1] == 0 || before >= 2ul * BUSY_WINDOW_MS)
		each_of(&b->windows[b->at], age < 1000 ? 1.0 : (double)age / 1000, most, each, arg);
	else
		each_of(&b->windows[b->at ^ 1], (double)before / 1000, most, each, arg);
}
