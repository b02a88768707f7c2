/* check config: what is allowed in the file, and seldom meant. */
#include <string.h>

#include "ctl/check/findings.h"
#include "ctl/identity.h"

static void look_at_domain(struct findings *f, size_t i)
{
	const char *name = conf_domain_name(f->conf, i);

	if (strcmp(conf_domain_text(f->conf, i, "s2s"), "dialback") == 0)
		found(f, FOUND_WARNING, name, "s2s = \"dialback\" trusts the DNS to say who a server is: set \"secure\" unless you "
			"must talk to servers without valid certificates.");
	if (conf_domain_list_size(f->conf, i, "contact_abuse") == 0 && federates(f->conf, i))
		found(f, FOUND_WARNING, name, "Nobody can report abuse: set contact_abuse (XEP-0157).");
}

void look_at_config(struct findings *f)
{
	unsigned before = f->warnings;

	for (size_t i = 0; i < conf_domains(f->conf); i++)
		look_at_domain(f, i);
	if (conf_bool(f->conf, "routerd.registration"))
		found(f, FOUND_WARNING, "routerd.registration", "Everybody can make an account here, spammers too: set "
			"routerd.registration = false unless that is meant.");
	if (strcmp(conf_text(f->conf, "c2sd.starttls"), "required") != 0)
		found(f, FOUND_WARNING, "c2sd.starttls", "Passwords may go in the clear: set c2sd.starttls = \"required\".");
	if (conf_bool(f->conf, "c2sd.legacy_auth"))
		found(f, FOUND_WARNING, "c2sd.legacy_auth", "Clients may log in as before 2004 (XEP-0078), where the server sees "
			"the password: set it to false unless an old client needs it.");
	if (f->warnings == before)
		found(f, FOUND_OK, f->ctl->conf_path, "The configuration is right.");
}
