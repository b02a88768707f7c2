/* The table of the requests that routerd answers itself. */
#include "routerd/services.h"

#include <stdio.h>

#include "base/clock.h"
#include "routerd/disco.h"
#include "xmpp/names.h"

/* A handler gets the request's one child. */
typedef void service_fn(struct transit *t, enum service_place place, const struct tree_node *child);

static service_fn answer_ping, answer_version, answer_time, answer_session, answer_roster;

static const struct service {
	const char *ns, *name;
	uint8_t type;	 /* TYPE_GET or TYPE_SET */
	unsigned places; /* set of enum service_place */
	service_fn *answer;
} services[] = {
	{NS_DISCO_INFO, "query", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT, disco_info},
	{NS_DISCO_ITEMS, "query", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT | SERVICE_OTHER,
		disco_items},
	{NS_PING, "ping", TYPE_GET, SERVICE_SERVER | SERVICE_ACCOUNT, answer_ping},
	{NS_VERSION, "query", TYPE_GET, SERVICE_SERVER, answer_version},
	{NS_TIME, "time", TYPE_GET, SERVICE_SERVER, answer_time},
	{NS_SESSION, "session", TYPE_SET, SERVICE_SERVER | SERVICE_ACCOUNT, answer_session},
	{NS_ROSTER, "query", TYPE_GET, SERVICE_ACCOUNT, answer_roster},
};

static void answer_ping(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	transit_result(t, STR_LIT(""));
}

static void answer_version(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	transit_result(t, STR_LIT("<query xmlns='" NS_VERSION "'><name>Bulkhead</name><version>"
		BULKHEAD_VERSION "</version></query>"));
}

static void answer_time(struct transit *t, enum service_place place, const struct tree_node *child)
{
	char stamp[CLOCK_STAMP_SIZE], inner[160];
	int n;

	(void)place, (void)child;
	clock_stamp(clock_wall(), stamp);
	n = snprintf(inner, sizeof inner,
		"<time xmlns='" NS_TIME "'><tzo>+00:00</tzo><utc>%s</utc></time>", stamp);
	transit_result(t, str_make(inner, (size_t)n));
}

/* RFC 3921's session: nothing to do, and old clients wait for the answer. */
static void answer_session(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	transit_result(t, STR_LIT(""));
}

/* Nobody has contacts yet: the roster is empty, and can be asked for. */
static void answer_roster(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	transit_result(t, STR_LIT("<query xmlns='" NS_ROSTER "'/>"));
}

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

void services_answer(struct transit *t, enum service_place place)
{
	const struct service *s;
	struct tree *tree;

	if (tree_parse(t->stanza.inner, NS_CLIENT, &tree) != 0) {
		transit_error(t, STANZA_BAD_REQUEST, NULL);
		return;
	}
	s = find(t, place, tree_first(tree));
	if (s != NULL)
		s->answer(t, place, tree_first(tree));
	else
		transit_error(t, STANZA_SERVICE_UNAVAILABLE, NULL);
	tree_free(&tree);
}
