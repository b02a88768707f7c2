/* Applications and their associations. */
#include "snmpd-plugin/appl.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "snmpd-plugin/agent.h"
#include "snmpd-plugin/oids.h"

/* ---- applTable: rows are struct daemon_row -------------------------------------------------- */

static const struct {
	unsigned role;
	const char *text;
} descriptions[] = {
	{ROLE_ROUTER, "routes stanzas, and knows who is connected"},
	{ROLE_C2S, "carries the streams of clients"},
	{ROLE_S2S, "carries the streams from and to other servers"},
	{ROLE_AUTH, "decides who somebody is"},
	{ROLE_DIR, "follows the directories"},
	{ROLE_SNMP, "shows the suite to SNMP"},
	{ROLE_METRICS, "shows the suite to Prometheus"},
	{ROLE_KEY, "has the private keys"},
};

static bool get_name(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->text = str_of(((const struct daemon_row *)row)->name);
	return true;
}

static bool get_nothing(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx, (void)row;
	out->text = STR_LIT("");
	return true;
}

static bool get_version(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->text = str_of(((const struct daemon_row *)row)->seen->software);
	return true;
}

static bool get_start(const void *ctx, const void *row, struct mib_value *out)
{
	const struct snmp_plugin *p = ctx;

	out->number = agent_time(p->agent, ((const struct daemon_row *)row)->seen->started_ms);
	return true;
}

static bool get_status(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->number = ((const struct daemon_row *)row)->status;
	return true;
}

static bool get_last_change(const void *ctx, const void *row, struct mib_value *out)
{
	const struct snmp_plugin *p = ctx;

	out->number = agent_time(p->agent, ((const struct daemon_row *)row)->status_ms);
	return true;
}

static bool get_count(const void *row, const char *name, struct mib_value *out)
{
	out->number = seen_value(((const struct daemon_row *)row)->seen, name);
	return true;
}

/* One that is not there has none. */
static bool get_open(const void *row, const char *name, struct mib_value *out)
{
	enum oper_status status = ((const struct daemon_row *)row)->status;

	if (status != OPER_RESTARTING && status != OPER_DOWN)
		return get_count(row, name, out);
	out->number = 0;
	return true;
}

static bool get_moment(const struct snmp_plugin *p, const void *row, const char *name, struct mib_value *out)
{
	uint64_t ms = seen_value(((const struct daemon_row *)row)->seen, name);

	out->number = ms != 0 ? agent_time(p->agent, ms) : 0;
	return true;
}

static bool get_in_open(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	return get_open(row, "connections_in_open", out);
}

static bool get_out_open(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	return get_open(row, "connections_out_open", out);
}

static bool get_in(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	return get_count(row, "connections_in", out);
}

static bool get_out(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	return get_count(row, "connections_out", out);
}

static bool get_last_in(const void *ctx, const void *row, struct mib_value *out)
{
	return get_moment(ctx, row, "connection_in_timestamp_seconds", out);
}

static bool get_last_out(const void *ctx, const void *row, struct mib_value *out)
{
	return get_moment(ctx, row, "connection_out_timestamp_seconds", out);
}

static bool get_rejected(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	return get_count(row, "connections_rejected", out);
}

static bool get_failed(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	return get_count(row, "connections_failed", out);
}

static bool get_description(const void *ctx, const void *row, struct mib_value *out)
{
	unsigned role = ((const struct daemon_row *)row)->seen->role;

	(void)ctx;
	out->text = STR_LIT("");
	for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++)
		if (descriptions[i].role == role)
			out->text = str_of(descriptions[i].text);
	return true;
}

static const struct mib_column appl_columns[] = {
	{APPL_NAME, ASN_OCTET_STR, get_name},
	{3, ASN_OCTET_STR, get_nothing}, /* applDirectoryName */
	{4, ASN_OCTET_STR, get_version},
	{5, ASN_TIMETICKS, get_start},
	{APPL_OPER_STATUS, ASN_INTEGER, get_status},
	{7, ASN_TIMETICKS, get_last_change},
	{8, ASN_GAUGE, get_in_open},
	{9, ASN_GAUGE, get_out_open},
	{10, ASN_COUNTER, get_in},
	{11, ASN_COUNTER, get_out},
	{12, ASN_TIMETICKS, get_last_in},
	{13, ASN_TIMETICKS, get_last_out},
	{14, ASN_COUNTER, get_rejected},
	{15, ASN_COUNTER, get_failed},
	{16, ASN_OCTET_STR, get_description},
	{17, ASN_OCTET_STR, get_nothing}, /* applURL */
};

