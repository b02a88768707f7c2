/* Scalars and tables of our own. */
#include "snmpd-plugin/suite.h"

#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "snmpd-plugin/oids.h"

enum { TRUE_VALUE = 1, FALSE_VALUE = 2, DAY_S = 86400 };

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct seen *router(const void *ctx)
{
	return ((const struct snmp_plugin *)ctx)->suite->router;
}

/* Of routerd: what is worth something only while it is there is not shown when it is not. */
static bool router_value(const void *ctx, const char *name, struct mib_value *out)
{
	const struct seen *r = router(ctx);
	const struct counted *c = r != NULL ? seen_counter(r, name) : NULL;

	if (c == NULL)
		return false;
	out->number = c->value;
	return true;
}

/* A column that is a counter of routerd. */
#define OF_ROUTER(function, name)                                                                  \
	static bool function(const void *ctx, const void *row, struct mib_value *out)              \
	{                                                                                          \
		(void)row;                                                                         \
		return router_value(ctx, name, out);                                               \
	}

/* ---- bhState ------------------------------------------------------------------------------------ */

static bool is_there(const struct seen *s)
{
	return s != NULL && s->state != INSTANCE_RESTARTING && s->state != INSTANCE_GONE;
}

static bool get_reachable(const void *ctx, const void *row, struct mib_value *out)
{
	(void)row;
	out->number = is_there(router(ctx)) ? TRUE_VALUE : FALSE_VALUE;
	return true;
}

static bool get_custody(const void *ctx, const void *row, struct mib_value *out)
{
	enum { HEALED = 1, HEALING = 2, UNKNOWN = 3 };
	const struct seen *r = router(ctx);

	(void)row;
	out->number = !is_there(r) ? UNKNOWN : seen_value(r, "custody_healing") != 0 ? HEALING : HEALED;
	return true;
}

static bool get_age(const void *ctx, const void *row, struct mib_value *out)
{
	const struct picture *p = ((const struct snmp_plugin *)ctx)->picture;

	(void)row;
	if (p->taken_ms == 0)
		return false;
	out->number = (clock_ms() - p->taken_ms) / 1000;
	return true;
}

static const struct mib_column state_columns[] = {
	{1, ASN_INTEGER, get_reachable},
	{2, ASN_INTEGER, get_custody},
	{3, ASN_UNSIGNED, get_age},
};

/* ---- bhTraffic, bhQueues ------------------------------------------------------------------------- */

OF_ROUTER(get_messages, "stanzas_in{kind=\"message\"}")
OF_ROUTER(get_presence, "stanzas_in{kind=\"presence\"}")
OF_ROUTER(get_iqs, "stanzas_in{kind=\"iq\"}")
OF_ROUTER(get_deliveries, "deliveries")
OF_ROUTER(get_errors, "errors_sent")
OF_ROUTER(get_stored, "messages_stored")

static const struct mib_column traffic_columns[] = {
	{1, ASN_COUNTER64, get_messages},
	{2, ASN_COUNTER64, get_presence},
	{3, ASN_COUNTER64, get_iqs},
	{4, ASN_COUNTER64, get_deliveries},
	{5, ASN_COUNTER64, get_errors},
	{6, ASN_COUNTER64, get_stored},
};

OF_ROUTER(get_queued, "queued")
OF_ROUTER(get_queued_bytes, "queued_bytes")
OF_ROUTER(get_waiting, "stored_messages")
OF_ROUTER(get_backlog, "store_backlog")
OF_ROUTER(get_unsent, "bus_unsent_bytes")

static const struct mib_column queue_columns[] = {
	{1, ASN_GAUGE, get_queued},
	{2, ASN_GAUGE, get_queued_bytes},
	{3, ASN_GAUGE, get_waiting},
	{4, ASN_GAUGE, get_backlog},
	{5, ASN_GAUGE, get_unsent},
};

/* ---- bhLogins ------------------------------------------------------------------------------------- */

static bool is_failure(const struct counted *c)
{
	return str_is(counted_base(c), "logins_failed");
}

OF_ROUTER(get_logins, "logins")

static bool get_failures(const void *ctx, const void *row, struct mib_value *out)
{
	const struct seen *r = router(ctx);

	(void)row;
	for (size_t i = 0; r != NULL && i < r->ncounters; i++)
		if (is_failure(&r->counters[i]))
			out->number += r->counters[i].value;
	return r != NULL && r->ncounters > 0;
}

static const struct mib_column login_columns[] = {
	{1, ASN_COUNTER64, get_logins},
	{2, ASN_COUNTER64, get_failures},
};

/* bhFailureTable: rows are struct counted. */
static bool get_reason(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->text = counted_label(row);
	return true;
}

static bool get_counted(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = ((const struct counted *)row)->value;
	return true;
}

