/*
 * identity - the certificates of a domain, as the configuration names them
 */
#ifndef CTL_IDENTITY_H
#define CTL_IDENTITY_H

#include "conf/conf.h"
#include "net/tls.h"

/* The files that clients and servers are shown, the latter maybe the same.  The texts are the configuration's. */
void identity_for_clients(const struct conf *conf, size_t domain, struct tls_identity *out);
void identity_for_servers(const struct conf *conf, size_t domain, struct tls_identity *out);

/* It talks to other servers. */
bool federates(const struct conf *conf, size_t domain);

struct shown {
	struct tls_identity id;
	const char *whom; /* "all"; or "clients", "servers", where these have one of their own */
	unsigned uses;	  /* a set of enum tls_use (net/tls_judge.h); none: nobody is shown it */
};

/* How many there are: one, or two. */
size_t identities_of(const struct conf *conf, size_t domain, struct shown out[2]);

#endif
