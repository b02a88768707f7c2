/* lib/daemon/log: what a line looks like, and that nobody else can write one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "daemon/log.h"

static int saved = -1, ends[2];

/* Standard error goes into a pipe from here on. */
static void catch_log(void)
{
	assert_int_equal(pipe(ends), 0);
	saved = dup(STDERR_FILENO);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
}

/* All that was logged since catch_log(). */
static const char *caught(void)
{
	static char text[8192];
	size_t n = 0;
	ssize_t got;

	dup2(saved, STDERR_FILENO);
	close(saved);
	log_open("x", LOG_LEVEL_INFO); /* it lets go of the pipe */
	while ((got = read(ends[0], text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)got;
	close(ends[0]);
	text[n] = '\0';
	return text;
}

static void assert_like(const char *text, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" is not like %s", text, pattern);
	regfree(&re);
}

static void an_event_is_one_line_with_time_level_instance_and_name(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	catch_log();
	log_open("c2sd@1", LOG_LEVEL_INFO);
	log_info("client-connected", "conn=%d from=%s", 17, "192.0.2.1:40123");
	assert_like(caught(), "^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
		"\\.[0-9]{3}Z info c2sd@1 client-connected conn=17 from=192\\.0\\.2\\.1:40123\n$");
}

static void where_journald_has_no_socket_the_line_begins_with_its_priority(void **state)
{
	static const struct {
		enum log_level level;
		const char *begins;
	} cases[] = {
		{LOG_LEVEL_ERROR, "<3>error x e "},
		{LOG_LEVEL_WARN, "<4>warn x e "},
		{LOG_LEVEL_INFO, "<6>info x e "},
		{LOG_LEVEL_DEBUG, "<7>debug x e "},
	};
	const char *line;
	char stream[64];
	struct stat st;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		catch_log();
		assert_int_equal(fstat(STDERR_FILENO, &st), 0);
		snprintf(stream, sizeof stream, "%lu:%lu", (unsigned long)st.st_dev,
			(unsigned long)st.st_ino);
		setenv("JOURNAL_STREAM", stream, 1);
		log_journal_socket("/tmp/bh-no-such-socket");
		log_open("x", LOG_LEVEL_DEBUG);
		log_event(cases[i].level, "e", "k=%d", 1);
		line = caught();
		assert_ptr_equal(strstr(line, cases[i].begins), line);
	}
}

static void another_stream_s_journal_is_not_ours(void **state)
{
	(void)state;
	setenv("JOURNAL_STREAM", "1:1", 1);
	catch_log();
	log_open("x", LOG_LEVEL_INFO);
	log_info("e", "k=%d", 1);
	assert_like(caught(), "^20.*Z info x e k=1\n$");
	unsetenv("JOURNAL_STREAM");
}

static void what_is_below_the_level_is_not_said(void **state)
{
	(void)state;
	catch_log();
	log_open("x", LOG_LEVEL_WARN);
	log_info("quiet", "k=%d", 1);
	log_warn("loud", "k=%d", 1);
	log_set_level(LOG_LEVEL_ERROR);
	log_warn("quiet", "k=%d", 1);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("loud", "k=%d", 2);
	assert_like(caught(), "^[^\n]* warn x loud k=1\n[^\n]* debug x loud k=2\n$");
}

