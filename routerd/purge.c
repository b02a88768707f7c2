/* authd first: nobody logs in any more.  Then the account as any that is deleted, others' rosters, and the rest. */
#include "routerd/purge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"
#include "bus/textlist.h"
#include "daemon/log.h"
#include "routerd/account.h"
#include "routerd/change.h"
#include "routerd/data.h"
#include "routerd/ending.h"
#include "routerd/erase.h"
#include "routerd/front.h"
#include "routerd/requests.h"
#include "routerd/roster_edit.h"
#include "routerd/session.h"

struct purge {
	struct router *router;
	uint64_t asked;
	uint64_t rows; /* that there were */
	char *name;
};

static void answer(struct purge *p, unsigned code, const char *text)
{
	struct request *q = request_find(p->router, p->asked, NULL);

	log_info("account-purge", "account=%s result=%s", LOG_TEXT(p->name), LOG_TEXT(code == EXIT_OK ? "success" : text));
	if (q != NULL)
		request_answer(p->router, q, &(struct reply){.code = code, .text = str_of(text)});
	free(p->name);
	free(p);
}

static void count_row(struct purge *p, struct str what, int64_t n)
{
	struct request *q = request_find(p->router, p->asked, NULL);
	struct ctl_row row;

	p->rows += (uint64_t)n;
	if (q == NULL)
		return;
	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%.*s", STR_FMT(what));
	ctl_cell(&row, "%" PRId64, n);
	ctl_row_end(&row);
}

/* ---- last: what no account's memory has ------------------------------------------------------ */

/* What it did is in no memory either.  An old version of the roster that a client has is told as a whole. */
static void forget_in_memory(struct router *r, struct str bare)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->accounts);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct account *a = container_of(n, struct account, node);

		if (roster_unremember(&a->roster, bare))
			roster_raise_floor(&a->roster, a->roster.version);
		(void)blocklist_remove(&a->blocklist, bare);
	}
}

static void end_with(struct purge *p, int rc, unsigned code, const char *text)
{
	if (rc == BH_EBUSY)
		answer(p, EXIT_TEMPORARY, "it is deleted, and the log of the store still has it, since a backup is made at this "
			"moment: repeat it then");
	else
		answer(p, rc == 0 ? code : EXIT_TEMPORARY, rc == 0 ? text : bh_strerror(rc));
}

static void on_gone(void *arg, int rc)
{
	end_with(arg, rc, EXIT_OK, "");
}

/* The log may have been left by a purge before this one. */
static void on_nothing(void *arg, int rc)
{
	end_with(arg, rc, EXIT_NOT_FOUND, "there is nothing of such an account");
}

static void on_deleted(void *arg, int rc)
{
	struct purge *p = arg;

	if (rc != 0)
		on_gone(p, rc);
	else
		store_checkpoint(p->router->store, on_gone, p);
}

/* In one transaction; those of the account itself once more, for what has come in the meantime. */
static void delete_rows(struct purge *p)
{
	static const unsigned statements[] = {SQL_PURGE_CONTACT, SQL_PURGE_FLOOR, SQL_PURGE_REMOVED, SQL_PURGE_BLOCKED,
		SQL_PURGE_OFFLINE, SQL_PURGE_QUEUED, SQL_PURGE_SESSION, SQL_PURGE_OUTBOX, SQL_CONTACTS_DELETE,
		SQL_REMOVED_ALL_DELETE, SQL_BLOCKED_ALL_DELETE, SQL_OFFLINE_ALL_DELETE, SQL_IMPORTED_ALL_DELETE,
		SQL_VCARD_DELETE, SQL_PRIVATE_ALL_DELETE, SQL_ACCOUNT_DELETE};
	struct store_tx *tx = store_begin(p->router->store);

	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		store_text(tx, str_of(p->name));
		store_do(tx, statements[i]);
	}
	store_commit(tx, on_deleted, p);
}

static bool finish(struct ending *e)
{
	struct purge *p = bh_alloc(sizeof *p);

	p->router = e->router;
	p->name = bh_strdup(e->name);
	p->asked = e->asked;
	forget_in_memory(e->router, str_of(e->name));
	delete_rows(p);
	return true;
}

