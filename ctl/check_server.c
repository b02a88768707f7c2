/* A server: is it there, who is it, does it know us, and what can it do? */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "ctl/check.h"
#include "directory/inspect.h"
#include "net/tls_probe.h"

/* RFC 4533, draft-behera-ldap-password-policy, RFC 3062 */
#define OID_SYNC "1.3.6.1.4.1.4203.1.9.1.1"
#define OID_POLICY "1.3.6.1.4.1.42.2.27.8.5.1"
#define OID_PASSWORD "1.3.6.1.4.1.4203.1.11.1"

/* ---- getting there ----------------------------------------------------------------------------- */

/* Without the server's address, which the row has already. */
static const char *reason(const struct check *k, const char *why)
{
	const char *url = k->directory->servers[k->server];
	size_t len = strlen(url);

	return strncmp(why, url, len) == 0 && strncmp(why + len, ": ", 2) == 0 ? why + len + 2 : why;
}

static void say_certificate(struct check *k, int rc, const struct tls_probed *shown)
{
	enum finding finding = finding_of(tls_found_weight(&shown->found));

	if (rc == BH_ECONFIG)
		check_say(k, FOUND_PROBLEM, "certificate", "%s: correct ca", shown->why);
	else if (rc == BH_EDENIED)
		check_say(k, FOUND_PROBLEM, "certificate", "%s (%s): give the server another, or correct servers and ca",
			shown->why, shown->certificate);
	else if (rc != 0)
		check_say(k, FOUND_PROBLEM, "certificate", "%s: is this its port for TLS?", shown->why);
	else if (finding != FOUND_OK)
		check_say(k, finding, "certificate", "%s: %s", shown->found.text, shown->certificate);
	else
		check_say(k, FOUND_OK, "certificate", "%s", shown->certificate);
}

static bool check_certificate(struct check *k, int fd)
{
	char *host = inspect_host(k->directory, k->server);
	const struct tls_probe want = {
		.server = host, .ca = k->directory->ca, .timeout_ms = k->directory->timeout_ms};
	struct tls_probed shown;
	int rc = tls_probe(fd, &want, &shown);

	say_certificate(k, rc, &shown);
	free(host);
	return rc == 0;
}

/* true: no step before the bind failed. */
static bool check_way(struct check *k)
{
	const char *url = k->directory->servers[k->server];
	char why[DIRCONN_WHY_SIZE];
	struct dirconn *bare;
	bool good = true;
	int fd;

	if (inspect_open_bare(k->directory, k->server, &bare, &fd, why) != 0) {
		check_say(k, FOUND_PROBLEM, "connect", "%s: correct servers, or see to the server", reason(k, why));
		return false;
	}
	check_say(k, FOUND_OK, "connect", "it answers");
	if (fd >= 0)
		good = check_certificate(k, fd);
	else if (strncmp(url, "ldapi:", 6) != 0)
		check_say(k, FOUND_WARNING, "certificate", "passwords go there in the clear: use ldaps:// or start_tls");
	dirconn_close(&bare);
	return good;
}

/* libldap puts the machine's own name in the place of "localhost". */
static bool is_localhost(const struct check *k)
{
	char *host = inspect_host(k->directory, k->server);
	bool yes = strcasecmp(host, "localhost") == 0;

	free(host);
	return yes;
}

static void say_refused(struct check *k, int rc, const char *why)
{
	const char *text = reason(k, why);

	if (rc == BH_EDENIED && k->directory->bind == BIND_SIMPLE)
		check_say(k, FOUND_PROBLEM, "bind", "%s, as %s: correct bind_dn, or the password in the file bind_password", text,
			check_who(k));
	else if (rc == BH_EIO && strncmp(text, "bind:", 5) == 0)
		check_say(k, FOUND_PROBLEM, "bind", "%s, as %s: correct bind%s", text, check_who(k),
			k->directory->bind == BIND_SIMPLE ? "_dn" : "");
	else if (rc == BH_EDENIED)
		check_say(k, FOUND_PROBLEM, "bind", "%s: correct bind, or let the server know our account", text);
	else if (strncmp(text, "TLS:", 4) == 0 && is_localhost(k))
		check_say(k, FOUND_PROBLEM, "bind", "%s: for \"localhost\" the certificate must have the name of this machine: write "
			"that, or 127.0.0.1, in servers", text);
	else
		check_say(k, FOUND_PROBLEM, "bind", "%s", text);
}

