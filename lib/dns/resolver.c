/* libunbound behind a descriptor of the loop. */
#include "dns/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <unbound.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"

enum { CLASS_IN = 1, CONTEXTS_MAX = 5 };

struct resolver {
	struct resolver_spec spec; /* with texts of our own */
	struct context *current;
	struct list contexts; /* struct context: the current one, and those whose questions are still open */
	unsigned ncontexts;
	void (*done)(void *arg); /* set: it stops */
	void *done_arg;
};

/* A cache, its thread, and the questions that it was asked. */
struct context {
	struct list link;
	struct resolver *resolver;
	struct ub_ctx *ctx;
	uv_poll_t poll;
	struct list open;     /* struct query: asked */
	struct list answered; /* to be told, when libunbound has returned */
};

struct query {
	struct list link;
	struct context *context;
	answer_fn *done; /* NULL: it was cancelled */
	void *arg;
	int error;
	struct ub_result *result;
};

static enum answer_kind kind_of(const struct query *q)
{
	const struct ub_result *r = q->result;

	if (q->error != 0 || r == NULL)
		return ANSWER_FAILED;
	if (r->bogus)
		return ANSWER_BOGUS;
	if (r->havedata)
		return ANSWER_RECORDS;
	if (r->nxdomain)
		return ANSWER_NO_NAME;
	return r->rcode == 0 ? ANSWER_NO_RECORDS : ANSWER_FAILED;
}

static const char *why(const struct query *q)
{
	if (q->error != 0)
		return ub_strerror(q->error);
	if (q->result != NULL && q->result->bogus)
		return q->result->why_bogus != NULL ? q->result->why_bogus : "the signature is wrong";
	return "no server answers";
}

static unsigned count(const struct ub_result *r)
{
	unsigned n = 0;

	while (r != NULL && r->havedata && r->data[n] != NULL)
		n++;
	return n;
}

static void free_query(struct query *q)
{
	list_remove(&q->link);
	if (q->result != NULL)
		ub_resolve_free(q->result);
	free(q);
}

static void tell(struct query *q)
{
	struct answer a = {
		.kind = kind_of(q),
		.secure = q->result != NULL && q->result->secure,
		.why = why(q),
		.count = count(q->result),
		.result = q->result,
	};
	answer_fn *done = q->done;

	list_remove(&q->link);
	if (done != NULL)
		done(q->arg, &a);
	free_query(q);
}

static void on_answer(void *arg, int error, struct ub_result *result)
{
	struct query *q = arg;

	q->error = error;
	q->result = result;
	list_remove(&q->link);
	list_append(&q->context->answered, &q->link);
}

static void free_all(struct list *queries)
{
	while (!list_empty(queries))
		free_query(container_of(queries->next, struct query, link));
}

static void resolver_free(struct resolver *r)
{
	free((char *)(uintptr_t)r->spec.forwarder);
	free((char *)(uintptr_t)r->spec.anchor);
	free((char *)(uintptr_t)r->spec.hosts);
	free(r);
}

static void on_closed(uv_handle_t *handle)
{
	struct context *c = handle->data;
	struct resolver *r = c->resolver;
	void (*done)(void *) = r->done;
	void *arg = r->done_arg;

	free_all(&c->answered);
	ub_ctx_delete(c->ctx); /* no answer comes from now on */
	free_all(&c->open);
	list_remove(&c->link);
	free(c);
	if (--r->ncontexts > 0 || done == NULL)
		return;
	resolver_free(r);
	done(arg);
}

static void context_close(struct context *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->poll))
		uv_close((uv_handle_t *)&c->poll, on_closed);
}

/* One that is no longer current goes with its last question. */
static void let_go(struct context *c)
{
	if (c != c->resolver->current && list_empty(&c->open) && list_empty(&c->answered))
		context_close(c);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct context *c = poll->data;

	(void)status, (void)events;
	(void)ub_process(c->ctx);
	while (!list_empty(&c->answered))
		tell(container_of(c->answered.next, struct query, link));
	let_go(c);
}