static const struct mib_column failure_columns[] = {
	{2, ASN_OCTET_STR, get_reason},
	{3, ASN_COUNTER64, get_counted},
};

/* ---- bhSessions ------------------------------------------------------------------------------------ */

OF_ROUTER(get_available, "client_sessions{state=\"available\"}")
OF_ROUTER(get_connected, "client_sessions{state=\"connected\"}")
OF_ROUTER(get_asleep, "client_sessions{state=\"asleep\"}")
OF_ROUTER(get_begun, "sessions")
OF_ROUTER(get_resumed, "resumed")

static const struct mib_column session_columns[] = {
	{1, ASN_GAUGE, get_available},
	{2, ASN_GAUGE, get_connected},
	{3, ASN_GAUGE, get_asleep},
	{4, ASN_COUNTER64, get_begun},
	{5, ASN_COUNTER64, get_resumed},
};

/* ---- bhDaemonTable: rows are struct daemon_row -------------------------------------------------------- */

static bool get_pid(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = ((const struct daemon_row *)row)->seen->pid;
	return true;
}

static bool get_state(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = ((const struct daemon_row *)row)->seen->state;
	return true;
}

static bool get_deaths(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = ((const struct daemon_row *)row)->seen->deaths;
	return true;
}

static bool get_processor(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = seen_value(((const struct daemon_row *)row)->seen, "process_cpu_seconds") / 10;
	return true;
}

static bool get_memory(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = seen_value(((const struct daemon_row *)row)->seen, "process_memory_peak_bytes") / 1024;
	return true;
}

static const struct mib_column daemon_columns[] = {
	{1, ASN_UNSIGNED, get_pid},
	{2, ASN_INTEGER, get_state},
	{DAEMON_DEATHS, ASN_COUNTER, get_deaths},
	{4, ASN_COUNTER, get_processor},
	{5, ASN_GAUGE, get_memory},
};

/* ---- bhCertificateTable, bhDirectoryTable: rows are struct roll_entry ----------------------------------- */

static bool get_roll_name(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->text = str_of(((const struct roll_entry *)row)->name);
	return true;
}

/* DateAndTime (RFC 2579), UTC. */
static bool get_expires(const void *ctx, const void *row, struct mib_value *out)
{
	time_t when = (time_t)((const struct roll_entry *)row)->value;
	struct tm tm;
	int year;

	(void)ctx;
	if (gmtime_r(&when, &tm) == NULL)
		return false;
	year = tm.tm_year + 1900;
	memcpy(out->bytes, (const char[]){(char)(year >> 8), (char)year, (char)(tm.tm_mon + 1), (char)tm.tm_mday,
		(char)tm.tm_hour, (char)tm.tm_min, (char)tm.tm_sec, 0, '+', 0, 0}, 11);
	out->text = str_make(out->bytes, 11);
	return true;
}

int64_t suite_days_until(uint64_t wall)
{
	int64_t left = (int64_t)wall - clock_wall();

	return left >= 0 ? left / DAY_S : -((-left + DAY_S - 1) / DAY_S);
}

static bool get_days(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = (uint64_t)suite_days_until(((const struct roll_entry *)row)->value);
	return true;
}

static const struct mib_column certificate_columns[] = {
	{CERTIFICATE_DOMAIN, ASN_OCTET_STR, get_roll_name},
	{CERTIFICATE_EXPIRES, ASN_OCTET_STR, get_expires},
	{CERTIFICATE_DAYS, ASN_INTEGER, get_days},
};

static bool get_lag(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = ((const struct roll_entry *)row)->value;
	return true;
}

static bool get_brake(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = ((const struct roll_entry *)row)->flag ? TRUE_VALUE : FALSE_VALUE;
	return true;
}

static const struct mib_column directory_columns[] = {
	{DIRECTORY_NAME, ASN_OCTET_STR, get_roll_name},
	{3, ASN_GAUGE, get_lag},
	{DIRECTORY_BRAKE, ASN_INTEGER, get_brake},
};

/* ---- a picture ------------------------------------------------------------------------------------------- */

static void take_scalar(struct mib_group *g)
{
	mib_begin(g);
	mib_add(g, 0, 0, NULL);
	mib_end(g);
}

static void take_failures(struct mib_group *g, const struct seen *r)
{
	oid n = 0;

	mib_begin(g);
	for (size_t i = 0; r != NULL && i < r->ncounters; i++)
		if (is_failure(&r->counters[i]))
			mib_add(g, ++n, 0, &r->counters[i]);
	mib_end(g);
}

static void take_daemons(struct mib_group *g, const struct snmp_plugin *p)
{
	mib_begin(g);
	list_for_each(pos, &p->daemons.all) {
		const struct daemon_row *row = container_of(pos, struct daemon_row, link);

		mib_add(g, row->index, 0, row);
	}
	mib_end(g);
}

