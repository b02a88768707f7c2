/* SASL exchanges by number, the time they have, and their verdicts. */
#include "authd/conversation.h"

#include <stdlib.h>

#include "authd/external.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/secret.h"
#include "daemon/association.h"
#include "daemon/counter.h"
#include "daemon/log.h"

enum { TICK_MS = 1000, FAIR_SHARE = 10 };

/* In the number of a test: routerd's own are far below it. */
#define OF_A_TEST (UINT64_C(1) << 63)

enum { COUNT_OPEN, COUNT_OK, COUNT_FAILED, COUNT_THROTTLED, COUNT_EXPIRED, COUNT_OVERFLOW };
static struct counter counters[] = {
	[COUNT_OPEN] = {.name = "conversations", .kind = GAUGE, .about = "SASL exchanges that are under way"},
	[COUNT_OK] = {.name = "auth_ok", .about = "SASL exchanges that succeeded"},
	[COUNT_FAILED] = {.name = "auth_failed", .about = "SASL exchanges that failed"},
	[COUNT_THROTTLED] = {.name = "auth_throttled", .about = "SASL exchanges that were refused after too many failures"},
	[COUNT_EXPIRED] = {.name = "auth_expired", .about = "SASL exchanges that took too long"},
	[COUNT_OVERFLOW] = {.name = "auth_refused_full", .about = "SASL exchanges that were refused since too many were under way"},
	{.name = NULL},
};

static void enrol_counters(uint64_t limit)
{
	static bool enrolled;

	if (!enrolled)
		counter_enrol(counters);
	associations_enrol();
	association_set_limit(limit);
	association_set_accepting(true);
	enrolled = true;
}

struct conversations {
	struct conversations_spec spec;
	struct map open;
	struct list by_age; /* all live equally long, so the first ends first */
	uv_timer_t timer;   /* runs while one is open */
	void (*stopped)(void *);
	void *stopped_arg;
};

struct conversation {
	struct exchange exchange;
	struct conversations *all;
	struct map_node node;
	struct list link;
	uint64_t id;
	uint64_t ends_ms;
};

enum outcome exchange_fail(struct exchange *x, enum sasl_error condition, const char *reason)
{
	x->condition = condition;
	x->reason = reason;
	return OUTCOME_FAILURE;
}

static struct conversation *find(const struct conversations *c, uint64_t id)
{
	struct map_node *node = map_find(&c->open, &id, sizeof(id));

	return node != NULL ? container_of(node, struct conversation, node) : NULL;
}

static void conversation_free(struct conversation *conv)
{
	struct exchange *x = &conv->exchange;

	derive_cancel(&x->job);
	dirjob_cancel(&x->question);
	if (x->mechanism != NULL && x->mechanism->end != NULL && x->state != NULL)
		x->mechanism->end(x);
	map_remove(&conv->all->open, &conv->node);
	association_closed(ASSOCIATION_IN);
	list_remove(&conv->link);
	counters[COUNT_OPEN].value = conv->all->open.count;
	buf_fini_secret(&x->out);
	free(x->domain);
	free(x->certificate);
	free(x->certificate_mail);
	free(x->certificate_subject);
	buf_fini(&x->certificate_der);
	free(x->connection);
	free(x->address);
	free(x->account);
	secret_wipe(conv, sizeof(*conv));
	free(conv);
}

/* ---- what goes back to routerd -------------------------------------------------------- */

static void log_failure(const struct exchange *x, struct str mechanism)
{
	counters[COUNT_FAILED].value++;
	if (strcmp(x->reason, "throttled") == 0)
		counters[COUNT_THROTTLED].value++;
	/* What the client has chosen comes last (etc/fail2ban). */
	log_info("auth-failed", "conn=%s from=%s mechanism=%s account=%s reason=%s", LOG_TEXT(x->connection),
		LOG_TEXT(x->address), LOG_STR(mechanism), LOG_TEXT(x->account), LOG_TEXT(x->reason));
}

/* What a user is told beside the condition: by the reason, or else by the condition. */
static const struct {
	const char *reason;
	enum sasl_error condition;
	const char *text;
} texts[] = {
	{"password-expired", 0, "Your password has expired: change it where you manage your account."},
	{"password-must-change", 0, "You must change your password first, where you manage your account."},
	{"locked", 0, "This account is locked: its password was tried too often, or somebody has locked it."},
	{"throttled", 0, "There were too many wrong passwords: try again later."},
	{"ticket-refused", 0, "The Kerberos ticket was not accepted: it may be too old, or the clocks differ."},
	{"ticket-of-another", 0, "The Kerberos ticket is of somebody who has no account here."},
	{"certificate-of-nobody", 0, "The certificate belongs to no account here."},
	{"directory-failed", 0, "The directory of accounts cannot be asked: try again later."},
	{NULL, SASL_TEMPORARY_AUTH_FAILURE, "Try again later."},
	{NULL, SASL_ACCOUNT_DISABLED, "This account is disabled."},
	{NULL, SASL_ENCRYPTION_REQUIRED, "This mechanism needs an encrypted connection."},
};

