/* Runs a target on the files that are named, and on those of the folders that are. */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

static unsigned files;

/* In memory of exactly its size, so that a sanitizer sees what reads past it. */
static void run_bytes(FILE *f, size_t size)
{
	uint8_t *bytes = malloc(size > 0 ? size : 1);

	require(bytes != NULL && fread(bytes, 1, size, f) == size);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		perror(path);
		exit(1);
	}
	printf("%s\n", path);
	fflush(stdout); /* the last line is the one that failed */
	rewind(f);
	run_bytes(f, (size_t)size);
	fclose(f);
	files++;
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void run(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, visible, alphasort);
	char inside[4096];

	if (n < 0) {
		run_file(path);
		return;
	}
	for (int i = 0; i < n; i++) {
		snprintf(inside, sizeof inside, "%s/%s", path, list[i]->d_name);
		run_file(inside);
		free(list[i]);
	}
	free(list);
}

int main(int argc, char **argv)
{
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	printf("[  PASSED  ] %u test(s).\n", files); /* as cmocka says it, for tools/check */
	return files > 0 ? 0 : 1;
}
