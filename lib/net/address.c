/* IP addresses in one form for both families: IPv4 stands in IPv6 as ::ffff:a.b.c.d. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/err.h"

enum { V4_BITS_BEFORE = 96, V6_SITE_BITS = 64 };

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void from_v4(uint8_t ip[16], const void *v4)
{
	memcpy(ip, v4_prefix, sizeof v4_prefix);
	memcpy(ip + 12, v4, 4);
}

static bool is_v4(const uint8_t ip[16])
{
	return memcmp(ip, v4_prefix, sizeof v4_prefix) == 0;
}

bool address_from_sockaddr(const struct sockaddr *sa, struct address *out)
{
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		from_v4(out->ip, &in->sin_addr);
		out->port = ntohs(in->sin_port);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;

		memcpy(out->ip, &in6->sin6_addr, sizeof out->ip);
		out->port = ntohs(in6->sin6_port);
		return true;
	}
	return false;
}

void address_to_sockaddr(const struct address *a, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (void *)out;
	struct sockaddr_in6 *in6 = (void *)out;

	memset(out, 0, sizeof *out);
	if (is_v4(a->ip)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip + 12, 4);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(a->port);
		memcpy(&in6->sin6_addr, a->ip, 16);
	}
}

void address_text(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
	if (is_v4(a->ip))
		inet_ntop(AF_INET, a->ip + 12, out, ADDRESS_TEXT_SIZE);
	else
		inet_ntop(AF_INET6, a->ip, out, ADDRESS_TEXT_SIZE);
}

void address_text_port(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
	char ip[INET6_ADDRSTRLEN];

	if (is_v4(a->ip)) {
		inet_ntop(AF_INET, a->ip + 12, ip, sizeof ip);
		snprintf(out, ADDRESS_TEXT_SIZE, "%s:%u", ip, a->port);
	} else {
		inet_ntop(AF_INET6, a->ip, ip, sizeof ip);
		snprintf(out, ADDRESS_TEXT_SIZE, "[%s]:%u", ip, a->port);
	}
}

/* One to three digits, nothing else; negative when it is not that. */
static int parse_bits(const char *text)
{
	uint64_t bits;

	return decimal_read(str_of(text), 128, &bits) ? (int)bits : BH_EINVAL;
}

/* Bits behind the prefix are cleared, so that "10.0.0.1/8" is "10.0.0.0/8". */
static void mask_ip(uint8_t ip[16], unsigned bits)
{
	for (unsigned i = 0; i < 16; i++) {
		if (bits >= 8 * (i + 1))
			continue;
		if (bits > 8 * i)
			ip[i] = (uint8_t)(ip[i] & (0xff00u >> (bits - 8 * i)));
		else
			ip[i] = 0;
	}
}

void address_site(const struct address *a, uint8_t out[16])
{
	memcpy(out, a->ip, 16);
	if (!is_v4(out))
		mask_ip(out, V6_SITE_BITS);
}

int network_parse(const char *text, struct network *out)
{
	char ip[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "/");
	struct network net;
	uint8_t v4[4];
	int bits, base = 0;

	if (n == 0 || n >= sizeof ip)
		return BH_EINVAL;
	memcpy(ip, text, n);
	ip[n] = '\0';
	if (inet_pton(AF_INET, ip, v4) == 1) {
		from_v4(net.ip, v4);
		base = V4_BITS_BEFORE;
	} else if (inet_pton(AF_INET6, ip, net.ip) != 1) {
		return BH_EINVAL;
	}
	bits = text[n] == '/' ? parse_bits(text + n + 1) : 128 - base;
	if (bits < 0 || bits > 128 - base)
		return BH_EINVAL;
	net.bits = (uint8_t)(bits + base);
	mask_ip(net.ip, net.bits);
	*out = net;
	return 0;
}

bool network_contains(const struct network *net, const struct address *a)
{
	uint8_t ip[16];

	memcpy(ip, a->ip, sizeof ip);
	mask_ip(ip, net->bits);
	return memcmp(ip, net->ip, sizeof ip) == 0;
}
