/* A queue and threads for each directory. */
#include "authd/directories.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "authd/stored_keys.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "base/secret.h"
#include "directory/account.h"

enum { WAITING_MAX = 2000, THREADS_MAX = 64 };

/* What keys of a directory look like from outside; iterations 0: none were seen. */
struct shape {
	uint32_t iterations, salt_len;
};

struct pool {
	struct directories *all;
	struct directory *directory;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct list waiting, done; /* struct dirjob */
	unsigned nwaiting;
	bool stopping;
	pthread_t threads[THREADS_MAX];
	unsigned nthreads, running;
	struct shape shapes[SCRAM_HASHES]; /* the loop's */
	uv_async_t async;
};

struct dirjob {
	struct list link;
	struct pool *pool;
	enum dirjob_kind kind;
	char *name, *password; /* the latter may be NULL */
	size_t name_len, password_len;
	void (*done)(void *arg, const struct dirjob_result *result); /* NULL: it was cancelled */
	void *arg;
	struct dirjob_result result;
};

struct directories {
	struct pool **pools;
	size_t n, open; /* pools that are not closed yet */
	void (*stopped)(void *arg);
	void *stopped_arg;
};

static void job_free(struct dirjob *j)
{
	if (j->password != NULL)
		secret_wipe(j->password, j->password_len);
	free(j->password);
	free(j->name);
	secret_wipe(&j->result.keys, sizeof j->result.keys);
	free(j);
}

/* ---- on the threads ------------------------------------------------------------------------ */

/* The next job; NULL: it is over. */
static struct dirjob *next_job(struct pool *p)
{
	struct dirjob *j = NULL;

	pthread_mutex_lock(&p->mutex);
	while (list_empty(&p->waiting) && !p->stopping)
		pthread_cond_wait(&p->wake, &p->mutex);
	if (!p->stopping) {
		j = container_of(p->waiting.next, struct dirjob, link);
		list_remove(&j->link);
		p->nwaiting--;
	}
	pthread_mutex_unlock(&p->mutex);
	return j;
}

static void answer(struct pool *p, struct dirjob *j)
{
	pthread_mutex_lock(&p->mutex);
	list_append(&p->done, &j->link);
	pthread_mutex_unlock(&p->mutex);
	uv_async_send(&p->async);
}

static void verify(struct account_search *search, const struct found_account *account, struct dirjob *j)
{
	j->result.rc = account_search_verify(
		search, account->dn, str_make(j->password, j->password_len), &j->result.password, j->result.why);
}

static void change(struct account_search *search, const struct found_account *account, struct dirjob *j)
{
	j->result.rc = account_search_set_password(
		search, account->dn, str_make(j->password, j->password_len), j->result.why);
}

/* Of several for one hash the first that can be read. */
static void take_keys(struct account_search *search, const struct found_account *account, struct dirjob *j)
{
	struct dirjob_result *r = &j->result;
	struct account_keys keys;

	(void)search;
	r->must_change = account->must_change;
	for (unsigned i = 0; i < account->nkeys; i++) {
		int hash = stored_keys_parse(str_of(account->keys[i]), &keys);

		if (hash < 0 || (r->hashes & 1u << hash) != 0)
			continue;
		r->hashes |= 1u << hash;
		r->keys.of[hash] = keys.of[hash];
	}
	secret_wipe(&keys, sizeof keys);
}

/* The account is to be found by its name as well: it is one of ours then, and nobody else has that name. */
static void find_again(struct account_search *search, const struct found_account *owner, struct dirjob *j)
{
	struct dirjob_result *r = &j->result;
	struct found_account account;
	size_t len;

	r->found = false;
	if (jid_prepare_local(str_of(owner->name), r->local, &len) < 0 || len == 0)
		return;
	r->rc = account_search_find(search, str_of(r->local), false, &account, r->why);
	if (r->rc != 0)
		return;
	r->found = account.dn != NULL && strcmp(account.dn, owner->dn) == 0;
	found_account_fini(&account);
}

typedef void work_fn(struct account_search *search, const struct found_account *account, struct dirjob *j);

