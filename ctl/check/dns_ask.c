/* Asks the DNS as s2sd does, and waits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "ctl/check/dns.h"

struct asker {
	uv_loop_t loop;
	struct resolver *resolver;
	int type;
	bool answered;
	struct asked *out;
};

struct asker *asker_create(struct findings *f)
{
	struct asker *a = bh_alloc(sizeof *a);
	struct resolver_spec spec = {.loop = &a->loop, .forwarder = conf_text(f->conf, "s2sd.resolver")};
	char what[256];

	uv_loop_init(&a->loop);
	if (spec.forwarder != NULL && *spec.forwarder == '\0')
		spec.forwarder = NULL;
	if (resolver_create(&spec, &a->resolver, what, sizeof what) == 0)
		return a;
	found(f, FOUND_PROBLEM, "resolver", "The DNS cannot be asked: %s.", what);
	uv_loop_close(&a->loop);
	free(a);
	return NULL;
}

static void on_stopped(void *arg)
{
	(void)arg;
}

void asker_free(struct asker **asker)
{
	struct asker *a = *asker;

	*asker = NULL;
	if (a == NULL)
		return;
	resolver_stop(&a->resolver, on_stopped, NULL);
	uv_run(&a->loop, UV_RUN_DEFAULT);
	uv_loop_close(&a->loop);
	free(a);
}

static bool take_tlsa(struct str data, struct asked *out)
{
	struct tlsa t;

	if (!record_tlsa(data, &t) || (size_t)t.data.len * 2 >= sizeof out->tlsa[0].hex)
		return false;
	out->tlsa[out->n].usage = t.usage;
	out->tlsa[out->n].selector = t.selector;
	out->tlsa[out->n].matching = t.matching;
	for (size_t i = 0; i < t.data.len; i++)
		snprintf(out->tlsa[out->n].hex + 2 * i, 3, "%02x", (unsigned char)t.data.p[i]);
	return true;
}

static bool take(const struct asker *a, struct str data)
{
	struct asked *out = a->out;

	if (a->type == DNS_SRV)
		return record_srv(data, &out->srv[out->n]);
	if (a->type == DNS_TLSA)
		return take_tlsa(data, out);
	return a->type != DNS_A && a->type != DNS_AAAA ? true : record_address(data, &out->addresses[out->n]);
}

static void on_answer(void *arg, const struct answer *answer)
{
	struct asker *a = arg;

	a->answered = true;
	a->out->kind = answer->kind;
	snprintf(a->out->why, sizeof a->out->why, "%s", answer->why != NULL ? answer->why : "");
	for (unsigned i = 0; answer->kind == ANSWER_RECORDS && i < answer->count && a->out->n < ASKED_MAX; i++)
		a->out->n += take(a, answer_record(answer, i));
}

void ask_dns(struct asker *a, const char *name, int type, struct asked *out)
{
	*out = (struct asked){.kind = ANSWER_FAILED};
	a->type = type;
	a->out = out;
	a->answered = false;
	if (resolver_ask(a->resolver, name, type, on_answer, a) == NULL)
		return;
	while (!a->answered && uv_run(&a->loop, UV_RUN_ONCE) != 0)
		continue;
}
