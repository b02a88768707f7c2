/* journald's native protocol: NAME, line end, length (64 bits, little-endian), value, line end. */
#include "daemon/journal.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"

enum { NAME_SIZE = 64, FACILITY_DAEMON = 3, ROOM = 8 << 20 };

static const struct {
	const char *key, *name;
} names[] = {
	{"conn", "BULKHEAD_CONNECTION"},
	{"jid", "JID"},
	{"account", "JID"},
	{"from", "ADDRESS"},
};

int journal_open(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = ROOM, rc;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	/* As much as sd-journal(3) asks for: journald may be slow. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static void put_field(struct buf *out, const char *name, struct str value)
{
	uint64_t size = htole64(value.len);

	buf_printf(out, "%s\n", name);
	buf_put(out, &size, sizeof size);
	buf_put_str(out, value);
	buf_put_byte(out, '\n');
}

/* The program's name, as systemd would say it: "c2sd@1" is bulkhead-c2sd. */
static void put_identifier(struct buf *out, const char *instance)
{
	if (strcmp(instance, "bulkhead") == 0)
		buf_put_lit(out, "SYSLOG_IDENTIFIER=bulkhead\n");
	else
		buf_printf(out, "SYSLOG_IDENTIFIER=bulkhead-%.*s\n", (int)strcspn(instance, "@"), instance);
}

static void name_of(struct str key, char out[NAME_SIZE])
{
	size_t n;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (str_is(key, names[i].key)) {
			snprintf(out, NAME_SIZE, "%s", names[i].name);
			return;
		}
	n = (size_t)snprintf(out, NAME_SIZE, "BULKHEAD_");
	for (size_t i = 0; i < key.len && n < NAME_SIZE - 1; i++)
		out[n++] = isalnum((unsigned char)key.p[i]) ? (char)toupper((unsigned char)key.p[i]) : '_';
	out[n] = '\0';
}

/* The byte that stands at *p, which begins with a backslash; *p is moved behind it. */
static char unescape(const char **p)
{
	char digits[3] = "";

	if ((*p)[1] == 'x' && isxdigit((unsigned char)(*p)[2]) && isxdigit((unsigned char)(*p)[3])) {
		memcpy(digits, *p + 2, 2);
		*p += 4;
		return (char)strtoul(digits, NULL, 16);
	}
	*p += 2;
	return (*p)[-1];
}

/* A value, quoted or not; the place behind it. */
static const char *take_value(const char *p, struct buf *value)
{
	buf_clear(value);
	if (*p != '"') {
		size_t n = strcspn(p, " ");

		buf_put(value, p, n);
		return p + n;
	}
	for (p++; *p != '"' && *p != '\0';)
		if (*p == '\\' && p[1] != '\0')
			buf_put_byte(value, unescape(&p));
		else
			buf_put_byte(value, *p++);
	return *p == '"' ? p + 1 : p;
}

static void put_pairs(struct buf *out, const char *p)
{
	struct buf value = BUF_INIT;
	char name[NAME_SIZE];

	for (;;) {
		size_t n = strcspn(p, "= ");

		if (p[n] != '=')
			break; /* the end, or a line that was cut */
		name_of(str_make(p, n), name);
		p = take_value(p + n + 1, &value);
		put_field(out, name, buf_str(&value));
		p += *p == ' ';
	}
	buf_fini(&value);
}

int journal_send(int fd, const struct journal_entry *e)
{
	struct buf out = BUF_INIT;
	int rc = 0;

	/* The pairs have no line end: what would be one is escaped there. */
	buf_printf(&out, "MESSAGE=%s %s\n", e->event, e->pairs);
	buf_printf(&out, "PRIORITY=%d\nSYSLOG_FACILITY=%d\n", e->priority, FACILITY_DAEMON);
	put_identifier(&out, e->instance);
	buf_printf(&out, "BULKHEAD_EVENT=%s\nBULKHEAD_INSTANCE=%s\n", e->event, e->instance);
	put_pairs(&out, e->pairs);
	if (buf_failed(&out))
		rc = -ENOMEM;
	else if (send(fd, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		rc = -errno;
	buf_fini(&out);
	return rc;
}
