/* check certs: will clients and servers accept the certificates?  So says net/tls_judge.h. */
#include "ctl/check/findings.h"
#include "ctl/identity.h"
#include "net/tls_judge.h"

static void look_at(struct findings *f, const struct shown *shown)
{
	struct tls_judgement j;

	tls_judge(&shown->id, shown->uses, conf_text(f->conf, "s2sd.ca"), &j);
	for (unsigned i = 0; i < j.n; i++)
		found(f, finding_of(j.of[i].weight), shown->id.domain, "%s", j.of[i].text);
}

void look_at_certs(struct findings *f)
{
	for (size_t i = 0; i < conf_domains(f->conf); i++) {
		struct shown shown[2];
		size_t n = identities_of(f->conf, i, shown);

		for (size_t k = 0; k < n; k++)
			if (shown[k].uses != 0)
				look_at(f, &shown[k]);
	}
}
