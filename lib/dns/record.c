/* Names are in wire format: labels with their lengths, not compressed. */
#include "dns/record.h"

#include <string.h>

static uint16_t u16(const char *p)
{
	return (uint16_t)((uint8_t)p[0] << 8 | (uint8_t)p[1]);
}

/* What a host's name may consist of; others would need escapes and are no hosts. */
static bool is_host(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool take_label(struct str *wire, char *out, size_t *len)
{
	uint8_t n = (uint8_t)wire->p[0];
	size_t dot = *len > 0;

	if (n > 63 || n >= wire->len || *len + dot + n > DNS_NAME_MAX)
		return false;
	if (dot > 0)
		out[(*len)++] = '.';
	for (uint8_t i = 1; i <= n; i++) {
		if (!is_host(wire->p[i]))
			return false;
		out[(*len)++] = wire->p[i];
	}
	*wire = str_make(wire->p + 1 + n, wire->len - 1 - n);
	return true;
}

static bool take_name(struct str wire, char out[DNS_NAME_SIZE])
{
	size_t len = 0;

	while (wire.len > 0 && wire.p[0] != 0)
		if (!take_label(&wire, out, &len))
			return false;
	out[len] = '\0';
	return wire.len == 1;
}

bool record_srv(struct str data, struct srv *out)
{
	if (data.len < 7)
		return false;
	out->priority = u16(data.p);
	out->weight = u16(data.p + 2);
	out->port = u16(data.p + 4);
	return take_name(str_make(data.p + 6, data.len - 6), out->target);
}

bool record_tlsa(struct str data, struct tlsa *out)
{
	if (data.len < 4)
		return false;
	*out = (struct tlsa){
		.usage = (uint8_t)data.p[0],
		.selector = (uint8_t)data.p[1],
		.matching = (uint8_t)data.p[2],
		.data = str_make(data.p + 3, data.len - 3),
	};
	return true;
}

bool record_address(struct str data, struct address *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	*out = (struct address){.port = 0};
	if (data.len == 16) {
		memcpy(out->ip, data.p, 16);
	} else if (data.len == 4) {
		memcpy(out->ip, mapped, sizeof mapped);
		memcpy(out->ip + 12, data.p, 4);
	}
	return data.len == 16 || data.len == 4;
}
