/* Parsed by libldap, and written again in one form, which is digested. */
#include "directory/dn.h"

#include <ldap.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "xmpp/fold.h"
#include "xmpp/xmlcheck.h"

enum { AVAS_MAX = 16 }; /* attributes of one level */

/* Types that have more than one name: the short ones of RFC 4514, 3, and what else they may be called. */
static const struct {
	const char *name, *other, *oid;
} types[] = {
	{"cn", "commonName", "2.5.4.3"},
	{"l", "localityName", "2.5.4.7"},
	{"st", "stateOrProvinceName", "2.5.4.8"},
	{"o", "organizationName", "2.5.4.10"},
	{"ou", "organizationalUnitName", "2.5.4.11"},
	{"c", "countryName", "2.5.4.6"},
	{"street", "streetAddress", "2.5.4.9"},
	{"dc", "domainComponent", "0.9.2342.19200300.100.1.25"},
	{"uid", "userid", "0.9.2342.19200300.100.1.1"},
	{"sn", "surname", "2.5.4.4"},
	{"mail", "rfc822Mailbox", "0.9.2342.19200300.100.1.3"},
};

static bool names(const char *name, const struct berval *type)
{
	return strlen(name) == type->bv_len && strncasecmp(name, type->bv_val, type->bv_len) == 0;
}

static struct str type_of(const struct berval *type)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (names(types[i].other, type) || names(types[i].oid, type))
			return str_of(types[i].name);
	return str_make(type->bv_val, type->bv_len);
}

static void put_length(struct buf *out, size_t at)
{
	uint32_t len = (uint32_t)(out->len - at - sizeof len);

	memcpy(out->data + at, &len, sizeof len);
}

static void put_type(struct buf *out, const struct berval *type)
{
	struct str name = type_of(type);
	size_t at = out->len;

	buf_put(out, "\0\0\0", 4);
	for (uint32_t i = 0; i < name.len; i++)
		buf_put_byte(out, (uint8_t)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]));
	if (!buf_failed(out))
		put_length(out, at);
}

/* "#04..." is the value's encoding (RFC 4514, 2.4): never the same as a text. */
static void put_ava(struct buf *out, const LDAPAVA *ava)
{
	struct str value = str_make(ava->la_value.bv_val, ava->la_value.bv_len);
	bool binary = (ava->la_flags & LDAP_AVA_BINARY) != 0;

	put_type(out, &ava->la_attr);
	buf_put_byte(out, binary);
	if (binary || fold_text(out, value) != 0)
		buf_put_str(out, value);
}

static int by_bytes(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	int rc = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);

	return rc != 0 ? rc : (x->len > y->len) - (x->len < y->len);
}

/* In an order that does not depend on how it was written. */
static int put_rdn(struct buf *out, LDAPRDN rdn)
{
	struct buf all = BUF_INIT;
	size_t ends[AVAS_MAX];
	struct str avas[AVAS_MAX];
	uint32_t n = 0;

	for (; rdn[n] != NULL && n < AVAS_MAX; n++) {
		put_ava(&all, rdn[n]);
		ends[n] = all.len;
	}
	for (uint32_t i = 0; i < n; i++) {
		size_t start = i > 0 ? ends[i - 1] : 0;

		avas[i] = str_make(all.data + start, ends[i] - start);
	}
	qsort(avas, n, sizeof avas[0], by_bytes);
	buf_put(out, &n, sizeof n);
	for (uint32_t i = 0; i < n; i++) {
		buf_put(out, &avas[i].len, sizeof avas[i].len);
		buf_put_str(out, avas[i]);
	}
	buf_fini(&all);
	return rdn[n] == NULL ? 0 : BH_EINVAL;
}

/* libldap (2.5) reads past the end of what is not UTF-8, and of what has no NUL behind it. */
static LDAPDN parse(struct str dn)
{
	char text[DN_MAX + 8] = "";
	struct berval value = {dn.len, text};
	LDAPDN parsed = NULL;

	if (dn.len == 0 || dn.len > DN_MAX || !xmlcheck_text(dn))
		return NULL;
	memcpy(text, dn.p, dn.len);
	return ldap_bv2dn(&value, &parsed, LDAP_DN_FORMAT_LDAP) == LDAP_SUCCESS ? parsed : NULL;
}

int dn_digest(struct str dn, uint8_t out[DN_DIGEST_SIZE])
{
	struct buf form = BUF_INIT;
	LDAPDN parsed = parse(dn);
	int rc = 0;

	if (parsed == NULL)
		return BH_EINVAL;
	for (size_t i = 0; parsed[i] != NULL && rc == 0; i++)
		rc = put_rdn(&form, parsed[i]);
	ldap_dnfree(parsed);
	if (rc == 0 && buf_failed(&form))
		rc = BH_ENOMEM;
	if (rc == 0)
		digest_128(buf_str(&form), out);
	buf_fini(&form);
	return rc;
}

struct str dn_without_uid(struct str value)
{
	uint32_t n = value.len;

	if (n < 4 || value.p[n - 1] != 'B' || value.p[n - 2] != '\'')
		return value;
	for (n -= 2; n > 0 && (value.p[n - 1] == '0' || value.p[n - 1] == '1'); n--)
		;
	return n >= 2 && value.p[n - 1] == '\'' && value.p[n - 2] == '#' ? str_make(value.p, n - 2) : value;
}
