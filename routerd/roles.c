/* Administrators. */
#include "routerd/roles.h"

#include "bus/codes.h"
#include "routerd/account.h"
#include "routerd/domains.h"
#include "routerd/sharing.h"

static bool is_named(const struct domain *d, struct str bare)
{
	for (uint32_t i = 0; i < d->admins.n; i++)
		if (str_is(bare, d->admins.of[i]))
			return true;
	return false;
}

bool roles_administers(const struct account *a, struct str domain)
{
	const struct domain *d = domain_find(&a->router->domains, domain);

	if (d == NULL)
		return false;
	return is_named(d, a->jid.bare) || (str_eq(a->jid.domain, domain) &&
						  (sharing_roles(a->router, a->jid.bare) & ACCOUNT_ADMIN) != 0);
}
