/* One search after another, each with the cookie of the last. */
#include "directory/paged.h"

#include <ldap.h>
#include <sys/time.h>

#include "base/err.h"
#include "directory/connection_private.h"
#include "directory/entry_private.h"

enum { PAGE = 500 };

struct paging {
	struct dirconn *c;
	const struct dirlisting *listing;
	struct berval cookie; /* empty: the first page, or there are no more */
	char *why;
};

static bool is_over(const struct paging *p)
{
	return p->listing->over != NULL && p->listing->over(p->listing->arg);
}

/* A server that has no pages gives all at once. */
static int ask(const struct paging *p, int *id)
{
	const struct dirsearch *s = &p->listing->search;
	struct timeval limit = {.tv_sec = p->c->directory->timeout_ms / 1000};
	LDAPControl *controls[2] = {NULL, NULL};
	int code = ldap_create_page_control(
		p->c->ld, PAGE, p->cookie.bv_len > 0 ? (struct berval *)&p->cookie : NULL, 0, &controls[0]);

	if (code == LDAP_SUCCESS)
		code = ldap_search_ext(p->c->ld, s->base, s->subtree ? LDAP_SCOPE_SUBTREE : LDAP_SCOPE_BASE, s->filter,
			(char **)s->attributes, 0, controls, NULL, &limit, 0, id);
	if (controls[0] != NULL)
		ldap_control_free(controls[0]);
	return code;
}

/* Where the next page begins. */
static void take_cookie(struct paging *p, LDAPControl **controls)
{
	LDAPControl *page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	ber_int_t estimate;

	ber_memfree(p->cookie.bv_val);
	p->cookie = (struct berval){0, NULL};
	if (page != NULL && ldap_parse_pageresponse_control(p->c->ld, page, &estimate, &p->cookie) != LDAP_SUCCESS)
		p->cookie = (struct berval){0, NULL};
}

static int take_end(struct paging *p, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	int code = LDAP_OTHER;

	(void)ldap_parse_result(p->c->ld, message, &code, NULL, NULL, NULL, &controls, 0);
	if (code == LDAP_SUCCESS) {
		take_cookie(p, controls);
	} else {
		dirconn_say(p->c, "search", code, p->why);
	}
	if (controls != NULL)
		ldap_controls_free(controls);
	return code == LDAP_SUCCESS ? 0 : dirconn_error(code);
}

static void take_entry(const struct paging *p, LDAPMessage *message)
{
	struct direntry entry;

	direntry_read(&entry, p->c->ld, message);
	p->listing->each(p->listing->arg, &entry);
	direntry_fini(&entry);
}

/* 1: there is more of this page. */
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
		rc = take_end(p, message);
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

int dirconn_list(struct dirconn *c, const struct dirlisting *l, char *why)
{
	struct paging p = {.c = c, .listing = l, .why = why};
	int rc;

	do
		rc = take_page(&p);
	while (rc == 0 && p.cookie.bv_len > 0 && !is_over(&p));
	ber_memfree(p.cookie.bv_val);
	return rc;
}
