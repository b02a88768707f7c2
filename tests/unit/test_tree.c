/* tree: inner XML for those who serve a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "xmpp/names.h"
#include "xmpp/tree.h"
#include "xmpp/xmlcheck.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static struct tree *parse(const char *inner)
{
	struct tree *tree = NULL;

	assert_int_equal(tree_parse(str_of(inner), NS_CLIENT, &tree), 0);
	assert_non_null(tree);
	return tree;
}

static void assert_str(struct str got, const char *want)
{
	assert_non_null(got.p);
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.p, want, got.len);
}

static void has_no_node_for_empty_inner_xml(void **state)
{
	struct tree *tree = NULL;

	(void)state;
	tree = parse("");
	assert_null(tree_first(tree));
	tree_free(&tree);
	assert_null(tree);
	tree_free(&tree);
	assert_int_equal(tree_parse(STR_NONE, NS_CLIENT, &tree), 0);
	assert_null(tree_first(tree));
	tree_free(&tree);
}

static void finds_children_by_namespace_and_name(void **state)
{
	struct tree *tree = parse("<query xmlns='jabber:iq:roster' ver='1&lt;'>"
				  "<item jid='a'/><item jid='b'><group>g</group></item>"
				  "<item xmlns='other'/></query>");
	const struct tree_node *query = tree_first(tree);
	const struct tree_node *item;

	(void)state;
	assert_str(query->ns, NS_ROSTER);
	assert_str(query->name, "query");
	assert_str(tree_attr(query, "ver"), "1<");
	assert_null(tree_attr(query, "none").p);
	assert_null(query->next);
	item = tree_child(query, NS_ROSTER, "item");
	assert_str(tree_attr(item, "jid"), "a");
	assert_null(item->children);
	item = item->next;
	assert_str(tree_attr(item, "jid"), "b");
	assert_str(tree_child(item, NS_ROSTER, "group")->text, "g");
	assert_null(tree_child(item, "other", "group"));
	assert_str(item->next->ns, "other");
	assert_null(item->next->next);
	assert_ptr_equal(tree_child(query, "other", "item"), item->next);
	tree_free(&tree);
}

static void gives_all_top_level_elements(void **state)
{
	struct tree *tree = parse("<body>x</body> <a xmlns=''/><b xmlns='u'/>");
	const struct tree_node *node = tree_first(tree);

	(void)state;
	assert_str(node->ns, NS_CLIENT);
	assert_str(node->text, "x");
	node = node->next;
	assert_str(node->name, "a");
	assert_int_equal(node->ns.len, 0);
	node = node->next;
	assert_str(node->ns, "u");
	assert_null(node->next);
	tree_free(&tree);
}

static void joins_the_text_of_a_node(void **state)
{
	struct tree *tree = parse("<a>1&lt;2<b>no</b>&#51;<![CDATA[<4]]><c/> 5</a><d/><e></e>");
	const struct tree_node *a = tree_first(tree);

	(void)state;
	assert_str(a->text, "1<23<4 5");
	assert_str(tree_child(a, NS_CLIENT, "b")->text, "no");
	assert_str(a->next->text, "");
	assert_str(a->next->next->text, "");
	tree_free(&tree);
}

static void keeps_attributes_in_order_and_without_namespaced_ones(void **state)
{
	struct tree *tree =
		parse("<a b='1' xmlns:ns1='u' ns1:b='2' xml:lang='de' c='' d='&apos;&#10;'/>");
	const struct tree_attribute *at = tree_first(tree)->attributes;

	(void)state;
	assert_str(at->name, "b");
	assert_str(at->value, "1");
	at = at->next;
	assert_str(at->name, "c");
	assert_str(at->value, "");
	at = at->next;
	assert_str(at->name, "d");
	assert_str(at->value, "'\n");
	assert_null(at->next);
	tree_free(&tree);
}

static void uses_the_content_namespace_that_was_given(void **state)
{
	struct tree *tree = NULL;

	(void)state;
	assert_int_equal(tree_parse(STR_LIT("<a/>"), "it's", &tree), 0);
	assert_str(tree_first(tree)->ns, "it's");
	tree_free(&tree);
}

static void refuses_what_is_not_inner_xml(void **state)
{
	static const char *const cases[] = {"<a>", "</a>", "<a></b>", "</inner>",
		"</inner><inner xmlns='u'>", "</inner><inner>", "<a/></inner>", "text", "<a/>text",
		"<!DOCTYPE a><a/>", "<!-- a -->", "<a><!-- a --></a>", "<?a?>", "<a><?a b?></a>",
		"<a>&b;</a>", "<a b='&c;'/>", "<p:a/>", "<a p:b=''/>", "<a b='' b=''/>",
		"<a xmlns:p=''/>", "<a>\x01</a>", "<a>\xff</a>", "<a>&#0;</a>", "<a",
		"<![CDATA[x]]>", "&#65;"};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tree *tree = NULL;
		int rc = tree_parse(str_of(cases[i]), NS_CLIENT, &tree);

		if (rc != BH_EPROTO)
			fail_msg("%s: %d", cases[i], rc);
		assert_null(tree);
	}
}

static void is_as_deep_as_the_check_allows(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct buf inner = BUF_INIT;
		struct tree *tree = NULL;

		for (int i = 0; i < XMLCHECK_DEPTH_MAX + extra; i++)
			buf_put_lit(&inner, "<a>");
		for (int i = 0; i < XMLCHECK_DEPTH_MAX + extra; i++)
			buf_put_lit(&inner, "</a>");
		assert_int_equal(
			tree_parse(buf_str(&inner), NS_CLIENT, &tree), extra == 0 ? 0 : BH_EPROTO);
		tree_free(&tree);
		buf_fini(&inner);
	}
}

static void takes_large_inner_xml(void **state)
{
	enum { MANY = 50000 };
	struct buf inner = BUF_INIT;
	struct tree *tree = NULL;
	const struct tree_node *a;
	size_t n = 0;
	uint64_t from = clock_ms();

	(void)state;
	buf_put_lit(&inner, "<a b='");
	for (int i = 0; i < 2 * MANY; i++)
		buf_put_byte(&inner, 'v');
	buf_put_lit(&inner, "'>");
	for (int i = 0; i < MANY; i++)
		buf_put_lit(&inner, "t<b/>");
	buf_put_lit(&inner, "</a>");
	assert_int_equal(tree_parse(buf_str(&inner), NS_CLIENT, &tree), 0);
	a = tree_first(tree);
	assert_int_equal(tree_attr(a, "b").len, 2 * MANY);
	assert_int_equal(a->text.len, MANY);
	for (const struct tree_node *b = a->children; b != NULL; b = b->next)
		n++;
	assert_int_equal(n, MANY);
	assert_true(clock_ms() - from < 5000);
	tree_free(&tree);
	buf_fini(&inner);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_no_node_for_empty_inner_xml),
		cmocka_unit_test(finds_children_by_namespace_and_name),
		cmocka_unit_test(gives_all_top_level_elements),
		cmocka_unit_test(joins_the_text_of_a_node),
		cmocka_unit_test(keeps_attributes_in_order_and_without_namespaced_ones),
		cmocka_unit_test(uses_the_content_namespace_that_was_given),
		cmocka_unit_test(refuses_what_is_not_inner_xml),
		cmocka_unit_test(is_as_deep_as_the_check_allows),
		cmocka_unit_test(takes_large_inner_xml),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
