/* lib/daemon/journal: a line's pairs as fields, whatever stands in their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/journal.h"
#include "daemon/log.h"

static char path[] = "/tmp/bh-journal-XXXXXX/socket";
static int listener;

static int open_listener(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *slash = strrchr(path, '/');

	(void)state;
	*slash = '\0';
	assert_non_null(mkdtemp(path));
	*slash = '/';
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	return bind(listener, (struct sockaddr *)&address, sizeof address);
}

static int close_listener(void **state)
{
	(void)state;
	close(listener);
	unlink(path);
	*strrchr(path, '/') = '\0';
	return rmdir(path);
}

/* The datagram as "NAME=value" lines, in both forms of the protocol; line ends in values are shown as |. */
static const char *received(void)
{
	static char text[8192];
	char bytes[8192], *p = bytes, *end, *out = text;
	ssize_t n = recv(listener, bytes, sizeof bytes, 0);

	assert_true(n > 0);
	for (end = bytes + n; p < end; p++) {
		size_t name = strcspn(p, "=\n"), size;
		uint64_t le;

		if (p[name] == '=') {
			size = (size_t)((char *)memchr(p, '\n', (size_t)(end - p)) - p);
			out += sprintf(out, "%.*s\n", (int)size, p);
			p += size;
			continue;
		}
		memcpy(&le, p + name + 1, sizeof le);
		size = le64toh(le);
		out += sprintf(out, "%.*s=", (int)name, p);
		p += name + 1 + sizeof le;
		for (size_t i = 0; i < size; i++)
			*out++ = (char)(p[i] == '\n' ? '|' : p[i]);
		*out++ = '\n';
		*out = '\0';
		p += size;
		assert_int_equal(*p, '\n');
	}
	return text;
}

static const char *sent(const char *instance, const char *pairs)
{
	int fd = journal_open(path);
	const struct journal_entry e = {.priority = 6, .instance = instance, .event = "an-event", .pairs = pairs};

	assert_true(fd >= 0);
	assert_int_equal(journal_send(fd, &e), 0);
	close(fd);
	return received();
}

static void pairs_become_fields_by_their_names(void **state)
{
	(void)state;
	assert_string_equal(sent("c2sd@1", "conn=c2sd@1/7 from=192.0.2.1 jid=a@b/c account=a@b after_ms=12 streams-in=3"),
		"MESSAGE=an-event conn=c2sd@1/7 from=192.0.2.1 jid=a@b/c account=a@b after_ms=12 streams-in=3\n"
		"PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=bulkhead-c2sd\n"
		"BULKHEAD_EVENT=an-event\nBULKHEAD_INSTANCE=c2sd@1\n"
		"BULKHEAD_CONNECTION=c2sd@1/7\nADDRESS=192.0.2.1\nJID=a@b/c\nJID=a@b\nBULKHEAD_AFTER_MS=12\n"
		"BULKHEAD_STREAMS_IN=3\n");
	assert_non_null(strstr(sent("bulkhead", "a=b"), "SYSLOG_IDENTIFIER=bulkhead\n"));
}

