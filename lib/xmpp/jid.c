/* Addresses: plain ASCII by tables, the rest by jid_prep.c. */
#include "xmpp/jid.h"

#include "base/err.h"
#include "xmpp/jid_prep.h"

/* What an ASCII byte may be in prepared form. */
enum { IN_LOCAL = 1, IN_DOMAIN = 2, IN_RESOURCE = 4, UPPER = 8 };

#define LOCAL (IN_LOCAL | IN_RESOURCE)
#define ALL (IN_LOCAL | IN_DOMAIN | IN_RESOURCE)

/* Of what is printable, nodeprep forbids blank " & ' / : < > @ (RFC 6122, A.5). */
static const uint8_t classes[256] = {
	[' '] = IN_RESOURCE,
	['!'] = LOCAL, ['"'] = IN_RESOURCE, ['#' ... '%'] = LOCAL, ['&' ... '\''] = IN_RESOURCE,
	['(' ... ','] = LOCAL, ['-'] = ALL, ['.'] = ALL, ['/'] = IN_RESOURCE,
	['0' ... '9'] = ALL, [':'] = IN_RESOURCE, [';'] = LOCAL, ['<'] = IN_RESOURCE,
	['='] = LOCAL, ['>'] = IN_RESOURCE, ['?'] = LOCAL, ['@'] = IN_RESOURCE,
	['A' ... 'Z'] = IN_RESOURCE | UPPER, ['[' ... '`'] = LOCAL, ['a' ... 'z'] = ALL,
	['{' ... '~'] = LOCAL,
};

static bool all_in(struct str text, uint8_t class)
{
	const uint8_t *p = (const uint8_t *)text.p;
	uint8_t common = class;

	for (uint32_t i = 0; i < text.len; i++)
		common &= classes[p[i]];
	return common != 0;
}

static bool length_valid(struct str part)
{
	return part.len > 0 && part.len <= JID_PART_MAX;
}

/* A label of letters, digits and inner hyphens that is no A-label. */
static bool plain_label(const char *p, size_t len)
{
	return len > 0 && len <= JID_LABEL_MAX && p[0] != '-' && p[len - 1] != '-' &&
		(len < 4 || memcmp(p, "xn--", 4) != 0);
}

static bool plain_domain(struct str domain)
{
	const char *p = domain.p;
	const char *end = p + domain.len;
	const char *dot;

	if (!all_in(domain, IN_DOMAIN))
		return false;
	while ((dot = memchr(p, '.', (size_t)(end - p))) != NULL) {
		if (!plain_label(p, (size_t)(dot - p)))
			return false;
		p = dot + 1;
	}
	return plain_label(p, (size_t)(end - p));
}

/* Every part is there that has its separator, none is too long. */
static bool parts_valid(const struct jid *jid)
{
	return length_valid(jid->domain) && (jid->local.p == NULL || length_valid(jid->local)) &&
		(jid->resource.p == NULL || length_valid(jid->resource));
}

static bool parts_plain(const struct jid *jid)
{
	return plain_domain(jid->domain) &&
		(jid->local.p == NULL || all_in(jid->local, IN_LOCAL)) &&
		(jid->resource.p == NULL || all_in(jid->resource, IN_RESOURCE));
}

void jid_split(struct str text, struct jid *jid)
{
	const char *slash = memchr(text.p, '/', text.len);
	uint32_t bare = slash != NULL ? (uint32_t)(slash - text.p) : text.len;
	const char *at = memchr(text.p, '@', bare);
	uint32_t local = at != NULL ? (uint32_t)(at - text.p) : 0;

	jid->full = text;
	jid->bare = (struct str){text.p, bare};
	jid->local = at != NULL ? (struct str){text.p, local} : STR_NONE;
	jid->domain = jid->bare;
	if (at != NULL)
		jid->domain = (struct str){at + 1, bare - local - 1};
	jid->resource = STR_NONE;
	if (slash != NULL)
		jid->resource = (struct str){slash + 1, text.len - bare - 1};
}

