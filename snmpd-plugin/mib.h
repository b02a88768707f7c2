/*
 * mib - tables and scalars for SNMP, out of arrays of ours
 *
 * A group is the entry of a table, or the node above some scalars: columns, each with a function that gives its value for
 * a row, and rows, which are made anew at each picture.  A scalar is a column with one row, whose index is 0.  Groups
 * are read only.  A value that a row does not have is left out (noSuchInstance).
 */
#ifndef SNMPD_PLUGIN_MIB_H
#define SNMPD_PLUGIN_MIB_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/str.h"

enum { MIB_INDEX_MAX = 2, MIB_OID_MAX = 24 };

struct mib_value {
	uint64_t number;
	struct str text;	/* of an octet string: borrowed, or of `bytes` */
	char bytes[16];
	oid id[MIB_OID_MAX];	/* of an object identifier */
	size_t id_len;
};

/* How a number that does not fit is shown: a counter goes round, a gauge stays at its highest. */
struct mib_column {
	oid number;
	u_char type; /* ASN_... */
	bool (*get)(const void *ctx, const void *row, struct mib_value *out);
};

struct mib_row {
	oid index[MIB_INDEX_MAX];
	const void *data;
};

struct mib_group {
	const char *name;
	oid root[MIB_OID_MAX];
	size_t root_len;
	const struct mib_column *columns; /* ascending */
	size_t ncolumns;
	size_t index_len;
	const void *ctx; /* of the columns' functions */
	struct mib_row *rows;
	size_t nrows, room;
};

/* From now on it can be asked for.  0 or negative.  It must live as long as the process. */
int mib_register(struct mib_group *g);

/* Its rows are made anew: begin, a row each in any order, end. */
void mib_begin(struct mib_group *g);
void mib_add(struct mib_group *g, oid index1, oid index2, const void *data);
void mib_end(struct mib_group *g);
void mib_free(struct mib_group *g);

/* The name of one value. */
size_t mib_name(const struct mib_group *g, oid column, const struct mib_row *row, oid out[MIB_OID_MAX]);
/* Puts one value of a row into a variable of libnetsnmp's; false: it has none. */
bool mib_put(const struct mib_group *g, const struct mib_column *c, const struct mib_row *row,
	netsnmp_variable_list *var);
const struct mib_column *mib_column(const struct mib_group *g, oid number);

#endif
