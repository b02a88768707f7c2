/* The header that a load balancer puts before a connection's own bytes. */
#include "net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "base/decimal.h"
#include "base/err.h"

enum {
	V1_MAX = 107, /* of the specification, section 2.1, with CR LF */
	V2_FIXED = 16,
	V2_LOCAL = 0x20,
	V2_PROXY = 0x21,
	V2_UNSPEC = 0,
	V2_INET = 1,
	V2_INET6 = 2,
	V2_UNIX = 3,
};

static const uint8_t v2_signature[12] = {
	'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* 0..65535 in decimal without leading zeros. */
static bool parse_port(const char *text, uint16_t *out)
{
	uint64_t port;

	if ((*text == '0' && text[1] != '\0') || !decimal_read(str_of(text), UINT16_MAX, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

static bool parse_ip(int family, const char *text, struct address *out)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (family == AF_INET)
		return inet_pton(AF_INET, text, &in.sin_addr) == 1 &&
			address_from_sockaddr((const struct sockaddr *)&in, out);
	return inet_pton(AF_INET6, text, &in6.sin6_addr) == 1 &&
		address_from_sockaddr((const struct sockaddr *)&in6, out);
}

/* "TCP4 source destination port port", cut apart in place at its single spaces. */
static int parse_v1_fields(char *line, struct address *client)
{
	char *field[5];
	struct address from, to;
	int family;

	for (int i = 0; i < 5; i++)
		field[i] = strsep(&line, " ");
	if (line != NULL || field[4] == NULL)
		return BH_EPROTO;
	if (strcmp(field[0], "TCP4") == 0)
		family = AF_INET;
	else if (strcmp(field[0], "TCP6") == 0)
		family = AF_INET6;
	else
		return BH_EPROTO;
	if (!parse_ip(family, field[1], &from) || !parse_ip(family, field[2], &to) ||
		!parse_port(field[3], &from.port) || !parse_port(field[4], &to.port))
		return BH_EPROTO;
	*client = from;
	return 0;
}

static int parse_v1(const uint8_t *p, size_t n, struct address *client)
{
	static const char start[] = "PROXY ", unknown[] = "UNKNOWN";
	const size_t head = sizeof start - 1;
	char line[V1_MAX + 1];
	const uint8_t *end;
	size_t len;

	if (memcmp(p, start, min(n, head)) != 0)
		return BH_EPROTO;
	n = min(n, V1_MAX);
	end = memchr(p, '\n', n);
	if (end == NULL)
		return n < V1_MAX ? BH_EAGAIN : BH_EPROTO;
	len = (size_t)(end - p) + 1;
	if (len < head + 2 || p[len - 2] != '\r' || memchr(p, '\0', len) != NULL)
		return BH_EPROTO;
	memcpy(line, p + head, len - head - 2);
	line[len - head - 2] = '\0';
	if (strncmp(line, unknown, sizeof unknown - 1) == 0) {
		char behind = line[sizeof unknown - 1];

		return behind == '\0' || behind == ' ' ? (int)len : BH_EPROTO;
	}
	return parse_v1_fields(line, client) == 0 ? (int)len : BH_EPROTO;
}

/* Addresses stand in network order: source, destination, source port, destination port. */
static int parse_v2_addresses(const uint8_t *p, size_t n, unsigned family, struct address *client)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	switch (family) {
	case V2_INET:
		if (n < 12)
			return BH_EPROTO;
		memcpy(&in.sin_addr, p, 4);
		memcpy(&in.sin_port, p + 8, 2);
		address_from_sockaddr((const struct sockaddr *)&in, client);
		return 0;
	case V2_INET6:
		if (n < 36)
			return BH_EPROTO;
		memcpy(&in6.sin6_addr, p, 16);
		memcpy(&in6.sin6_port, p + 32, 2);
		address_from_sockaddr((const struct sockaddr *)&in6, client);
		return 0;
	case V2_UNSPEC:
	case V2_UNIX:
		return 0;
	default:
		return BH_EPROTO;
	}
}

static int parse_v2(const uint8_t *p, size_t n, struct address *client)
{
	size_t len;

	if (n < V2_FIXED)
		return BH_EAGAIN;
	len = (size_t)p[14] << 8 | p[15];
	if ((p[12] != V2_LOCAL && p[12] != V2_PROXY) || V2_FIXED + len > PROXY_HEADER_MAX)
		return BH_EPROTO;
	if (n < V2_FIXED + len)
		return BH_EAGAIN;
	if (p[12] == V2_PROXY && parse_v2_addresses(p + V2_FIXED, len, p[13] >> 4, client) < 0)
		return BH_EPROTO;
	return (int)(V2_FIXED + len);
}

int proxy_parse(const uint8_t *p, size_t n, struct address *client)
{
	if (n == 0)
		return BH_EAGAIN;
	if (memcmp(p, v2_signature, min(n, sizeof v2_signature)) == 0)
		return parse_v2(p, n, client);
	return parse_v1(p, n, client);
}
