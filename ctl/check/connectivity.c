/* check connectivity: connects to every port for every domain, as clients and servers do. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/check/places.h"
#include "ctl/identity.h"
#include "net/tls_facts.h"
#include "net/tls_probe.h"
#include "xmpp/jid.h"

enum { TIMEOUT_MS = 5000, HEARD_SIZE = 8192 };

/* A kind of port. */
static const struct kind {
	const char *daemon, *setting, *ns;
	bool direct; /* TLS from the first byte */
} kinds[] = {
	{"c2sd", "listen", "jabber:client", false},
	{"c2sd", "listen_tls", "jabber:client", true},
	{"s2sd", "listen", "jabber:server", false},
	{"s2sd", "listen_tls", "jabber:server", true},
};

struct attempt {
	struct findings *f;
	const struct kind *kind;
	const struct place *place;
	const char *domain;
	char about[320], header[1536];
	int fd;
};

static bool say(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Reads until a word has come; false: it does not come. */
static bool hear(int fd, const char *until, char out[HEARD_SIZE])
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t len = 0;

	out[0] = '\0';
	while (strstr(out, until) == NULL) {
		ssize_t n = poll(&p, 1, TIMEOUT_MS) == 1 ? recv(fd, out + len, HEARD_SIZE - 1 - len, 0) : 0;

		if (n <= 0)
			return false;
		len += (size_t)n;
		out[len] = '\0';
	}
	return true;
}

static bool connect_to(struct attempt *a)
{
	struct timeval timeout = {.tv_sec = TIMEOUT_MS / 1000};
	struct sockaddr_storage to;

	address_to_sockaddr(&a->place->address, &to);
	a->fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return false;
	setsockopt(a->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
	setsockopt(a->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	return connect(a->fd, (struct sockaddr *)&to,
		       to.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) == 0;
}

/* As a load balancer does (PROXY protocol, version 1): we come from where we go to. */
static bool introduce(const struct attempt *a)
{
	char header[192], ip[ADDRESS_TEXT_SIZE];

	if (!a->place->proxied)
		return true;
	address_text(&a->place->address, ip);
	snprintf(header, sizeof header, "PROXY %s %s %s 1024 %u\r\n", strchr(ip, ':') != NULL ? "TCP6" : "TCP4", ip, ip,
		(unsigned)a->place->address.port);
	return say(a->fd, header);
}

static bool start_tls(const struct attempt *a)
{
	static const char starttls[] = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
	char heard[HEARD_SIZE];

	if (!say(a->fd, a->header) || !hear(a->fd, "</stream:features>", heard)) {
		found(a->f, FOUND_PROBLEM, a->about, "There is no XMPP stream to be had%s: is another program there?",
			strstr(heard, "<stream:error>") != NULL ? "; it ends with an error" : "");
		return false;
	}
	if (strstr(heard, "urn:ietf:params:xml:ns:xmpp-tls") == NULL) {
		found(a->f, FOUND_PROBLEM, a->about, "TLS is not offered: see the log of %s for its certificates.", a->kind->daemon);
		return false;
	}
	if (say(a->fd, starttls) && hear(a->fd, "<proceed", heard))
		return true;
	found(a->f, FOUND_PROBLEM, a->about, "TLS is offered and not begun: see the log of %s.", a->kind->daemon);
	return false;
}

static void compare(const struct attempt *a, size_t domain, const struct tls_probed *shown)
{
	struct tls_identity id;
	struct tls_facts file;
	char what[512];

	if (strcmp(a->kind->daemon, "c2sd") == 0)
		identity_for_clients(a->f->conf, domain, &id);
	else
		identity_for_servers(a->f->conf, domain, &id);
	if (tls_facts(&id, &file, what, sizeof what) == 0 && strcmp(file.chain, shown->chain) != 0)
		found(a->f, FOUND_PROBLEM, a->about, "It shows another certificate than that of %s, or another chain: run bulkheadctl reload.",
			id.certificate);
	else if (strstr(shown->heard, "</stream:features>") == NULL)
		found(a->f, FOUND_PROBLEM, a->about, "Within TLS there is no XMPP stream to be had: see the log of %s.",
			a->kind->daemon);
	else if (strcmp(a->kind->daemon, "c2sd") == 0 && strstr(shown->heard, "<mechanism>") == NULL)
		found(a->f, FOUND_PROBLEM, a->about, "It offers no way to log in: is authd running, and what is authd.mechanisms?");
	else
		found(a->f, FOUND_OK, a->about, "It is there, and shows %.200s.", shown->certificate);
}

static void shake_hands(const struct attempt *a, size_t domain)
{
	char ascii[256];
	struct tls_probe want = {.server = ascii, .timeout_ms = TIMEOUT_MS, .say = a->header, .until = "</stream:features>"};
	struct tls_probed shown;

	if (jid_domain_ascii(str_of(a->domain), ascii, sizeof ascii) != 0)
		return;
	(void)tls_probe(a->fd, &want, &shown); /* what it is worth, check certs says */
	if (shown.certificate[0] == '\0')
		found(a->f, FOUND_PROBLEM, a->about, "There is no TLS handshake (%s): is keyd running?", shown.why);
	else
		compare(a, domain, &shown);
}

static void try(struct findings *f, const struct kind *kind, const struct place *place, size_t domain)
{
	struct attempt a = {.f = f, .kind = kind, .place = place, .domain = conf_domain_name(f->conf, domain)};

	snprintf(a.about, sizeof a.about, "%s %s %s", a.domain, kind->daemon, place->text);
	snprintf(a.header, sizeof a.header, "<stream:stream to='%s' xmlns='%s' xmlns:stream='http://etherx.jabber.org/streams' "
		"version='1.0'>", a.domain, kind->ns);
	if (!connect_to(&a))
		found(f, FOUND_PROBLEM, a.about, "Nobody can be reached there (%s): is %s running?", strerror(errno), kind->daemon);
	else if (introduce(&a) && (kind->direct || start_tls(&a)))
		shake_hands(&a, domain);
	if (a.fd >= 0)
		close(a.fd);
}

void look_at_connectivity(struct findings *f)
{
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
		struct places places;

		places_find(f, kinds[k].daemon, kinds[k].setting, &places);
		for (size_t p = 0; p < places.n; p++)
			for (size_t i = 0; i < conf_domains(f->conf); i++)
				if (strcmp(kinds[k].daemon, "c2sd") == 0 || federates(f->conf, i))
					try(f, &kinds[k], &places.of[p], i);
	}
}