/* What is done with an account that was found. */
static work_fn *const work[] = {
	[DIRJOB_FIND] = NULL,
	[DIRJOB_VERIFY] = verify,
	[DIRJOB_CHANGE] = change,
	[DIRJOB_KEYS] = take_keys,
	[DIRJOB_CERTIFICATE] = find_again,
};

static void do_job(struct account_search *search, struct dirjob *j)
{
	struct str name = str_make(j->name, j->name_len);
	struct dirjob_result *r = &j->result;
	struct found_account account;

	r->password = (struct dirpassword){PASSWORD_WRONG, -1, -1};
	if (j->kind == DIRJOB_CERTIFICATE)
		r->rc = account_search_find_certificate(search, name, &account, r->why);
	else
		r->rc = account_search_find(search, name, j->kind == DIRJOB_KEYS, &account, r->why);
	if (r->rc != 0)
		return;
	r->found = account.dn != NULL;
	r->locked = account.locked;
	if (r->found && work[j->kind] != NULL)
		work[j->kind](search, &account, j);
	found_account_fini(&account);
}

static void *run(void *arg)
{
	struct pool *p = arg;
	struct account_search *search = account_search_create(p->directory);
	struct dirjob *j;

	while ((j = next_job(p)) != NULL) {
		do_job(search, j);
		answer(p, j);
	}
	account_search_free(&search);
	pthread_mutex_lock(&p->mutex);
	p->running--;
	pthread_mutex_unlock(&p->mutex);
	uv_async_send(&p->async);
	return NULL;
}

/* ---- on the loop ----------------------------------------------------------------------------- */

static struct dirjob *take_done(struct pool *p)
{
	struct dirjob *j = NULL;

	pthread_mutex_lock(&p->mutex);
	if (!list_empty(&p->done)) {
		j = container_of(p->done.next, struct dirjob, link);
		list_remove(&j->link);
	}
	pthread_mutex_unlock(&p->mutex);
	return j;
}

static void pool_free(uv_handle_t *handle)
{
	struct pool *p = handle->data;
	struct directories *all = p->all;

	pthread_mutex_destroy(&p->mutex);
	pthread_cond_destroy(&p->wake);
	directory_unref(&p->directory);
	free(p);
	if (--all->open > 0)
		return;
	if (all->stopped != NULL)
		all->stopped(all->stopped_arg);
	free(all->pools);
	free(all);
}

static void finish(struct pool *p)
{
	bool ended;

	pthread_mutex_lock(&p->mutex);
	ended = p->stopping && p->running == 0;
	pthread_mutex_unlock(&p->mutex);
	if (!ended || uv_is_closing((uv_handle_t *)&p->async))
		return;
	for (unsigned i = 0; i < p->nthreads; i++)
		pthread_join(p->threads[i], NULL);
	while (!list_empty(&p->waiting)) {
		struct dirjob *j = container_of(p->waiting.next, struct dirjob, link);

		list_remove(&j->link);
		job_free(j);
	}
	uv_close((uv_handle_t *)&p->async, pool_free);
}

static void note_shapes(struct pool *p, const struct dirjob_result *r)
{
	for (int hash = 0; hash < SCRAM_HASHES; hash++)
		if ((r->hashes & 1u << hash) != 0 && p->shapes[hash].iterations == 0)
			p->shapes[hash] = (struct shape){r->keys.of[hash].iterations, r->keys.of[hash].salt_len};
}

static void on_async(uv_async_t *async)
{
	struct pool *p = async->data;
	struct dirjob *j;

	while ((j = take_done(p)) != NULL) {
		note_shapes(p, &j->result);
		if (j->done != NULL)
			j->done(j->arg, &j->result);
		job_free(j);
	}
	finish(p);
}

/* Signals are the main thread's. */
static void start_threads(struct pool *p)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 0; i < p->directory->connections; i++)
		if (pthread_create(&p->threads[p->nthreads], NULL, run, p) == 0)
			p->nthreads++;
	p->running = p->nthreads;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void directories_start(struct directories *d, uv_loop_t *loop)
{
	for (size_t i = 0; i < d->n; i++) {
		struct pool *p = d->pools[i];

		uv_async_init(loop, &p->async, on_async);
		p->async.data = p;
		pthread_mutex_lock(&p->mutex); /* until running is right */
		start_threads(p);
		pthread_mutex_unlock(&p->mutex);
	}
}

