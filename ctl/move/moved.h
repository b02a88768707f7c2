/*
 * moved - an account on its way from another server, whatever the format it is read from
 *
 * Whoever reads a format fills one for each account; names are prepared here, and what cannot be taken is refused with a
 * sentence.  What is left out is noted.
 */
#ifndef CTL_MOVE_MOVED_H
#define CTL_MOVE_MOVED_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/map.h"
#include "bus/bus.h"
#include "bus/user_data.h"
#include "xmpp/jid.h"

/* Of one hash, as bytes. */
struct moved_keys {
	uint32_t iterations; /* 0: none */
	struct buf salt, stored, server;
};

enum { MOVED_SHA1, MOVED_SHA256, MOVED_HASHES };

struct moved {
	char name[JID_MAX + 1]; /* bare JID, prepared; or what was to be one */
	struct jid jid;
	struct buf password;
	struct moved_keys keys[MOVED_HASHES];
	bool disabled;
	struct buf reason; /* of that, for its user; may be empty */
	bool vcard; /* it has one */
	struct map contacts; /* struct moved_contact (moved.c), until moved_end() */
	struct buf data;     /* a list of struct user_datum */
	char refused[256];   /* why it cannot come; "" */
	struct buf notes;    /* what was left out: sentences with "; " between them */
};

/* As they are read; each may come in any order, and several times for one address. */
void moved_init(struct moved *m, struct str local, struct str domain);
void moved_fini(struct moved *m);

/* The account cannot come; the first reason counts. */
void moved_refuse(struct moved *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Something was left out. */
void moved_note(struct moved *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void moved_password(struct moved *m, struct str password);
/* Salt and keys as bytes; the hash is known by their size.  false: none has such keys, the account is refused. */
bool moved_scram(struct moved *m, uint64_t iterations, struct str salt, struct str stored, struct str server);

/* Nobody may log in to it.  reason: why, as its user may read it; may be absent, and is cut where it is long. */
void moved_disable(struct moved *m, struct str reason);

/* subscription, as in a roster: "none", "to", "from", "both"; flags: more, as in bus/user_data.h. */
struct moved_item {
	struct str jid, name, subscription;
	struct str groups; /* a textlist */
	uint8_t flags;
};
void moved_contact(struct moved *m, const struct moved_item *item);
/* A request to subscribe: the stanza, where there is one. */
void moved_request(struct moved *m, struct str from, struct str presence);

void moved_blocked(struct moved *m, struct str address);
/* Any XML of that element.  The first vCard counts. */
void moved_vcard(struct moved *m, struct str xml);
/* What ejabberd (24.06 and later) keeps there of a ban disables the account. */
void moved_private(struct moved *m, struct str xml);
/* time: when it came; 0: as its delay says. */
void moved_message(struct moved *m, struct str xml, int64_t time);
void moved_last(struct moved *m, int64_t time, struct str status);

/* All has been read. */
void moved_end(struct moved *m);

/* Who takes them, one after the other; an enum exit_code other than EXIT_OK ends the reading. */
struct moved_taker {
	int (*take)(void *arg, const struct moved *m);
	void *arg;
};

#endif
