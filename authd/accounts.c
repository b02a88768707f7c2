/* Changes on their way from a request to the writer; reading for the loop. */
#include "authd/accounts.h"

#include <stdio.h>
#include <stdlib.h>

#include "authd/accounts_sqlite.h"
#include "authd/writer.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/rand.h"
#include "base/secret.h"
#include "daemon/counter.h"
#include "daemon/log.h"

/* What orders under way may take in memory. */
#define ORDERS_BYTES_MAX ((size_t)64 * 1024 * 1024)

enum { COUNT_WRITTEN, COUNT_REFUSED, COUNT_READ_ERRORS };
static struct counter counters[] = {
	[COUNT_WRITTEN] = {.name = "accounts_written", .about = "Accounts that were made or changed"},
	[COUNT_REFUSED] = {.name = "accounts_refused", .about = "Changes of accounts that were refused"},
	[COUNT_READ_ERRORS] = {.name = "accounts_read_errors", .about = "Accounts that could not be read"},
	{.name = NULL},
};

static void enrol_counters(void)
{
	static bool enrolled;

	if (!enrolled)
		counter_enrol(counters);
	enrolled = true;
}

struct accounts {
	struct accounts_spec spec;
	struct account_db *reader;
	struct writer *writer;
	uint8_t secret[MAC_KEY_SIZE];
	struct list orders; /* not yet with the writer, as they came */
	size_t bytes;
	void (*closed)(void *);
	void *closed_arg;
};

/* An order: first in accounts->orders, then with the writer. */
struct order {
	struct account_write write;
	struct accounts *accounts;
	struct list link;
	size_t size;
	struct derive_job *job;
	bool ready; /* derived, or nothing to derive */
	void (*done)(void *arg, int rc);
	void *arg;
};

static void order_free(struct order *o)
{
	derive_cancel(&o->job);
	list_remove(&o->link);
	o->accounts->bytes -= o->size;
	secret_wipe(&o->write.keys, sizeof(o->write.keys));
	free(o->write.account);
	free(o->write.reason);
	free(o);
}

static void order_finish(struct order *o, int rc)
{
	void (*done)(void *, int) = o->done;
	void *arg = o->arg;

	counters[rc == 0 ? COUNT_WRITTEN : COUNT_REFUSED].value++;
	order_free(o);
	done(arg, rc);
}

static void on_written(void *owner, struct account_write *item)
{
	struct accounts *a = owner;

	if (item->rc == 0)
		a->spec.on_change(a->spec.owner, item);
	order_finish(container_of(item, struct order, write), item->rc);
}

static void on_write_error(void *owner, const char *why)
{
	(void)owner;
	log_error("account-store-failed", "doing=write reason=%s", LOG_TEXT(why));
}

/* Orders go to the writer as they came, so that of two for one account the later one wins. */
static void pass_ready(struct accounts *a)
{
	while (!list_empty(&a->orders)) {
		struct order *o = container_of(a->orders.next, struct order, link);

		if (!o->ready)
			return;
		list_remove(&o->link);
		writer_submit(a->writer, &o->write);
	}
}

static void on_derived(void *arg, int rc, const struct account_keys *keys)
{
	struct order *o = arg;
	struct accounts *a = o->accounts;

	o->job = NULL;
	if (rc == 0) {
		o->write.keys = *keys;
		o->ready = true;
	} else {
		order_finish(o, rc);
	}
	pass_ready(a);
}

static int derive_for(struct accounts *a, struct order *o, struct str password)
{
	struct account_keys from = {0};
	struct derive_order order = {
		.class = DERIVE_CHANGE,
		.password = password,
		.hashes = 1u << SCRAM_SHA1 | 1u << SCRAM_SHA256,
		.from = &from,
		.done = on_derived,
		.arg = o,
	};

	for (int i = 0; i < SCRAM_HASHES; i++) {
		from.of[i].iterations = a->spec.iterations;
		from.of[i].salt_len = SCRAM_SALT_SIZE;
		rand_bytes(from.of[i].salt, SCRAM_SALT_SIZE);
	}
	return derive_submit(a->spec.derive, &order, &o->job);
}

static bool takes_password(int how)
{
	return how == ACCOUNT_ADD || how == ACCOUNT_PASSWORD || how == ACCOUNT_IMPORT ||
	       how == ACCOUNT_IMPORT_DISABLED || how == ACCOUNT_STRENGTHEN;
}

