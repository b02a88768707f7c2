/* A handle of libldap over a socket of ours. */
#include "directory/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <ldap.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openldap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "directory/connection_private.h"
#include "directory/entry_private.h"
#include "directory/gssapi.h"
#include "directory/watchdog.h"

#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

enum { RETURN_MS = 30000 };

static const char *sentence(int code)
{
	switch (code) {
	case LDAP_TIMEOUT:
		return "no answer in time";
	case LDAP_SIZELIMIT_EXCEEDED:
	case LDAP_ADMINLIMIT_EXCEEDED:
		return "the server's size limit hides entries: raise it for our account there (OpenLDAP: limits, 389: "
		       "nsSizeLimit)";
	case LDAP_TIMELIMIT_EXCEEDED:
		return "more than the time limit: raise directory.timeout, and the server's own";
	default:
		return ldap_err2string(code);
	}
}

void dirconn_say(const struct dirconn *c, const char *what, int code, char *why)
{
	snprintf(why, DIRCONN_WHY_SIZE, "%.150s: %.30s: %.120s", dirconn_server(c), what, sentence(code));
}

/* Codes of libldap that say that the connection is no more. */
int dirconn_error(int code)
{
	switch (code) {
	case LDAP_TIMEOUT:
		return BH_ETIMEOUT;
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INAPPROPRIATE_AUTH:
	case LDAP_INSUFFICIENT_ACCESS:
	case LDAP_STRONG_AUTH_REQUIRED:
	case LDAP_CONFIDENTIALITY_REQUIRED:
		return BH_EDENIED;
	default:
		return BH_EIO;
	}
}

void dirconn_step(const struct dirconn *c, const char *step, const char *why)
{
	if (c->steps != NULL)
		c->steps->done(c->steps->arg, step, why);
}

/* ---- the socket ---------------------------------------------------------------------- */

static int connect_in_time(const struct addrinfo *a, unsigned ms)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof errno;
	int error = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)
		error = errno;
	else if (poll(&p, 1, (int)ms) != 1)
		error = ETIMEDOUT;
	else
		(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	/* Requests are small, and each waits for its answer. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (error == 0 && fcntl(fd, F_SETFL, 0) == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

/* A server's addresses, one after the other. */
static int dial(const LDAPURLDesc *url, unsigned ms, char *why)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char port[16];
	int fd = -1, rc;

	snprintf(port, sizeof port, "%d", url->lud_port);
	rc = getaddrinfo(url->lud_host, port, &hints, &list);
	if (rc != 0) {
		snprintf(why, DIRCONN_WHY_SIZE, "%.200s: %s", url->lud_host, gai_strerror(rc));
		return -1;
	}
	for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next)
		fd = connect_in_time(a, ms);
	if (fd < 0)
		snprintf(why, DIRCONN_WHY_SIZE, "%.200s port %s: %s", url->lud_host, port, strerror(errno));
	freeaddrinfo(list);
	return fd;
}

/* ---- the handle ---------------------------------------------------------------------- */

