/* Wrong guesses per account and per address, in tables of fixed size. */
#include "authd/throttle.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/rand.h"

enum {
	WAYS = 4,
	GUESS_SLOTS = 65536, /* 1.5 MB */
	KNOWN_SLOTS = 32768,
	KNOWN_LIFE_MS = 7 * 24 * 3600 * 1000,
	DELAY_FIRST_MS = 250,
	KEY_TEXT_MAX = 4096,
};

struct slot {
	uint64_t tag; /* 0: free */
	uint64_t since_ms;
	uint32_t count;
};

struct table {
	struct slot *slots;
	size_t nslots;
	uint64_t life_ms;
};

struct throttle {
	struct hash_key key;
	struct throttle_limits limits;
	struct table guesses, known;
};

/* What a slot counts; the first byte of what is hashed. */
enum subject { SUBJECT_ACCOUNT = 'a', SUBJECT_ADDRESS = 'i', SUBJECT_PAIR = 'p' };

static void table_init(struct table *t, size_t nslots)
{
	t->nslots = nslots;
	t->slots = bh_alloc(nslots * sizeof(*t->slots));
}

struct throttle *throttle_create(const struct throttle_limits *limits)
{
	struct throttle *t = bh_alloc(sizeof(*t));

	rand_bytes(&t->key, sizeof(t->key));
	table_init(&t->guesses, GUESS_SLOTS);
	table_init(&t->known, KNOWN_SLOTS);
	t->known.life_ms = KNOWN_LIFE_MS;
	throttle_set_limits(t, limits);
	return t;
}

void throttle_free(struct throttle **ref)
{
	struct throttle *t = *ref;

	*ref = NULL;
	if (t == NULL)
		return;
	free(t->guesses.slots);
	free(t->known.slots);
	free(t);
}

void throttle_set_limits(struct throttle *t, const struct throttle_limits *limits)
{
	t->limits = *limits;
	t->guesses.life_ms = limits->window_ms;
}

static bool slot_alive(const struct table *t, const struct slot *s, uint64_t now)
{
	return s->tag != 0 && s->count > 0 && now - s->since_ms < t->life_ms;
}

static struct slot *table_set(const struct table *t, uint64_t tag)
{
	return t->slots + (tag & (t->nslots / WAYS - 1)) * WAYS;
}

static struct slot *table_find(const struct table *t, uint64_t tag, uint64_t now)
{
	struct slot *set = table_set(t, tag);

	for (int i = 0; i < WAYS; i++) {
		if (set[i].tag == tag && slot_alive(t, &set[i], now))
			return &set[i];
	}
	return NULL;
}

static bool better_victim(const struct slot *a, const struct slot *b)
{
	return a->count != b->count ? a->count < b->count : a->since_ms < b->since_ms;
}

/* Its slot, or the one in its set that is worth least. */
static struct slot *table_obtain(struct table *t, uint64_t tag, uint64_t now)
{
	struct slot *s = table_find(t, tag, now);
	struct slot *set = table_set(t, tag);

	if (s != NULL)
		return s;
	s = set;
	for (int i = 0; i < WAYS; i++) {
		if (!slot_alive(t, &set[i], now)) {
			s = &set[i];
			break;
		}
		if (better_victim(&set[i], s))
			s = &set[i];
	}
	*s = (struct slot){.tag = tag, .since_ms = now};
	return s;
}

/* The text of an address without its port: "[2001:db8::1]:5222", "192.0.2.1:5222". */
static void strip_port(struct str address, char out[INET6_ADDRSTRLEN + 1])
{
	const char *p = address.p, *end = p + address.len, *stop;
	size_t len;

	if (p < end && *p == '[') {
		p++;
		stop = memchr(p, ']', (size_t)(end - p));
	} else {
		stop = memchr(p, ':', (size_t)(end - p));
		if (stop != NULL && memchr(stop + 1, ':', (size_t)(end - stop - 1)) != NULL)
			stop = NULL; /* two colons: an IPv6 address without a port */
	}
	len = (size_t)((stop != NULL ? stop : end) - p);
	if (len > INET6_ADDRSTRLEN)
		len = INET6_ADDRSTRLEN;
	memcpy(out, p, len);
	out[len] = '\0';
}

/* What is counted for an address: the IPv4 address, or the network of an IPv6 one, since
 * everybody has 2^64 of those. */
static struct str address_key(struct str address, char out[64])
{
	char text[INET6_ADDRSTRLEN + 1];
	struct in6_addr v6;
	struct in_addr v4;

	strip_port(address, text);
	if (inet_pton(AF_INET, text, &v4) == 1) {
		memcpy(out, &v4, 4);
		return str_make(out, 4);
	}
	if (inet_pton(AF_INET6, text, &v6) == 1) {
		bool mapped = IN6_IS_ADDR_V4MAPPED(&v6);

		memcpy(out, &v6.s6_addr[mapped ? 12 : 0], mapped ? 4 : 8);
		return str_make(out, mapped ? 4 : 8);
	}
	return address;
}