static int configure(struct ub_ctx *ctx, const struct resolver_spec *spec)
{
	int rc = spec->forwarder != NULL ? ub_ctx_set_fwd(ctx, spec->forwarder)
					 : ub_ctx_resolvconf(ctx, "/etc/resolv.conf");

	/* Where the host has a resolver of its own. */
	if (rc == 0)
		rc = ub_ctx_set_option(ctx, "do-not-query-localhost:", "no");
	if (rc == 0 && spec->anchor != NULL)
		rc = ub_ctx_add_ta_file(ctx, spec->anchor);
	if (rc == 0 && spec->hosts != NULL && access(spec->hosts, F_OK) == 0)
		rc = ub_ctx_hosts(ctx, spec->hosts);
	if (rc == 0)
		rc = ub_ctx_async(ctx, 1); /* a thread, not a process */
	/* Of no effect but that all of this is looked at now, and not with the first question. */
	if (rc == 0)
		rc = ub_ctx_data_remove(ctx, "nobody.invalid.");
	return rc;
}

/* What failed is a sentence. */
static int context_open(struct resolver *r, char *what, size_t size)
{
	struct context *c = bh_alloc(sizeof *c);
	int rc;

	list_init(&c->open);
	list_init(&c->answered);
	c->resolver = r;
	c->ctx = ub_ctx_create();
	rc = c->ctx != NULL ? configure(c->ctx, &r->spec) : UB_NOMEM;
	if (rc != 0 || uv_poll_init(r->spec.loop, &c->poll, ub_fd(c->ctx)) != 0) {
		snprintf(what, size, "the resolver (s2sd.resolver, s2sd.trust_anchor %s): %s",
			r->spec.anchor != NULL ? r->spec.anchor : "-", ub_strerror(rc));
		if (c->ctx != NULL)
			ub_ctx_delete(c->ctx);
		free(c);
		return BH_ECONFIG;
	}
	c->poll.data = c;
	uv_poll_start(&c->poll, UV_READABLE, on_readable);
	list_append(&r->contexts, &c->link);
	r->ncontexts++;
	r->current = c;
	return 0;
}

static char *copy(const char *text)
{
	return text != NULL ? bh_strdup(text) : NULL;
}

int resolver_create(const struct resolver_spec *spec, struct resolver **out, char *what, size_t size)
{
	struct resolver *r = bh_alloc(sizeof *r);
	int rc;

	r->spec = (struct resolver_spec){spec->loop, copy(spec->forwarder), copy(spec->anchor), copy(spec->hosts)};
	list_init(&r->contexts);
	rc = context_open(r, what, size);
	if (rc == 0)
		*out = r;
	else
		resolver_free(r);
	return rc;
}

int resolver_flush(struct resolver *r, char *what, size_t size)
{
	struct context *old = r->current;
	int rc;

	if (r->ncontexts == CONTEXTS_MAX) {
		snprintf(what, size, "questions of before still wait for their answers");
		return BH_EBUSY;
	}
	rc = context_open(r, what, size);
	if (rc == 0)
		let_go(old);
	return rc;
}

void resolver_stop(struct resolver **ref, void (*done)(void *arg), void *arg)
{
	struct resolver *r = *ref;

	*ref = NULL;
	r->done = done;
	r->done_arg = arg;
	list_for_each(pos, &r->contexts)
		context_close(container_of(pos, struct context, link));
}

bool resolver_add(struct resolver *r, const char *record)
{
	return ub_ctx_data_add(r->current->ctx, record) == 0;
}

struct query *resolver_ask(struct resolver *r, const char *name, int type, answer_fn *done, void *arg)
{
	struct context *c = r->current;
	struct query *q = bh_alloc(sizeof *q);

	*q = (struct query){.context = c, .done = done, .arg = arg};
	list_append(&c->open, &q->link);
	if (ub_resolve_async(c->ctx, name, type, CLASS_IN, q, on_answer, NULL) == 0)
		return q;
	free_query(q);
	return NULL;
}

/* libunbound keeps it until its answer comes. */
void query_cancel(struct query **q)
{
	if (*q != NULL)
		(*q)->done = NULL;
	*q = NULL;
}

struct str answer_record(const struct answer *answer, unsigned i)
{
	return str_make(answer->result->data[i], (uint32_t)answer->result->len[i]);
}
