/* An account is made, gets another password, or has that one already. */
#include "authd/move.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "authd/authd.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "base/secret.h"
#include "bus/codes.h"
#include "daemon/log.h"
#include "xmpp/jid.h"

/* An account on its way here. */
struct move {
	struct list link; /* in authd.moves, until it is written */
	struct authd *authd;
	uint64_t subject, link_number;
	char *account;
	char *password; /* NULL: keys */
	char *reason;
	bool disable; /* it is to be disabled, and is not yet */
	struct account_keys keys; /* given; or those of before, to hold the password against */
	uint8_t outcome; /* enum move_outcome, where it succeeds */
	bool dry;
	struct derive_job *job;
};

static void answer(const struct move *m, unsigned code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void answer(const struct move *m, unsigned code, const char *fmt, ...)
{
	struct link *link = bus_client_link(m->authd->client);
	struct msg_moved moved = {.code = (uint16_t)code, .outcome = code == EXIT_OK ? m->outcome : MOVE_FAILED};
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* A cut could fall into the middle of a character. */
	moved.text = str_make(text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0);
	if (link != NULL && m->link_number == m->authd->link_number)
		(void)LINK_SEND(link, MOVED, moved, m->subject, &moved);
}

/* The move is over. */
static void finish(struct move *m, int rc)
{
	if (rc == 0)
		answer(m, EXIT_OK, "%s", "");
	else if (rc == BH_EINVAL)
		answer(m, EXIT_FAILED, "the password has characters that SASLprep (RFC 4013) does not allow");
	else if (rc == BH_ENOTFOUND)
		answer(m, EXIT_NOT_FOUND, "there is no such account, and neither a password nor a SCRAM key came for it");
	else
		answer(m, EXIT_TEMPORARY, "the account store: %s", bh_strerror(rc));
	list_remove(&m->link);
	derive_cancel(&m->job);
	if (m->password != NULL)
		secret_wipe(m->password, strlen(m->password));
	secret_wipe(&m->keys, sizeof m->keys);
	free(m->password);
	free(m->reason);
	free(m->account);
	free(m);
}

static void on_written(void *arg, int rc)
{
	struct move *m = arg;

	log_info("account-import", "account=%s result=%s", LOG_TEXT(m->account), LOG_TEXT(bh_strerror(rc)));
	finish(m, rc);
}

static void store_move(struct move *m, int how)
{
	struct account_order order = {
		.how = how,
		.account = str_of(m->account),
		.reason = str_of(m->reason),
		.password = str_of(m->password),
		.keys = m->password == NULL ? &m->keys : NULL,
		.done = on_written,
		.arg = m,
	};
	int rc = m->dry ? 0 : accounts_change(m->authd->accounts, &order);

	list_remove(&m->link); /* accounts_close() ends it, if need be */
	if (m->dry || rc < 0)
		finish(m, rc);
}

static void store_password(struct move *m)
{
	store_move(m, m->disable ? ACCOUNT_IMPORT_DISABLED : ACCOUNT_IMPORT);
}

/* The account has that password, or those keys. */
static void keep_password(struct move *m)
{
	if (m->disable) {
		store_move(m, ACCOUNT_DISABLE);
	} else {
		m->outcome = MOVE_UNCHANGED;
		finish(m, 0);
	}
}

/* ---- is it what the account has? ----------------------------------------------------------- */

/* Those that were made since, from the password, do no harm. */
static bool has_keys(const struct account_keys *has, const struct account_keys *wanted)
{
	for (int hash = 0; hash < SCRAM_HASHES; hash++) {
		const struct scram_keys *a = &has->of[hash], *b = &wanted->of[hash];

		if (b->iterations != 0 && (a->iterations != b->iterations || a->salt_len != b->salt_len ||
			memcmp(a->salt, b->salt, b->salt_len) != 0 ||
			!secret_equal(a->stored, b->stored, scram_key_size(hash)) ||
			!secret_equal(a->server, b->server, scram_key_size(hash))))
			return false;
	}
	return true;
}

static bool has_any(const struct account_keys *keys)
{
	return account_keys_lack(keys) != (1u << SCRAM_HASHES) - 1;
}

static enum scram_hash best_hash(const struct account_keys *keys)
{
	return keys->of[SCRAM_SHA256].iterations > 0 ? SCRAM_SHA256 : SCRAM_SHA1;
}

static void on_derived(void *arg, int rc, const struct account_keys *keys)
{
	struct move *m = arg;
	enum scram_hash hash = best_hash(&m->keys);

	m->job = NULL;
	if (rc != 0)
		finish(m, rc);
	else if (secret_equal(keys->of[hash].stored, m->keys.of[hash].stored, scram_key_size(hash)))
		keep_password(m);
	else
		store_password(m);
}

/* The account is there: has it that password? */
static void compare_password(struct move *m, const struct account_keys *has)
{
	struct derive_order order = {
		.class = DERIVE_CHANGE,
		.password = str_of(m->password),
		.hashes = 1u << best_hash(has),
		.from = has,
		.done = on_derived,
		.arg = m,
	};
	int rc;

	m->keys = *has;
	rc = derive_submit(m->authd->derive, &order, &m->job);
	if (rc < 0)
		finish(m, rc);
}

static void begin(struct move *m)
{
	bool secret = m->password != NULL || has_any(&m->keys);
	struct account_record record = {0};
	int rc = accounts_find(m->authd->accounts, str_of(m->account), &record);

	m->outcome = rc == 0 ? MOVE_UPDATED : MOVE_MADE;
	m->disable = m->disable && !record.disabled;
	if (rc != 0 && (rc != BH_ENOTFOUND || !secret))
		finish(m, rc);
	else if (rc == 0 && m->password != NULL)
		compare_password(m, &record.keys);
	else if (rc == 0 && has_keys(&record.keys, &m->keys))
		keep_password(m);
	else
		store_password(m);
	secret_wipe(&record, sizeof record);
}

/* ---- what came ------------------------------------------------------------------------------- */

struct keys_in {
	uint32_t iterations;
	struct str salt, stored, server;
};

static bool take_keys(const struct keys_in *in, enum scram_hash hash, struct scram_keys *out)
{
	uint32_t size = scram_key_size(hash);

	if (in->iterations == 0)
		return true;
	if (in->iterations > SCRAM_ITERATIONS_MAX || in->salt.len == 0 || in->salt.len > SCRAM_SALT_MAX ||
		in->stored.len != size || in->server.len != size)
		return false;
	out->iterations = in->iterations;
	out->salt_len = in->salt.len;
	memcpy(out->salt, in->salt.p, in->salt.len);
	memcpy(out->stored, in->stored.p, size);
	memcpy(out->server, in->server.p, size);
	return true;
}

static bool take_all_keys(const struct msg_account_move *in, struct account_keys *out)
{
	struct keys_in sha1 = {in->sha1_iterations, in->sha1_salt, in->sha1_stored, in->sha1_server};
	struct keys_in sha256 = {in->sha256_iterations, in->sha256_salt, in->sha256_stored, in->sha256_server};

	return take_keys(&sha1, SCRAM_SHA1, &out->of[SCRAM_SHA1]) &&
	       take_keys(&sha256, SCRAM_SHA256, &out->of[SCRAM_SHA256]);
}

/* NULL, or why it cannot be taken. */
static const char *judge(const struct authd *a, const struct jid *jid, const struct msg_account_move *in,
	struct account_keys *keys)
{
	if (policy_domain(&a->policy, jid->domain) == NULL)
		return "its domain is not served here";
	if (!take_all_keys(in, keys))
		return "its SCRAM keys have a size that none have, or were made with too many iterations";
	if (in->password.len == 0 && !has_any(keys) && !in->disabled)
		return "there is neither a password nor a SCRAM key of it";
	if (in->password.len > 0 && memchr(in->password.p, '\0', in->password.len) != NULL)
		return "its password has a NUL in it";
	return NULL;
}

static struct move *move_create(const struct bus_event *event, const struct msg_account_move *in)
{
	struct move *m = bh_alloc(sizeof *m);

	m->authd = event->owner;
	m->subject = event->frame->subject;
	m->link_number = m->authd->link_number;
	m->dry = in->dry != 0;
	m->disable = in->disabled != 0;
	if (in->reason.len > 0)
		m->reason = bh_strndup(in->reason.p, in->reason.len);
	list_append(&m->authd->moves, &m->link);
	if (in->password.len > 0)
		m->password = bh_strndup(in->password.p, in->password.len);
	return m;
}

int on_account_move(const struct bus_event *event)
{
	char text[JID_MAX + 1];
	struct msg_account_move in;
	const char *why = "that is no address of a user (user@domain)";
	struct move *m;
	struct jid jid;

	if (bus_get_account_move(event->frame->body, &in) < 0)
		return BH_EPROTO;
	m = move_create(event, &in);
	if (jid_prepare(in.account, text, &jid) == 0 && jid.local.p != NULL && jid.resource.p == NULL) {
		m->account = bh_strndup(jid.bare.p, jid.bare.len);
		why = judge(m->authd, &jid, &in, &m->keys);
	}
	if (why != NULL) {
		answer(m, EXIT_USAGE, "%s", why);
		m->link_number = 0; /* that was the answer */
		finish(m, 0);
	} else if (policy_directory(&m->authd->policy, jid.domain) != NULL) {
		m->outcome = MOVE_ELSEWHERE;
		finish(m, 0);
	} else {
		begin(m);
	}
	return 0;
}

void moves_abandon(struct authd *a)
{
	while (!list_empty(&a->moves))
		finish(container_of(a->moves.next, struct move, link), BH_ECLOSED);
}

/* ---- going ------------------------------------------------------------------------------------- */

static struct str bytes(const uint8_t *p, const struct scram_keys *k, size_t n)
{
	return str_make(p, k->iterations > 0 ? n : 0);
}

static void tell_keys(struct msg_keys *out, const struct account_keys *keys)
{
	const struct scram_keys *sha1 = &keys->of[SCRAM_SHA1], *sha256 = &keys->of[SCRAM_SHA256];

	out->sha1_iterations = sha1->iterations;
	out->sha1_salt = bytes(sha1->salt, sha1, sha1->salt_len);
	out->sha1_stored = bytes(sha1->stored, sha1, scram_key_size(SCRAM_SHA1));
	out->sha1_server = bytes(sha1->server, sha1, scram_key_size(SCRAM_SHA1));
	out->sha256_iterations = sha256->iterations;
	out->sha256_salt = bytes(sha256->salt, sha256, sha256->salt_len);
	out->sha256_stored = bytes(sha256->stored, sha256, scram_key_size(SCRAM_SHA256));
	out->sha256_server = bytes(sha256->server, sha256, scram_key_size(SCRAM_SHA256));
}

static int find(struct authd *a, struct str account, struct account_record *out)
{
	struct jid jid;

	return jid_check(account, &jid) == 0 ? accounts_find(a->accounts, account, out) : BH_ENOTFOUND;
}

int on_keys_get(const struct bus_event *event)
{
	struct authd *a = event->owner;
	struct msg_keys_get m;
	struct msg_keys out = {.code = EXIT_OK};
	struct account_record record = {0};
	int rc;

	if (bus_get_keys_get(event->frame->body, &m) < 0)
		return BH_EPROTO;
	rc = find(a, m.account, &record);
	out.disabled = record.disabled;
	out.reason = str_of(record.reason);
	if (rc != 0) {
		out.code = rc == BH_ENOTFOUND ? EXIT_NOT_FOUND : EXIT_TEMPORARY;
		out.text = str_of(rc == BH_ENOTFOUND ? "authd has no keys of it" : "authd's store cannot be read");
	} else if (!a->policy.export_keys) {
		out.code = EXIT_NOT_AUTHORISED;
		out.text = STR_LIT("authd.export_keys is off");
	} else {
		log_info("keys-exported", "account=%s", LOG_STR(m.account));
		tell_keys(&out, &record.keys);
	}
	(void)LINK_SEND(event->link, KEYS, keys, event->frame->subject, &out);
	secret_wipe(&record, sizeof record);
	return 0;
}
