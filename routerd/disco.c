/* disco#info and disco#items. */
#include "routerd/disco.h"

#include "base/buf.h"
#include "routerd/account.h"
#include "routerd/component.h"
#include "routerd/domains.h"
#include "routerd/presence.h"
#include "routerd/services/commands.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"

#define BOTH (SERVICE_SERVER | SERVICE_ACCOUNT)

static bool stores_messages(const struct disco_subject *of)
{
	return of->router->limits.offline_messages > 0;
}

static bool registers(const struct disco_subject *of)
{
	return of->router->limits.registration || of->router->limits.password_change;
}

static bool searches(const struct disco_subject *of)
{
	return of->domain->directory.search;
}

/* What is advertised, and where; tests/e2e/test_honesty.py holds each line against a test of its
 * use.  SERVICE_ACCOUNT: to the account's owner and contacts. */
static const struct feature {
	unsigned places;
	const char *var;
	/* Only where the configuration allows it; NULL: always. */
	bool (*allowed)(const struct disco_subject *of);
} features[] = {
	{BOTH, NS_DISCO_INFO, NULL},
	{BOTH, NS_DISCO_ITEMS, NULL},
	{BOTH, NS_PING, NULL},
	{SERVICE_SERVER, NS_VERSION, NULL},
	{SERVICE_SERVER, NS_TIME, NULL},
	{BOTH, NS_LAST, NULL},
	{BOTH, NS_VCARD, NULL},
	{SERVICE_SERVER, NS_PRIVATE, NULL},
	{SERVICE_SERVER, NS_BLOCKING, NULL},
	{SERVICE_SERVER, NS_CARBONS, NULL},
	{SERVICE_SERVER, NS_CAPS, NULL},
	{SERVICE_ACCOUNT, NS_STANZA_ID, NULL},
	{SERVICE_SERVER, "msgoffline", stores_messages},
	{SERVICE_SERVER, NS_REGISTER, registers},
	{SERVICE_SERVER, NS_SEARCH, searches},
};

/* The same for what they are. */
#define IDENTITY(category, type, name) \
	category "/" type "//" name, "<identity category='" category "' type='" type "' name='" name "'/>"

static const struct identity {
	unsigned places;
	const char *hashed, *xml;
	bool (*allowed)(const struct disco_subject *of);
} identities[] = {
	{SERVICE_SERVER, IDENTITY("directory", "user", "Users"), searches},
	{SERVICE_SERVER, IDENTITY("server", "im", "Bulkhead"), NULL},
	{SERVICE_ACCOUNT, NULL, "<identity category='account' type='registered'/>", NULL},
};

static bool applies(const struct disco_subject *of, unsigned places, bool (*allowed)(const struct disco_subject *of))
{
	return (places & (of->domain != NULL ? SERVICE_SERVER : SERVICE_ACCOUNT)) && (allowed == NULL || allowed(of));
}

void disco_features(const struct disco_subject *of, disco_fn *each, void *arg)
{
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
		if (applies(of, features[i].places, features[i].allowed))
			each(arg, features[i].var);
}

void disco_identities(const struct disco_subject *of, disco_fn *each, void *arg)
{
	for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++)
		if (applies(of, identities[i].places, identities[i].allowed))
			each(arg, identities[i].hashed);
}

static void put_identities(struct buf *out, const struct disco_subject *of)
{
	for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++)
		if (applies(of, identities[i].places, identities[i].allowed))
			buf_put_str(out, str_of(identities[i].xml));
}

static void put_feature(void *out, const char *var)
{
	buf_printf(out, "<feature var='%s'/>", var);
}

static void put_contacts(struct buf *out, const char *var, const struct domain_contact *c)
{
	buf_printf(out, "<field var='%s'>", var);
	for (size_t i = 0; i < c->n; i++) {
		buf_put_lit(out, "<value>");
		escape_text(out, str_of(c->addresses[i]));
		buf_put_lit(out, "</value>");
	}
	buf_put_lit(out, "</field>");
}