/* No LDAP_OPT_NETWORK_TIMEOUT: with one libldap reads without a pause while it waits for TLS.  The watchdog sees to it. */
static void set_options(const struct dirconn *c)
{
	const struct timeval limit = {.tv_sec = c->directory->timeout_ms / 1000};
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, client = 0;

	ldap_set_option(c->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(c->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(c->ld, LDAP_OPT_TIMEOUT, &limit);
	ldap_set_option(c->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	ldap_set_option(c->ld, LDAP_OPT_X_TLS_CACERTFILE, c->directory->ca != NULL ? c->directory->ca : SYSTEM_CA);
	ldap_set_option(c->ld, LDAP_OPT_X_TLS_NEWCTX, &client); /* the last of them */
}

static int secure(const struct dirconn *c, const char *scheme)
{
	if (strcmp(scheme, "ldaps") == 0)
		return ldap_install_tls(c->ld);
	if (strcmp(scheme, "ldap") == 0 && c->directory->start_tls)
		return ldap_start_tls_s(c->ld, NULL, NULL);
	return LDAP_SUCCESS;
}

static int say_who(const struct dirconn *c)
{
	const struct directory *d = c->directory;
	struct berval secret = {0, NULL};

	switch (d->bind) {
	case BIND_ANONYMOUS:
		return LDAP_SUCCESS;
	case BIND_EXTERNAL:
		return ldap_sasl_bind_s(c->ld, NULL, "EXTERNAL", &secret, NULL, NULL, NULL);
	default:
		ber_str2bv(d->bind_password, 0, 0, &secret);
		return ldap_sasl_bind_s(c->ld, d->bind_dn, LDAP_SASL_SIMPLE, &secret, NULL, NULL, NULL);
	}
}

/* What its Kerberos service is called by; a local socket is of this machine. */
static const char *host_of(const LDAPURLDesc *url, char *own, size_t size)
{
	if (strcmp(url->lud_scheme, "ldapi") != 0)
		return url->lud_host;
	if (gethostname(own, size) != 0)
		own[0] = '\0';
	own[size - 1] = '\0';
	return own;
}

/* TLS, and the first bind where it is a simple one, with somebody who watches. */
static int begin(struct dirconn *c, const LDAPURLDesc *url, bool login, char *why)
{
	bool kerberos = login && c->directory->bind == BIND_GSSAPI;
	const char *what = "TLS";
	char own[256];
	struct watch watch;
	int code, rc;

	set_options(c);
	watchdog_begin(&watch, c->fd, c->directory->timeout_ms);
	code = secure(c, url->lud_scheme);
	if (code == LDAP_SUCCESS && login) {
		dirconn_step(c, what, NULL);
		what = "bind";
	}
	if (code == LDAP_SUCCESS && login && !kerberos)
		code = say_who(c);
	if (!watchdog_end(&watch))
		code = LDAP_TIMEOUT;
	if (code != LDAP_SUCCESS)
		dirconn_say(c, what, code, why);
	rc = code == LDAP_SUCCESS ? 0 : dirconn_error(code);
	if (rc == 0 && kerberos)
		rc = dirconn_bind_gssapi(c, host_of(url, own, sizeof own), why);
	dirconn_step(c, what, rc == 0 ? NULL : why);
	return rc;
}

static int open_local(struct dirconn *c, char *why)
{
	int code = ldap_initialize(&c->ld, dirconn_server(c));

	if (code == LDAP_SUCCESS)
		code = ldap_connect(c->ld);
	if (code == LDAP_SUCCESS)
		ldap_get_option(c->ld, LDAP_OPT_DESC, &c->fd);
	else
		dirconn_say(c, "connect", code, why);
	return code == LDAP_SUCCESS ? 0 : BH_EIO;
}

static int open_remote(struct dirconn *c, const LDAPURLDesc *url, char *why)
{
	int code;

	c->fd = dial(url, c->directory->timeout_ms, why);
	if (c->fd < 0)
		return BH_EIO;
	code = ldap_init_fd(c->fd, LDAP_PROTO_TCP, dirconn_server(c), &c->ld);
	if (code == LDAP_SUCCESS)
		return 0;
	close(c->fd);
	dirconn_say(c, "connect", code, why);
	return BH_EIO;
}

static int connect_to(struct dirconn *c, LDAPURLDesc **url, char *why)
{
	if (ldap_url_parse(dirconn_server(c), url) != LDAP_URL_SUCCESS) {
		snprintf(why, DIRCONN_WHY_SIZE, "%.200s is no address of a directory", dirconn_server(c));
		return BH_EIO;
	}
	return strcmp((*url)->lud_scheme, "ldapi") == 0 ? open_local(c, why) : open_remote(c, *url, why);
}

int dirconn_open_server(struct dirconn *c, bool login, char *why)
{
	LDAPURLDesc *url = NULL;
	int rc = connect_to(c, &url, why);

	dirconn_step(c, "connect", rc == 0 ? NULL : why);
	if (rc == 0)
		rc = begin(c, url, login, why);
	ldap_free_urldesc(url);
	return rc;
}

static int ask_for_tls(struct dirconn *c, char *why)
{
	struct watch watch;
	int code;

	set_options(c);
	watchdog_begin(&watch, c->fd, c->directory->timeout_ms);
	code = ldap_extended_operation_s(c->ld, LDAP_EXOP_START_TLS, NULL, NULL, NULL, NULL, NULL);
	if (!watchdog_end(&watch))
		code = LDAP_TIMEOUT;
	if (code == LDAP_SUCCESS)
		return 0;
	dirconn_say(c, "StartTLS", code, why);
	return dirconn_error(code);
}

int dirconn_open_bare(struct dirconn *c, bool *tls, char *why)
{
	LDAPURLDesc *url = NULL;
	int rc = connect_to(c, &url, why);
	bool later = rc == 0 && c->directory->start_tls && strcmp(url->lud_scheme, "ldap") == 0;

	*tls = later || (rc == 0 && strcmp(url->lud_scheme, "ldaps") == 0);
	ldap_free_urldesc(url);
	return later ? ask_for_tls(c, why) : rc;
}

struct dirconn *dirconn_create(struct directory *d, size_t server)
{
	struct dirconn *c = bh_alloc(sizeof *c);

	c->directory = directory_ref(d);
	c->server = server;
	c->opened_ms = clock_ms();
	return c;
}

int dirconn_open(struct directory *d, bool login, struct dirconn **out, char *why)
{
	int rc = BH_EIO;

	for (size_t i = 0; i < d->nservers && rc != 0; i++) {
		struct dirconn *c = dirconn_create(d, directory_server(d));

		rc = dirconn_open_server(c, login, why);
		if (rc != 0) {
			directory_server_failed(d, c->server);
			dirconn_close(&c);
			continue;
		}
		directory_server_works(d, c->server);
		*out = c;
	}
	return rc;
}

void dirconn_close(struct dirconn **ref)
{
	struct dirconn *c = *ref;

	*ref = NULL;
	if (c == NULL)
		return;
	if (c->ld != NULL)
		ldap_unbind_ext(c->ld, NULL, NULL);
	directory_unref(&c->directory);
	free(c);
}

const char *dirconn_server(const struct dirconn *c)
{
	return c->directory->servers[c->server];
}

const struct directory *dirconn_directory(const struct dirconn *c)
{
	return c->directory;
}

bool dirconn_is_second_best(const struct dirconn *c)
{
	return c->server > 0 && clock_ms() - c->opened_ms > RETURN_MS && directory_server(c->directory) < c->server;
}

/* ---- searching ------------------------------------------------------------------------- */

static void take_entry(struct dirconn *c, LDAPMessage *message, dirsearch_fn *each, void *arg)
{
	struct direntry entry;

	direntry_read(&entry, c->ld, message);
	each(arg, &entry);
	direntry_fini(&entry);
}

/* A base that is none of this directory's. */
static bool is_nowhere(int code)
{
	return code == LDAP_INVALID_DN_SYNTAX || code == LDAP_REFERRAL || code == LDAP_INSUFFICIENT_ACCESS ||
	       code == LDAP_NAMING_VIOLATION;
}

/* The result of a message that ends a search. */
static int end_of_search(struct dirconn *c, const struct dirsearch *s, LDAPMessage *message, char *why)
{
	int code = LDAP_OTHER;

	(void)ldap_parse_result(c->ld, message, &code, NULL, NULL, NULL, NULL, 0);
	if (code == LDAP_SUCCESS || code == LDAP_NO_SUCH_OBJECT || code == LDAP_SIZELIMIT_EXCEEDED ||
		(s->foreign && is_nowhere(code)))
		return 0;
	dirconn_say(c, "search", code, why);
	return dirconn_error(code);
}

/* Whom its entries go to. */
struct searching {
	struct dirconn *c;
	const struct dirsearch *search;
	dirsearch_fn *each;
	void *arg;
};

/* 1: there is more. */
static int take_message(const struct searching *s, int id, char *why)
{
	struct dirconn *c = s->c;
	struct timeval limit = {.tv_sec = c->directory->timeout_ms / 1000};
	LDAPMessage *message = NULL;
	int type = ldap_result(c->ld, id, LDAP_MSG_ONE, &limit, &message), rc = 1;

	if (type <= 0) {
		dirconn_say(c, "search", type == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN, why);
		return type == 0 ? BH_ETIMEOUT : BH_EIO;
	}
	if (type == LDAP_RES_SEARCH_ENTRY)
		take_entry(c, message, s->each, s->arg);
	else if (type == LDAP_RES_SEARCH_RESULT)
		rc = end_of_search(c, s->search, message, why);
	ldap_msgfree(message);
	return rc;
}

int dirconn_search(struct dirconn *c, const struct dirsearch *s, dirsearch_fn *each, void *arg, char *why)
{
	const struct searching searching = {c, s, each, arg};
	int id, rc, code;

	code = ldap_search_ext(c->ld, s->base, s->subtree ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE, s->filter,
		(char **)s->attributes, 0, NULL, NULL, NULL, (int)s->limit, &id);
	if (code != LDAP_SUCCESS) {
		dirconn_say(c, "search", code, why);
		return dirconn_error(code);
	}
	do
		rc = take_message(&searching, id, why);
	while (rc == 1);
	return rc;
}
