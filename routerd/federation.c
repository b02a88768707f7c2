/* Who may, and what becomes of presence when that changes. */
#include "routerd/federation.h"

#include "bus/codes.h"
#include "routerd/abroad.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/presence_abroad.h"
#include "routerd/sharing.h"

static bool is_for_all(const struct router *r, const struct jid *ours)
{
	const struct domain *d = domain_find(&r->domains, ours->domain);

	return d == NULL || !d->by_role || ours->local.p == NULL;
}

static bool may_go_out(const struct router *r, const struct jid *ours)
{
	return is_for_all(r, ours) || (sharing_roles(r, ours->bare) & ACCOUNT_FEDERATES) != 0;
}

bool federation_allows(const struct router *r, const struct jid *ours, const struct jid *with)
{
	return domains_have(&r->domains, with->domain) || may_go_out(r, ours) || abroad_is_ours(r, with->domain);
}

void federation_begin(struct account *a)
{
	a->federated = is_for_all(a->router, &a->jid) ||
		(sharing_roles_told(a->router, a->jid.bare) & ACCOUNT_FEDERATES) != 0;
}

void federation_review(struct account *a)
{
	struct cause cause = cause_of_server(a->router);
	bool may = may_go_out(a->router, &a->jid);

	if (may == a->federated || !account_ready(a))
		return;
	a->federated = may;
	if (may)
		presence_go_abroad(&cause, a);
	else
		presence_leave_abroad(&cause, a);
}

void federation_review_all(struct router *r)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &r->accounts);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct account *a = container_of(n, struct account, node);

		if (a->nsessions > 0)
			federation_review(a);
	}
}
