/* check dns: do others find the domains, and at this machine?  What is missing is printed to be pasted. */
#include "ctl/check/dns.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>

#include "ctl/check/places.h"
#include "ctl/identity.h"
#include "net/tls_facts.h"
#include "xmpp/jid.h"

enum { DNS_CNAME = 5, OURS_MAX = 64 };

/* What others look for (RFC 6120 3.2.1, XEP-0368). */
static const struct service {
	const char *name, *daemon, *setting;
	uint16_t port; /* where nothing else is said */
	bool needed;   /* else it is good to have */
} services[] = {
	{"_xmpp-client", "c2sd", "listen", 5222, true},
	{"_xmpps-client", "c2sd", "listen_tls", 5223, false},
	{"_xmpp-server", "s2sd", "listen", 5269, true},
	{"_xmpps-server", "s2sd", "listen_tls", 5270, false},
};

struct looking {
	struct findings *f;
	struct asker *asker;
	size_t domain;
	const char *name;
	char ascii[256], target[DNS_NAME_SIZE]; /* where a record that is missing shall point to */
	struct address ours[OURS_MAX];
	size_t nours;
};

/* ---- addresses ---------------------------------------------------------------------------------- */

/* This machine's own, or those that the administrator says are, from outside. */
static void find_ours(struct looking *l)
{
	struct ifaddrs *all;
	struct network given;

	for (int i = 0; i < l->f->argc && l->nours < OURS_MAX; i++)
		if (network_parse(l->f->argv[i], &given) == 0)
			memcpy(l->ours[l->nours++].ip, given.ip, sizeof given.ip);
	if (l->nours > 0 || getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i != NULL && l->nours < OURS_MAX; i = i->ifa_next)
		if (i->ifa_addr != NULL && address_from_sockaddr(i->ifa_addr, &l->ours[l->nours]))
			l->nours++;
	freeifaddrs(all);
}

static bool is_ours(const struct looking *l, const struct address *a)
{
	for (size_t i = 0; i < l->nours; i++)
		if (memcmp(l->ours[i].ip, a->ip, sizeof a->ip) == 0)
			return true;
	return false;
}

/* RFC 1918, 4193, 6598, and those of the machine and the link. */
static bool is_internal(const struct address *a)
{
	static const char *const networks[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
		"100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"};
	struct network net;

	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
		if (network_parse(networks[i], &net) == 0 && network_contains(&net, a))
			return true;
	return false;
}

/* The addresses of a host; how many. */
static unsigned look_at_addresses(const struct looking *l, const char *host, int type, bool *here)
{
	struct asked a;
	char text[ADDRESS_TEXT_SIZE];

	ask_dns(l->asker, host, type, &a);
	for (unsigned i = 0; i < a.n; i++) {
		address_text(&a.addresses[i], text);
		*here |= is_ours(l, &a.addresses[i]);
		if (is_internal(&a.addresses[i]))
			found(l->f, FOUND_PROBLEM, host, "The %s record points to the internal address %s, which others cannot reach.",
				type == DNS_A ? "A" : "AAAA", text);
	}
	return a.n;
}

static bool look_at_host(const struct looking *l, const char *host)
{
	struct asked alias;
	bool here = false;
	unsigned n;

	if (strcmp(host, "localhost") == 0) {
		found(l->f, FOUND_PROBLEM, l->name, "The target 'localhost' cannot be reached by others: put this machine's name there.");
		return false;
	}
	ask_dns(l->asker, host, DNS_CNAME, &alias);
	if (alias.n > 0)
		found(l->f, FOUND_WARNING, host, "It is an alias (CNAME), which a target of SRV records must not be (RFC 2782): name "
			"the host itself.");
	n = look_at_addresses(l, host, DNS_A, &here) + look_at_addresses(l, host, DNS_AAAA, &here);
	if (n == 0)
		found(l->f, FOUND_PROBLEM, host, "It has no address: add a record such as \"%s. 3600 IN A 192.0.2.1\".", host);
	else if (!here)
		found(l->f, FOUND_WARNING, host, "It does not seem to resolve to this machine: correct it, or say which addresses are "
			"this machine's from outside (bulkheadctl check dns ADDRESS...).");
	return n > 0;
}

/* ---- TLSA ----------------------------------------------------------------------------------------- */