/* XEP-0157, where there is anybody to tell. */
static void put_form(struct buf *out, const struct domain *d)
{
	bool any = false;

	for (size_t i = 0; i < DOMAIN_CONTACTS; i++)
		any |= d->contacts[i].n > 0;
	if (!any)
		return;
	buf_put_lit(out, "<x xmlns='" NS_DATA_FORMS "' type='result'><field type='hidden' "
		"var='FORM_TYPE'><value>" NS_SERVER_INFO "</value></field>");
	for (size_t i = 0; i < DOMAIN_CONTACTS; i++)
		if (d->contacts[i].n > 0)
			put_contacts(out, domain_contact_vars[i], &d->contacts[i]);
	buf_put_lit(out, "</x>");
}

/* The node that is known: the one with the hash of all this (XEP-0115 6.2). */
static bool node_is_known(const struct domain *d, struct str node)
{
	size_t prefix = strlen(CAPS_NODE "#");

	return d != NULL && node.len > prefix && memcmp(node.p, CAPS_NODE "#", prefix) == 0 &&
	       str_is(str_make(node.p + prefix, node.len - prefix), d->caps);
}

static void info(struct transit *t, enum service_place place, struct str node)
{
	struct domain *d = place == SERVICE_SERVER ? domain_find(&t->cause.router->domains, t->to.domain)
						   : NULL;
	const struct disco_subject of = {t->cause.router, d};
	struct buf out = BUF_INIT;

	if (node.p != NULL && !node_is_known(d, node)) {
		if (place != SERVICE_SERVER || !commands_info(t, node))
			transit_error(t, STANZA_ITEM_NOT_FOUND, NULL);
		return;
	}
	buf_put_lit(&out, "<query xmlns='" NS_DISCO_INFO "'");
	escape_put_attribute(&out, "node", node);
	buf_put_byte(&out, '>');
	put_identities(&out, &of);
	disco_features(&of, put_feature, &out);
	/* Not of the node with the hash of what is there for all. */
	if (place == SERVICE_SERVER && node.p == NULL && commands_allowed(t))
		put_feature(&out, NS_COMMANDS);
	if (d != NULL)
		put_form(&out, d);
	buf_put_lit(&out, "</query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}

/* May the sender know that there is this account?  (XEP-0030 8; the same answer where there is
 * none.) */
static bool may_know(const struct transit *t)
{
	const struct account *a = transit_recipient(t);

	return a != NULL && a->state == ACCOUNT_THERE && presence_given(a, t->from.bare) &&
	       !blocklist_blocks(&a->blocklist, &t->from);
}

void disco_info(struct transit *t, enum service_place place, const struct tree_node *child)
{
	if (place == SERVICE_OTHER && !may_know(t))
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
	else
		info(t, place == SERVICE_SERVER ? place : SERVICE_ACCOUNT, tree_attr(child, "node"));
}

static void put_component(void *out, const struct component *c)
{
	buf_put_lit((struct buf *)out, "<item");
	escape_put_attribute(out, "jid", str_of(component_name(c)));
	escape_put_attribute(out, "name", str_of(component_title(c)));
	buf_put_lit((struct buf *)out, "/>");
}

void disco_items(struct transit *t, enum service_place place, const struct tree_node *child)
{
	struct str node = tree_attr(child, "node");
	struct buf out = BUF_INIT;

	if (node.p != NULL && place != SERVICE_OTHER) {
		if (place != SERVICE_SERVER || !commands_items(t, node))
			transit_error(t, STANZA_ITEM_NOT_FOUND, NULL);
		return;
	}
	buf_put_lit(&out, "<query xmlns='" NS_DISCO_ITEMS "'");
	escape_put_attribute(&out, "node", node);
	buf_put_byte(&out, '>');
	if (place == SERVICE_SERVER)
		components_each(t->cause.router, put_component, &out);
	buf_put_lit(&out, "</query>");
	transit_result(t, buf_str(&out));
	buf_fini(&out);
}
