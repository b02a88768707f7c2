/* Small requests whole, long ones cut. */
#include "routerd/pending.h"

#include <string.h>

#include "base/err.h"
#include "xmpp/escape.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

/* Bytes of XML. */
enum { STATUS_MAX = 512, NICK_MAX = 128, ESCAPED_MAX = 6 };

/* The longest beginning that has that length when it is escaped, and ends no character in its middle. */
static struct str beginning(struct str text, uint32_t most)
{
	uint32_t n = 0, end = 0, length = 0;

	while (n < text.len) {
		length += memchr("&<>'\"\r", text.p[n], 6) != NULL ? ESCAPED_MAX : 1;
		if (length > most)
			break;
		n++;
		if (n == text.len || ((uint8_t)text.p[n] & 0xc0) != 0x80)
			end = n;
	}
	return str_make(text.p, end);
}

static void put_element(struct buf *out, const struct tree_node *node, const char *tag, uint32_t most)
{
	buf_printf(out, "<%s>", tag);
	escape_text(out, beginning(node->text, most));
	buf_printf(out, "</%.*s>", STR_FMT(node->name));
}

/* Of each the first. */
static void put_words(struct buf *out, const struct tree *tree)
{
	const struct tree_node *status = NULL, *nick = NULL;

	for (const struct tree_node *n = tree_first(tree); n != NULL; n = n->next) {
		if (status == NULL && str_is(n->name, "status") && str_is(n->ns, NS_CLIENT))
			status = n;
		if (nick == NULL && str_is(n->name, "nick") && str_is(n->ns, NS_NICK))
			nick = n;
	}
	if (status != NULL)
		put_element(out, status, "status", STATUS_MAX);
	if (nick != NULL)
		put_element(out, nick, "nick xmlns='" NS_NICK "'", NICK_MAX);
}

static void encode_words(struct buf *out, const struct stanza *s)
{
	struct stanza kept = {.kind = s->kind, .type = s->type};
	struct buf inner = BUF_INIT;
	struct tree *tree = NULL;

	if (tree_parse(s->inner, NS_CLIENT, &tree) == 0)
		put_words(&inner, tree);
	kept.inner = buf_failed(&inner) ? STR_NONE : buf_str(&inner);
	stanza_encode(out, &kept);
	tree_free(&tree);
	buf_fini(&inner);
}

void pending_encode(struct buf *out, const struct stanza *s)
{
	stanza_encode(out, s);
	if (out->len <= PENDING_MAX)
		return;
	buf_clear(out);
	encode_words(out, s);
}
