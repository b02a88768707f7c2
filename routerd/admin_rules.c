/* Verbs about which remote domains we talk to. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/exits.h"
#include "daemon/log.h"
#include "routerd/abroad.h"
#include "routerd/requests.h"
#include "routerd/rules.h"
#include "routerd/verb.h"

struct rule_asked {
	struct router *router;
	uint64_t id; /* of the request, which the asker may have left */
	bool allowed;
};

static void on_rule_stored(void *arg, int rc)
{
	struct rule_asked *asked = arg;
	struct request *q = request_find(asked->router, asked->id, NULL);

	abroad_review(asked->router);
	if (q != NULL)
		request_answer(asked->router, q, &(struct reply){
			.code = rc == 0 ? EXIT_OK : EXIT_FAILED,
			.text = rc != 0 ? str_of(bh_strerror(rc))
				: asked->allowed ? STR_LIT("allowed") : STR_LIT("denied")});
	free(asked);
}

static void put_rule(const struct ask *q, bool allowed)
{
	struct rule_asked *asked;
	char text[JID_MAX + 1];
	struct jid jid;

	if (ask_domain(q, text, &jid) != 0)
		return;
	asked = bh_alloc(sizeof *asked);
	asked->router = q->router;
	asked->id = request_open(q->router, q->asker, q->subject, NULL);
	asked->allowed = allowed;
	log_info("s2s-rule", "domain=%s allowed=%s", LOG_STR(jid.domain), allowed ? "yes" : "no");
	rules_add(q->router, jid.domain, allowed, on_rule_stored, asked);
}

static void verb_s2s_allow(const struct ask *q)
{
	put_rule(q, true);
}

static void verb_s2s_deny(const struct ask *q)
{
	put_rule(q, false);
}

static void rule_row(void *arg, const char *domain, bool allowed, bool configured)
{
	const struct ask *q = arg;
	struct ctl_row row;

	ctl_row_begin(&row, q->asker->link, q->subject);
	ctl_cell(&row, "%s", domain);
	ctl_cell(&row, "%s", allowed ? "allowed" : "denied");
	ctl_cell(&row, "%s", configured ? "configuration" : "administrator");
	ctl_row_end(&row);
}

static void verb_s2s_rules(const struct ask *q)
{
	struct ask asked = *q;

	ctl_columns(q->asker->link, q->subject, "domain rule from");
	rules_each(q->router->rules, rule_row, &asked);
	ask_done(q);
}

const struct verb rule_verbs[] = {
	{"s2s.allow", verb_s2s_allow, true},
	{"s2s.deny", verb_s2s_deny, true},
	{"s2s.rules", verb_s2s_rules, false},
	{NULL, NULL, false},
};
