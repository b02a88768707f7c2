/* From the configuration, and which of its servers answer. */
#include "directory/directory.h"

#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"

enum { FAILED_MS = 10000, PASSWORD_MAX = 1024 };

struct directory_servers {
	pthread_mutex_t mutex; /* of failed_ms, refs and asking */
	uint64_t *failed_ms;   /* of each: when it failed; 0: it works as far as we know */
};

static char *copy(const char *text)
{
	return text != NULL && *text != '\0' ? bh_strdup(text) : NULL;
}

static void destroy(struct directory *d)
{
	for (size_t i = 0; i < d->nservers; i++)
		free(d->servers[i]);
	free(d->servers);
	free(d->name);
	free(d->ca);
	free(d->bind_dn);
	free(d->keytab);
	if (d->bind_password != NULL)
		secret_wipe(d->bind_password, strlen(d->bind_password));
	free(d->bind_password);
	free(d->base);
	free(d->filter);
	free(d->user);
	pthread_mutex_destroy(&d->state->mutex);
	free(d->state->failed_ms);
	free(d->state);
	free(d);
}

struct directory *directory_ref(struct directory *d)
{
	pthread_mutex_lock(&d->state->mutex);
	d->refs++;
	pthread_mutex_unlock(&d->state->mutex);
	return d;
}

void directory_unref(struct directory **ref)
{
	struct directory *d = *ref;
	unsigned left;

	*ref = NULL;
	if (d == NULL)
		return;
	pthread_mutex_lock(&d->state->mutex);
	left = --d->refs;
	pthread_mutex_unlock(&d->state->mutex);
	if (left == 0)
		destroy(d);
}

/* ---- from the configuration ------------------------------------------------------------ */

struct reading {
	const struct conf *conf;
	size_t i;
	char *what;
	size_t size;
};

static const char *text(const struct reading *r, const char *setting)
{
	return conf_directory_text(r->conf, r->i, setting);
}

/* Which of its names a setting has. */
static size_t choice(const struct reading *r, const char *setting, const char *const *names, size_t n)
{
	size_t i = 0;

	while (i + 1 < n && strcmp(names[i], text(r, setting)) != 0)
		i++;
	return i;
}

static int fail(const struct reading *r, const char *why)
{
	snprintf(r->what, r->size, "directory \"%s\": %s", conf_directory_name(r->conf, r->i), why);
	return BH_ECONFIG;
}

/* The first line of the file. */
static int read_password(struct directory *d, const struct reading *r, const char *path)
{
	char line[PASSWORD_MAX + 1], why[512];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		snprintf(why, sizeof why, "bind_password: %.300s cannot be read, or is empty", path);
		return fail(r, why);
	}
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	d->bind_password = bh_strdup(line);
	secret_wipe(line, sizeof line);
	return 0;
}

static int read_servers(struct directory *d, const struct reading *r)
{
	static const char *const schemes[] = {"ldap://", "ldaps://", "ldapi://"};
	char why[512];

	d->nservers = conf_directory_list_size(r->conf, r->i, "servers");
	d->servers = bh_alloc((d->nservers + 1) * sizeof *d->servers);
	d->state->failed_ms = bh_alloc((d->nservers + 1) * sizeof *d->state->failed_ms);
	for (size_t i = 0; i < d->nservers; i++) {
		const char *url = conf_directory_list_item(r->conf, r->i, "servers", i);
		bool good = false;

		d->servers[i] = bh_strdup(url);
		for (size_t k = 0; k < sizeof schemes / sizeof schemes[0]; k++)
			good |= strncmp(url, schemes[k], strlen(schemes[k])) == 0;
		if (!good) {
			snprintf(why, sizeof why, "servers: \"%.300s\" does not begin with ldap://, ldaps:// or ldapi://", url);
			return fail(r, why);
		}
	}
	return d->nservers > 0 ? 0 : fail(r, "servers: none is given");
}

static int read_bind(struct directory *d, const struct reading *r)
{
	static const char *const methods[] = {[BIND_ANONYMOUS] = "anonymous", [BIND_SIMPLE] = "simple",
		[BIND_EXTERNAL] = "external", [BIND_GSSAPI] = "gssapi"};
	const char *password = text(r, "bind_password");

	d->bind = (enum directory_bind)choice(r, "bind", methods, sizeof methods / sizeof methods[0]);
	d->bind_dn = copy(text(r, "bind_dn"));
	d->keytab = copy(text(r, "keytab"));
	if (d->bind == BIND_GSSAPI && d->keytab == NULL)
		return fail(r, "bind = \"gssapi\" needs keytab (a file)");
	if (d->bind != BIND_SIMPLE)
		return 0;
	if (d->bind_dn == NULL || password == NULL)
		return fail(r, "bind = \"simple\" needs bind_dn and bind_password (a file)");
	return read_password(d, r, password);
}