static void a_quoted_value_is_as_it_was_and_stays_one_value(void **state)
{
	static const struct {
		const char *pairs, *fields;
	} cases[] = {
		{"reason=\"two words\" x=y", "BULKHEAD_REASON=two words\nBULKHEAD_X=y\n"},
		{"reason=\"a\\x0aADDRESS=1\" x=y", "BULKHEAD_REASON=a|ADDRESS=1\nBULKHEAD_X=y\n"},
		{"reason=\"\\\" from=1 \\\\\" x=y", "BULKHEAD_REASON=\" from=1 \\\nBULKHEAD_X=y\n"},
		{"reason=\"\" x=", "BULKHEAD_REASON=\nBULKHEAD_X=\n"},
		/* Cut at the end of the line. */
		{"reason=\"abc", "BULKHEAD_REASON=abc\n"},
		{"reason=\"abc\\", "BULKHEAD_REASON=abc\\\n"},
		{"reason=abc fro", "BULKHEAD_REASON=abc\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *fields = strstr(sent("x", cases[i].pairs), "BULKHEAD_INSTANCE=x\n");

		assert_non_null(fields);
		assert_string_equal(fields + strlen("BULKHEAD_INSTANCE=x\n"), cases[i].fields);
	}
}

static void what_log_value_quotes_comes_out_again(void **state)
{
	unsigned char all[200];
	char pairs[2048];
	const char *fields;

	(void)state;
	for (unsigned i = 0; i < sizeof all; i++)
		all[i] = (unsigned char)(i < 10 ? i + 1 : i + 20);
	snprintf(pairs, sizeof pairs, "v=%s", log_value(str_make(all, sizeof all)));
	fields = strstr(sent("x", pairs), "BULKHEAD_V=");
	assert_non_null(fields);
	for (unsigned i = 0; i < sizeof all; i++)
		assert_int_equal((unsigned char)fields[11 + i], all[i] == '\n' ? '|' : all[i]);
}

static void a_full_or_absent_journald_is_told_apart_from_success(void **state)
{
	int fd = journal_open(path), rc = 0;
	const struct journal_entry e = {.priority = 6, .instance = "x", .event = "e", .pairs = "a=b"};

	(void)state;
	assert_true(journal_open("/tmp/bh-no-such-socket") < 0);
	for (int i = 0; rc == 0 && i < 100000; i++)
		rc = journal_send(fd, &e);
	assert_int_equal(rc, -EAGAIN);
	close(fd);
	while (recv(listener, &(char){0}, 1, 0) >= 0)
		;
}

/* Standard error is the journal's stream: the event goes to the socket, and nothing to the stream. */
static void log_event_takes_the_socket_where_there_is_one(void **state)
{
	int saved = dup(STDERR_FILENO), ends[2];
	char stream[64], line[64];
	struct stat st;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof stream, "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_journal_socket(path);
	log_open("authd", LOG_LEVEL_INFO);
	log_warn("an-event", "from=%s", "192.0.2.1");
	unsetenv("JOURNAL_STREAM");
	dup2(saved, STDERR_FILENO);
	close(saved);
	log_open("authd", LOG_LEVEL_INFO);
	assert_int_equal(read(ends[0], line, sizeof line), 0);
	close(ends[0]);
	assert_non_null(strstr(received(), "ADDRESS=192.0.2.1\n"));
}

/* Neither does it go to the stream, which is the same journald's. */
static void what_journald_does_not_take_is_lost_and_told_of(void **state)
{
	int saved = dup(STDERR_FILENO), ends[2];
	char stream[64], line[64];
	struct stat st;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof stream, "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_journal_socket(path);
	log_open("authd", LOG_LEVEL_INFO);
	alarm(20); /* it must not wait */
	for (int i = 0; i < 20000; i++)
		log_info("flood", "k=%d", i);
	alarm(0);
	for (int i = 0; recv(listener, &(char){0}, 1, 0) >= 0; i++)
		snprintf(line, sizeof line, "MESSAGE=log-lost lines=%d\n", 20000 - i - 1);
	log_info("next", "k=%d", 1);
	unsetenv("JOURNAL_STREAM");
	dup2(saved, STDERR_FILENO);
	close(saved);
	log_open("authd", LOG_LEVEL_INFO);
	assert_non_null(strstr(received(), line));
	assert_non_null(strstr(received(), "MESSAGE=next k=1\n"));
	assert_int_equal(read(ends[0], line, sizeof line), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_become_fields_by_their_names),
		cmocka_unit_test(a_quoted_value_is_as_it_was_and_stays_one_value),
		cmocka_unit_test(what_log_value_quotes_comes_out_again),
		cmocka_unit_test(a_full_or_absent_journald_is_told_apart_from_success),
		cmocka_unit_test(log_event_takes_the_socket_where_there_is_one),
		cmocka_unit_test(what_journald_does_not_take_is_lost_and_told_of),
	};

	return cmocka_run_group_tests(tests, open_listener, close_listener);
}
