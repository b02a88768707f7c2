/* disco#info and disco#items. */
#include "routerd/disco.h"

#include "base/buf.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

static const struct identity {
	enum service_place place;
	const char *category, *type, *name;
} identities[] = {
	{SERVICE_SERVER, "server", "im", "Bulkhead"},
	{SERVICE_ACCOUNT, "account", "registered", NULL},
};

/* What is advertised, and where; tests hold each line against a use of it. */
static const struct feature {
	unsigned places;
	const char *var;
} features[] = {
	{SERVICE_SERVER | SERVICE_ACCOUNT, NS_DISCO_INFO},
	{SERVICE_SERVER | SERVICE_ACCOUNT, NS_DISCO_ITEMS},
	{SERVICE_SERVER | SERVICE_ACCOUNT, NS_PING},
	{SERVICE_SERVER, NS_VERSION},
	{SERVICE_SERVER, NS_TIME},
};

static void put_identities(struct buf *out, enum service_place place)
{
	for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
		const struct identity *id = &identities[i];

		if (id->place != place)
			continue;
		buf_printf(out, "<identity category='%s' type='%s'", id->category, id->type);
		escape_put_attribute(out, "name", str_of(id->name));
		buf_put_lit(out, "/>");
	}
}

/* No nodes are known: a query for one is answered so (3.2). */
static bool has_node(struct transit *t, const struct tree_node *child)
{
	if (tree_attr(child, "node").p == NULL)
		return false;
	transit_error(t, STANZA_ITEM_NOT_FOUND, NULL);
	return true;
}

void disco_info(struct transit *t, enum service_place place, const struct tree_node *child)
{
	struct buf out = BUF_INIT;

	if (has_node(t, child))
		return;
	buf_put_lit(&out, "<query xmlns='" NS_DISCO_INFO "'>");
	put_identities(&out, place);
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
		if (features[i].places & place)
			buf_printf(&out, "<feature var='%s'/>", features[i].var);
	buf_put_lit(&out, "</query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

void disco_items(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place;
	if (!has_node(t, child))
		transit_result(t, STR_LIT("<query xmlns='" NS_DISCO_ITEMS "'/>"));
}
