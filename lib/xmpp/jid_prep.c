/* Nodeprep and resourceprep by libidn, domains by libidn2 (TR46, non-transitional).
 *
 * Neither mapping is idempotent for every input; what changes when it is mapped again is refused. */
#include "xmpp/jid_prep.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <stringprep.h>

#include "base/err.h"
#include "xmpp/xmlcheck.h"

/* Both libraries want NUL-terminated valid UTF-8. */
static int take_utf8(struct str text, char out[JID_PART_MAX + 1])
{
	if (!xmlcheck_text(text))
		return BH_EINVAL;
	memcpy(out, text.p, text.len);
	out[text.len] = '\0';
	return 0;
}

static int stringprep_stable(
	struct str text, const Stringprep_profile *profile, char out[JID_PART_MAX + 1], size_t *len)
{
	char again[JID_PART_MAX + 1];

	if (take_utf8(text, out) != 0 ||
		stringprep(out, JID_PART_MAX + 1, 0, profile) != STRINGPREP_OK)
		return BH_EINVAL;
	*len = strlen(out);
	memcpy(again, out, *len + 1);
	if (*len == 0 || stringprep(again, sizeof again, 0, profile) != STRINGPREP_OK ||
		strcmp(again, out) != 0)
		return BH_EINVAL;
	return 0;
}

int jid_prep_local(struct str text, char out[JID_PART_MAX + 1], size_t *len)
{
	return stringprep_stable(text, stringprep_xmpp_nodeprep, out, len);
}

int jid_prep_resource(struct str text, char out[JID_PART_MAX + 1], size_t *len)
{
	return stringprep_stable(text, stringprep_xmpp_resourceprep, out, len);
}

/* "[...]": an IPv6 address, in its one shortest form. */
static int prep_literal(struct str text, char out[JID_PART_MAX + 1], size_t *len)
{
	char inside[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (text.len < 4 || text.len - 2 >= sizeof inside || text.p[text.len - 1] != ']')
		return BH_EINVAL;
	memcpy(inside, text.p + 1, text.len - 2);
	inside[text.len - 2] = '\0';
	if (strlen(inside) != text.len - 2 || inet_pton(AF_INET6, inside, &address) != 1 ||
		inet_ntop(AF_INET6, &address, out + 1, INET6_ADDRSTRLEN) == NULL)
		return BH_EINVAL;
	out[0] = '[';
	*len = strlen(out);
	memcpy(out + *len, "]", 2);
	*len += 1;
	return 0;
}

/* By way of the A-labels, which shows that the name can be asked for in the DNS.  Not with
 * IDN2_USE_STD3_ASCII_RULES: libidn2 then drops what they forbid without a word ("a_b" becomes
 * "ab"); host_name() refuses it. */
static int to_u_labels(const char *in, char out[JID_PART_MAX + 1])
{
	char *ascii = NULL;
	char *unicode = NULL;
	int rc = idn2_to_ascii_8z(in, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);

	if (rc == IDN2_OK)
		rc = idn2_to_unicode_8z8z(ascii, &unicode, 0);
	if (rc == IDN2_OK && strlen(unicode) <= JID_PART_MAX)
		memcpy(out, unicode, strlen(unicode) + 1);
	else
		rc = BH_EINVAL;
	idn2_free(ascii);
	idn2_free(unicode);
	return rc == IDN2_OK ? 0 : BH_EINVAL;
}

/* The ASCII in it is that of host names; no label is empty. */
static bool host_name(const char *p)
{
	if (*p == '.')
		return false;
	for (; *p != '\0'; p++) {
		if (*p == '.' && (p[1] == '.' || p[1] == '\0'))
			return false;
		if ((signed char)*p >= 0 && *p != '.' && *p != '-' && (*p < '0' || *p > '9') &&
			(*p < 'a' || *p > 'z'))
			return false;
	}
	return true;
}

int jid_prep_domain(struct str text, char out[JID_PART_MAX + 1], size_t *len)
{
	char given[JID_PART_MAX + 1];
	char again[JID_PART_MAX + 1];

	if (text.p[0] == '[')
		return prep_literal(text, out, len);
	if (take_utf8(text, given) != 0 || to_u_labels(given, out) != 0 || !host_name(out) ||
		*out == '\0')
		return BH_EINVAL;
	if (to_u_labels(out, again) != 0 || strcmp(out, again) != 0)
		return BH_EINVAL;
	*len = strlen(out);
	return 0;
}

int jid_domain_ascii(struct str domain, char *out, size_t size)
{
	char in[JID_PART_MAX + 1];
	char *ascii = NULL;
	int rc;

	if (domain.len >= sizeof in)
		return BH_EINVAL;
	memcpy(in, domain.p, domain.len);
	in[domain.len] = '\0';
	rc = idn2_to_ascii_8z(in, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (rc == IDN2_OK && strlen(ascii) < size)
		memcpy(out, ascii, strlen(ascii) + 1);
	else
		rc = IDN2_TOO_BIG_DOMAIN;
	idn2_free(ascii);
	return rc == IDN2_OK ? 0 : BH_EINVAL;
}