static void lower(char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((classes[(uint8_t)p[i]] & UPPER) != 0)
			p[i] = (char)(p[i] + ('a' - 'A'));
}

/* A copy in lower case; out has room. */
static struct str copy_lower(struct str text, char *out, size_t *len)
{
	memcpy(out, text.p, text.len);
	lower(out, text.len);
	out[text.len] = '\0';
	*len = text.len;
	return str_make(out, text.len);
}

int jid_prepare_local(struct str text, char out[JID_PART_MAX + 1], size_t *len)
{
	if (!length_valid(text))
		return BH_EINVAL;
	if (all_in(copy_lower(text, out, len), IN_LOCAL))
		return 0;
	return jid_prep_local(text, out, len);
}

int jid_prepare_domain(struct str text, char out[JID_PART_MAX + 1], size_t *len)
{
	if (!length_valid(text))
		return BH_EINVAL;
	if (text.p[text.len - 1] == '.')
		text.len--;
	if (text.len == 0)
		return BH_EINVAL;
	if (plain_domain(copy_lower(text, out, len)))
		return 0;
	return jid_prep_domain(text, out, len);
}

int jid_prepare_resource(struct str text, char out[JID_PART_MAX + 1], size_t *len)
{
	if (!length_valid(text))
		return BH_EINVAL;
	if (!all_in(text, IN_RESOURCE))
		return jid_prep_resource(text, out, len);
	memcpy(out, text.p, text.len);
	out[text.len] = '\0';
	*len = text.len;
	return 0;
}

typedef int prepare_fn(struct str text, char out[JID_PART_MAX + 1], size_t *len);

/* Prepares one part to the end of out, with the separator after or before it. */
static int append(char out[JID_MAX + 1], size_t *at, struct str part, prepare_fn *prepare)
{
	char text[JID_PART_MAX + 1];
	size_t len;
	int rc = prepare(part, text, &len);

	if (rc != 0)
		return rc;
	memcpy(out + *at, text, len);
	*at += len;
	return 0;
}

static int prepare_parts(const struct jid *raw, char out[JID_MAX + 1], size_t *len)
{
	size_t at = 0;
	int rc = 0;

	if (raw->local.p != NULL) {
		rc = append(out, &at, raw->local, jid_prepare_local);
		out[at++] = '@';
	}
	if (rc == 0)
		rc = append(out, &at, raw->domain, jid_prepare_domain);
	if (rc == 0 && raw->resource.p != NULL) {
		out[at++] = '/';
		rc = append(out, &at, raw->resource, jid_prepare_resource);
	}
	out[at] = '\0';
	*len = at;
	return rc;
}

int jid_prepare(struct str text, char out[JID_MAX + 1], struct jid *jid)
{
	struct jid raw;
	size_t len;
	int rc;

	if (text.len == 0 || text.len > JID_MAX)
		return BH_EINVAL;
	jid_split(text, &raw);
	if (!parts_valid(&raw))
		return BH_EINVAL;
	if (parts_plain(&raw)) {
		memcpy(out, text.p, text.len);
		out[text.len] = '\0';
		len = text.len;
	} else {
		rc = prepare_parts(&raw, out, &len);
		if (rc != 0)
			return rc;
	}
	jid_split(str_make(out, len), jid);
	return 0;
}

int jid_check(struct str text, struct jid *jid)
{
	char out[JID_MAX + 1];
	struct jid raw;
	size_t len;

	if (text.len == 0 || text.len > JID_MAX)
		return BH_EINVAL;
	jid_split(text, &raw);
	if (!parts_valid(&raw))
		return BH_EINVAL;
	if (!parts_plain(&raw) &&
		(prepare_parts(&raw, out, &len) != 0 || !str_eq(text, str_make(out, len))))
		return BH_EINVAL;
	*jid = raw;
	return 0;
}
