/* A certificate in a filter: its bytes, and its number with its issuer's name as GSER (RFC 3641) writes them. */
#include <ldap.h>

#include "directory/filter.h"

enum { SERIAL_MAX = 21, DIGITS_MAX = 3 * SERIAL_MAX }; /* bytes (RFC 5280, 4.1.2.2), with a sign */

/* What names a certificate among all; borrowed from the BER that it is read from. */
struct certificate_id {
	struct berval serial, issuer; /* the contents of an INTEGER; a whole Name */
};

/* SEQUENCE { SEQUENCE { [0] version OPTIONAL, INTEGER serial, SEQUENCE algorithm, Name issuer ... (RFC 5280, 4.1) */
static bool read_id(BerElement *ber, struct certificate_id *id)
{
	struct berval skipped;
	ber_len_t len;

	for (int depth = 0; depth < 2; depth++)
		if (ber_skip_tag(ber, &len) != LBER_SEQUENCE)
			return false;
	if (ber_peek_tag(ber, &len) == (LBER_CLASS_CONTEXT | LBER_CONSTRUCTED))
		(void)ber_skip_raw(ber, &skipped);
	return ber_skip_element(ber, &id->serial) == LBER_INTEGER && ber_skip_raw(ber, &skipped) == LBER_SEQUENCE &&
	       ber_skip_raw(ber, &id->issuer) == LBER_SEQUENCE;
}

/* In decimal digits; false for a negative number and for one that is too large. */
static bool put_number(struct buf *out, const struct berval *bytes)
{
	uint8_t number[SERIAL_MAX], digits[DIGITS_MAX];
	size_t n = bytes->bv_len, at = DIGITS_MAX;

	if (n == 0 || n > SERIAL_MAX || (uint8_t)bytes->bv_val[0] >= 0x80)
		return false;
	memcpy(number, bytes->bv_val, n);
	for (bool zero = false; !zero;) {
		unsigned rest = 0;

		zero = true;
		for (size_t i = 0; i < n; i++) { /* divides by ten */
			rest = rest << 8 | number[i];
			number[i] = (uint8_t)(rest / 10);
			rest %= 10;
			zero &= number[i] == 0;
		}
		digits[--at] = (uint8_t)('0' + rest);
	}
	buf_put(out, digits + at, DIGITS_MAX - at);
	return true;
}

/* certificateExactMatch (RFC 4523, 2.5): { serialNumber 1, issuer rdnSequence:"cn=Example CA" } */
static bool put_assertion(struct buf *out, const struct certificate_id *id)
{
	struct berval dn = {0, NULL};
	bool good;

	buf_put_lit(out, "{ serialNumber ");
	good = put_number(out, &id->serial) && ldap_X509dn2bv((void *)&id->issuer, &dn, NULL, 0) == LDAP_SUCCESS;
	buf_put_lit(out, ", issuer rdnSequence:\"");
	buf_put(out, dn.bv_val, dn.bv_len); /* without a quote: libldap writes \22 */
	buf_put_lit(out, "\" }");
	ldap_memfree(dn.bv_val);
	return good;
}

void filter_put_certificate(struct buf *out, struct str der)
{
	struct berval bytes = {der.len, (char *)der.p};
	BerElement *ber = der.len > 0 ? ber_init(&bytes) : NULL; /* liblber reads from NULL else */
	struct buf assertion = BUF_INIT;
	struct certificate_id id;

	buf_put_lit(out, "(|");
	filter_put_equal(out, "userCertificate;binary", der);
	if (ber != NULL && read_id(ber, &id) && put_assertion(&assertion, &id))
		filter_put_equal(out, "userCertificate", buf_str(&assertion));
	buf_put_lit(out, ")");
	buf_fini(&assertion);
	if (ber != NULL)
		ber_free(ber, 1);
}
