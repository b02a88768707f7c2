/* Printing what others said. */
#include "ctl/clean.h"

#include "bus/wire.h"

bool clean_is_control(const unsigned char *p, size_t left)
{
	return p[0] < 0x20 || p[0] == 0x7f || (p[0] == 0xc2 && left > 1 && p[1] < 0xa0);
}

void clean_put(FILE *out, struct str text)
{
	const unsigned char *p = (const unsigned char *)text.p;
	bool utf8 = wire_utf8_valid(p, text.len);

	for (uint32_t i = 0; i < text.len; i++) {
		bool bad = clean_is_control(p + i, text.len - i) || (p[i] >= 0x80 && !utf8);

		fputc(bad ? '?' : p[i], out);
		i += bad && utf8 && p[i] == 0xc2;
	}
}

size_t clean_width(struct str text)
{
	bool utf8 = wire_utf8_valid((const unsigned char *)text.p, text.len);
	size_t width = 0;

	for (uint32_t i = 0; i < text.len; i++)
		width += !utf8 || ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return width;
}
