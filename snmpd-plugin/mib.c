/* GET and GETNEXT on sorted rows. */
#include "snmpd-plugin/mib.h"

#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

/* ---- rows ------------------------------------------------------------------------------- */

void mib_begin(struct mib_group *g)
{
	g->nrows = 0;
}

void mib_add(struct mib_group *g, oid index1, oid index2, const void *data)
{
	if (g->nrows == g->room) {
		size_t room = g->room > 0 ? 2 * g->room : 8;
		struct mib_row *rows = realloc(g->rows, room * sizeof *rows);

		if (rows == NULL)
			return;
		g->rows = rows;
		g->room = room;
	}
	g->rows[g->nrows++] = (struct mib_row){{index1, index2}, data};
}

static int compare_rows(const void *a, const void *b)
{
	const struct mib_row *x = a, *y = b;

	return snmp_oid_compare(x->index, MIB_INDEX_MAX, y->index, MIB_INDEX_MAX);
}

void mib_end(struct mib_group *g)
{
	if (g->nrows > 0)
		qsort(g->rows, g->nrows, sizeof *g->rows, compare_rows);
}

void mib_free(struct mib_group *g)
{
	free(g->rows);
	g->rows = NULL;
	g->nrows = g->room = 0;
}

/* ---- values ----------------------------------------------------------------------------- */

size_t mib_name(const struct mib_group *g, oid column, const struct mib_row *row, oid out[MIB_OID_MAX])
{
	memcpy(out, g->root, g->root_len * sizeof *out);
	out[g->root_len] = column;
	memcpy(out + g->root_len + 1, row->index, g->index_len * sizeof *out);
	return g->root_len + 1 + g->index_len;
}

static void put_number(netsnmp_variable_list *var, u_char type, uint64_t n)
{
	struct counter64 wide = {.high = (u_long)(n >> 32), .low = (u_long)(n & 0xffffffffu)};
	long narrow = (long)(n & 0xffffffffu);

	if (type == ASN_COUNTER64) {
		snmp_set_var_typed_value(var, type, &wide, sizeof wide);
		return;
	}
	if (type == ASN_GAUGE && n > 0xffffffffu)
		narrow = 0xffffffff;
	if (type == ASN_INTEGER)
		narrow = (long)(int32_t)n;
	snmp_set_var_typed_value(var, type, &narrow, sizeof narrow);
}

bool mib_put(const struct mib_group *g, const struct mib_column *c, const struct mib_row *row,
	netsnmp_variable_list *var)
{
	struct mib_value v = {.text = STR_NONE};

	if (!c->get(g->ctx, row->data, &v))
		return false;
	if (c->type == ASN_OCTET_STR)
		snmp_set_var_typed_value(var, c->type, v.text.p != NULL ? v.text.p : "", v.text.len);
	else if (c->type == ASN_OBJECT_ID)
		snmp_set_var_typed_value(var, c->type, v.id, v.id_len * sizeof v.id[0]);
	else
		put_number(var, c->type, v.number);
	return true;
}

const struct mib_column *mib_column(const struct mib_group *g, oid number)
{
	for (size_t i = 0; i < g->ncolumns; i++)
		if (g->columns[i].number == number)
			return &g->columns[i];
	return NULL;
}

/* ---- requests ----------------------------------------------------------------------------- */

static bool get(const struct mib_group *g, netsnmp_variable_list *var)
{
	size_t at = g->root_len;
	const struct mib_column *c = var->name_length > at ? mib_column(g, var->name[at]) : NULL;

	if (c == NULL || var->name_length != at + 1 + g->index_len)
		return false;
	for (size_t i = 0; i < g->nrows; i++)
		if (memcmp(g->rows[i].index, var->name + at + 1, g->index_len * sizeof(oid)) == 0)
			return mib_put(g, c, &g->rows[i], var);
	return false;
}

/* The first row behind that index; g->nrows: there is none. */
static size_t row_behind(const struct mib_group *g, const oid *index, size_t len)
{
	size_t low = 0, high = g->nrows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (snmp_oid_compare(g->rows[middle].index, g->index_len, index, len) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The first value from that column and row on. */
static void put_from(const struct mib_group *g, size_t column, size_t row, netsnmp_variable_list *var)
{
	oid name[MIB_OID_MAX];

	for (; column < g->ncolumns; column++, row = 0)
		for (; row < g->nrows; row++)
			if (mib_put(g, &g->columns[column], &g->rows[row], var)) {
				size_t len = mib_name(g, g->columns[column].number, &g->rows[row], name);

				snmp_set_var_objid(var, name, len);
				return;
			}
}

static void get_next(const struct mib_group *g, netsnmp_variable_list *var)
{
	size_t at = g->root_len, column = 0;

	if (var->name_length <= at || snmp_oid_compare(var->name, at, g->root, at) != 0) {
		put_from(g, 0, 0, var);
		return;
	}
	while (column < g->ncolumns && g->columns[column].number < var->name[at])
		column++;
	if (column < g->ncolumns && g->columns[column].number == var->name[at])
		put_from(g, column, row_behind(g, var->name + at + 1, var->name_length - at - 1), var);
	else
		put_from(g, column, 0, var);
}

static int on_request(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
	netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	const struct mib_group *g = handler->myvoid;

	(void)registration;
	for (netsnmp_request_info *r = requests; r != NULL; r = r->next) {
		if (r->processed)
			continue;
		if (info->mode == MODE_GETNEXT)
			get_next(g, r->requestvb);
		else if (!get(g, r->requestvb))
			netsnmp_set_request_error(info, r, SNMP_NOSUCHINSTANCE);
	}
	return SNMP_ERR_NOERROR;
}

int mib_register(struct mib_group *g)
{
	netsnmp_handler_registration *r = netsnmp_create_handler_registration(
		g->name, on_request, g->root, g->root_len, HANDLER_CAN_RONLY);

	if (r == NULL)
		return BH_ENOMEM;
	r->handler->myvoid = g;
	return netsnmp_register_handler(r) == MIB_REGISTERED_OK ? 0 : BH_EEXIST;
}
