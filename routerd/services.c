/* The table of the requests that routerd answers itself. */
#include "routerd/services.h"

#include "routerd/account.h"
#include "routerd/disco.h"
#include "routerd/registration.h"
#include "routerd/services/basic.h"
#include "routerd/services/blocking.h"
#include "routerd/services/carbons.h"
#include "routerd/services/commands.h"
#include "routerd/services/last.h"
#include "routerd/services/private.h"
#include "routerd/services/roster.h"
#include "routerd/services/search.h"
#include "routerd/services/vcard.h"
#include "xmpp/names.h"

static const struct service {
	const char *ns, *name;
	uint8_t type;	 /* TYPE_GET or TYPE_SET */
	unsigned places; /* set of enum service_place */
	service_fn *answer;
	/* It shows what the account's owner may rely on: not before it is in the store. */
	bool settled;
} services[] = {
	{NS_DISCO_INFO, "query", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT | SERVICE_OTHER, disco_info, false},
	{NS_DISCO_ITEMS, "query", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT | SERVICE_OTHER, disco_items, false},
	{NS_PING, "ping", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT, basic_ping, false},
	{NS_VERSION, "query", TYPE_GET, SERVICE_SERVER, basic_version, false},
	{NS_TIME, "time", TYPE_GET, SERVICE_SERVER, basic_time, false},
	{NS_SESSION, "session", TYPE_SET, SERVICE_SERVER | SERVICE_ACCOUNT, basic_session, false},
	{NS_ROSTER, "query", TYPE_GET, SERVICE_ACCOUNT | SERVICE_OTHER, roster_get, true},
	{NS_ROSTER, "query", TYPE_SET, SERVICE_ACCOUNT | SERVICE_OTHER, roster_set, false},
	{NS_VCARD, "vCard", TYPE_GET, SERVICE_ACCOUNT | SERVICE_OTHER, vcard_get, false},
	{NS_VCARD, "vCard", TYPE_SET, SERVICE_ACCOUNT | SERVICE_OTHER | SERVICE_SERVER, vcard_set, false},
	{NS_PRIVATE, "query", TYPE_GET, SERVICE_ACCOUNT | SERVICE_OTHER, private_get, false},
	{NS_PRIVATE, "query", TYPE_SET, SERVICE_ACCOUNT | SERVICE_OTHER, private_set, false},
	{NS_LAST, "query", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT | SERVICE_OTHER, last_get, false},
	{NS_BLOCKING, "blocklist", TYPE_GET, SERVICE_ACCOUNT, blocking_get, true},
	{NS_BLOCKING, "block", TYPE_SET, SERVICE_ACCOUNT, blocking_block, false},
	{NS_BLOCKING, "unblock", TYPE_SET, SERVICE_ACCOUNT, blocking_unblock, false},
	{NS_CARBONS, "enable", TYPE_SET, SERVICE_ACCOUNT, carbons_enable, false},
	{NS_CARBONS, "disable", TYPE_SET, SERVICE_ACCOUNT, carbons_disable, false},
	{NS_COMMANDS, "command", TYPE_SET, SERVICE_SERVER, command_execute, false},
	{NS_REGISTER, "query", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT, register_get, false},
	{NS_REGISTER, "query", TYPE_SET, SERVICE_SERVER | SERVICE_ACCOUNT, register_set, false},
	{NS_SEARCH, "query", TYPE_GET, SERVICE_SERVER, search_get, false},
	{NS_SEARCH, "query", TYPE_SET, SERVICE_SERVER, search_set, false},
};

static const struct service *find(const struct transit *t, enum service_place place,
	const struct tree_node *child)
{
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
		const struct service *s = &services[i];

		if (s->type == t->stanza.type && (s->places & place) && str_is(child->ns, s->ns) &&
			str_is(child->name, s->name))
			return s;
	}
	return NULL;
}

static bool must_wait(struct transit *t, const struct service *s)
{
	struct account *own = t->sender != NULL ? t->sender->account : NULL;

	if (!s->settled || own == NULL || account_settled(own))
		return false;
	account_wait_settled(own, t->cause.origin);
	return true;
}

bool services_answer(struct transit *t, enum service_place place)
{
	const struct service *s;
	struct tree *tree = NULL;
	bool waits;

	if (tree_parse(t->stanza.inner, NS_CLIENT, &tree) != 0 || tree_first(tree) == NULL) {
		tree_free(&tree);
		transit_error(t, STANZA_BAD_REQUEST, NULL);
		return true;
	}
	s = find(t, place, tree_first(tree));
	waits = s != NULL && must_wait(t, s);
	if (s == NULL)
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
	else if (!waits)
		s->answer(t, place, tree_first(tree));
	tree_free(&tree);
	return !waits;
}
