/* Any text as an entry of directory.profile: it is refused with a phrase, or taken. */
#include <stdlib.h>
#include <string.h>

#include "dirsyncd/profile_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile_map *map = profile_map_create(1);
	char *text = malloc(size + 1), what[256] = "";

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (profile_map_add(map, text, what, sizeof what) != 0 && *what == '\0')
		abort();
	profile_map_free(&map);
	free(text);
	return 0;
}
