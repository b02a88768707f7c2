/* Requests whose answer needs nobody's data. */
#include "routerd/services/basic.h"

#include <stdio.h>

#include "base/clock.h"
#include "xmpp/names.h"

void basic_ping(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	transit_result(t, STR_LIT(""));
}

void basic_version(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	transit_result(t, STR_LIT("<query xmlns='" NS_VERSION "'><name>Bulkhead</name><version>"
		BULKHEAD_VERSION "</version></query>"));
}

void basic_time(struct transit *t, enum service_place place, const struct tree_node *child)
{
	char stamp[CLOCK_STAMP_SIZE], inner[160];
	int n;

	(void)place, (void)child;
	clock_stamp(clock_wall(), stamp);
	n = snprintf(inner, sizeof inner,
		"<time xmlns='" NS_TIME "'><tzo>+00:00</tzo><utc>%s</utc></time>", stamp);
	transit_result(t, str_make(inner, (size_t)n));
}

/* Nothing to do, and old clients wait for the answer. */
void basic_session(struct transit *t, enum service_place place, const struct tree_node *child)
{
	(void)place, (void)child;
	transit_result(t, STR_LIT(""));
}
