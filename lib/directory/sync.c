/* The controls and messages of RFC 4533. */
#include "directory/sync.h"

#include <ldap.h>
#include <stdio.h>
#include <sys/time.h>

#include "base/buf.h"
#include "base/err.h"
#include "directory/connection_private.h"
#include "directory/entry_private.h"

struct following {
	struct dirconn *c;
	const struct dirsync_handlers *handlers;
	void *arg;
	char *why;
	bool known;	   /* we had a cookie, */
	bool ignored;	   /* and the server has taken no notice of it */
	bool refreshing;
	struct buf cookie; /* that came while it was */
};

/* ---- what we ask --------------------------------------------------------------------------- */

static int make_control(const struct dirsync *s, LDAPControl **out)
{
	BerElement *ber = ber_alloc_t(LBER_USE_DER);
	struct berval *value = NULL, cookie = {s->cookie.len, (char *)s->cookie.p};
	int rc;

	if (ber == NULL)
		return LDAP_NO_MEMORY;
	if (s->cookie.p != NULL)
		rc = ber_printf(ber, "{eOb}", LDAP_SYNC_REFRESH_AND_PERSIST, &cookie, 0);
	else
		rc = ber_printf(ber, "{eb}", LDAP_SYNC_REFRESH_AND_PERSIST, 0);
	if (rc >= 0)
		rc = ber_flatten(ber, &value);
	ber_free(ber, 1);
	if (rc < 0)
		return LDAP_ENCODING_ERROR;
	rc = ldap_control_create(LDAP_CONTROL_SYNC, 1, value, 1, out);
	ber_bvfree(value);
	return rc;
}