static struct str text_for(const struct exchange *x)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].reason != NULL ? strcmp(texts[i].reason, x->reason) == 0 : texts[i].condition == x->condition)
			return str_of(texts[i].text);
	return STR_NONE;
}

/* An administrator's question is answered, and no log-in judged. */
static void send_tested(struct conversation *conv)
{
	struct conversations *c = conv->all;

	c->spec.tested(c->spec.owner, conv->id & ~OF_A_TEST, &conv->exchange);
	conversation_free(conv);
}

static void send_failure(struct conversation *conv, struct str mechanism)
{
	struct conversations *c = conv->all;
	struct msg_auth_verdict m = {
		.condition = (uint16_t)conv->exchange.condition,
		.mechanism = mechanism,
		.text = text_for(&conv->exchange),
		.delay_ms = conv->exchange.delay_ms,
	};

	log_failure(&conv->exchange, mechanism);
	if (conv->id & OF_A_TEST) {
		send_tested(conv);
		return;
	}
	c->spec.verdict(c->spec.owner, conv->id, &m);
	conversation_free(conv);
}

static void send_success(struct conversation *conv, struct str final)
{
	struct conversations *c = conv->all;
	struct exchange *x = &conv->exchange;
	struct msg_auth_verdict m = {
		.account = str_of(x->account),
		.generation = x->record.generation,
		.mechanism = str_of(x->mechanism->name),
		.final = x->has_out ? final : STR_NONE,
	};

	counters[COUNT_OK].value++;
	log_info("auth-ok", "conn=%s from=%s mechanism=%s account=%s", LOG_TEXT(x->connection), LOG_TEXT(x->address),
		LOG_TEXT(x->mechanism->name), LOG_TEXT(x->account));
	if (conv->id & OF_A_TEST) {
		send_tested(conv);
		return;
	}
	c->spec.verdict(c->spec.owner, conv->id, &m);
	conversation_free(conv);
}

static void send_challenge(struct conversation *conv, struct str data)
{
	struct conversations *c = conv->all;
	struct msg_auth_challenge m = {.data = data};

	c->spec.challenge(c->spec.owner, conv->id, &m);
}

/* After a step; conv may be gone when this returns. */
static void conclude(struct conversation *conv, enum outcome outcome)
{
	struct exchange *x = &conv->exchange;
	struct buf text = BUF_INIT;

	base64_encode(buf_str(&x->out), &text);
	if (buf_failed(&text) && outcome != OUTCOME_WAIT)
		outcome = exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "internal");
	if (outcome == OUTCOME_CHALLENGE)
		send_challenge(conv, buf_str(&text));
	else if (outcome == OUTCOME_SUCCESS)
		send_success(conv, buf_str(&text));
	else if (outcome == OUTCOME_FAILURE)
		send_failure(conv, str_of(x->mechanism->name));
	buf_fini_secret(&text);
}

void exchange_wake(struct exchange *x)
{
	conclude(container_of(x, struct conversation, exchange), x->mechanism->resume(x));
}

/* ---- time ----------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
	struct conversations *c = timer->data;
	uint64_t now = clock_ms();

	list_for_each_safe(link, &c->by_age) {
		struct conversation *conv = container_of(link, struct conversation, link);

		if (conv->ends_ms > now)
			return;
		counters[COUNT_EXPIRED].value++;
		exchange_fail(&conv->exchange, SASL_TEMPORARY_AUTH_FAILURE, "timed-out");
		send_failure(conv, str_of(conv->exchange.mechanism->name));
	}
	if (list_empty(&c->by_age))
		uv_timer_stop(timer);
}

struct conversations *conversations_start(const struct conversations_spec *spec)
{
	struct conversations *c = bh_alloc(sizeof(*c));

	enrol_counters(spec->max);
	c->spec = *spec;
	list_init(&c->by_age);
	uv_timer_init(spec->loop, &c->timer);
	c->timer.data = c;
	return c;
}

static void on_closed(uv_handle_t *handle)
{
	struct conversations *c = handle->data;

	map_fini(&c->open);
	c->stopped(c->stopped_arg);
	free(c);
}

void conversations_stop(struct conversations **ref, void (*done)(void *), void *arg)
{
	struct conversations *c = *ref;

	*ref = NULL;
	conversations_abort_all(c);
	c->stopped = done;
	c->stopped_arg = arg;
	uv_close((uv_handle_t *)&c->timer, on_closed);
}

/* ---- what comes from routerd ---------------------------------------------------------- */