/* ---- assocTable --------------------------------------------------------------------------------- */

struct assoc_row {
	unsigned role;
	const struct association *a;
};

/* assocApplicationType says what the other side is. */
enum { CLIENT_INITIATES = 1, PEER_INITIATES = 3, PEER_RESPONDS = 4 };
enum { PORT_CLIENTS = 5222, PORT_SERVERS = 5269 };

static bool get_remote(const void *ctx, const void *row, struct mib_value *out)
{
	(void)ctx;
	out->text = ((const struct assoc_row *)row)->a->remote;
	return true;
}

static bool get_protocol(const void *ctx, const void *row, struct mib_value *out)
{
	const oid id[] = {OID_APPLICATION, 4,
		((const struct assoc_row *)row)->role == ROLE_C2S ? PORT_CLIENTS : PORT_SERVERS};

	(void)ctx;
	memcpy(out->id, id, sizeof id);
	out->id_len = sizeof id / sizeof id[0];
	return true;
}

static bool get_type(const void *ctx, const void *row, struct mib_value *out)
{
	const struct assoc_row *r = row;

	(void)ctx;
	out->number = r->role == ROLE_C2S ? CLIENT_INITIATES
		: r->a->way == ASSOCIATION_IN ? PEER_INITIATES : PEER_RESPONDS;
	return true;
}

/* When it began, in spite of its name. */
static bool get_duration(const void *ctx, const void *row, struct mib_value *out)
{
	const struct snmp_plugin *p = ctx;

	out->number = agent_time(p->agent, ((const struct assoc_row *)row)->a->began_ms);
	return true;
}

static const struct mib_column assoc_columns[] = {
	{2, ASN_OCTET_STR, get_remote},
	{3, ASN_OBJECT_ID, get_protocol},
	{4, ASN_INTEGER, get_type},
	{5, ASN_TIMETICKS, get_duration},
};

static size_t count(const struct snmp_plugin *p)
{
	size_t n = 0;

	list_for_each(pos, &p->daemons.all)
		n += container_of(pos, struct daemon_row, link)->seen->nassociations;
	return n;
}

static void take_associations(struct appl *a, const struct snmp_plugin *p)
{
	size_t n = count(p), i = 0;

	free(a->rows);
	a->rows = calloc(n + 1, sizeof *a->rows);
	mib_begin(&a->associations);
	list_for_each(pos, &p->daemons.all) {
		const struct daemon_row *row = container_of(pos, struct daemon_row, link);

		for (size_t k = 0; a->rows != NULL && k < row->seen->nassociations; k++, i++) {
			const struct association *one = &row->seen->associations[k];

			a->rows[i] = (struct assoc_row){row->seen->role, one};
			mib_add(&a->associations, row->index, (one->id - 1) % INT32_MAX + 1, &a->rows[i]);
		}
	}
	mib_end(&a->associations);
}

/* ---- both ----------------------------------------------------------------------------------------- */

void appl_take(struct appl *a, const struct snmp_plugin *p)
{
	mib_begin(&a->table);
	list_for_each(pos, &p->daemons.all) {
		const struct daemon_row *row = container_of(pos, struct daemon_row, link);

		mib_add(&a->table, row->index, 0, row);
	}
	mib_end(&a->table);
	take_associations(a, p);
}

int appl_register(struct snmp_plugin *p, struct appl **out)
{
	struct appl *a = bh_alloc(sizeof *a);
	int rc;

	a->table = (struct mib_group){
		.name = "applTable", MIB_ROOT(OID_APPLICATION, 1, 1), .columns = appl_columns,
		.ncolumns = sizeof appl_columns / sizeof appl_columns[0], .index_len = 1, .ctx = p};
	a->associations = (struct mib_group){
		.name = "assocTable", MIB_ROOT(OID_APPLICATION, 2, 1), .columns = assoc_columns,
		.ncolumns = sizeof assoc_columns / sizeof assoc_columns[0], .index_len = 2, .ctx = p};
	*out = a;
	rc = mib_register(&a->table);
	return rc == 0 ? mib_register(&a->associations) : rc;
}

void appl_free(struct appl **a)
{
	if (*a == NULL)
		return;
	mib_free(&(*a)->table);
	mib_free(&(*a)->associations);
	free((*a)->rows);
	free(*a);
	*a = NULL;
}