/* ---- before: out of another's roster ----------------------------------------------------------- */

/* By now erase() has ended the subscriptions, and the item is what is left. */
static bool leave_roster(struct ending *e)
{
	struct str gone = str_of(e->other_name);
	struct contact *contact = roster_find(&e->account->roster, gone);
	struct cause cause = cause_of_server(e->router);
	struct change *c;

	if (contact == NULL)
		return true;
	c = change_begin_for(&cause);
	roster_edit_remove(c, e->account, contact);
	change_commit(&c);
	return true;
}

/* ---- first ------------------------------------------------------------------------------------- */

static void end_sessions(struct account *a)
{
	list_for_each_safe(pos, &a->sessions)
		session_kill(container_of(pos, struct session, in_account), STREAM_NOT_AUTHORIZED, "the account was deleted");
	account_revoke(a, &(struct revocation){
			.generation = UINT64_MAX, .stream_error = STREAM_NOT_AUTHORIZED, .text = "the account was deleted"});
}

/* One after the other: endings keep their order. */
static void begin_endings(struct purge *p, struct str owners)
{
	struct str name = str_of(p->name), owner;
	struct account *a = account_find(p->router, name);

	if (a != NULL)
		end_sessions(a);
	account_erase(p->router, name, UINT64_MAX);
	while (textlist_take(&owners, &owner))
		ending_begin(p->router, &(struct ending_spec){.run = leave_roster, .name = owner, .other = name});
	ending_begin(p->router, &(struct ending_spec){.run = finish, .name = name, .asked = p->asked});
	free(p->name);
	free(p);
}

static void on_counted(void *arg, int rc, struct store_rows *rows)
{
	struct purge *p = arg;
	struct buf owners = BUF_INIT;

	if (rc != 0) {
		answer(p, EXIT_TEMPORARY, bh_strerror(rc));
		return;
	}
	while (store_row(rows)) {
		if (store_row_int(rows, 0) == 2) {
			textlist_put(&owners, store_row_text(rows, 1));
			continue;
		}
		count_row(p, store_row_text(rows, 1), store_row_int(rows, 2));
	}
	if (p->rows > 0)
		begin_endings(p, buf_str(&owners));
	else
		store_checkpoint(p->router->store, on_nothing, p);
	buf_fini(&owners);
}

static void count(struct purge *p)
{
	struct store_tx *tx = store_begin(p->router->store);

	store_text(tx, str_of(p->name));
	store_do(tx, SQL_PURGE_COUNTS);
	store_text(tx, str_of(p->name));
	store_do(tx, SQL_CONTACT_OWNERS);
	store_ask(tx, on_counted, p);
}

static void on_authd_purged(void *arg, const struct reply *reply)
{
	struct purge *p = arg;
	char text[512];

	if (reply->lost || (reply->code != EXIT_OK && reply->code != EXIT_NOT_FOUND)) {
		snprintf(text, sizeof text, "%.*s", STR_FMT(reply->text));
		answer(p, reply->code, text);
		return;
	}
	count_row(p, STR_LIT("accounts with keys"), reply->code == EXIT_OK);
	count(p);
}

void purge_begin(struct router *r, struct str bare, struct bus_peer *asker, uint64_t subject)
{
	struct msg_account_purge m = {.account = bare};
	struct bus_peer *authd = requests_authd(r);
	struct purge *p;
	uint64_t id;

	if (authd == NULL) {
		ctl_end(asker->link, subject, EXIT_TEMPORARY, "authd is not running");
		return;
	}
	p = bh_alloc(sizeof *p);
	p->router = r;
	p->name = bh_strndup(bare.p, bare.len);
	p->asked = request_open(r, asker, subject, NULL);
	ctl_columns(asker->link, subject, "store rows");
	id = request_ask(r, authd, on_authd_purged, p);
	(void)LINK_SEND(authd->link, ACCOUNT_PURGE, account_purge, id, &m);
}
