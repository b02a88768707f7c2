/* Page after page, until there is no cookie. */
#include "directory/paged.h"

#include <sys/time.h>

#include "base/err.h"
#include "directory/connection_private.h"
#include "directory/entry_private.h"

enum { PAGE = 500 };

struct paging {
	struct dirconn *c;
	const struct dirsearch *search;
	dirsearch_fn *each;
	void *arg;
	char *why;
	unsigned told;
	struct berval cookie; /* libldap's memory; empty: there is no further page */
};

static bool is_over(const struct paging *p)
{
	const struct dirsearch *s = p->search;

	return (s->limit > 0 && p->told >= s->limit) || (s->over != NULL && s->over(p->arg));
}

/* A server that has no pages gives all at once. */
static int ask(struct paging *p, int *id)
{
	const struct dirsearch *s = p->search;
	struct timeval limit = {.tv_sec = p->c->directory->timeout_ms / 1000};
	LDAPControl *controls[2] = {NULL, NULL};
	int code = ldap_create_page_control(p->c->ld, PAGE, &p->cookie, 0, &controls[0]);

	if (code == LDAP_SUCCESS)
		code = ldap_search_ext(p->c->ld, s->base, s->subtree ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE, s->filter,
			(char **)s->attributes, 0, controls, NULL, &limit, 0, id);
	if (controls[0] != NULL)
		ldap_control_free(controls[0]);
	return code;
}

static void take_entry(struct paging *p, LDAPMessage *message)
{
	struct direntry entry;

	if (p->search->limit > 0 && p->told >= p->search->limit)
		return;
	p->told++;
	direntry_read(&entry, p->c->ld, message);
	p->each(p->arg, &entry);
	direntry_fini(&entry);
}

static void take_cookie(struct paging *p, LDAPControl **controls)
{
	LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	ber_int_t estimate;

	ber_memfree(p->cookie.bv_val);
	p->cookie = (struct berval){0, NULL};
	if (page != NULL)
		(void)ldap_parse_pageresponse_control(p->c->ld, page, &estimate, &p->cookie);
}

/* The result of a message that ends a page. */
static int end_of_page(struct paging *p, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	int code = LDAP_OTHER;

	(void)ldap_parse_result(p->c->ld, message, &code, NULL, NULL, NULL, &controls, 0);
	take_cookie(p, controls);
	if (controls != NULL)
		ldap_controls_free(controls);
	if (code == LDAP_SUCCESS || (code == LDAP_NO_SUCH_OBJECT && !p->search->exists))
		return 0;
	dirconn_say(p->c, "search", code, p->why);
	return code == LDAP_SIZELIMIT_EXCEEDED || code == LDAP_ADMINLIMIT_EXCEEDED ? BH_ETOOBIG : dirconn_error(code);
}

/* 1: there is more of the page. */
static int take_message(struct paging *p, int id)
{
	struct timeval limit = {.tv_sec = p->c->directory->timeout_ms / 1000};
	LDAPMessage *message = NULL;
	int type = ldap_result(p->c->ld, id, LDAP_MSG_ONE, &limit, &message), rc = 1;

	if (type <= 0) {
		dirconn_say(p->c, "search", type == 0 ? LDAP_TIMEOUT : LDAP_SERVER_DOWN, p->why);
		return type == 0 ? BH_ETIMEOUT : BH_EIO;
	}
	if (type == LDAP_RES_SEARCH_ENTRY)
		take_entry(p, message);
	else if (type == LDAP_RES_SEARCH_RESULT)
		rc = end_of_page(p, message);
	ldap_msgfree(message);
	return rc;
}

static int take_page(struct paging *p)
{
	int id, rc, code = ask(p, &id);

	if (code != LDAP_SUCCESS) {
		dirconn_say(p->c, "search", code, p->why);
		return dirconn_error(code);
	}
	do
		rc = take_message(p, id);
	while (rc == 1);
	return rc;
}

int dirconn_search_paged(struct dirconn *c, const struct dirsearch *s, dirsearch_fn *each, void *arg, char *why)
{
	struct paging p = {.c = c, .search = s, .each = each, .arg = arg, .why = why};
	int rc;

	do
		rc = take_page(&p);
	while (rc == 0 && p.cookie.bv_len > 0 && !is_over(&p));
	ber_memfree(p.cookie.bv_val);
	return rc;
}