static int ask(struct dirconn *c, const struct dirsync *s, int *id)
{
	LDAPControl *controls[2] = {NULL, NULL};
	int code = make_control(s, &controls[0]);

	if (code == LDAP_SUCCESS)
		code = ldap_search_ext(c->ld, s->base, LDAP_SCOPE_SUBTREE, s->filter, (char **)s->attributes, 0,
			controls, NULL, NULL, 0, id);
	if (controls[0] != NULL)
		ldap_control_free(controls[0]);
	return code;
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* Of a refresh that is broken off nothing counts: it begins anew from the cookie before. */
static void tell_cookie(struct following *f, struct str cookie)
{
	if (cookie.p == NULL)
		return;
	if (!f->refreshing) {
		f->handlers->cookie(f->arg, cookie);
		return;
	}
	buf_clear(&f->cookie);
	buf_put_str(&f->cookie, cookie);
}

static void tell_refreshed(struct following *f, bool whole)
{
	f->handlers->refreshed(f->arg, whole);
	f->refreshing = false;
	if (f->cookie.len > 0)
		f->handlers->cookie(f->arg, buf_str(&f->cookie));
	buf_fini(&f->cookie);
}

static int say_cannot(const struct following *f)
{
	snprintf(f->why, DIRCONN_WHY_SIZE, "%.200s cannot be followed (RFC 4533): OpenLDAP needs the overlay syncprov",
		dirconn_server(f->c));
	return BH_EPROTO;
}

static bool read_state(LDAPControl **controls, struct sync_state *state)
{
	const LDAPControl *control = ldap_control_find(LDAP_CONTROL_SYNC_STATE, controls, NULL);

	return control != NULL &&
	       sync_state_read(str_make(control->ldctl_value.bv_val, control->ldctl_value.bv_len), state);
}

static void tell_entry(const struct following *f, LDAPMessage *message, const struct sync_state *s)
{
	struct direntry entry;

	if (s->change == SYNC_DELETE) {
		f->handlers->gone(f->arg, s->uuid);
		return;
	}
	if (s->change == SYNC_PRESENT) {
		f->handlers->present(f->arg, s->uuid);
		return;
	}
	direntry_read(&entry, f->c->ld, message);
	f->handlers->entry(f->arg, s->uuid, &entry);
	direntry_fini(&entry);
}

static int take_entry(struct following *f, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	struct sync_state state;
	bool read = ldap_get_entry_controls(f->c->ld, message, &controls) == LDAP_SUCCESS &&
		    read_state(controls, &state);

	if (controls != NULL)
		ldap_controls_free(controls);
	if (!read)
		return say_cannot(f);
	tell_entry(f, message, &state);
	tell_cookie(f, state.cookie);
	sync_state_fini(&state);
	return 0;
}

static void tell_set(const struct following *f, const struct sync_info *info)
{
	for (size_t at = 0; at < info->uuids.len; at += UUID_SIZE) {
		const uint8_t *uuid = info->uuids.data + at;

		if (info->deletes)
			f->handlers->gone(f->arg, uuid);
		else
			f->handlers->present(f->arg, uuid);
	}
}

static void tell_info(struct following *f, const struct sync_info *info)
{
	bool refresh = info->kind == SYNC_REFRESH_DELETE || info->kind == SYNC_REFRESH_PRESENT;

	tell_set(f, info);
	tell_cookie(f, info->cookie);
	/* OpenLDAP tells everything to whom brings a cookie that it cannot read, but not that this is all there is. */
	f->ignored |= refresh && f->known && info->cookie.p != NULL && info->cookie.len == 0;
	if (refresh && info->refresh_done && !f->ignored)
		tell_refreshed(f, info->kind == SYNC_REFRESH_PRESENT);
}

static int take_info(struct following *f, const struct berval *data)
{
	struct sync_info info;
	int rc = sync_info_read(str_make(data->bv_val, data->bv_len), &info);

	if (rc == BH_ENOTFOUND)
		return 0;
	if (rc != 0)
		return say_cannot(f);
	tell_info(f, &info);
	sync_info_fini(&info);
	return f->ignored ? BH_ENOTFOUND : 0;
}

static int take_intermediate(struct following *f, LDAPMessage *message)
{
	struct berval *data = NULL;
	char *oid = NULL;
	int rc = 0;

	if (ldap_parse_intermediate(f->c->ld, message, &oid, &data, NULL, 0) == LDAP_SUCCESS && oid != NULL &&
		data != NULL && str_is(str_of(oid), LDAP_SYNC_INFO))
		rc = take_info(f, data);
	ldap_memfree(oid);
	if (data != NULL)
		ber_bvfree(data);
	return rc;
}

/* It ends by itself only when it cannot go on. */
static int take_end(const struct following *f, LDAPMessage *message)
{
	int code = LDAP_OTHER;

	(void)ldap_parse_result(f->c->ld, message, &code, NULL, NULL, NULL, NULL, 0);
	dirconn_say(f->c, "synchronise", code, f->why);
	switch (code) {
	case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
		return say_cannot(f);
	case LDAP_SUCCESS:
		return f->refreshing ? say_cannot(f) : BH_EIO;
	case LDAP_SYNC_REFRESH_REQUIRED:
	case LDAP_PROTOCOL_ERROR:	 /* OpenLDAP cannot read it, */
	case LDAP_UNWILLING_TO_PERFORM: /* or it is of a later time than its data */
		return f->known ? BH_ENOTFOUND : BH_EIO;
	default:
		return dirconn_error(code);
	}
}

static int take(struct following *f, LDAPMessage *message)
{
	switch (ldap_msgtype(message)) {
	case LDAP_RES_SEARCH_ENTRY:
		return take_entry(f, message);
	case LDAP_RES_INTERMEDIATE:
		return take_intermediate(f, message);
	case LDAP_RES_SEARCH_RESULT:
		return take_end(f, message);
	default:
		return 0; /* a referral: not followed */
	}
}

int dirconn_follow(
	struct dirconn *c, const struct dirsync *s, const struct dirsync_handlers *handlers, void *arg, char *why)
{
	struct following f = {
		.c = c, .handlers = handlers, .arg = arg, .why = why, .known = s->cookie.p != NULL, .refreshing = true};
	int id, code = ask(c, s, &id), rc = 0;

	handlers->begin(arg, !f.known);
	if (code != LDAP_SUCCESS) {
		dirconn_say(c, "synchronise", code, why);
		return dirconn_error(code);
	}
	while (rc == 0 && !handlers->over(arg)) {
		struct timeval pause = {.tv_usec = 200000};
		LDAPMessage *message = NULL;
		int type = ldap_result(c->ld, id, LDAP_MSG_ONE, &pause, &message);

		if (type < 0) {
			dirconn_say(c, "synchronise", LDAP_SERVER_DOWN, why);
			rc = BH_EIO;
		} else if (type > 0) {
			rc = take(&f, message);
		}
		ldap_msgfree(message);
	}
	buf_fini(&f.cookie);
	return rc;
}

/* ---- can it? -------------------------------------------------------------------------------- */

static void look_for_control(void *can, const struct direntry *root)
{
	for (size_t i = 0; i < direntry_count(root, "supportedControl"); i++)
		*(bool *)can |= str_is(direntry_value(root, "supportedControl", i), LDAP_CONTROL_SYNC);
}

int dirconn_can_follow(struct dirconn *c, bool *can, char *why)
{
	static const char *const attributes[] = {"supportedControl", NULL};
	const struct dirsearch root = {.base = "", .filter = "(objectClass=*)", .attributes = attributes};

	*can = false;
	return dirconn_search(c, &root, look_for_control, can, why);
}
