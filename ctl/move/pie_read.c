/* XEP-0227 into accounts. */
#include "ctl/move/pie.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "ctl/ctl.h"
#include "ctl/move/element.h"
#include "xmpp/inner.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"

#define NS_PIE "urn:xmpp:pie:0"
#define NS_PIE_OLD "http://www.xmpp.org/extensions/xep-0227.html#ns"
#define NS_SCRAM "urn:xmpp:pie:0#scram"
#define NS_XINCLUDE "http://www.w3.org/2001/XInclude"
#define NS_PRIVACY "jabber:iq:privacy"

enum { INCLUDES_MAX = 8 };

struct pie {
	const struct moved_taker *taker;
	const char *folder; /* of the file, for what it includes; NULL: nothing is included */
	unsigned depth;	    /* of inclusions */
	bool root;	    /* the next element is a file's root */
	struct str domain;  /* of the host that is open */
	int rc;		    /* enum exit_code */
};

static void node(struct pie *p, struct str xml, const char *parent_ns);

/* NULL: another. */
static const char *pie_ns(struct str ns)
{
	if (str_is(ns, NS_PIE))
		return NS_PIE;
	return str_is(ns, NS_PIE_OLD) ? NS_PIE_OLD : NULL;
}

/* ---- SCRAM ------------------------------------------------------------------------------------------ */

static bool decode(struct str text, struct buf *out)
{
	return base64_decode(text, out) == 0;
}

/* Once, or twice where it was encoded twice. */
static bool decode_key(struct str text, bool twice, struct buf *out)
{
	struct buf once = BUF_INIT;
	bool good = twice ? decode(text, &once) && decode(buf_str(&once), out) : decode(text, out);

	buf_fini_secret(&once);
	return good;
}

static struct str child_text(const struct tree_node *n, const char *name)
{
	const struct tree_node *child = tree_child(n, NS_SCRAM, name);

	return child != NULL ? child->text : STR_LIT("");
}

/* No key is as long as another's Base64. */
static bool encoded_twice(struct str text)
{
	struct buf once = BUF_INIT;
	bool twice = decode(text, &once) && once.len != 20 && once.len != 32 && once.len != 64;

	buf_fini_secret(&once);
	return twice;
}

static void take_keys(struct moved *m, const struct tree_node *n)
{
	bool twice = encoded_twice(child_text(n, "stored-key"));
	struct buf salt = BUF_INIT, stored = BUF_INIT, server = BUF_INIT;
	char digits[16];

	snprintf(digits, sizeof digits, "%.*s", STR_FMT(child_text(n, "iter-count")));
	if (decode_key(child_text(n, "salt"), twice, &salt) && decode_key(child_text(n, "stored-key"), twice, &stored) &&
		decode_key(child_text(n, "server-key"), twice, &server))
		(void)moved_scram(m, strtoul(digits, NULL, 10), buf_str(&salt), buf_str(&stored), buf_str(&server));
	else
		moved_refuse(m, "its SCRAM keys are no Base64");
	buf_fini_secret(&salt);
	buf_fini_secret(&stored);
	buf_fini_secret(&server);
}

/* Of a hash that we do not know nothing is taken; others may follow. */
static void take_scram(struct moved *m, const struct tree_node *n)
{
	struct str mechanism = tree_attr(n, "mechanism");

	if (str_is(mechanism, "SCRAM-SHA-1") || str_is(mechanism, "SCRAM-SHA-256"))
		take_keys(m, n);
	else
		moved_note(m, "keys for %.*s are left out", STR_FMT(mechanism));
}

/* ---- what a user has ------------------------------------------------------------------------------------ */

static void take_item(struct moved *m, const struct tree_node *n)
{
	struct buf groups = BUF_INIT;
	struct moved_item item = {
		.jid = tree_attr(n, "jid"), .name = tree_attr(n, "name"), .subscription = tree_attr(n, "subscription")};

	for (const struct tree_node *g = n->children; g != NULL; g = g->next)
		if (str_is(g->name, "group") && g->text.len > 0)
			textlist_put(&groups, g->text);
	item.groups = buf_str(&groups);
	item.flags |= str_is(tree_attr(n, "ask"), "subscribe") ? USER_ASKED : 0;
	item.flags |= str_is(tree_attr(n, "approved"), "true") || str_is(tree_attr(n, "approved"), "1") ? USER_APPROVED : 0;
	moved_contact(m, &item);
	buf_fini(&groups);
}

static void take_roster(struct moved *m, const struct tree_node *n, struct str xml)
{
	(void)xml;
	for (const struct tree_node *item = n->children; item != NULL; item = item->next)
		if (str_is(item->name, "item"))
			take_item(m, item);
}

static void take_credentials(struct moved *m, const struct tree_node *n, struct str xml)
{
	(void)xml;
	take_scram(m, n);
}