/* Only other servers look, at records that are signed. */
static void look_at_tlsa(const struct looking *l, const struct srv *srv)
{
	struct tls_identity id;
	struct tls_facts c;
	char name[DNS_NAME_SIZE + 16], what[512];
	struct asked a;
	bool fits = false;

	identity_for_servers(l->f->conf, l->domain, &id);
	if (tls_facts(&id, &c, what, sizeof what) != 0)
		return;
	snprintf(name, sizeof name, "_%u._tcp.%s", (unsigned)srv->port, srv->target);
	ask_dns(l->asker, name, DNS_TLSA, &a);
	for (unsigned i = 0; i < a.n; i++)
		fits |= a.tlsa[i].usage != 3 || a.tlsa[i].selector != 1 || a.tlsa[i].matching != 1 ||
			strcmp(a.tlsa[i].hex, c.tlsa) == 0;
	if (a.n == 0)
		found(l->f, FOUND_OK, l->name, "For DANE, where the zone is signed: %s. 3600 IN TLSA 3 1 1 %s", name, c.tlsa);
	else if (fits)
		found(l->f, FOUND_OK, name, "The TLSA record is that of the certificate.");
	else
		found(l->f, FOUND_PROBLEM, name, "No TLSA record is that of the certificate, and servers that look will not come: put "
			"there: %s. 3600 IN TLSA 3 1 1 %s", name, c.tlsa);
}

/* ---- SRV ------------------------------------------------------------------------------------------- */

static void look_at_srv(struct looking *l, const struct service *s, const struct places *places, const struct srv *srv)
{
	if (srv->target[0] == '\0') {
		found(l->f, FOUND_PROBLEM, l->name, "The %s SRV record says that there is no such service (\".\"), but there is one here.",
			s->name);
		return;
	}
	if (!places_have_port(places, srv->port))
		found(l->f, FOUND_PROBLEM, l->name, "The %s SRV record points to port %u, where %s.%s does not listen: correct one of "
			"them.", s->name, (unsigned)srv->port, s->daemon, s->setting);
	if (look_at_host(l, srv->target))
		found(l->f, FOUND_OK, l->name, "%s points to %s, port %u.", s->name, srv->target, (unsigned)srv->port);
	snprintf(l->target, sizeof l->target, "%s", srv->target);
	if (strcmp(s->daemon, "s2sd") == 0)
		look_at_tlsa(l, srv);
}

static void say_missing(const struct looking *l, const struct service *s, const struct places *places)
{
	unsigned port = places_have_port(places, s->port) ? s->port : places->of[0].address.port;
	bool guessed = port == s->port && s->needed; /* clients and servers try that at the domain's own address */

	found(l->f, s->needed && !guessed ? FOUND_PROBLEM : FOUND_WARNING, l->name, "No %s SRV record was found, but it looks like "
		"you need one: add: %s._tcp.%s. 3600 IN SRV 0 5 %u %s.", s->name, s->name, l->ascii, port, l->target);
}

static void look_at_service(struct looking *l, const struct service *s)
{
	char name[DNS_NAME_SIZE + 32];
	struct places places;
	struct asked a;

	places_find(l->f, s->daemon, s->setting, &places);
	snprintf(name, sizeof name, "%s._tcp.%s", s->name, l->ascii);
	ask_dns(l->asker, name, DNS_SRV, &a);
	if (a.kind == ANSWER_FAILED || a.kind == ANSWER_BOGUS)
		found(l->f, FOUND_PROBLEM, l->name, "The DNS does not say where %s is: %s.", s->name, a.why);
	else if (places.n == 0 && a.n > 0 && a.srv[0].target[0] != '\0')
		found(l->f, FOUND_PROBLEM, l->name, "There is a %s SRV record, but %s.%s is empty: remove one, or set the other.", s->name,
			s->daemon, s->setting);
	else if (places.n > 0 && a.n == 0)
		say_missing(l, s, &places);
	for (unsigned i = 0; places.n > 0 && i < a.n; i++)
		look_at_srv(l, s, &places, &a.srv[i]);
}

static void look_at_domain(struct looking *l)
{
	l->name = conf_domain_name(l->f->conf, l->domain);
	if (strchr(l->name, '.') == NULL || jid_domain_ascii(str_of(l->name), l->ascii, sizeof l->ascii) != 0) {
		found(l->f, FOUND_OK, l->name, "It is no name of the DNS: there is nothing to look at.");
		return;
	}
	snprintf(l->target, sizeof l->target, "%s", l->ascii);
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
		if (strcmp(services[i].daemon, "c2sd") == 0 || federates(l->f->conf, l->domain))
			look_at_service(l, &services[i]);
}

void look_at_dns(struct findings *f)
{
	struct looking l = {.f = f, .asker = asker_create(f)};

	if (l.asker == NULL)
		return;
	find_ours(&l);
	for (l.domain = 0; l.domain < conf_domains(f->conf); l.domain++)
		look_at_domain(&l);
	asker_free(&l.asker);
}