void directories_discard(struct directories **ref)
{
	struct directories *d = *ref;

	*ref = NULL;
	for (size_t i = 0; i < d->n; i++) {
		directory_unref(&d->pools[i]->directory);
		free(d->pools[i]);
	}
	free(d->pools);
	free(d);
}

struct directories *directories_none(void)
{
	struct directories *d = bh_alloc(sizeof *d);

	d->pools = bh_alloc(sizeof(struct pool *));
	return d;
}

int directories_load(const struct conf *conf, struct directories **out, char *what, size_t size)
{
	struct directories *d = bh_alloc(sizeof *d);
	size_t n = conf_directories(conf);
	int rc = 0;

	d->pools = bh_alloc((n + 1) * sizeof(struct pool *));
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct pool *p = bh_alloc(sizeof *p);

		rc = directory_load(conf, i, &p->directory, what, size);
		if (rc != 0) {
			free(p);
			break;
		}
		p->all = d;
		list_init(&p->waiting);
		list_init(&p->done);
		pthread_mutex_init(&p->mutex, NULL);
		pthread_cond_init(&p->wake, NULL);
		d->pools[d->n++] = p;
	}
	if (rc == 0)
		*out = d;
	else
		directories_discard(&d);
	return rc;
}

static void pool_stop(struct pool *p)
{
	pthread_mutex_lock(&p->mutex);
	p->stopping = true;
	pthread_cond_broadcast(&p->wake);
	pthread_mutex_unlock(&p->mutex);
	uv_async_send(&p->async);
}

void directories_stop(struct directories **ref, void (*done)(void *arg), void *arg)
{
	struct directories *d = *ref;

	*ref = NULL;
	d->open = d->n;
	d->stopped = done;
	d->stopped_arg = arg;
	for (size_t i = 0; i < d->n; i++)
		pool_stop(d->pools[i]);
	if (d->n > 0)
		return;
	directories_discard(&d);
	if (done != NULL)
		done(arg);
}

static struct pool *find(const struct directories *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->pools[i]->directory->name, name) == 0)
			return d->pools[i];
	return NULL;
}

bool directories_take_passwords(const struct directories *d, const char *name)
{
	const struct pool *p = find(d, name);

	return p != NULL && p->directory->password_change;
}

enum directory_certificate directories_certificate(const struct directories *d, const char *name)
{
	const struct pool *p = find(d, name);

	return p != NULL ? p->directory->certificate : CERTIFICATE_ADDRESS;
}

void directories_pretend(const struct directories *d, const char *name, struct account_keys *keys)
{
	const struct pool *p = find(d, name);

	for (int hash = 0; p != NULL && hash < SCRAM_HASHES; hash++) {
		if (p->shapes[hash].iterations == 0)
			continue;
		keys->of[hash].iterations = p->shapes[hash].iterations;
		keys->of[hash].salt_len = p->shapes[hash].salt_len;
	}
}

int directories_ask(struct directories *d, const char *name, const struct dirjob_order *order, struct dirjob **job)
{
	struct pool *p = find(d, name);
	struct dirjob *j;

	if (p == NULL)
		return BH_ENOTFOUND;
	if (p->nwaiting >= WAITING_MAX)
		return BH_EBUSY;
	j = bh_alloc(sizeof *j);
	j->pool = p;
	j->kind = order->kind;
	j->name = bh_strndup(order->name.p, order->name.len);
	j->name_len = order->name.len;
	if (order->password.p != NULL)
		j->password = bh_strndup(order->password.p, order->password.len);
	j->password_len = order->password.len;
	j->done = order->done;
	j->arg = order->arg;
	*job = j;
	pthread_mutex_lock(&p->mutex);
	list_append(&p->waiting, &j->link);
	p->nwaiting++;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->mutex);
	return 0;
}

void dirjob_cancel(struct dirjob **job)
{
	if (*job != NULL)
		(*job)->done = NULL; /* looked at on the loop alone */
	*job = NULL;
}