static uint64_t tag_of(const struct throttle *t, enum subject subject, struct str a, struct str b)
{
	uint8_t text[KEY_TEXT_MAX];
	size_t n = 0;
	uint64_t tag;

	text[n++] = (uint8_t)subject;
	text[n++] = (uint8_t)(a.len >> 8);
	text[n++] = (uint8_t)a.len;
	if (a.len > KEY_TEXT_MAX - 128)
		a.len = KEY_TEXT_MAX - 128;
	memcpy(text + n, a.p, a.len);
	n += a.len;
	if (b.len > 64)
		b.len = 64;
	if (b.len > 0)
		memcpy(text + n, b.p, b.len);
	tag = hash_bytes(&t->key, text, n + b.len);
	return tag != 0 ? tag : 1;
}

/* The three tags of somebody who guesses; address is 0 where none is known. */
struct tags {
	uint64_t account, address, pair;
};

static struct tags tags_of(const struct throttle *t, const struct throttle_who *who)
{
	struct tags tags = {.account = tag_of(t, SUBJECT_ACCOUNT, who->account, STR_NONE)};
	char buffer[64];

	if (who->address.len > 0) {
		struct str key = address_key(who->address, buffer);

		tags.address = tag_of(t, SUBJECT_ADDRESS, key, STR_NONE);
		tags.pair = tag_of(t, SUBJECT_PAIR, who->account, key);
	}
	return tags;
}

static uint32_t count_of(const struct throttle *t, uint64_t tag, uint64_t now)
{
	const struct slot *s = tag != 0 ? table_find(&t->guesses, tag, now) : NULL;

	return s != NULL ? s->count : 0;
}

/* So many are checked at all. */
static uint64_t hard_limit(uint32_t limit)
{
	return 2 * (uint64_t)limit;
}

bool throttle_knows(const struct throttle *t, const struct throttle_who *who, uint64_t now)
{
	struct tags tags = tags_of(t, who);

	return tags.pair != 0 && table_find(&t->known, tags.pair, now) != NULL;
}

bool throttle_allows(const struct throttle *t, const struct throttle_who *who, uint64_t now)
{
	struct tags tags = tags_of(t, who);
	uint32_t address = count_of(t, tags.address, now), account = count_of(t, tags.account, now);
	uint64_t most = hard_limit(t->limits.per_account);

	if (address >= hard_limit(t->limits.per_address))
		return false;
	if (account < most)
		return true;
	/* Others have used up the account's guesses; a known address has its own, and one that has not failed has one of
	 * those that are left for such. */
	if (tags.pair != 0 && address < most && table_find(&t->known, tags.pair, now) != NULL)
		return true;
	return tags.pair != 0 && account < most + t->limits.per_account && count_of(t, tags.pair, now) == 0;
}

/* Nothing up to the limit, then doubling. */
static uint32_t delay_for(uint32_t count, uint32_t limit)
{
	uint32_t delay;

	if (count <= limit)
		return 0;
	if (count - limit > 6)
		return THROTTLE_DELAY_MAX;
	delay = (uint32_t)DELAY_FIRST_MS << (count - limit - 1);
	return delay < THROTTLE_DELAY_MAX ? delay : THROTTLE_DELAY_MAX;
}

static uint32_t count_one(struct throttle *t, uint64_t tag, uint32_t limit, uint64_t now)
{
	if (tag == 0)
		return 0;
	return delay_for(++table_obtain(&t->guesses, tag, now)->count, limit);
}

uint32_t throttle_charge(struct throttle *t, const struct throttle_who *who, uint64_t now)
{
	struct tags tags = tags_of(t, who);
	uint32_t account = count_one(t, tags.account, t->limits.per_account, now);
	uint32_t address = count_one(t, tags.address, t->limits.per_address, now);

	(void)count_one(t, tags.pair, t->limits.per_account, now);
	return account > address ? account : address;
}

static void take_back(struct throttle *t, uint64_t tag, uint64_t now)
{
	struct slot *s = tag != 0 ? table_find(&t->guesses, tag, now) : NULL;

	if (s != NULL)
		s->count--;
}

void throttle_refund(struct throttle *t, const struct throttle_who *who, uint64_t now)
{
	struct tags tags = tags_of(t, who);

	take_back(t, tags.account, now);
	take_back(t, tags.address, now);
	take_back(t, tags.pair, now);
	if (tags.pair != 0) {
		struct slot *s = table_obtain(&t->known, tags.pair, now);

		s->count = 1;
		s->since_ms = now;
	}
}
