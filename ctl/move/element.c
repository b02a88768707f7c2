/* Wrapped into a stream, read, and unwrapped. */
#include "ctl/move/element.h"

#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "xmpp/inner.h"
#include "xmpp/names.h"
#include "xmpp/xmlcheck.h"

#define OPEN "<stream xmlns='" NS_CLIENT "'>"
#define WRAP "<all>"
#define UNWRAP "</all>"

enum { CHUNK = 65536 };

static const struct reader_limits limits = {
	.stanza = 1u << 30, .tag = 1u << 20, .depth = XMLCHECK_DEPTH_MAX, .attributes = XMLCHECK_ATTRIBUTES_MAX, .wipe = true};

struct reading {
	element_fn *fn;
	void *arg;
	unsigned elements;
};

static void on_open(void *owner, const struct stream_header *header)
{
	(void)owner, (void)header;
}

static void on_element(void *owner, const struct element *e)
{
	struct reading *r = owner;

	if (r->elements++ == 0)
		r->fn(r->arg, e);
}

static void on_close(void *owner)
{
	(void)owner;
}

static const struct reader_handlers handlers = {on_open, on_element, on_close};

static int feed(struct reader *reader, struct str text)
{
	return reader_feed(reader, (const uint8_t *)text.p, text.len) == READER_OK ? 0 : BH_EPROTO;
}

int element_read(struct str xml, element_fn *fn, void *arg)
{
	struct reading r = {.fn = fn, .arg = arg};
	struct reader_pool *pool = reader_pool_create();
	struct reader *reader = reader_create(pool, &handlers, &r, &limits);
	int rc = feed(reader, STR_LIT(OPEN));

	if (rc == 0)
		rc = feed(reader, xml);
	if (rc == 0 && (r.elements != 1 || !reader_idle(reader)))
		rc = BH_EPROTO;
	reader_free(&reader);
	reader_pool_free(&pool);
	return rc;
}

/* The default namespace stands right behind the name, where it is not the parent's. */
int element_head(struct str xml, const char *parent_ns, element_fn *fn, void *arg)
{
	const char *end = xml.len > 0 ? memchr(xml.p, '>', xml.len) : NULL, *name;
	struct buf tag = BUF_INIT;
	int rc;

	if (end == NULL || end == xml.p)
		return BH_EPROTO;
	end -= end[-1] == '/';
	for (name = xml.p; name < end && *name != ' '; name++)
		;
	buf_put(&tag, xml.p, (size_t)(name - xml.p));
	if (end - name < 8 || memcmp(name, " xmlns='", 8) != 0)
		buf_printf(&tag, " xmlns='%s'", parent_ns);
	buf_put(&tag, name, (size_t)(end - name));
	buf_put_lit(&tag, "/>");
	rc = buf_failed(&tag) ? BH_ENOMEM : element_read(buf_str(&tag), fn, arg);
	buf_fini_secret(&tag);
	return rc;
}

bool element_next(struct str *inner, struct str *child)
{
	const char *begin = inner->len > 0 ? memchr(inner->p, '<', inner->len) : NULL;

	if (begin == NULL)
		return false;
	*inner = str_make(begin, inner->len - (size_t)(begin - inner->p));
	return inner_take(inner, child);
}

bool element_is_name(struct str name)
{
	for (uint32_t i = 0; i < name.len; i++)
		if ((unsigned char)name.p[i] <= ' ' || strchr("<>&'\"/=", name.p[i]) != NULL)
			return false;
	return name.len > 0;
}

static void keep_inner(void *arg, const struct element *e)
{
	buf_put_str(arg, e->stanza.inner);
}

int element_canonical(struct str xml, struct buf *out)
{
	struct buf wrapped = BUF_INIT;
	int rc;

	buf_put_lit(&wrapped, WRAP);
	buf_put_str(&wrapped, xml);
	buf_put_lit(&wrapped, UNWRAP);
	rc = buf_failed(&wrapped) ? BH_ENOMEM : element_read(buf_str(&wrapped), keep_inner, out);
	buf_fini_secret(&wrapped);
	return rc == 0 && buf_failed(out) ? BH_ENOMEM : rc;
}

/* ---- files --------------------------------------------------------------------------------------- */

/* Behind a byte order mark and <?xml ...?>. */
static struct str skip_declaration(struct str text)
{
	const char *end;

	if (text.len >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text = str_make(text.p + 3, text.len - 3);
	if (text.len < 6 || memcmp(text.p, "<?xml ", 6) != 0)
		return text;
	end = memmem(text.p, text.len, "?>", 2);
	return end != NULL ? str_make(end + 2, text.len - (size_t)(end + 2 - text.p)) : text;
}

static int feed_file(struct reader *reader, FILE *file)
{
	char *chunk = malloc(CHUNK);
	bool first = true;
	int rc = chunk != NULL ? 0 : BH_ENOMEM;
	size_t n;

	while (rc == 0 && (n = fread(chunk, 1, CHUNK, file)) > 0) {
		struct str text = str_make(chunk, n);

		rc = feed(reader, first ? skip_declaration(text) : text);
		first = false;
	}
	if (rc == 0 && ferror(file))
		rc = BH_EIO;
	free(chunk);
	return rc;
}

int element_read_file(FILE *file, struct buf *out, char why[128])
{
	struct reading r = {.fn = keep_inner, .arg = out};
	struct reader_pool *pool = reader_pool_create();
	struct reader *reader = reader_create(pool, &handlers, &r, &limits);
	int rc = feed(reader, STR_LIT(OPEN WRAP));

	if (rc == 0)
		rc = feed_file(reader, file);
	if (rc == 0)
		rc = feed(reader, STR_LIT(UNWRAP));
	if (rc == 0 && (r.elements != 1 || buf_failed(out)))
		rc = BH_EPROTO;
	snprintf(why, 128, "%s", *reader_reason(reader) != '\0' ? reader_reason(reader) : bh_strerror(rc));
	reader_free(&reader);
	reader_pool_free(&pool);
	return rc;
}

/* ---- times ---------------------------------------------------------------------------------------- */

/* "+02:00" in seconds; 0 for "Z". */
static int64_t offset_of(const char *zone)
{
	char *end;
	int64_t hours, minutes;

	if (*zone != '+' && *zone != '-')
		return 0;
	hours = strtol(zone + 1, &end, 10);
	minutes = *end == ':' ? strtol(end + 1, NULL, 10) : 0;
	return (*zone == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

int64_t element_time(struct str stamp)
{
	char text[40];
	struct tm tm = {0};
	char *rest;
	time_t t;

	snprintf(text, sizeof text, "%.*s", STR_FMT(stamp));
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest == NULL)
		rest = strptime(text, "%Y%m%dT%H:%M:%S", &tm); /* XEP-0091 */
	if (rest == NULL)
		return 0;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	t = timegm(&tm);
	return t > 0 ? (int64_t)t - offset_of(rest) : 0;
}
