/* DNS records as they come, the order of servers, and the whole search, in records that libunbound is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/rand.h"
#include "dns/servers.h"

/* ---- records ---------------------------------------------------------------------- */

#define BYTES(text) str_make(text, sizeof(text) - 1)

static void a_srv_record_is_read(void **state)
{
	struct srv srv;

	(void)state;
	assert_true(record_srv(BYTES("\0\x05\0\x0a\x14\x95\x04xmpp\x07" "example\x03org\0"), &srv));
	assert_int_equal(srv.priority, 5);
	assert_int_equal(srv.weight, 10);
	assert_int_equal(srv.port, 5269);
	assert_string_equal(srv.target, "xmpp.example.org");
	assert_true(record_srv(BYTES("\0\0\0\0\0\0\0"), &srv));
	assert_string_equal(srv.target, "");
}

/* 255 bytes on the wire, and not one more. */
static void a_name_is_as_long_as_the_dns_lets_it_be(void **state)
{
	char data[6 + 256] = {0};
	struct srv srv;

	(void)state;
	memset(data + 6, 'a', sizeof data - 7);
	for (size_t i = 0; i < 4; i++)
		data[6 + i * 64] = 63;
	data[6 + 3 * 64] = 61;
	data[6 + 254] = 0;
	assert_true(record_srv(str_make(data, 6 + 255), &srv));
	assert_int_equal(strlen(srv.target), 253);
	data[6 + 3 * 64] = 62;
	data[6 + 254] = 'a';
	assert_false(record_srv(str_make(data, 6 + 256), &srv));
}

static void what_is_no_record_is_refused(void **state)
{
	static const struct str bad[] = {
		{"", 0},
		{"\0\0\0\0\0\0", 6},
		{"\0\0\0\0\0\0\x04xmp\0", 11},	       /* a label longer than what is there */
		{"\0\0\0\0\0\0\x04xmpp", 11},	       /* without its end */
		{"\0\0\0\0\0\0\xc0\x0c", 8},	       /* compressed */
		{"\0\0\0\0\0\0\x01" "a\0\x01" "b", 11}, /* more behind the end */
		{"\0\0\0\0\0\0\x01.\0", 9},	       /* no host's name */
		{"\0\0\0\0\0\0\x01\0\0", 9},
	};
	char longest[6 + 5 * 64 + 1] = {0};
	struct address address;
	struct tlsa tlsa;
	struct srv srv;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(record_srv(bad[i], &srv));
	for (size_t i = 0; i < 5; i++) {
		memset(longest + 6 + i * 64, 'a', 64);
		longest[6 + i * 64] = 63;
	}
	assert_false(record_srv(str_make(longest, sizeof longest), &srv));
	assert_false(record_tlsa(BYTES("\3\1\1"), &tlsa));
	assert_false(record_address(BYTES("\1\2\3"), &address));
}

