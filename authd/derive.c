/* From a password to SCRAM keys: three queues in front of libuv's thread pool. */
#include "authd/derive.h"

#include <gsasl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "base/pbkdf2.h"
#include "base/secret.h"

enum {
	PARALLEL_MAX = 4, /* the size of libuv's pool */
	CHANGE_TURN = 4,  /* of so many starts one is a change, if one waits */
};

struct derive {
	uv_loop_t *loop;
	struct list waiting[DERIVE_CLASSES];
	unsigned count[DERIVE_CLASSES]; /* of those that wait */
	unsigned running, parallel;
	unsigned turn;
	void (*stopped)(void *);
	void *stopped_arg;
};

struct derive_job {
	uv_work_t work;
	struct list link;
	struct derive *owner;
	enum derive_class class;
	bool started;
	char *password;
	unsigned hashes;
	struct account_keys keys;
	int rc;
	void (*done)(void *arg, int rc, const struct account_keys *keys);
	void *arg;
};

struct derive *derive_create(uv_loop_t *loop)
{
	struct derive *d = bh_alloc(sizeof(*d));
	unsigned cpus = uv_available_parallelism();

	d->loop = loop;
	/* One processor is left to those who talk: strangers can have derived as much as they like. */
	d->parallel = cpus > PARALLEL_MAX ? PARALLEL_MAX : cpus > 1 ? cpus - 1 : 1;
	for (int i = 0; i < DERIVE_CLASSES; i++)
		list_init(&d->waiting[i]);
	return d;
}

static void job_free(struct derive_job *job)
{
	secret_wipe(job->password, strlen(job->password));
	free(job->password);
	secret_wipe(&job->keys, sizeof(job->keys));
	free(job);
}

/* Hi() is Nettle's: GNU SASL's own, in plain C, takes three to six times as long. */
static int derive_one(struct scram_keys *k, enum scram_hash hash, struct str prepared)
{
	struct pbkdf2_input of = {prepared, str_make((const char *)k->salt, k->salt_len), k->iterations};
	char salted[GSASL_HASH_MAX_SIZE], client[GSASL_HASH_MAX_SIZE];
	int rc;

	if (k->iterations == 0)
		return BH_ECRYPTO;
	(hash == SCRAM_SHA1 ? pbkdf2_sha1 : pbkdf2_sha256)(&of, (uint8_t *)salted, scram_key_size(hash));
	rc = gsasl_scram_secrets_from_salted_password(hash == SCRAM_SHA1 ? GSASL_HASH_SHA1 : GSASL_HASH_SHA256, salted,
		client, (char *)k->server, (char *)k->stored);
	secret_wipe(salted, sizeof(salted));
	secret_wipe(client, sizeof(client));
	return rc == GSASL_OK ? 0 : BH_ECRYPTO;
}

static int derive_all(struct derive_job *job)
{
	char *prepared = NULL;
	int rc = gsasl_saslprep(job->password, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);

	if (rc != GSASL_OK)
		return rc == GSASL_SASLPREP_ERROR ? BH_EINVAL : BH_ECRYPTO;
	for (int hash = 0; hash < SCRAM_HASHES && rc == 0; hash++)
		if (job->hashes & 1u << hash)
			rc = derive_one(&job->keys.of[hash], hash, str_of(prepared));
	secret_wipe(prepared, strlen(prepared));
	gsasl_free(prepared);
	return rc;
}

static void on_work(uv_work_t *work)
{
	struct derive_job *job = container_of(work, struct derive_job, work);

	job->rc = derive_all(job);
}

static void leave_queue(struct derive_job *job)
{
	list_remove(&job->link);
	job->owner->count[job->class]--;
}

static struct derive_job *take_next(struct derive *d)
{
	enum derive_class class = d->count[DERIVE_KNOWN] > 0 ? DERIVE_KNOWN : DERIVE_LOGIN;
	struct derive_job *job;

	if (d->count[DERIVE_CHANGE] > 0 && (d->count[class] == 0 || d->turn++ % CHANGE_TURN == 0))
		class = DERIVE_CHANGE;
	if (d->count[class] == 0)
		return NULL;
	job = container_of(d->waiting[class].next, struct derive_job, link);
	leave_queue(job);
	return job;
}

static void on_worked(uv_work_t *work, int status);

static void start_waiting(struct derive *d)
{
	struct derive_job *job;

	while (d->running < d->parallel && (job = take_next(d)) != NULL) {
		job->started = true;
		d->running++;
		uv_queue_work(d->loop, &job->work, on_work, on_worked);
	}
}

static void on_worked(uv_work_t *work, int status)
{
	struct derive_job *job = container_of(work, struct derive_job, work);
	struct derive *d = job->owner;

	(void)status;
	d->running--;
	if (job->done != NULL)
		job->done(job->arg, job->rc, &job->keys);
	job_free(job);
	start_waiting(d);
	if (d->stopped != NULL && d->running == 0) {
		d->stopped(d->stopped_arg);
		free(d);
	}
}

int derive_submit(struct derive *d, const struct derive_order *order, struct derive_job **out)
{
	struct derive_job *job;

	if (memchr(order->password.p, '\0', order->password.len) != NULL)
		return BH_EINVAL;
	if (d->stopped != NULL)
		return BH_EBUSY;
	if (order->class != DERIVE_CHANGE && d->count[order->class] >= DERIVE_LOGINS_MAX)
		return BH_EBUSY;
	job = bh_alloc(sizeof(*job));
	job->password = malloc((size_t)order->password.len + 1);
	if (job->password == NULL) {
		free(job);
		return BH_ENOMEM;
	}
	memcpy(job->password, order->password.p, order->password.len);
	job->password[order->password.len] = '\0';
	job->owner = d;
	job->class = order->class;
	job->hashes = order->hashes;
	job->keys = *order->from;
	job->done = order->done;
	job->arg = order->arg;
	list_append(&d->waiting[order->class], &job->link);
	d->count[order->class]++;
	*out = job;
	start_waiting(d);
	return 0;
}

void derive_cancel(struct derive_job **ref)
{
	struct derive_job *job = *ref;

	*ref = NULL;
	if (job == NULL)
		return;
	job->done = NULL;
	if (job->started)
		return; /* freed when its thread comes back */
	leave_queue(job);
	job_free(job);
}

static void nobody_waits(void *arg)
{
	(void)arg;
}

void derive_stop(struct derive **ref, void (*done_all)(void *), void *arg)
{
	struct derive *d = *ref;

	*ref = NULL;
	for (int i = 0; i < DERIVE_CLASSES; i++) {
		list_for_each_safe(link, &d->waiting[i])
			job_free(container_of(link, struct derive_job, link));
		list_init(&d->waiting[i]);
	}
	d->stopped = done_all != NULL ? done_all : nobody_waits;
	d->stopped_arg = arg;
	if (d->running == 0) {
		d->stopped(arg);
		free(d);
	}
}