static char *text_of(struct str s)
{
	return s.len > 0 ? bh_strndup(s.p, s.len) : NULL;
}

static void take_parameters(struct exchange *x, const struct msg_auth_begin *m)
{
	x->domain = bh_strndup(m->domain.p, m->domain.len);
	x->connection = text_of(m->connection);
	x->address = text_of(m->address);
	x->certificate = text_of(m->certificate);
	x->certificate_mail = text_of(m->certificate_mail);
	x->certificate_subject = text_of(m->certificate_subject);
	buf_put_str(&x->certificate_der, m->certificate_der);
	x->exporter_len = m->exporter.len <= EXPORTER_MAX ? m->exporter.len : 0;
	if (x->exporter_len > 0)
		memcpy(x->exporter, m->exporter.p, x->exporter_len);
	x->plus_offered = x->exporter_len > 0 && offered_plus(m->offered);
}

static struct conversation *conversation_open(struct conversations *c, uint64_t id,
	const struct msg_auth_begin *m)
{
	struct conversation *conv = bh_alloc(sizeof(*conv));

	conv->all = c;
	conv->id = id;
	conv->exchange.env = &c->spec.env;
	conv->ends_ms = clock_ms() + c->spec.life_ms;
	if (map_add(&c->open, &conv->node, &conv->id, sizeof(conv->id)) < 0) {
		free(conv);
		return NULL;
	}
	list_append(&c->by_age, &conv->link);
	association_opened(ASSOCIATION_IN);
	counters[COUNT_OPEN].value = c->open.count;
	take_parameters(&conv->exchange, m);
	if (!uv_is_active((uv_handle_t *)&c->timer)) {
		uint64_t tick = c->spec.life_ms < TICK_MS ? c->spec.life_ms : TICK_MS;

		uv_timer_start(&c->timer, on_tick, tick, tick);
	}
	return conv;
}

/* May this client begin with this mechanism at all? */
static bool admit(struct exchange *x, const struct msg_auth_begin *m)
{
	struct mechanism_request request = {
		.name = m->mechanism,
		.offered = m->offered,
		.tls = m->tls != 0,
		.exporter = x->exporter_len > 0,
	};
	const struct policy_domain *domain = policy_domain(x->env->policy, m->domain);

	if (str_is(m->mechanism, mechanism_component.name) &&
		secrets_serve(&x->env->policy->secrets, m->domain)) {
		x->mechanism = &mechanism_component;
		return true;
	}
	if (domain == NULL) {
		exchange_fail(x, SASL_NOT_AUTHORIZED, "unknown-domain");
		return false;
	}
	x->directory = domain->directory;
	x->realm = domain->realm;
	request.certificate = external_has_name(x);
	x->mechanism = offer_accept(&domain->offer, &request, &x->condition);
	x->reason = "mechanism-not-offered";
	return x->mechanism != NULL;
}

/* What the client says, in the form that its mechanism wants. */
static int decode(const struct exchange *x, struct str data, struct buf *in)
{
	if (!x->mechanism->raw)
		return base64_decode(data, in);
	buf_put_str(in, data);
	return buf_failed(in) ? BH_ENOMEM : 0;
}

static void step(struct conversation *conv, struct str data)
{
	struct exchange *x = &conv->exchange;
	struct buf in = BUF_INIT;
	int rc = decode(x, data, &in);
	enum outcome outcome;

	if (x->job != NULL || x->question != NULL)
		outcome = exchange_fail(x, SASL_MALFORMED_REQUEST, "out-of-turn");
	else if (rc == BH_EINVAL)
		outcome = exchange_fail(x, SASL_INCORRECT_ENCODING, "bad-base64");
	else if (rc < 0)
		outcome = exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "internal");
	else
		outcome = x->mechanism->step(x, buf_str(&in));
	buf_fini_secret(&in);
	conclude(conv, outcome);
}