static void take_presence(struct moved *m, const struct tree_node *n, struct str xml)
{
	if (str_is(tree_attr(n, "type"), "subscribe"))
		moved_request(m, tree_attr(n, "from"), xml);
}

static void take_vcard(struct moved *m, const struct tree_node *n, struct str xml)
{
	(void)n;
	moved_vcard(m, xml);
}

static void take_private(struct moved *m, const struct tree_node *n, struct str xml)
{
	struct str inner = inner_contents(xml), child;

	(void)n;
	while (element_next(&inner, &child))
		moved_private(m, child);
}

static void take_messages(struct moved *m, const struct tree_node *n, struct str xml)
{
	struct str inner = inner_contents(xml), child;

	(void)n;
	while (element_next(&inner, &child))
		moved_message(m, child, 0);
}

/* Of privacy lists the rules of the default one that are what a blocklist has: no stanza either way. */
static void take_rules(struct moved *m, const struct tree_node *list)
{
	for (const struct tree_node *rule = list->children; rule != NULL; rule = rule->next) {
		bool block = str_is(tree_attr(rule, "type"), "jid") && str_is(tree_attr(rule, "action"), "deny") &&
			     rule->children == NULL;

		if (block)
			moved_blocked(m, tree_attr(rule, "value"));
		else
			moved_note(m, "a privacy rule that is no block is left out");
	}
}

static void take_privacy(struct moved *m, const struct tree_node *n, struct str xml)
{
	const struct tree_node *chosen = tree_child(n, NS_PRIVACY, "default");

	(void)xml;
	for (const struct tree_node *list = n->children; list != NULL; list = list->next) {
		if (!str_is(list->name, "list"))
			continue;
		if (chosen != NULL && str_eq(tree_attr(list, "name"), tree_attr(chosen, "name")))
			take_rules(m, list);
		else
			moved_note(m, "the privacy list \"%.*s\" is left out", STR_FMT(tree_attr(list, "name")));
	}
}

static void take_blocklist(struct moved *m, const struct tree_node *n, struct str xml)
{
	(void)xml;
	for (const struct tree_node *item = n->children; item != NULL; item = item->next)
		if (str_is(item->name, "item"))
			moved_blocked(m, tree_attr(item, "jid"));
}

static void take_last(struct moved *m, const struct tree_node *n, struct str xml)
{
	(void)xml;
	moved_last(m, element_time(tree_attr(n, "stamp")), n->text);
}

static void take_disabled(struct moved *m, const struct tree_node *n, struct str xml)
{
	(void)xml;
	moved_disable(m, n->text);
}

static const struct {
	const char *ns, *name;
	void (*take)(struct moved *m, const struct tree_node *n, struct str xml);
} parts[] = {
	{NS_SCRAM, "scram-credentials", take_credentials},
	{NS_ROSTER, "query", take_roster},
	{NS_CLIENT, "presence", take_presence},
	{NS_VCARD, "vCard", take_vcard},
	{NS_PRIVATE, "query", take_private},
	{NS_PIE, "offline-messages", take_messages},
	{NS_PIE_OLD, "offline-messages", take_messages},
	{NS_PRIVACY, "query", take_privacy},
	{NS_BLOCKING, "blocklist", take_blocklist},
	{NS_OWN, "last-seen", take_last},
	{NS_OWN, "disabled", take_disabled},
};

static void take_part(struct moved *m, const struct tree_node *n, struct str xml)
{
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (str_is(n->name, parts[i].name) && str_is(n->ns, parts[i].ns)) {
			parts[i].take(m, n, xml);
			return;
		}
	moved_note(m, "<%.*s xmlns='%.*s'/> is left out", STR_FMT(n->name), STR_FMT(n->ns));
}

static void take_child(struct moved *m, struct str xml, const char *ns)
{
	struct tree *tree = NULL;

	if (tree_parse(xml, ns, &tree) == 0 && tree_first(tree) != NULL)
		take_part(m, tree_first(tree), xml);
	else
		moved_refuse(m, "its data are nested too deeply");
	tree_free(&tree);
}

/* ---- the levels above ---------------------------------------------------------------------------------- */

struct head {
	struct pie *pie;
	struct str xml;
	bool known;
};

static void children(struct pie *p, struct str xml, const char *ns)
{
	struct str inner = inner_contents(xml), child;

	while (p->rc == EXIT_OK && element_next(&inner, &child))
		node(p, child, ns);
}

static void user(struct pie *p, const struct element *e, struct str xml)
{
	struct str inner = inner_contents(xml), child;
	struct str password = element_attribute(e, "password");
	struct moved m;

	moved_init(&m, element_attribute(e, "name"), p->domain);
	if (password.p != NULL)
		moved_password(&m, password);
	while (element_next(&inner, &child))
		take_child(&m, child, pie_ns(e->ns));
	moved_end(&m);
	p->rc = p->taker->take(p->taker->arg, &m);
	moved_fini(&m);
}