static void addresses_and_tlsa_records_are_read(void **state)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address address;
	struct tlsa tlsa;

	(void)state;
	assert_true(record_address(BYTES("\xc0\x00\x02\x01"), &address));
	address_text(&address, text);
	assert_string_equal(text, "192.0.2.1");
	assert_true(record_address(BYTES("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), &address));
	address_text(&address, text);
	assert_string_equal(text, "2001:db8::1");
	assert_true(record_tlsa(BYTES("\3\1\1abc"), &tlsa));
	assert_int_equal(tlsa.usage, 3);
	assert_int_equal(tlsa.data.len, 3);
}

/* ---- the order -------------------------------------------------------------------- */

static void the_weights_share_the_chances(void **state)
{
	const struct srv list[] = {{.weight = 0}, {.weight = 10}, {.weight = 30}};
	unsigned picked[3] = {0};

	(void)state;
	for (uint32_t chance = 0; chance <= 40; chance++)
		picked[servers_pick(list, 3, chance)]++;
	assert_int_equal(picked[0], 1);
	assert_int_equal(picked[1], 10);
	assert_int_equal(picked[2], 30);
}

/* ---- the search ------------------------------------------------------------------- */

struct fixture {
	uv_loop_t loop;
	struct resolver *resolver;
	struct servers found;
	unsigned calls;
};

static void on_found(void *arg, const struct servers *servers)
{
	struct fixture *f = arg;

	f->found = *servers;
	f->calls++;
	uv_stop(&f->loop);
}

static int start(void **state)
{
	static struct fixture f;
	char what[256];
	struct resolver_spec spec = {.loop = &f.loop, .forwarder = "127.0.0.1@9"};

	memset(&f, 0, sizeof f);
	uv_loop_init(&f.loop);
	assert_int_equal(resolver_create(&spec, &f.resolver, what, sizeof what), 0);
	*state = &f;
	return 0;
}

static void stopped(void *arg)
{
	(void)arg;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	resolver_stop(&f->resolver, stopped, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	return uv_loop_close(&f->loop);
}

static void know(struct fixture *f, const char *record)
{
	assert_true(resolver_add(f->resolver, record));
}

static const struct servers *search(struct fixture *f, const char *domain)
{
	assert_non_null(servers_find(f->resolver, domain, on_found, f));
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->calls, 1);
	f->calls = 0;
	return &f->found;
}

static void both_services_are_one_list_by_priority(void **state)
{
	const struct servers *found;

	know(*state, "_xmpp-server._tcp.one.example. IN SRV 20 0 5269 c.one.example.");
	know(*state, "_xmpp-server._tcp.one.example. IN SRV 5 0 5269 a.one.example.");
	know(*state, "_xmpps-server._tcp.one.example. IN SRV 10 0 5270 b.one.example.");
	found = search(*state, "one.example");
	assert_int_equal(found->kind, SERVERS_FOUND);
	assert_int_equal(found->count, 3);
	assert_string_equal(found->targets[0].name, "a.one.example");
	assert_false(found->targets[0].tls);
	assert_string_equal(found->targets[1].name, "b.one.example");
	assert_int_equal(found->targets[1].port, 5270);
	assert_true(found->targets[1].tls);
	assert_string_equal(found->targets[2].name, "c.one.example");
	assert_false(found->targets[2].secure);
}

static void among_equals_each_comes_first_at_times(void **state)
{
	bool first[3] = {false};

	know(*state, "_xmpp-server._tcp.two.example. IN SRV 0 50 5269 a.two.example.");
	know(*state, "_xmpp-server._tcp.two.example. IN SRV 0 50 5269 b.two.example.");
	know(*state, "_xmpp-server._tcp.two.example. IN SRV 0 0 5269 c.two.example.");
	for (unsigned i = 0; i < 60; i++) {
		const struct servers *found = search(*state, "two.example");

		assert_int_equal(found->count, 3);
		first[found->targets[0].name[0] - 'a'] = true;
	}
	assert_true(first[0] && first[1]);
}

static void a_domain_without_records_is_its_own_server(void **state)
{
	const struct servers *found;

	know(*state, "three.example. IN A 192.0.2.3");
	know(*state, "_xmpps-server._tcp.three.example. IN TXT \"no such record\"");
	know(*state, "_xmpp-server._tcp.three.example. IN TXT \"no such record\"");
	found = search(*state, "three.example");
	assert_int_equal(found->kind, SERVERS_FOUND);
	assert_int_equal(found->count, 1);
	assert_string_equal(found->targets[0].name, "three.example");
	assert_int_equal(found->targets[0].port, 5269);
}

static void a_domain_may_say_that_it_has_none(void **state)
{
	know(*state, "_xmpp-server._tcp.four.example. IN SRV 0 0 0 .");
	know(*state, "_xmpps-server._tcp.four.example. IN SRV 0 0 0 .");
	assert_int_equal(search(*state, "four.example")->kind, SERVERS_NONE);
}

static void one_service_may_be_refused_and_the_other_not(void **state)
{
	const struct servers *found;

	know(*state, "_xmpp-server._tcp.five.example. IN SRV 0 0 0 .");
	know(*state, "_xmpps-server._tcp.five.example. IN SRV 0 0 443 x.five.example.");
	found = search(*state, "five.example");
	assert_int_equal(found->count, 1);
	assert_true(found->targets[0].tls);
}

static void nobody_hears_of_a_search_that_was_cancelled(void **state)
{
	struct fixture *f = *state;
	struct servers_search *search_a;

	know(f, "_xmpp-server._tcp.six.example. IN SRV 0 0 5269 x.six.example.");
	know(f, "_xmpps-server._tcp.six.example. IN SRV 0 0 5269 x.six.example.");
	search_a = servers_find(f->resolver, "six.example", on_found, f);
	assert_non_null(search_a);
	servers_cancel(&search_a);
	assert_null(search_a);
	search(f, "six.example");
	assert_int_equal(f->calls, 0);
}

static void on_nothing(void *arg, const struct answer *answer)
{
	(void)arg, (void)answer;
	fail();
}

static void a_resolver_may_stop_while_it_is_asked(void **state)
{
	struct fixture *f = *state;

	assert_non_null(resolver_ask(f->resolver, "seven.example", DNS_A, on_nothing, NULL));
}

static void what_was_learnt_is_forgotten_by_a_flush(void **state)
{
	struct fixture *f = *state;
	char what[256];

	know(f, "_xmpp-server._tcp.eight.example. IN SRV 0 0 5269 old.eight.example.");
	know(f, "_xmpps-server._tcp.eight.example. IN TXT \"none\"");
	assert_string_equal(search(f, "eight.example")->targets[0].name, "old.eight.example");
	assert_int_equal(resolver_flush(f->resolver, what, sizeof what), 0);
	know(f, "_xmpp-server._tcp.eight.example. IN SRV 0 0 5269 new.eight.example.");
	know(f, "_xmpps-server._tcp.eight.example. IN TXT \"none\"");
	assert_string_equal(search(f, "eight.example")->targets[0].name, "new.eight.example");
}

static void on_old(void *arg, const struct answer *answer)
{
	struct fixture *f = arg;

	f->calls++;
	assert_int_equal(answer->kind, ANSWER_RECORDS);
	uv_stop(&f->loop);
}

static void who_has_asked_before_a_flush_is_answered(void **state)
{
	struct fixture *f = *state;
	char what[256];

	know(f, "nine.example. IN A 192.0.2.9");
	assert_non_null(resolver_ask(f->resolver, "nine.example", DNS_A, on_old, f));
	assert_int_equal(resolver_flush(f->resolver, what, sizeof what), 0);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->calls, 1);
}

/* Nobody answers there, and libunbound goes on asking. */
static void flushes_are_refused_while_too_much_of_before_waits(void **state)
{
	struct fixture *f = *state;
	char what[256] = "";
	int rc = 0;

	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(rc, 0);
		assert_non_null(resolver_ask(f->resolver, "ten.example", DNS_A, on_nothing, NULL));
		rc = resolver_flush(f->resolver, what, sizeof what);
	}
	assert_int_equal(rc, BH_EBUSY);
	assert_string_equal(what, "questions of before still wait for their answers");
}