/* Several may show the same domain: the one that expires first counts. */
static void take_certificate(struct roll *roll, const struct counted *c)
{
	struct roll_entry *e;

	if (!str_is(counted_base(c), "certificate_expiry_timestamp_seconds"))
		return;
	e = roll_call(roll, counted_label(c));
	if (e == NULL)
		return;
	if (!e->there || c->value < e->value)
		e->value = c->value;
	e->there = true;
}

/* What dirsyncd counts of its directories: ldap_sync_lag_seconds and ldap_brake, by directory. */
static void take_directory(struct roll *roll, const struct counted *c)
{
	bool lag = str_is(counted_base(c), "ldap_sync_lag_seconds"), brake = str_is(counted_base(c), "ldap_brake");
	struct roll_entry *e;

	if (!lag && !brake)
		return;
	e = roll_call(roll, counted_label(c).p != NULL ? counted_label(c) : STR_LIT(""));
	if (e == NULL)
		return;
	if (!e->there)
		e->value = e->flag = 0;
	e->there = true;
	if (lag)
		e->value = c->kind == COUNTER_MS ? c->value / 1000 : c->value;
	else
		e->flag = c->value != 0;
}

static void take_roll(struct mib_group *g, struct roll *roll)
{
	mib_begin(g);
	list_for_each(pos, &roll->all) {
		const struct roll_entry *e = container_of(pos, struct roll_entry, link);

		if (e->there)
			mib_add(g, e->number, 0, e);
	}
	mib_end(g);
}

static void read_rolls(struct snmp_plugin *p)
{
	roll_clear(&p->certificates);
	roll_clear(&p->directories);
	list_for_each(pos, &p->picture->all) {
		const struct seen *s = container_of(pos, struct seen, link);

		for (size_t i = 0; i < s->ncounters; i++) {
			if (s->role == ROLE_C2S)
				take_certificate(&p->certificates, &s->counters[i]);
			if (s->role == ROLE_DIR)
				take_directory(&p->directories, &s->counters[i]);
		}
	}
}

void suite_take(struct suite *s, struct snmp_plugin *p)
{
	static const enum suite_group scalars[] = {
		SUITE_STATE, SUITE_TRAFFIC, SUITE_QUEUES, SUITE_LOGINS, SUITE_SESSIONS};

	s->router = picture_find(p->picture, STR_LIT("routerd"));
	for (size_t i = 0; i < COUNT_OF(scalars); i++)
		take_scalar(&s->groups[scalars[i]]);
	take_failures(&s->groups[SUITE_FAILURES], s->router);
	take_daemons(&s->groups[SUITE_DAEMONS], p);
	read_rolls(p);
	take_roll(&s->groups[SUITE_CERTIFICATES], &p->certificates);
	take_roll(&s->groups[SUITE_DIRECTORIES], &p->directories);
}

/* ---- coming and going -------------------------------------------------------------------------------------- */

#define GROUP(text, columns_, index_len_, ...)                                                     \
	{                                                                                          \
		.name = text, MIB_ROOT(OID_BULKHEAD, 1, __VA_ARGS__), .columns = columns_,         \
		.ncolumns = COUNT_OF(columns_), .index_len = index_len_                            \
	}

static const struct mib_group groups[SUITE_GROUPS] = {
	[SUITE_STATE] = GROUP("bhState", state_columns, 1, 1),
	[SUITE_TRAFFIC] = GROUP("bhTraffic", traffic_columns, 1, 2),
	[SUITE_QUEUES] = GROUP("bhQueues", queue_columns, 1, 3),
	[SUITE_LOGINS] = GROUP("bhLogins", login_columns, 1, 4),
	[SUITE_FAILURES] = GROUP("bhFailureTable", failure_columns, 1, 5, 1),
	[SUITE_SESSIONS] = GROUP("bhSessions", session_columns, 1, 6),
	[SUITE_DAEMONS] = GROUP("bhDaemonTable", daemon_columns, 1, 7, 1),
	[SUITE_CERTIFICATES] = GROUP("bhCertificateTable", certificate_columns, 1, 8, 1),
	[SUITE_DIRECTORIES] = GROUP("bhDirectoryTable", directory_columns, 1, 9, 1),
};

int suite_register(struct snmp_plugin *p, struct suite **out)
{
	struct suite *s = bh_alloc(sizeof *s);
	int rc = 0;

	*out = s;
	for (size_t i = 0; i < SUITE_GROUPS && rc == 0; i++) {
		s->groups[i] = groups[i];
		s->groups[i].ctx = p;
		rc = mib_register(&s->groups[i]);
	}
	return rc;
}

void suite_free(struct suite **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; i < SUITE_GROUPS; i++)
		mib_free(&(*s)->groups[i]);
	free(*s);
	*s = NULL;
}
