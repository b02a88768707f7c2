/* Any bytes of another process, as bulkheadctl prints them: what comes out is UTF-8 without anything
 * that a terminal obeys, and as wide as was said. */
#include "bus/wire.h"
#include "ctl/clean.h"
#include "fuzz.h"

static void check_output(const uint8_t *p, size_t len, struct str in)
{
	size_t characters = 0;

	require(wire_utf8_valid(p, len));
	for (size_t i = 0; i < len; i++) {
		require(p[i] >= 0x20 && p[i] != 0x7f);
		require(p[i] != 0xc2 || p[i + 1] >= 0xa0);
		characters += (p[i] & 0xc0) != 0x80;
	}
	require(characters == clean_width(in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	require(out != NULL);
	clean_put(out, in);
	fclose(out);
	check_output((const uint8_t *)text, len, in);
	free(text);
	return 0;
}
