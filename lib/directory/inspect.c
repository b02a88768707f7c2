/* Steps of a connection, and a comparison. */
#include "directory/inspect.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "directory/connection_private.h"
#include "directory/watchdog.h"

int inspect_open(struct directory *d, size_t server, struct dirconn **out, char *why)
{
	struct dirconn *c = dirconn_create(d, server);
	int rc = dirconn_open_server(c, true, why);

	if (rc != 0)
		dirconn_close(&c);
	*out = c;
	return rc;
}

int inspect_open_bare(struct directory *d, size_t server, struct dirconn **out, int *fd, char *why)
{
	struct dirconn *c = dirconn_create(d, server);
	bool tls = false;
	int rc = dirconn_open_bare(c, &tls, why);

	*fd = rc == 0 && tls ? c->fd : -1;
	if (rc != 0)
		dirconn_close(&c);
	*out = c;
	return rc;
}

char *inspect_host(const struct directory *d, size_t server)
{
	LDAPURLDesc *url = NULL;
	char *host = NULL;

	if (ldap_url_parse(d->servers[server], &url) == LDAP_URL_SUCCESS && url->lud_host != NULL)
		host = bh_strdup(url->lud_host);
	ldap_free_urldesc(url);
	return host != NULL ? host : bh_strdup("");
}

static int compare_with(struct dirconn *c, const char *dn, const char *attribute, const char *value)
{
	struct berval text = {strlen(value), (char *)value};
	struct watch watch;
	int code;

	watchdog_begin(&watch, c->fd, c->directory->timeout_ms);
	code = ldap_compare_ext_s(c->ld, dn, attribute, &text, NULL, NULL);
	return watchdog_end(&watch) ? code : LDAP_TIMEOUT;
}

/* With a value that it could have: a time, a truth, a number; any of them is a text. */
static int compare(struct dirconn *c, const char *dn, const char *attribute)
{
	static const char *const values[] = {"20000101000000Z", "TRUE", "0"};
	int code = LDAP_INVALID_SYNTAX;

	for (size_t i = 0; i < sizeof values / sizeof values[0] && code == LDAP_INVALID_SYNTAX; i++)
		code = compare_with(c, dn, attribute, values[i]);
	return code;
}

int inspect_attribute(
	struct dirconn *c, const char *dn, const char *attribute, enum inspect_attribute *out, char *why)
{
	int code = compare(c, dn, attribute);

	*out = ATTRIBUTE_SEEN;
	switch (code) {
	case LDAP_COMPARE_TRUE:
	case LDAP_COMPARE_FALSE:
	case LDAP_NO_SUCH_ATTRIBUTE:
	case LDAP_INVALID_SYNTAX: /* it has a value of another kind */
	case LDAP_INAPPROPRIATE_MATCHING:
		return 0;
	case LDAP_UNDEFINED_TYPE:
		*out = ATTRIBUTE_UNKNOWN;
		return 0;
	case LDAP_INSUFFICIENT_ACCESS:
		*out = ATTRIBUTE_HIDDEN;
		return 0;
	default:
		dirconn_say(c, "compare", code, why);
		return dirconn_error(code);
	}
}