static void host(struct pie *p, const struct element *e, struct str xml)
{
	struct str outer = p->domain;

	p->domain = element_attribute(e, "jid");
	children(p, xml, pie_ns(e->ns));
	p->domain = outer;
}

static int read_file(struct pie *p, const char *path);

/* Below the folder of the first file, and nowhere else. */
static void include(struct pie *p, const struct element *e, struct str xml)
{
	struct str href = element_attribute(e, "href");
	char path[PATH_MAX];

	(void)xml;
	snprintf(path, sizeof path, "%s/%.*s", p->folder != NULL ? p->folder : "", STR_FMT(href));
	if (p->folder == NULL || href.len == 0 || href.p[0] == '/' || memmem(href.p, href.len, "..", 2) != NULL ||
		memchr(href.p, ':', href.len) != NULL || element_attribute(e, "parse").p != NULL)
		p->rc = complain(EXIT_FAILED, "\"%.*s\" is not included: only files below the first one's folder are",
			STR_FMT(href));
	else
		p->rc = read_file(p, path);
}

static void server_data(struct pie *p, const struct element *e, struct str xml)
{
	children(p, xml, pie_ns(e->ns));
}

static void on_head(void *arg, const struct element *e)
{
	struct head *h = arg;

	bool pie = pie_ns(e->ns) != NULL;

	h->known = true;
	if (pie && str_is(e->name, "server-data"))
		server_data(h->pie, e, h->xml);
	else if (pie && str_is(e->name, "host"))
		host(h->pie, e, h->xml);
	else if (pie && str_is(e->name, "user"))
		user(h->pie, e, h->xml);
	else if (str_is(e->ns, NS_XINCLUDE) && str_is(e->name, "include"))
		include(h->pie, e, h->xml);
	else
		h->known = false;
}

static void node(struct pie *p, struct str xml, const char *parent_ns)
{
	struct head h = {.pie = p, .xml = xml};
	bool root = p->root;

	p->root = false;
	if (element_head(xml, parent_ns, on_head, &h) != 0)
		p->rc = complain(EXIT_FAILED, "an element cannot be read: it is malformed, or there is no memory");
	else if (!h.known && root)
		p->rc = complain(EXIT_FAILED, "that is no file of XEP-0227");
}

/* The one element of a file, with what stands around it. */
static void root(struct pie *p, struct str xml)
{
	struct str child;

	p->root = true;
	if (element_next(&xml, &child))
		node(p, child, NS_CLIENT);
	else
		p->rc = complain(EXIT_FAILED, "that is no file of XEP-0227");
}

/* ---- files -------------------------------------------------------------------------------------------- */

/* The file is open. */
static void read_open(struct pie *p, FILE *file, const char *name)
{
	struct buf xml = BUF_INIT;
	char why[128];

	if (p->depth == INCLUDES_MAX)
		p->rc = complain(EXIT_FAILED, "%s: files include each other", name);
	else if (element_read_file(file, &xml, why) != 0)
		p->rc = complain(EXIT_FAILED, "%s: %s", name, why);
	p->depth++;
	if (p->rc == EXIT_OK)
		root(p, buf_str(&xml));
	p->depth--;
	buf_fini_secret(&xml);
}

static int read_file(struct pie *p, const char *path)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	read_open(p, file, path);
	fclose(file);
	return p->rc;
}

/* Does the file begin as a main file does? */
static bool is_main(const char *path)
{
	char begin[1024] = "";
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	begin[fread(begin, 1, sizeof begin - 1, file)] = '\0';
	fclose(file);
	return strstr(begin, "server-data") != NULL;
}

static int read_folder(struct pie *p, const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort), found = 0;

	for (int i = 0; i < n; i++) {
		const char *end = strrchr(names[i]->d_name, '.');
		char file[PATH_MAX];

		snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
		if (p->rc == EXIT_OK && end != NULL && strcmp(end, ".xml") == 0 && is_main(file)) {
			found++;
			(void)read_file(p, file);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found > 0 ? p->rc : complain(EXIT_FAILED, "%s: there is no file of XEP-0227 in it", path);
}

int pie_read_file(FILE *file, const char *name, const struct moved_taker *taker)
{
	struct pie p = {.taker = taker, .domain = STR_LIT("")};

	read_open(&p, file, name);
	return p.rc;
}

int pie_read(const char *path, const struct moved_taker *taker)
{
	struct pie p = {.taker = taker, .folder = path, .domain = STR_LIT("")};
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	DIR *dir;

	if (strcmp(path, "-") == 0)
		return pie_read_file(stdin, "standard input", taker);
	dir = opendir(path);
	if (dir != NULL) {
		closedir(dir);
		return read_folder(&p, path);
	}
	snprintf(folder, sizeof folder, "%.*s", slash != NULL ? (int)(slash - path) : 1, slash != NULL ? path : ".");
	p.folder = folder;
	return read_file(&p, path);
}
