/* Looks a verb up, and runs it. */
#include "bus/ctl_verb.h"

#include "base/err.h"
#include "base/exits.h"
#include "bus/ctl_answer.h"

int ctl_run(const struct bus_event *event, const struct ctl_verb *verbs, const char *daemon)
{
	struct ctl_ask q = {
		.owner = event->owner, .event = event, .link = event->link, .subject = event->frame->subject};
	struct msg_ctl_request m;

	if (bus_get_ctl_request(event->frame->body, &m) != 0)
		return BH_EPROTO;
	q.args = m.args;
	for (const struct ctl_verb *v = verbs; v->name != NULL; v++)
		if (str_is(m.verb, v->name)) {
			v->run(&q);
			return 0;
		}
	ctl_end(q.link, q.subject, EXIT_USAGE, "this %s does not know \"%.*s\"", daemon, STR_FMT(m.verb));
	return 0;
}
