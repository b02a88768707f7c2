/* Made at once, sent when there is somebody to take them. */
#include "snmpd-plugin/traps.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/list.h"
#include "daemon/counter.h"
#include "snmpd-plugin/oids.h"

enum { WAITING_MAX = 64 };

enum { COUNT_SENT, COUNT_LOST, COUNT_END };
static struct counter counters[] = {
	[COUNT_SENT] = {.name = "notifications_sent", .about = "SNMP notifications that were given to the agent"},
	[COUNT_LOST] = {.name = "notifications_lost", .about = "SNMP notifications for which there was no room any more"},
	[COUNT_END] = {.name = NULL},
};

struct waiting {
	struct list link;
	netsnmp_variable_list *variables;
};

struct traps {
	struct list waiting;
	unsigned nwaiting;
	bool up;
};

struct traps *traps_create(void)
{
	struct traps *t = bh_alloc(sizeof *t);

	list_init(&t->waiting);
	counter_enrol(counters);
	return t;
}

static void drop_first(struct traps *t)
{
	struct waiting *w = container_of(t->waiting.next, struct waiting, link);

	list_remove(&w->link);
	snmp_free_varbind(w->variables);
	free(w);
	t->nwaiting--;
}

void traps_free(struct traps **t)
{
	if (*t == NULL)
		return;
	while (!list_empty(&(*t)->waiting))
		drop_first(*t);
	free(*t);
	*t = NULL;
}

static void flush(struct traps *t)
{
	while (t->up && !list_empty(&t->waiting)) {
		send_v2trap(container_of(t->waiting.next, struct waiting, link)->variables);
		counters[COUNT_SENT].value++;
		drop_first(t);
	}
}

void traps_link(struct traps *t, bool up)
{
	t->up = up;
	flush(t);
}

static const struct mib_row *row_of(const struct mib_group *g, oid index)
{
	for (size_t i = 0; i < g->nrows; i++)
		if (g->rows[i].index[0] == index)
			return &g->rows[i];
	return NULL;
}

static void add_object(netsnmp_variable_list **variables, const struct trap_object *o, oid index)
{
	const struct mib_row *row = row_of(o->group, index);
	const struct mib_column *c = mib_column(o->group, o->column);
	netsnmp_variable_list *var;
	oid name[MIB_OID_MAX];
	size_t len;

	if (row == NULL || c == NULL)
		return;
	len = mib_name(o->group, o->column, row, name);
	var = snmp_varlist_add_variable(variables, name, len, ASN_NULL, NULL, 0);
	if (var != NULL)
		(void)mib_put(o->group, c, row, var);
}

void traps_send(struct traps *t, oid number, oid index, const struct trap_object *objects, size_t n)
{
	static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
	const oid what[] = {OID_BULKHEAD, 0, number};
	struct waiting *w = bh_alloc(sizeof *w);

	snmp_varlist_add_variable(&w->variables, trap_oid, sizeof trap_oid / sizeof(oid), ASN_OBJECT_ID, what, sizeof what);
	for (size_t i = 0; i < n; i++)
		add_object(&w->variables, &objects[i], index);
	list_append(&t->waiting, &w->link);
	if (++t->nwaiting > WAITING_MAX) {
		counters[COUNT_LOST].value++;
		drop_first(t);
	}
	flush(t);
}
