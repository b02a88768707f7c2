/*
 * error - the error conditions of RFC 6120: streams (4.9.3), stanzas (8.3.3), SASL (6.5)
 *
 * Their numbers cross the bus; 0 is "no error" in each, and a number that is none has no name.
 */
#ifndef BH_XMPP_ERROR_H
#define BH_XMPP_ERROR_H

#include "base/buf.h"
#include "base/str.h"

#define STREAM_ERROR_MAP(XX)                                                                       \
	XX(BAD_FORMAT, 1, "bad-format")                                                            \
	XX(BAD_NAMESPACE_PREFIX, 2, "bad-namespace-prefix")                                        \
	XX(CONFLICT, 3, "conflict")                                                                \
	XX(CONNECTION_TIMEOUT, 4, "connection-timeout")                                            \
	XX(HOST_GONE, 5, "host-gone")                                                              \
	XX(HOST_UNKNOWN, 6, "host-unknown")                                                        \
	XX(IMPROPER_ADDRESSING, 7, "improper-addressing")                                          \
	XX(INTERNAL_SERVER_ERROR, 8, "internal-server-error")                                      \
	XX(INVALID_FROM, 9, "invalid-from")                                                        \
	XX(INVALID_NAMESPACE, 10, "invalid-namespace")                                             \
	XX(INVALID_XML, 11, "invalid-xml")                                                         \
	XX(NOT_AUTHORIZED, 12, "not-authorized")                                                   \
	XX(NOT_WELL_FORMED, 13, "not-well-formed")                                                 \
	XX(POLICY_VIOLATION, 14, "policy-violation")                                               \
	XX(REMOTE_CONNECTION_FAILED, 15, "remote-connection-failed")                               \
	XX(RESET, 16, "reset")                                                                     \
	XX(RESOURCE_CONSTRAINT, 17, "resource-constraint")                                         \
	XX(RESTRICTED_XML, 18, "restricted-xml")                                                   \
	XX(SEE_OTHER_HOST, 19, "see-other-host")                                                   \
	XX(SYSTEM_SHUTDOWN, 20, "system-shutdown")                                                 \
	XX(UNDEFINED_CONDITION, 21, "undefined-condition")                                         \
	XX(UNSUPPORTED_ENCODING, 22, "unsupported-encoding")                                       \
	XX(UNSUPPORTED_FEATURE, 23, "unsupported-feature")                                         \
	XX(UNSUPPORTED_STANZA_TYPE, 24, "unsupported-stanza-type")                                 \
	XX(UNSUPPORTED_VERSION, 25, "unsupported-version")

/* name, number, condition, default type (8.3.2), legacy code (XEP-0086) */
#define STANZA_ERROR_MAP(XX)                                                                       \
	XX(BAD_REQUEST, 1, "bad-request", "modify", 400)                                           \
	XX(CONFLICT, 2, "conflict", "cancel", 409)                                                 \
	XX(FEATURE_NOT_IMPLEMENTED, 3, "feature-not-implemented", "cancel", 501)                   \
	XX(FORBIDDEN, 4, "forbidden", "auth", 403)                                                 \
	XX(GONE, 5, "gone", "cancel", 302)                                                         \
	XX(INTERNAL_SERVER_ERROR, 6, "internal-server-error", "cancel", 500)                       \
	XX(ITEM_NOT_FOUND, 7, "item-not-found", "cancel", 404)                                     \
	XX(JID_MALFORMED, 8, "jid-malformed", "modify", 400)                                       \
	XX(NOT_ACCEPTABLE, 9, "not-acceptable", "modify", 406)                                     \
	XX(NOT_ALLOWED, 10, "not-allowed", "cancel", 405)                                          \
	XX(NOT_AUTHORIZED, 11, "not-authorized", "auth", 401)                                      \
	XX(POLICY_VIOLATION, 12, "policy-violation", "modify", 0)                                  \
	XX(RECIPIENT_UNAVAILABLE, 13, "recipient-unavailable", "wait", 404)                        \
	XX(REDIRECT, 14, "redirect", "modify", 302)                                                \
	XX(REGISTRATION_REQUIRED, 15, "registration-required", "auth", 407)                        \
	XX(REMOTE_SERVER_NOT_FOUND, 16, "remote-server-not-found", "cancel", 404)                  \
	XX(REMOTE_SERVER_TIMEOUT, 17, "remote-server-timeout", "wait", 504)                        \
	XX(RESOURCE_CONSTRAINT, 18, "resource-constraint", "wait", 500)                            \
	XX(SERVICE_UNAVAILABLE, 19, "service-unavailable", "cancel", 503)                          \
	XX(SUBSCRIPTION_REQUIRED, 20, "subscription-required", "auth", 407)                        \
	XX(UNDEFINED_CONDITION, 21, "undefined-condition", "cancel", 500)                          \
	XX(UNEXPECTED_REQUEST, 22, "unexpected-request", "wait", 400)

#define SASL_ERROR_MAP(XX)                                                                         \
	XX(ABORTED, 1, "aborted")                                                                  \
	XX(ACCOUNT_DISABLED, 2, "account-disabled")                                                \
	XX(CREDENTIALS_EXPIRED, 3, "credentials-expired")                                          \
	XX(ENCRYPTION_REQUIRED, 4, "encryption-required")                                          \
	XX(INCORRECT_ENCODING, 5, "incorrect-encoding")                                            \
	XX(INVALID_AUTHZID, 6, "invalid-authzid")                                                  \
	XX(INVALID_MECHANISM, 7, "invalid-mechanism")                                              \
	XX(MALFORMED_REQUEST, 8, "malformed-request")                                              \
	XX(MECHANISM_TOO_WEAK, 9, "mechanism-too-weak")                                            \
	XX(NOT_AUTHORIZED, 10, "not-authorized")                                                   \
	XX(TEMPORARY_AUTH_FAILURE, 11, "temporary-auth-failure")

enum stream_error {
#define XX(name, number, text) STREAM_##name = number,
	STREAM_ERROR_MAP(XX)
#undef XX
};

enum stanza_error {
#define XX(name, number, text, type, code) STANZA_##name = number,
	STANZA_ERROR_MAP(XX)
#undef XX
};

enum sasl_error {
#define XX(name, number, text) SASL_##name = number,
	SASL_ERROR_MAP(XX)
#undef XX
};

/* The element's name; NULL for a number that is none. */
const char *stream_error_name(unsigned condition);
const char *stanza_error_name(unsigned condition);
const char *sasl_error_name(unsigned condition);

/* <stream:error>...</stream:error>; text may be absent. */
void stream_error_write(struct buf *out, unsigned condition, struct str text);

/* The same with an application's element (canonical XML, or absent). */
void stream_error_write_with(struct buf *out, unsigned condition, struct str text, struct str element);

/* <error type='' ...><condition xmlns=''/>...</error>, the child of an error stanza; the
 * default type of the condition, text may be absent. */
void stanza_error_write(struct buf *out, unsigned condition, struct str text);

/* What an application says beside the condition (RFC 6120 8.3.2). */
struct stanza_error_detail {
	const char *type; /* where it is not the condition's default; or NULL */
	struct str element; /* canonical XML, or absent */
};

/* The same with that; the detail may be NULL. */
void stanza_error_write_with(struct buf *out, unsigned condition, struct str text,
	const struct stanza_error_detail *detail);

/* <failure xmlns=''><condition/>...</failure> */
void sasl_failure_write(struct buf *out, unsigned condition, struct str text);

#endif