static void check_bind(struct check *k)
{
	char why[DIRCONN_WHY_SIZE];
	int rc = inspect_open(k->directory, k->server, &k->connection, why);

	if (rc != 0)
		say_refused(k, rc, why);
	else if (k->directory->bind == BIND_ANONYMOUS)
		check_say(k, FOUND_OK, "bind", "anonymously");
	else
		check_say(k, FOUND_OK, "bind", "as %s", check_who(k));
}

/* ---- what it can do ------------------------------------------------------------------------------ */

struct offered {
	bool sync, policy, password;
};

static bool has(const struct direntry *e, const char *attribute, const char *value)
{
	size_t n = direntry_count(e, attribute);

	for (size_t i = 0; i < n; i++)
		if (str_is(direntry_value(e, attribute, i), value))
			return true;
	return false;
}

static void on_root(void *arg, const struct direntry *root)
{
	*(struct offered *)arg = (struct offered){
		.sync = has(root, "supportedControl", OID_SYNC),
		.policy = has(root, "supportedControl", OID_POLICY),
		.password = has(root, "supportedExtension", OID_PASSWORD),
	};
}

/* 389 and what is made of it forget, at a new connection, what has happened since the last one: silently. */
static const char *pitfall(const struct check *k)
{
	const char *schema = k->directory->schema.name;

	if (strcmp(schema, "389ds") != 0 && strcmp(schema, "freeipa") != 0)
		return "";
	return "; of what we missed only where its Retro Changelog plugin has nsslapd-attribute: nsuniqueid:targetUniqueId, "
	       "which cannot be seen from here";
}

static void say_follow(struct check *k, bool sync)
{
	const char *follow = check_text(k, "follow");
	long poll = (long)conf_directory_number(k->conf, k->i, "poll");

	if (strcmp(follow, "poll") == 0)
		check_say(k, FOUND_OK, "follow", "it is asked for changes every %ld s", poll);
	else if (sync)
		check_say(k, FOUND_OK, "follow", "it tells of changes at once (RFC 4533)%s", pitfall(k));
	else if (strcmp(follow, "sync") == 0)
		check_say(k, FOUND_PROBLEM, "follow", "it does not tell of changes (RFC 4533): set follow = \"auto\", or load "
			"syncprov (OpenLDAP), or the Content Synchronization plugin (389)");
	else
		check_say(k, FOUND_WARNING, "follow", "it does not tell of changes (RFC 4533), and is asked every %ld s: load "
			"syncprov (OpenLDAP), or the Content Synchronization plugin (389)", poll);
}

static void say_passwords(struct check *k, const struct offered *can)
{
	if (can->policy)
		check_say(k, FOUND_OK, "passwords", "it says when one is locked or has expired");
	else if (strcmp(k->directory->schema.name, "ad") != 0) /* which says so in another way */
		check_say(k, FOUND_WARNING, "passwords", "one that is locked or has expired looks like a wrong one: load "
			"ppolicy (OpenLDAP)");
	if (!k->directory->password_change)
		return;
	if (can->password)
		check_say(k, FOUND_OK, "password_change", "it takes new passwords (RFC 3062)");
	else
		check_say(k, FOUND_PROBLEM, "password_change", "it takes no new passwords (RFC 3062): set password_change = "
			"false");
}

static void check_abilities(struct check *k)
{
	static const char *const attributes[] = {"supportedControl", "supportedExtension", NULL};
	const struct dirsearch root = {.base = "", .filter = "(objectClass=*)", .attributes = attributes};
	struct offered can = {.sync = false};
	char why[DIRCONN_WHY_SIZE];

	if (dirconn_search(k->connection, &root, on_root, &can, why) != 0) {
		check_say(k, FOUND_PROBLEM, "abilities", "%s", reason(k, why));
		return;
	}
	say_follow(k, can.sync);
	say_passwords(k, &can);
}

void check_server(struct check *k)
{
	if (check_way(k))
		check_bind(k);
	if (k->connection != NULL)
		check_abilities(k);
}
