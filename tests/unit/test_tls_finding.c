/* What the dates of a certificate are worth, and that every finding says what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_finding.h"

enum { DAY = 24 * 3600 };

static void a_certificate_ends_soon_in_three_weeks_or_its_last_third(void **state)
{
	static const struct {
		int64_t age, left; /* s */
		enum tls_finding finding;
		const char *text;
	} cases[] = {
		{-1, 90 * DAY, TLS_NOT_YET, "it is not valid before 2001-09-09T01:46:41Z"},
		{0, 90 * DAY, TLS_LASTS, "it is good for 90 more days"},
		{90 * DAY, 21 * DAY + 1, TLS_LASTS, "it is good for 21 more days"},
		{90 * DAY, 21 * DAY, TLS_ENDS_SOON, "it expires in 21 days"},
		{3 * DAY, 2 * DAY, TLS_LASTS, "it is good for 2 more days"},
		{4 * DAY, 2 * DAY, TLS_ENDS_SOON, "it expires in 2 days"},
		{90 * DAY, DAY + 1, TLS_ENDS_SOON, "it expires in 1 days"},
		{90 * DAY, DAY, TLS_LAST_DAY, "it expires within a day, on 2001-09-10T01:46:40Z"},
		{90 * DAY, 0, TLS_LAST_DAY, "it expires within a day, on 2001-09-09T01:46:40Z"},
		{90 * DAY, -1, TLS_EXPIRED, "it has expired on 2001-09-09T01:46:39Z"},
	};
	const int64_t now = 1000000000;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tls_found found;

		tls_found_dates(now - cases[i].age, now + cases[i].left, now, &found);
		assert_string_equal(found.text, cases[i].text);
		assert_int_equal(found.finding, cases[i].finding);
		assert_int_equal(tls_found_untimely(&found),
			cases[i].finding == TLS_EXPIRED || cases[i].finding == TLS_NOT_YET);
	}
}

static void whatever_is_not_good_has_a_remedy(void **state)
{
	(void)state;
	for (unsigned i = TLS_NOT_SHOWN + 1; i <= TLS_WEAK_SIGNATURE; i++) {
		struct tls_found found;

		tls_found(&found, (enum tls_finding)i, "%s", "");
		assert_true(found.text[0] != '\0');
		assert_int_equal(tls_found_remedy(&found)[0] == '\0', tls_found_weight(&found) == TLS_GOOD);
	}
}

static void a_long_detail_is_cut(void **state)
{
	char detail[2000];
	struct tls_found found;

	(void)state;
	memset(detail, 'x', sizeof detail);
	tls_found(&found, TLS_NAMED, "%.*s", (int)sizeof detail, detail);
	assert_int_equal(strlen(found.text), sizeof found.text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_ends_soon_in_three_weeks_or_its_last_third),
		cmocka_unit_test(whatever_is_not_good_has_a_remedy),
		cmocka_unit_test(a_long_detail_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