static void a_flush_without_its_files_forgets_nothing(void **state)
{
	char anchor[] = "/tmp/test_dns.XXXXXX", what[256];
	struct resolver_spec spec = {.forwarder = "127.0.0.1@9", .anchor = anchor};
	struct fixture f = {.calls = 0};
	int fd = mkstemp(anchor);

	(void)state;
	assert_true(fd >= 0);
	dprintf(fd, "example. IN DS 1 13 2 %064d\n", 1);
	close(fd);
	uv_loop_init(&f.loop);
	spec.loop = &f.loop;
	assert_int_equal(resolver_create(&spec, &f.resolver, what, sizeof what), 0);
	know(&f, "_xmpp-server._tcp.eleven. IN SRV 0 0 5269 old.eleven.");
	know(&f, "_xmpps-server._tcp.eleven. IN TXT \"none\"");
	unlink(anchor);
	assert_int_equal(resolver_flush(f.resolver, what, sizeof what), BH_ECONFIG);
	assert_string_equal(search(&f, "eleven")->targets[0].name, "old.eleven");
	resolver_stop(&f.resolver, stopped, NULL);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f.loop), 0);
}

static void a_system_need_not_have_a_file_of_hosts(void **state)
{
	struct resolver_spec spec = {.forwarder = "127.0.0.1@9", .hosts = "/nonexistent/hosts"};
	struct resolver *resolver;
	char what[256];
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	spec.loop = &loop;
	assert_int_equal(resolver_create(&spec, &resolver, what, sizeof what), 0);
	resolver_stop(&resolver, stopped, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_srv_record_is_read),
		cmocka_unit_test(a_name_is_as_long_as_the_dns_lets_it_be),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(addresses_and_tlsa_records_are_read),
		cmocka_unit_test(the_weights_share_the_chances),
		cmocka_unit_test_setup_teardown(both_services_are_one_list_by_priority, start, stop),
		cmocka_unit_test_setup_teardown(among_equals_each_comes_first_at_times, start, stop),
		cmocka_unit_test_setup_teardown(a_domain_without_records_is_its_own_server, start, stop),
		cmocka_unit_test_setup_teardown(a_domain_may_say_that_it_has_none, start, stop),
		cmocka_unit_test_setup_teardown(one_service_may_be_refused_and_the_other_not, start, stop),
		cmocka_unit_test_setup_teardown(nobody_hears_of_a_search_that_was_cancelled, start, stop),
		cmocka_unit_test_setup_teardown(a_resolver_may_stop_while_it_is_asked, start, stop),
		cmocka_unit_test_setup_teardown(what_was_learnt_is_forgotten_by_a_flush, start, stop),
		cmocka_unit_test_setup_teardown(who_has_asked_before_a_flush_is_answered, start, stop),
		cmocka_unit_test_setup_teardown(flushes_are_refused_while_too_much_of_before_waits, start, stop),
		cmocka_unit_test(a_flush_without_its_files_forgets_nothing),
		cmocka_unit_test(a_system_need_not_have_a_file_of_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
