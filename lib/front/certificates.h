/*
 * certificates - those that a front end shows, and the link to keyd, which has their keys
 *
 * The front end embeds a struct certificates.  What happens to the link is logged here, and signatures are counted
 * among the daemon's counters.
 */
#ifndef FRONT_CERTIFICATES_H
#define FRONT_CERTIFICATES_H

#include "daemon/counter.h"
#include "daemon/daemon.h"
#include "key/client.h"

/* Where the configuration has them. */
struct certificates_rules {
	enum key_role role;
	const char *ca;				/* the setting that says whose certificates of others are good */
	bool system_trust;			/* and those that the system trusts */
	const char *own_certificate, *own_key;	/* of a domain: in place of `certificate` and `key` where it has them */
};

struct certificates {
	const struct certificates_rules *rules;
	struct daemon *daemon;
	struct key_client *keys;
	struct counter_source signatures;
};

void certificates_init(struct certificates *c, struct daemon *d, const struct certificates_rules *rules);
/* Loads what daemon.conf names, to be used as soon as keyd has the keys.  0 or BH_ECONFIG after daemon_fail(). */
int certificates_load(struct certificates *c);
int certificates_start(struct certificates *c);
/* done may be NULL where it was not started. */
void certificates_stop(struct certificates *c, void (*done)(void *), void *arg);

/* Those for new handshakes; borrowed. */
struct tls_store *certificates_store(const struct certificates *c);

/* The two steps of a reload.  The first loads what daemon.conf names, and changes nothing; 0 or BH_ECONFIG after
 * daemon_fail().  The second takes the reference over. */
int certificates_prepare(struct certificates *c, struct tls_store **fresh);
void certificates_adopt(struct certificates *c, struct tls_store *fresh);

#endif
