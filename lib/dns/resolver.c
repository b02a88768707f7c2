/* libunbound behind a descriptor of the loop. */
#include "dns/resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <unbound.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"

enum { CLASS_IN = 1 };

struct resolver {
	struct ub_ctx *ctx;
	uv_poll_t poll;
	struct list open;     /* struct query: asked */
	struct list answered; /* to be told, when libunbound has returned */
	void (*done)(void *arg);
	void *done_arg;
};

struct query {
	struct list link;
	struct resolver *resolver;
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
	list_append(&q->resolver->answered, &q->link);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct resolver *r = poll->data;

	(void)status, (void)events;
	(void)ub_process(r->ctx);
	while (!list_empty(&r->answered))
		tell(container_of(r->answered.next, struct query, link));
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

int resolver_create(const struct resolver_spec *spec, struct resolver **out, char *what, size_t size)
{
	struct resolver *r = bh_alloc(sizeof *r);
	int rc;

	list_init(&r->open);
	list_init(&r->answered);
	r->ctx = ub_ctx_create();
	rc = r->ctx != NULL ? configure(r->ctx, spec) : UB_NOMEM;
	if (rc != 0 || uv_poll_init(spec->loop, &r->poll, ub_fd(r->ctx)) != 0) {
		snprintf(what, size, "the resolver (s2sd.resolver, s2sd.trust_anchor %s): %s",
			spec->anchor != NULL ? spec->anchor : "-", ub_strerror(rc));
		if (r->ctx != NULL)
			ub_ctx_delete(r->ctx);
		free(r);
		return BH_ECONFIG;
	}
	r->poll.data = r;
	uv_poll_start(&r->poll, UV_READABLE, on_readable);
	*out = r;
	return 0;
}

static void free_all(struct list *queries)
{
	while (!list_empty(queries))
		free_query(container_of(queries->next, struct query, link));
}

static void on_closed(uv_handle_t *handle)
{
	struct resolver *r = handle->data;
	void (*done)(void *) = r->done;
	void *arg = r->done_arg;

	free_all(&r->answered);
	ub_ctx_delete(r->ctx); /* no answer comes from now on */
	free_all(&r->open);
	free(r);
	done(arg);
}

void resolver_stop(struct resolver **r, void (*done)(void *arg), void *arg)
{
	(*r)->done = done;
	(*r)->done_arg = arg;
	uv_close((uv_handle_t *)&(*r)->poll, on_closed);
	*r = NULL;
}

bool resolver_add(struct resolver *r, const char *record)
{
	return ub_ctx_data_add(r->ctx, record) == 0;
}

struct query *resolver_ask(struct resolver *r, const char *name, int type, answer_fn *done, void *arg)
{
	struct query *q = bh_alloc(sizeof *q);

	*q = (struct query){.resolver = r, .done = done, .arg = arg};
	list_append(&r->open, &q->link);
	if (ub_resolve_async(r->ctx, name, type, CLASS_IN, q, on_answer, NULL) == 0)
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
