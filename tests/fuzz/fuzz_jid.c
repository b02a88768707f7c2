/* Any bytes as an address.  What can be prepared is stable: prepared again it stays, it passes
 * jid_check(), and its parts are what the parts alone are prepared to. */
#include "fuzz.h"
#include "xmpp/jid.h"
#include "xmpp/xmlcheck.h"

static bool absent_or(struct str part, int (*prepare)(struct str, char *, size_t *))
{
	char out[JID_PART_MAX + 1];
	size_t len;

	return part.p == NULL || (part.len > 0 && part.len <= JID_PART_MAX &&
				  prepare(part, out, &len) == 0 && str_eq(part, str_make(out, len)));
}

static void check_parts(const struct jid *jid)
{
	struct str parts[] = {jid->local, jid->domain, jid->resource};
	uint32_t len = (uint32_t)(jid->local.p != NULL) + (jid->resource.p != NULL);

	for (size_t i = 0; i < 3; i++)
		len += parts[i].len;
	require(len == jid->full.len && jid->domain.p != NULL);
	require(jid->bare.p == jid->full.p);
	require(absent_or(jid->local, jid_prepare_local) && absent_or(jid->domain, jid_prepare_domain) &&
		absent_or(jid->resource, jid_prepare_resource));
	/* It is written into XML and into logs. */
	require(xmlcheck_text(jid->full));
}

static bool same(const struct jid *a, const struct jid *b)
{
	return str_eq(a->full, b->full) && str_eq(a->bare, b->bare) && str_eq(a->local, b->local) &&
	       str_eq(a->domain, b->domain) && str_eq(a->resource, b->resource) &&
	       (a->local.p == NULL) == (b->local.p == NULL) &&
	       (a->resource.p == NULL) == (b->resource.p == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[JID_MAX + 1], again[JID_MAX + 1], ascii[256];
	struct str in = str_make(data, size);
	struct jid jid, other;
	bool checked = jid_check(in, &other) == 0;

	if (jid_prepare(in, text, &jid) != 0) {
		require(!checked);
		return 0;
	}
	require(jid.full.p == text && text[jid.full.len] == '\0');
	require(checked == str_eq(in, jid.full));
	require(jid_check(jid.full, &other) == 0 && same(&jid, &other));
	require(jid_prepare(jid.full, again, &other) == 0 && same(&jid, &other));
	jid_split(jid.full, &other);
	require(same(&jid, &other));
	check_parts(&jid);
	if (jid_domain_ascii(jid.domain, ascii, sizeof ascii) == 0)
		require(strlen(ascii) < sizeof ascii);
	return 0;
}