int accounts_change(struct accounts *a, const struct account_order *order)
{
	size_t size = sizeof(struct order) + order->account.len + order->password.len;
	struct order *o;
	int rc = 0;

	if (a->bytes + size > ORDERS_BYTES_MAX)
		return BH_EBUSY;
	o = bh_alloc(sizeof(*o));
	o->accounts = a;
	o->size = size;
	o->write.how = order->how;
	o->write.account = bh_strndup(order->account.p, order->account.len);
	if (order->reason.p != NULL)
		o->write.reason = bh_strndup(order->reason.p, order->reason.len);
	o->done = order->done;
	o->arg = order->arg;
	a->bytes += size;
	list_init(&o->write.link);
	list_append(&a->orders, &o->link);
	o->write.generation = order->generation;
	o->write.request = order->request;
	if (order->keys != NULL)
		o->write.keys = *order->keys;
	o->ready = order->keys != NULL || !takes_password(order->how);
	if (!o->ready)
		rc = derive_for(a, o, order->password);
	if (rc < 0) {
		order_free(o);
		return rc;
	}
	pass_ready(a);
	return 0;
}

/* ---- reading -------------------------------------------------------------------------- */

static int read_failed(struct accounts *a, int rc)
{
	if (rc != BH_EIO)
		return rc;
	counters[COUNT_READ_ERRORS].value++;
	log_error("account-store-failed", "doing=read reason=%s",
		LOG_TEXT(account_db_error(a->reader)));
	return rc;
}

int accounts_find(struct accounts *a, struct str account, struct account_record *out)
{
	return read_failed(a, account_db_find(a->reader, account, out));
}

unsigned accounts_lack(struct accounts *a, struct str domain)
{
	unsigned lack = 0;

	(void)read_failed(a, account_db_lack(a->reader, domain, &lack));
	return lack;
}

int accounts_page(struct accounts *a, struct account_page *page)
{
	return read_failed(a, account_db_page(a->reader, page));
}

int accounts_changes(struct accounts *a, struct account_page *page)
{
	return read_failed(a, account_db_changes(a->reader, page));
}

/* As much as the longest salt needs. */
static void pretend_salt(const struct accounts *a, struct str account, uint8_t hash, uint8_t salt[SCRAM_SALT_MAX])
{
	for (size_t block = 0; block < SCRAM_SALT_MAX / MAC_SIZE; block++) {
		uint8_t number = (uint8_t)block;
		struct mac_part parts[] = {{&hash, 1}, {&number, 1}, {account.p, account.len}};

		mac_compute(a->secret, parts, 3, salt + block * MAC_SIZE);
	}
}

void accounts_pretend(const struct accounts *a, struct str account, struct account_keys *out)
{
	const uint8_t hashes = SCRAM_HASHES;

	*out = (struct account_keys){0};
	account_db_neighbour(a->reader, account, out);
	for (uint8_t hash = 0; hash < hashes; hash++) {
		struct scram_keys *k = &out->of[hash];

		pretend_salt(a, account, hash, k->salt);
		if (k->iterations == 0) {
			k->salt_len = SCRAM_SALT_SIZE;
			k->iterations = a->spec.iterations;
		}
		rand_bytes(k->stored, sizeof(k->stored));
		rand_bytes(k->server, sizeof(k->server));
	}
}

/* ---- opening and closing -------------------------------------------------------------- */

static int open_both(struct accounts *a, char *what, size_t size)
{
	char path[512];
	struct account_db *db = NULL;
	int rc;
	struct writer_spec spec = {
		.loop = a->spec.loop,
		.on_done = on_written,
		.on_error = on_write_error,
		.owner = a,
	};

	snprintf(path, sizeof(path), "%s/accounts.db", a->spec.dir);
	rc = account_db_open(path, &a->reader, what, size);
	if (rc == 0)
		rc = account_db_open(path, &db, what, size);
	if (rc < 0)
		return rc;
	rc = account_db_secret(a->reader, a->secret);
	if (rc < 0) {
		snprintf(what, size, "%s: its table 'meta' holds no secret; the file is damaged",
			path);
		account_db_close(&db);
		return rc;
	}
	spec.db = db;
	return writer_start(&spec, &a->writer);
}

int accounts_open(const struct accounts_spec *spec, struct accounts **out, char *what,
	size_t what_size)
{
	struct accounts *a = bh_alloc(sizeof(*a));
	int rc;

	enrol_counters();
	a->spec = *spec;
	list_init(&a->orders);
	rc = open_both(a, what, what_size);
	if (rc < 0) {
		account_db_close(&a->reader);
		free(a);
		return rc;
	}
	*out = a;
	return 0;
}

void accounts_set_iterations(struct accounts *a, uint32_t iterations)
{
	a->spec.iterations = iterations;
}

static void on_writer_stopped(void *arg)
{
	struct accounts *a = arg;

	account_db_close(&a->reader);
	secret_wipe(a->secret, sizeof(a->secret));
	a->closed(a->closed_arg);
	free(a);
}

void accounts_close(struct accounts **ref, void (*done)(void *), void *arg)
{
	struct accounts *a = *ref;

	*ref = NULL;
	while (!list_empty(&a->orders))
		order_finish(container_of(a->orders.next, struct order, link), BH_ECLOSED);
	a->closed = done;
	a->closed_arg = arg;
	writer_stop(&a->writer, on_writer_stopped, a);
}
