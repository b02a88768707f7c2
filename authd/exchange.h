/*
 * exchange - the inside of a conversation, as the mechanisms see it
 */
#ifndef AUTHD_EXCHANGE_H
#define AUTHD_EXCHANGE_H

#include "authd/accounts.h"
#include "authd/derive.h"
#include "authd/directories.h"
#include "authd/mechanism.h"
#include "authd/policy.h"
#include "authd/throttle.h"
#include "xmpp/error.h"

struct Gsasl;

/* What all exchanges share. */
struct auth_env {
	const struct policy *policy;
	struct accounts *accounts;
	struct throttle *throttle;
	struct derive *derive;
	struct Gsasl *gsasl;
	struct directories *const *directories; /* NULL where there are none: in tests */
	struct refusals *refusals;		/* the same */
};

enum { EXPORTER_MAX = 64 };

struct exchange {
	const struct auth_env *env;
	const struct mechanism *mechanism;
	void *state; /* the mechanism's */

	char *domain;
	/* What the client's verified certificate says; NULL, absent. */
	char *certificate; /* xmppAddr */
	char *certificate_mail, *certificate_subject;
	struct buf certificate_der; /* empty where it is absent */
	char *connection;  /* "c2sd@1/17", for the log; NULL where routerd has not said it */
	char *address;	   /* NULL where there is none */
	uint8_t exporter[EXPORTER_MAX];
	uint32_t exporter_len;
	bool plus_offered;

	/* From identity_take() on. */
	char *account;	/* bare JID, prepared */
	const char *directory; /* that holds the domain's accounts, or NULL: then `known` and record wait for its answer */
	const char *realm; /* whose tickets name the domain's accounts, or NULL */
	bool known;	/* it exists; if not, record is a pretence */
	unsigned lack;	/* for which hashes its keys in the record are a pretence: it has none, or is not known */
	bool must_change; /* its password is good for nothing but a change */
	struct account_record record;

	struct buf out;
	bool has_out;
	unsigned condition; /* enum sasl_error */
	const char *reason; /* for the log: a stable word */
	uint32_t delay_ms;
	struct derive_job *job;
	struct dirjob *question; /* to the directory */
};

/* OUTCOME_FAILURE, in one line. */
enum outcome exchange_fail(struct exchange *x, enum sasl_error condition, const char *reason);

/* The thread that an OUTCOME_WAIT waits for is done; x may be gone after this. */
void exchange_wake(struct exchange *x);

#endif
