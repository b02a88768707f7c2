/* Links, counted by who has them. */
#include "bus/party.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "bus/bus.h"

/* A daemon needs one, and at times one that ends; a user, of whom there are more, can keep no other from connecting. */
enum { OF_A_PROCESS = 16, OF_A_USER = 128 };

static struct party *find(const struct list *all, unsigned role, uint64_t id)
{
	list_for_each(pos, all) {
		struct party *p = container_of(pos, struct party, link);

		if (p->role == role && p->id == id)
			return p;
	}
	return NULL;
}

struct party *party_join(struct list *all, unsigned role, const struct ucred *cred)
{
	bool user = (role & ROLES_ADMIN) != 0;
	uint64_t id = user ? cred->uid : (uint64_t)cred->pid;
	struct party *p = find(all, role, id);

	if (p != NULL && p->links >= (user ? OF_A_USER : OF_A_PROCESS))
		return NULL;
	if (p == NULL) {
		p = bh_alloc(sizeof *p);
		p->role = role;
		p->id = id;
		list_append(all, &p->link);
	}
	p->links++;
	return p;
}

void party_leave(struct party **party)
{
	struct party *p = *party;

	*party = NULL;
	if (--p->links > 0)
		return;
	list_remove(&p->link);
	free(p);
}