static void refuse_full(struct conversations *c, uint64_t id)
{
	struct msg_auth_verdict m = {
		.condition = SASL_TEMPORARY_AUTH_FAILURE,
		.text = STR_LIT("Try again later."),
	};

	association_rejected();
	/* One line for the first of a flood, the counter for the rest. */
	if (counters[COUNT_OVERFLOW].value++ % 10000 == 0)
		log_warn("auth-overload", "conversations=%zu", c->open.count);
	c->spec.verdict(c->spec.owner, id, &m);
}

/* A new one may have the place of the oldest, when that had some time already: most need none at all. */
static void make_room(struct conversations *c)
{
	struct conversation *oldest;

	if (c->open.count < c->spec.max)
		return;
	oldest = container_of(c->by_age.next, struct conversation, link);
	if (clock_ms() + c->spec.life_ms - oldest->ends_ms < c->spec.life_ms / FAIR_SHARE)
		return;
	exchange_fail(&oldest->exchange, SASL_TEMPORARY_AUTH_FAILURE, "made-room");
	send_failure(oldest, str_of(oldest->exchange.mechanism->name));
}

void conversations_begin(struct conversations *c, uint64_t id, const struct msg_auth_begin *m)
{
	struct conversation *conv;

	conversations_abort(c, id);
	make_room(c);
	conv = c->open.count < c->spec.max ? conversation_open(c, id, m) : NULL;
	if (conv == NULL)
		refuse_full(c, id);
	else if (!admit(&conv->exchange, m))
		send_failure(conv, m->mechanism);
	else if (m->initial.len == 0)
		send_challenge(conv, STR_LIT("")); /* all our mechanisms are client-first */
	else
		step(conv, m->initial);
}

/* What PLAIN says (RFC 4616): nobody else's name, ours, the password. */
static enum outcome try_password(struct exchange *x, const struct msg_auth_test *m)
{
	const char *at = memchr(m->account.p, '@', m->account.len);
	struct buf in = BUF_INIT;
	enum outcome outcome = OUTCOME_FAILURE;

	buf_put_byte(&in, '\0');
	buf_put(&in, m->account.p, (size_t)(at - m->account.p));
	buf_put_byte(&in, '\0');
	buf_put_str(&in, m->password);
	if (buf_failed(&in))
		exchange_fail(x, SASL_TEMPORARY_AUTH_FAILURE, "internal");
	else
		outcome = x->mechanism->step(x, buf_str(&in));
	buf_fini_secret(&in);
	return outcome;
}

void conversations_test(struct conversations *c, uint64_t id, const struct msg_auth_test *m)
{
	const char *at = memchr(m->account.p, '@', m->account.len);
	struct str name = str_make(at + 1, (size_t)(m->account.p + m->account.len - at - 1));
	const struct msg_auth_begin begin = {.domain = name, .connection = STR_LIT("bulkheadctl")};
	const struct policy_domain *domain = policy_domain(c->spec.env.policy, name);
	struct conversation *conv = c->open.count < c->spec.max ? conversation_open(c, id | OF_A_TEST, &begin) : NULL;
	struct exchange full = {.condition = SASL_TEMPORARY_AUTH_FAILURE, .reason = "overloaded"};

	if (conv == NULL) {
		c->spec.tested(c->spec.owner, id, &full);
		return;
	}
	conv->exchange.mechanism = &mechanism_plain;
	conv->exchange.directory = domain->directory;
	conv->exchange.realm = domain->realm;
	conclude(conv, try_password(&conv->exchange, m));
}

void conversations_step(struct conversations *c, uint64_t id, struct str data)
{
	struct conversation *conv = find(c, id);

	if (conv != NULL)
		step(conv, data);
}

void conversations_abort(struct conversations *c, uint64_t id)
{
	struct conversation *conv = find(c, id);

	if (conv != NULL)
		conversation_free(conv);
}

void conversations_abandon_questions(struct conversations *c)
{
	list_for_each_safe(pos, &c->by_age) {
		struct conversation *conv = container_of(pos, struct conversation, link);

		if (conv->exchange.directory == NULL && conv->exchange.realm == NULL)
			continue;
		exchange_fail(&conv->exchange, SASL_TEMPORARY_AUTH_FAILURE, "reloaded");
		send_failure(conv, str_of(conv->exchange.mechanism->name));
	}
}

void conversations_abort_all(struct conversations *c)
{
	while (!list_empty(&c->by_age))
		conversation_free(container_of(c->by_age.next, struct conversation, link));
	counters[COUNT_OPEN].value = 0;
}

unsigned conversations_open(const struct conversations *c)
{
	return (unsigned)c->open.count;
}