static void levels_are_known_by_their_names_only(void **state)
{
	static const struct {
		const char *name;
		int level; /* -1: none */
	} cases[] = {
		{"error", LOG_LEVEL_ERROR}, {"warn", LOG_LEVEL_WARN}, {"info", LOG_LEVEL_INFO},
		{"debug", LOG_LEVEL_DEBUG}, {"", -1}, {"Info", -1}, {"information", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum log_level level = LOG_LEVEL_ERROR;
		bool known = log_level_parse(cases[i].name, &level);

		assert_int_equal(known ? (int)level : -1, cases[i].level);
	}
}

static void a_value_cannot_end_its_line_or_pretend_to_be_another_pair(void **state)
{
	static const struct {
		struct str value;
		const char *shown;
	} cases[] = {
		{{"plain-text_1.2:3/4@5", 20}, "plain-text_1.2:3/4@5"},
		{{"", 0}, "\"\""},
		{{NULL, 0}, "-"},
		{{"two words", 9}, "\"two words\""},
		{{"a=b", 3}, "\"a=b\""},
		{{"say \"hi\"", 8}, "\"say \\\"hi\\\"\""},
		{{"back\\slash", 10}, "\"back\\\\slash\""},
		{{"x\ny", 3}, "\"x\\x0ay\""},
		{{"x\0y", 3}, "\"x\\x00y\""},
		{{"\033[31mred", 8}, "\"\\x1b[31mred\""},
		{{"\x7f", 1}, "\"\\x7f\""},
		{{"caf\303\251", 5}, "\"caf\303\251\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_string_equal(log_value(cases[i].value), cases[i].shown);
}

static void a_long_value_is_cut_at_two_hundred_bytes(void **state)
{
	char text[1000];
	const char *shown;

	(void)state;
	memset(text, 'a', sizeof text);
	shown = log_value(str_make(text, 200));
	assert_int_equal(strlen(shown), 200);
	shown = log_value(str_make(text, sizeof text));
	assert_int_equal(strlen(shown), 205);
	assert_string_equal(shown + 201, "...\"");
	memset(text, '\n', sizeof text);
	shown = log_value(str_make(text, sizeof text));
	assert_int_equal(strlen(shown), 1 + 4 * 200 + 4);
}

static void eight_values_can_be_in_use_at_a_time(void **state)
{
	const char *shown[8];
	char text[2] = "a";

	(void)state;
	for (int i = 0; i < 8; i++, text[0]++)
		shown[i] = LOG_TEXT(text);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(shown[i][0], 'a' + i);
		assert_int_equal(shown[i][1], '\0');
	}
}

static void an_event_that_is_too_long_is_still_one_line(void **state)
{
	char text[6000];
	const char *line;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	catch_log();
	log_open("x", LOG_LEVEL_INFO);
	log_info("long", "k=%s", text);
	log_info("next", "k=%d", 1);
	line = caught();
	assert_non_null(strchr(line, '\n'));
	assert_non_null(strstr(strchr(line, '\n'), " info x next k=1\n"));
	assert_true(strchr(line, '\n') - line < 4096);
}

/* ---- who reads stops reading ------------------------------------------------------------------- */

/* Something that takes what is written for a while, and then nothing more: ends[1], and where it can be read. */
static int make_pipe(void)
{
	return pipe(ends);
}

static int make_socket(void)
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

/* One that may not be opened once more. */
static int make_pipe_of_another(void)
{
	int rc = pipe(ends);

	if (rc == 0)
		rc = fchmod(ends[1], 0);
	return rc == 0 && geteuid() == 0 ? seteuid(65534) : rc;
}

static int make_terminal(void)
{
	struct termios raw;

	ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
	if (ends[0] < 0 || grantpt(ends[0]) != 0 || unlockpt(ends[0]) != 0)
		return -1;
	ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
	if (ends[1] < 0 || tcgetattr(ends[1], &raw) != 0)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(ends[1], TCSANOW, &raw);
}

/* What can be read now. */
static char *drained(void)
{
	enum { MOST = 4 << 20 };
	char *text = malloc(MOST);
	size_t n = 0;
	struct pollfd look = {.fd = ends[0], .events = POLLIN};

	assert_non_null(text);
	while (poll(&look, 1, 100) > 0 && n < MOST - 1) {
		ssize_t got = read(ends[0], text + n, MOST - 1 - n);

		assert_true(got > 0);
		n += (size_t)got;
	}
	text[n] = '\0';
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

/* As it says itself. */
static size_t count_lost(const char *text)
{
	static const char what[] = " warn x log-lost lines=";
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text += sizeof what - 1)
		n += strtoul(text + sizeof what - 1, NULL, 10);
	return n;
}

/* The whole lines and the lost ones are all that were said, and no line is in another.  (A terminal may have room again
 * in the middle, though nobody reads: the kernel has moved what was there.) */
static void lose_some(int (*make)(void))
{
	enum { LINES = 20000 };
	char *before, *after;

	assert_int_equal(make(), 0);
	saved = dup(STDERR_FILENO);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_open("x", LOG_LEVEL_INFO);
	alarm(20); /* it must not wait */
	for (int i = 0; i < LINES; i++)
		log_info("flood", "text=%060d end=1", i);
	alarm(0);
	before = drained();
	log_info("next", "k=%d", 1);
	after = drained();
	dup2(saved, STDERR_FILENO);
	close(saved);
	log_open("x", LOG_LEVEL_INFO);
	assert_true(geteuid() == getuid() || seteuid(getuid()) == 0);
	assert_true(count(before, " end=1\n") < LINES);
	assert_int_equal(count_lost(before) + count_lost(after), LINES - count(before, " end=1\n"));
	assert_true(count_lost(after) > 0);
	assert_non_null(strstr(strstr(after, "log-lost"), "Z info x next k=1\n"));
	assert_int_equal(count(after, "\n") - (after[0] == '\n'), 2); /* behind a line that was cut */
	free(before);
	free(after);
	close(ends[0]);
	close(ends[1]);
}

static void a_pipe_that_nobody_reads_takes_no_time(void **state)
{
	(void)state;
	lose_some(make_pipe);
}

static void nor_does_a_socket(void **state)
{
	(void)state;
	lose_some(make_socket);
}

static void nor_one_that_is_another_user_s(void **state)
{
	(void)state;
	lose_some(make_pipe_of_another);
}

static void nor_a_terminal(void **state)
{
	(void)state;
	lose_some(make_terminal);
}

static void the_descriptor_that_others_share_stays_blocking(void **state)
{
	(void)state;
	catch_log();
	log_open("x", LOG_LEVEL_INFO);
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	(void)caught();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_one_line_with_time_level_instance_and_name),
		cmocka_unit_test(where_journald_has_no_socket_the_line_begins_with_its_priority),
		cmocka_unit_test(another_stream_s_journal_is_not_ours),
		cmocka_unit_test(what_is_below_the_level_is_not_said),
		cmocka_unit_test(levels_are_known_by_their_names_only),
		cmocka_unit_test(a_value_cannot_end_its_line_or_pretend_to_be_another_pair),
		cmocka_unit_test(a_long_value_is_cut_at_two_hundred_bytes),
		cmocka_unit_test(eight_values_can_be_in_use_at_a_time),
		cmocka_unit_test(an_event_that_is_too_long_is_still_one_line),
		cmocka_unit_test(a_pipe_that_nobody_reads_takes_no_time),
		cmocka_unit_test(nor_does_a_socket),
		cmocka_unit_test(nor_one_that_is_another_user_s),
		cmocka_unit_test(nor_a_terminal),
		cmocka_unit_test(the_descriptor_that_others_share_stays_blocking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