static int read_accounts(struct directory *d, const struct reading *r)
{
	static const char *const names[] = {[CERTIFICATE_ADDRESS] = "address", [CERTIFICATE_MAIL] = "mail",
		[CERTIFICATE_SUBJECT] = "subject", [CERTIFICATE_EXACT] = "exact"};
	const char *filter = text(r, "filter"), *user = text(r, "user_attribute");

	d->scram = conf_directory_bool(r->conf, r->i, "scram");
	d->certificate = (enum directory_certificate)choice(r, "certificate", names, sizeof names / sizeof names[0]);
	if (!schema_find(text(r, "schema"), &d->schema))
		return fail(r, "schema: there is none of that name");
	d->base = copy(text(r, "base"));
	d->filter = copy(filter != NULL && *filter != '\0' ? filter : d->schema.filter);
	d->user = copy(user != NULL && *user != '\0' ? user : d->schema.user);
	return d->base != NULL ? 0 : fail(r, "base: where accounts are in the directory must be given");
}

static void read_following(struct directory *d, const struct reading *r)
{
	const char *follow = text(r, "follow");

	d->follow = strcmp(follow, "sync") == 0	  ? FOLLOW_SYNC
		    : strcmp(follow, "poll") == 0 ? FOLLOW_POLL
						  : FOLLOW_AUTO;
	d->poll_s = (unsigned)conf_directory_number(r->conf, r->i, "poll");
	d->poll_all_s = (unsigned)conf_directory_number(r->conf, r->i, "poll_all");
	d->brake = (unsigned)conf_directory_number(r->conf, r->i, "brake");
	d->keep_s = conf_directory_number(r->conf, r->i, "keep");
}

static bool in_the_clear(const struct directory *d)
{
	for (size_t i = 0; i < d->nservers; i++)
		if (strncmp(d->servers[i], "ldap://", 7) == 0 && !d->start_tls)
			return true;
	return false;
}

static int read_all(struct directory *d, const struct reading *r)
{
	int rc;

	d->start_tls = conf_directory_bool(r->conf, r->i, "start_tls");
	d->insecure = conf_directory_bool(r->conf, r->i, "insecure");
	d->password_change = conf_directory_bool(r->conf, r->i, "password_change");
	d->ca = copy(text(r, "ca"));
	d->timeout_ms = (unsigned)conf_directory_number(r->conf, r->i, "timeout") * 1000;
	d->connections = (unsigned)conf_directory_number(r->conf, r->i, "connections");
	read_following(d, r);
	rc = read_servers(d, r);
	if (rc == 0 && in_the_clear(d) && !d->insecure)
		rc = fail(r, "passwords would go in the clear: use ldaps://, start_tls, or insecure = true if you "
			"know why");
	if (rc == 0)
		rc = read_bind(d, r);
	return rc == 0 ? read_accounts(d, r) : rc;
}

/* What would be loaded, or read, when it is first needed, and then may not be. */
static void load_libraries(void)
{
	struct addrinfo *list = NULL;

	(void)setenv("LDAPNOINIT", "1", 0); /* libldap reads no files and variables of its own */
	if (getaddrinfo("localhost", "389", NULL, &list) == 0)
		freeaddrinfo(list);
}

int directory_load(const struct conf *conf, size_t i, struct directory **out, char *what, size_t size)
{
	struct directory *d = bh_alloc(sizeof *d);
	const struct reading r = {conf, i, what, size};
	int rc;

	load_libraries();
	d->refs = 1;
	d->name = bh_strdup(conf_directory_name(conf, i));
	d->state = bh_alloc(sizeof *d->state);
	pthread_mutex_init(&d->state->mutex, NULL);
	rc = read_all(d, &r);
	if (rc == 0)
		*out = d;
	else
		directory_unref(&d);
	return rc;
}

/* ---- servers ----------------------------------------------------------------------------- */

size_t directory_server(struct directory *d)
{
	uint64_t now = clock_ms();
	size_t oldest = 0, found = d->nservers;

	pthread_mutex_lock(&d->state->mutex);
	for (size_t i = 0; i < d->nservers && found == d->nservers; i++) {
		uint64_t failed = d->state->failed_ms[i];

		if (failed == 0 || now - failed > FAILED_MS)
			found = i;
		else if (failed < d->state->failed_ms[oldest])
			oldest = i;
	}
	pthread_mutex_unlock(&d->state->mutex);
	return found < d->nservers ? found : oldest;
}

void directory_server_failed(struct directory *d, size_t server)
{
	pthread_mutex_lock(&d->state->mutex);
	d->state->failed_ms[server] = clock_ms();
	pthread_mutex_unlock(&d->state->mutex);
}

void directory_server_works(struct directory *d, size_t server)
{
	pthread_mutex_lock(&d->state->mutex);
	d->state->failed_ms[server] = 0;
	pthread_mutex_unlock(&d->state->mutex);
}

/* ---- Kerberos ---------------------------------------------------------------------------- */

bool directory_asks(struct directory *d)
{
	bool may;

	pthread_mutex_lock(&d->state->mutex);
	may = d->asking < d->connections;
	d->asking += may;
	pthread_mutex_unlock(&d->state->mutex);
	return may;
}

void directory_asked(struct directory *d)
{
	pthread_mutex_lock(&d->state->mutex);
	d->asking--;
	pthread_mutex_unlock(&d->state->mutex);
}
