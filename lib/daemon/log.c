/* The log: one line an event, made in one buffer and written in one call, which does not wait. */
#include "daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/errout.h"
#include "daemon/journal.h"

static struct {
	char instance[64];
	enum log_level level;
	bool journal; /* standard error goes there */
	int fd;	      /* journald's own socket, or negative */
	const char *socket;
	unsigned long lost; /* events that nobody took, and that were not told of yet */
} state = {.instance = "bulkhead", .level = LOG_LEVEL_INFO, .fd = -1, .socket = JOURNAL_SOCKET};

static const struct {
	const char *name;
	int priority; /* of syslog, for journald */
} levels[] = {
	[LOG_LEVEL_ERROR] = {"error", 3},
	[LOG_LEVEL_WARN] = {"warn", 4},
	[LOG_LEVEL_INFO] = {"info", 6},
	[LOG_LEVEL_DEBUG] = {"debug", 7},
};

/* Is standard error the stream that systemd says it connected to the journal? */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (text == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(own, sizeof own, "%lu:%lu", st.st_dev, st.st_ino);
	return strcmp(text, own) == 0;
}

void log_open(const char *instance, enum log_level level)
{
	snprintf(state.instance, sizeof state.instance, "%s", instance);
	state.level = level;
	state.journal = stderr_is_journal();
	errout_open();
	if (state.fd >= 0)
		close(state.fd);
	state.fd = state.journal ? journal_open(state.socket) : -1;
}

void log_journal_socket(const char *path)
{
	state.socket = path;
}

enum log_level log_level(void)
{
	return state.level;
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

void log_set_level(enum log_level level)
{
	state.level = level;
}

bool log_level_parse(const char *text, enum log_level *out)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
		if (strcmp(levels[i].name, text) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	return false;
}

static int put_prefix(char *line, size_t size, enum log_level level)
{
	struct timespec now;
	struct tm tm;
	char stamp[32];

	if (state.journal)
		return snprintf(line, size, "<%d>", levels[level].priority);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	return snprintf(line, size, "%s.%03ldZ ", stamp, now.tv_nsec / 1000000);
}

static int write_line(enum log_level level, const char *event, const char *pairs)
{
	char line[2304];
	size_t n = (size_t)put_prefix(line, sizeof line, level);

	n += (size_t)snprintf(line + n, sizeof line - n, "%s %s %s %s", levels[level].name, state.instance,
		event, pairs);
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	line[n++] = '\n';
	return errout_put(line, n);
}

/* A journald that has no room has none for a line, either. */
static int put(enum log_level level, const char *event, const char *pairs)
{
	struct journal_entry entry = {levels[level].priority, state.instance, event, pairs};
	int rc = state.fd >= 0 ? journal_send(state.fd, &entry) : -ENOTCONN;

	return rc == 0 || rc == -EAGAIN ? rc : write_line(level, event, pairs);
}

/* Before the next event that is taken: how many were not. */
static void tell_lost(void)
{
	unsigned long lost = state.lost;

	state.lost = 0;
	log_audit("log-lost", "lines=%lu", lost);
	if (state.lost > 0)
		state.lost = lost;
}

__attribute__((format(printf, 3, 0)))
static void say(enum log_level level, const char *event, const char *fmt, va_list ap)
{
	char pairs[2048];

	vsnprintf(pairs, sizeof pairs, fmt, ap);
	if (state.lost > 0)
		tell_lost();
	if (state.lost > 0 || put(level, event, pairs) != 0)
		state.lost++;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	if (level > state.level)
		return;
	va_start(ap, fmt);
	say(level, event, fmt, ap);
	va_end(ap);
}

void log_audit(const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_LEVEL_WARN, event, fmt, ap);
	va_end(ap);
}

enum { SLOTS = 8, VALUE_MAX = 200, LONG_VALUE = 1000 };

static bool plain(struct str value, size_t max)
{
	for (uint32_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
			return false;
	}
	return value.len > 0 && value.len <= max;
}

/* One of the two bytes of U+0080 to U+009F, which a terminal may obey. */
static bool in_control(struct str value, size_t i)
{
	const unsigned char *p = (const unsigned char *)value.p;

	if (p[i] == 0xc2)
		return i + 1 < value.len && p[i + 1] < 0xa0;
	return i > 0 && p[i - 1] == 0xc2 && p[i] < 0xa0;
}

/* One byte, readable and harmless to a terminal.  UTF-8 passes. */
static size_t put_byte(char *out, unsigned char c, bool control)
{
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (c >= ' ' && c != 0x7f && !control) {
		out[0] = (char)c;
		return 1;
	}
	return (size_t)sprintf(out, "\\x%02x", c);
}

/* out has room for four times max, and 8 more. */
static const char *put_value(char *out, struct str value, size_t max)
{
	size_t n = 0, len = value.len < max ? value.len : max;

	if (value.p == NULL)
		return "-";
	if (plain(value, max)) {
		memcpy(out, value.p, value.len);
		out[value.len] = '\0';
		return out;
	}
	out[n++] = '"';
	for (size_t i = 0; i < len; i++)
		n += put_byte(out + n, (unsigned char)value.p[i], in_control(value, i));
	if (len < value.len) {
		memcpy(out + n, "...", 3);
		n += 3;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}

const char *log_value(struct str value)
{
	static char slots[SLOTS][VALUE_MAX * 4 + 8];
	static unsigned next;

	return put_value(slots[next++ % SLOTS], value, VALUE_MAX);
}

const char *log_long(const char *text)
{
	static char out[LONG_VALUE * 4 + 8];

	return put_value(out, str_of(text), LONG_VALUE);
}
