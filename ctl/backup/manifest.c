/* The manifest of a backup: written, read, held against files. */
#include "ctl/backup/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "bus/textlist.h"

#define NAME "manifest"
#define HEAD "bulkhead-backup 1"

enum { HEX_SIZE = 2 * DIGEST_SHA256_SIZE + 1 };

static void write_hex(const uint8_t *digest, char out[HEX_SIZE])
{
	for (size_t i = 0; i < DIGEST_SHA256_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* ---- writing ------------------------------------------------------------------------------------- */

static void print(const struct manifest *m, FILE *out)
{
	char hex[HEX_SIZE];

	fprintf(out, HEAD "\nversion %s\ndate %s\n", m->version, m->date);
	for (size_t i = 0; i < m->n; i++) {
		const struct manifest_entry *e = &m->stores[i];

		write_hex(e->digest, hex);
		fprintf(out, "store %s %" PRId64 " %" PRId64 " %s\n", e->place->file, e->schema, e->bytes, hex);
	}
	fputs("end\n", out);
}

int manifest_write(const struct manifest *m, const char *folder)
{
	char path[PATH_MAX];
	FILE *out;
	bool ok;
	int fd;

	snprintf(path, sizeof path, "%s/" NAME, folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (out == NULL)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	print(m, out);
	ok = fflush(out) == 0 && fsync(fd) == 0;
	if (fclose(out) != 0 || !ok)
		return complain(EXIT_FAILED, "%s cannot be written", path);
	return EXIT_OK;
}

/* ---- reading ------------------------------------------------------------------------------------- */

/* Takes the next word of a line; "" at its end. */
static void take_word(const char **line, char *out, size_t size)
{
	size_t len = strcspn(*line, " ");

	snprintf(out, size, "%.*s", (int)len, *line);
	*line += len + ((*line)[len] == ' ');
}

static bool take_number(const char **line, int64_t *out)
{
	char word[24], *end;

	take_word(line, word, sizeof word);
	errno = 0;
	*out = strtoll(word, &end, 10);
	return word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0;
}

static unsigned digit_of(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static bool take_digest(const char **line, uint8_t *digest)
{
	char hex[HEX_SIZE + 1];

	take_word(line, hex, sizeof hex);
	if (strlen(hex) != HEX_SIZE - 1 || strspn(hex, "0123456789abcdef") != HEX_SIZE - 1)
		return false;
	for (size_t i = 0; i < DIGEST_SHA256_SIZE; i++)
		digest[i] = (uint8_t)(digit_of(hex[2 * i]) << 4 | digit_of(hex[2 * i + 1]));
	return true;
}

static const struct store_place *place_of(const char *file)
{
	for (size_t i = 0; i < store_places_count; i++)
		if (strcmp(store_places[i].file, file) == 0)
			return &store_places[i];
	return NULL;
}

/* What is behind "store ". */
static bool read_store(struct manifest *m, const char *line)
{
	struct manifest_entry *e = &m->stores[m->n];
	char file[64];

	if (m->n == STORES_MAX)
		return false;
	take_word(&line, file, sizeof file);
	e->place = place_of(file);
	if (e->place == NULL || manifest_find(m, e->place) != NULL)
		return false;
	if (!take_number(&line, &e->schema) || !take_number(&line, &e->bytes) || !take_digest(&line, e->digest) || *line != '\0')
		return false;
	m->n++;
	return true;
}

/* The next line without its newline. */
static bool next_line(FILE *in, char *line, int size)
{
	size_t len;

	if (fgets(line, size, in) == NULL)
		return false;
	len = strcspn(line, "\n");
	if (line[len] != '\n')
		return false;
	line[len] = '\0';
	return true;
}

/* What stands behind that word and a blank; NULL where the line begins otherwise. */
static const char *behind(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static bool read_word(FILE *in, const char *word, char *out, size_t size)
{
	char line[256];
	const char *value = next_line(in, line, sizeof line) ? behind(line, word) : NULL;

	if (value != NULL)
		snprintf(out, size, "%s", value);
	return value != NULL && *value != '\0';
}

static bool parse(struct manifest *m, FILE *in)
{
	char line[256];
	const char *store;

	if (!next_line(in, line, sizeof line) || strcmp(line, HEAD) != 0)
		return false;
	if (!read_word(in, "version", m->version, sizeof m->version) || !read_word(in, "date", m->date, sizeof m->date))
		return false;
	while (next_line(in, line, sizeof line)) {
		if (strcmp(line, "end") == 0)
			return m->n > 0 && fgetc(in) == EOF;
		store = behind(line, "store");
		if (store == NULL || !read_store(m, store))
			return false;
	}
	return false;
}

int manifest_read(struct manifest *m, const char *folder)
{
	char path[PATH_MAX];
	FILE *in;
	bool good;

	*m = (struct manifest){.n = 0};
	snprintf(path, sizeof path, "%s/" NAME, folder);
	in = fopen(path, "re");
	if (in == NULL)
		return complain(errno == EACCES ? EXIT_NOT_AUTHORISED : EXIT_FAILED, "%s: %s", path, strerror(errno));
	good = parse(m, in);
	fclose(in);
	return good ? EXIT_OK : complain(EXIT_FAILED, "%s is no manifest of a backup that this version understands", path);
}

/* ---- using it ------------------------------------------------------------------------------------ */

const struct manifest_entry *manifest_find(const struct manifest *m, const struct store_place *place)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->stores[i].place == place)
			return &m->stores[i];
	return NULL;
}

int manifest_compare(const struct manifest_entry *entry, int fd, const char *path)
{
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct stat st;

	if (fstat(fd, &st) != 0 || digest_sha256_file(fd, digest) != 0)
		return complain(EXIT_FAILED, "%s cannot be read", path);
	if (st.st_size != entry->bytes || memcmp(digest, entry->digest, sizeof digest) != 0)
		return complain(EXIT_FAILED, "%s is not what was written there: the backup is damaged", path);
	return EXIT_OK;
}

static void add_row(struct result *rows, const struct manifest *m, const struct manifest_entry *e)
{
	struct buf row = BUF_INIT;
	char hex[HEX_SIZE];

	write_hex(e->digest, hex);
	textlist_put(&row, str_of(e->place->file));
	textlist_printf(&row, "%" PRId64, e->schema);
	textlist_printf(&row, "%" PRId64, e->bytes);
	textlist_put(&row, str_of(hex));
	textlist_put(&row, str_of(m->date));
	textlist_put(&row, str_of(m->version));
	result_row(rows, buf_str(&row));
	buf_fini(&row);
}

void manifest_show(const struct manifest *m, const struct call *call)
{
	static const char *const names[] = {"store", "schema", "bytes", "sha256", "date", "version"};
	struct result rows = RESULT_INIT;
	struct buf columns = BUF_INIT;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		textlist_put(&columns, str_of(names[i]));
	result_columns(&rows, buf_str(&columns));
	for (size_t i = 0; i < m->n; i++)
		add_row(&rows, m, &m->stores[i]);
	result_print(call, &rows);
	buf_fini(&columns);
	result_fini(&rows);
}
