/* A bind as somebody else, what the directory says of his password, and another one for him. */
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/err.h"
#include "directory/connection_private.h"
#include "directory/watchdog.h"

/* Active Directory says it in the diagnostic message only: "... data 532, v1db1". */
static bool windows_says(const char *diagnostic, enum dirverdict *verdict)
{
	static const struct {
		const char *code;
		enum dirverdict verdict;
	} codes[] = {
		{"data 532", PASSWORD_EXPIRED}, {"data 533", ACCOUNT_LOCKED}, {"data 701", ACCOUNT_LOCKED},
		{"data 773", PASSWORD_MUST_CHANGE}, {"data 775", ACCOUNT_LOCKED},
	};

	for (size_t i = 0; diagnostic != NULL && i < sizeof codes / sizeof codes[0]; i++) {
		if (strstr(diagnostic, codes[i].code) == NULL)
			continue;
		*verdict = codes[i].verdict;
		return true;
	}
	return false;
}

/* What the control says beside the result, if it is there (draft-behera-ldap-password-policy, 6.2). */
static LDAPPasswordPolicyError read_policy(LDAP *ld, LDAPControl **controls, struct dirpassword *out)
{
	LDAPControl *policy = ldap_control_find(LDAP_CONTROL_PASSWORDPOLICYRESPONSE, controls, NULL);
	LDAPPasswordPolicyError error = PP_noError;
	ber_int_t expires = -1, grace = -1;

	out->expires_s = out->grace_left = -1;
	if (policy == NULL || ldap_parse_passwordpolicy_control(ld, policy, &expires, &grace, &error) != LDAP_SUCCESS)
		return PP_noError;
	out->expires_s = expires;
	out->grace_left = grace;
	return error;
}

static enum dirverdict refused(LDAPPasswordPolicyError error, const char *diagnostic)
{
	enum dirverdict verdict = PASSWORD_WRONG;

	if (error == PP_passwordExpired)
		return PASSWORD_EXPIRED;
	if (error == PP_accountLocked)
		return ACCOUNT_LOCKED;
	if (error == PP_changeAfterReset)
		return PASSWORD_MUST_CHANGE;
	(void)windows_says(diagnostic, &verdict);
	return verdict;
}

/* 0 where the code says something of the password. */
static int judge(int code, LDAPPasswordPolicyError error, const char *diagnostic, enum dirverdict *verdict)
{
	switch (code) {
	case LDAP_SUCCESS:
		*verdict = error == PP_changeAfterReset ? PASSWORD_MUST_CHANGE : PASSWORD_GOOD;
		return 0;
	case LDAP_INVALID_CREDENTIALS:
		*verdict = refused(error, diagnostic);
		return 0;
	case LDAP_NO_SUCH_OBJECT:
	case LDAP_INVALID_DN_SYNTAX:
		*verdict = PASSWORD_WRONG;
		return 0;
	case LDAP_UNWILLING_TO_PERFORM: /* 389 Directory Server: inactivated, too many attempts */
	case LDAP_CONSTRAINT_VIOLATION:
		*verdict = ACCOUNT_LOCKED;
		return 0;
	default:
		return dirconn_error(code) == BH_EDENIED ? BH_EIO : dirconn_error(code);
	}
}

static int take_answer(struct dirconn *c, int id, struct dirpassword *out, char *why)
{
	struct timeval limit = {.tv_sec = c->directory->timeout_ms / 1000};
	LDAPControl **controls = NULL;
	LDAPMessage *message = NULL;
	char *diagnostic = NULL;
	int code = LDAP_SERVER_DOWN, type = ldap_result(c->ld, id, LDAP_MSG_ALL, &limit, &message), rc;

	if (type == 0)
		code = LDAP_TIMEOUT;
	else if (type > 0)
		(void)ldap_parse_result(c->ld, message, &code, NULL, &diagnostic, NULL, &controls, 0);
	rc = judge(code, read_policy(c->ld, controls, out), diagnostic, &out->verdict);
	if (rc != 0)
		dirconn_say(c, "bind of a user", code, why);
	if (controls != NULL)
		ldap_controls_free(controls);
	ldap_memfree(diagnostic);
	ldap_msgfree(message);
	return rc;
}

int dirconn_verify(struct dirconn *c, const char *dn, struct str password, struct dirpassword *out, char *why)
{
	struct berval secret = {password.len, (char *)password.p};
	LDAPControl *policy = NULL, *controls[2] = {NULL, NULL};
	int id, code;

	*out = (struct dirpassword){PASSWORD_WRONG, -1, -1};
	if (password.len == 0)
		return 0;
	if (ldap_create_passwordpolicy_control(c->ld, &policy) == LDAP_SUCCESS)
		controls[0] = policy;
	code = ldap_sasl_bind(c->ld, dn, LDAP_SASL_SIMPLE, &secret, controls, NULL, &id);
	if (policy != NULL)
		ldap_control_free(policy);
	if (code == LDAP_SUCCESS)
		return take_answer(c, id, out, why);
	dirconn_say(c, "bind of a user", code, why);
	return BH_EIO;
}

int dirconn_set_password(struct dirconn *c, const char *dn, struct str password, char *why)
{
	struct berval user = {strlen(dn), (char *)dn}, new = {password.len, (char *)password.p}, made = {0, NULL};
	struct watch watch;
	int code;

	watchdog_begin(&watch, c->fd, c->directory->timeout_ms);
	code = ldap_passwd_s(c->ld, &user, NULL, &new, &made, NULL, NULL);
	if (!watchdog_end(&watch))
		code = LDAP_TIMEOUT;
	ldap_memfree(made.bv_val);
	if (code == LDAP_SUCCESS)
		return 0;
	dirconn_say(c, "change of a password", code, why);
	return code == LDAP_CONSTRAINT_VIOLATION || code == LDAP_UNWILLING_TO_PERFORM ? BH_EINVAL : dirconn_error(code);
}
