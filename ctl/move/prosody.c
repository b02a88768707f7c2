/* The folders and files of prosody's data directory. */
#include "ctl/move/prosody.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "ctl/ctl.h"
#include "ctl/move/whole_file.h"

/* The stores that are read, and how their files' names end. */
static const struct {
	const char *name, *end;
} stores[] = {
	{"accounts", ".dat"}, {"roster", ".dat"}, {"vcard", ".dat"},
	{"private", ".dat"}, {"offline", ".list"}, {"blocklist", ".dat"}, {"pep", ".dat"},
};

enum { STORES = sizeof stores / sizeof stores[0] };

/* false: it would be too long. */
__attribute__((format(printf, 2, 3))) static bool make_path(char path[PATH_MAX], const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, PATH_MAX, fmt, ap);
	va_end(ap);
	return n > 0 && n < PATH_MAX;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "example%2eorg" without its escapes. */
static struct str decode(const char *name, size_t len, char out[NAME_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < NAME_MAX; i++) {
		if (name[i] == '%' && i + 2 < len && isxdigit((unsigned char)name[i + 1]) &&
			isxdigit((unsigned char)name[i + 2])) {
			out[n++] = (char)strtoul((char[]){name[i + 1], name[i + 2], '\0'}, NULL, 16);
			i += 2;
		} else {
			out[n++] = name[i];
		}
	}
	return str_make(out, n);
}

static bool is_host(const char *path, const char *name)
{
	char folder[PATH_MAX];
	bool found = false;

	for (size_t i = 0; i < STORES && name[0] != '.' && !found; i++) {
		found = make_path(folder, "%s/%s/%s", path, name, stores[i].name) && is_folder(folder);
	}
	return found;
}

/* ---- one account ---------------------------------------------------------------------------------------- */

/* false: there is no such file, or it cannot be read: then the account is refused. */
static bool read_file(struct moved *m, const char *path, struct buf *out)
{
	int rc = whole_file(path, LUA_FILE_MAX, out);

	if (rc != 0 && rc != -ENOENT)
		moved_refuse(m, "%s: %s", path, bh_strerror(rc));
	return rc == 0;
}

/* NULL where the file is not there, or cannot be read. */
static struct lua_data *parse_file(struct moved *m, const char *path)
{
	struct buf text = BUF_INIT;
	struct lua_data *data = NULL;
	unsigned line;

	if (read_file(m, path, &text) && lua_data_parse(buf_str(&text), &data, &line) != 0)
		moved_refuse(m, "%s:%u: that is no data of prosody", path, line);
	buf_fini_secret(&text);
	return data;
}

static void take_file(struct moved *m, size_t store, const char *path)
{
	struct lua_data *data = parse_file(m, path);

	if (data != NULL)
		prosody_take(m, stores[store].name, lua_data_values(data));
	lua_data_free(&data);
}

struct host {
	const char *path; /* of its folder */
	struct str domain;
	const struct moved_taker *taker;
};

static void take_nodes(struct moved *m, const struct host *h, struct str encoded)
{
	struct lua_data *data[PROSODY_NODES] = {0};
	struct prosody_pep pep = {{0}};
	char path[PATH_MAX];

	for (size_t i = 0; i < PROSODY_NODES; i++) {
		if (make_path(path, "%s/%s/%.*s.list", h->path, prosody_nodes[i].folder, STR_FMT(encoded)))
			data[i] = parse_file(m, path);
		pep.items[i] = data[i] != NULL ? lua_data_values(data[i]) : NULL;
	}
	prosody_take_pep(m, &pep);
	for (size_t i = 0; i < PROSODY_NODES; i++)
		lua_data_free(&data[i]);
}

static int read_account(const struct host *h, struct str encoded)
{
	char name[NAME_MAX + 1], path[PATH_MAX];
	struct moved m;
	int rc;

	moved_init(&m, decode(encoded.p, encoded.len, name), h->domain);
	for (size_t i = 0; i < STORES; i++)
		if (make_path(path, "%s/%s/%.*s%s", h->path, stores[i].name, STR_FMT(encoded), stores[i].end))
			take_file(&m, i, path);
	take_nodes(&m, h, encoded);
	moved_end(&m);
	rc = h->taker->take(h->taker->arg, &m);
	moved_fini(&m);
	return rc;
}

/* ---- all of a host ----------------------------------------------------------------------------------------- */

/* Is there a file of that name in a store before this one?  Then the account has been read. */
static bool seen_before(const struct host *h, size_t store, struct str encoded)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < store; i++)
		if (make_path(path, "%s/%s/%.*s%s", h->path, stores[i].name, STR_FMT(encoded), stores[i].end) &&
			access(path, F_OK) == 0)
			return true;
	return false;
}

static int read_store(const struct host *h, size_t store)
{
	char folder[PATH_MAX];
	struct dirent **names;
	int rc = EXIT_OK, n;

	if (!make_path(folder, "%s/%s", h->path, stores[store].name))
		return EXIT_OK;
	n = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name, *end = strrchr(name, '.');
		struct str encoded = str_make(name, end != NULL ? (size_t)(end - name) : 0);

		if (rc == EXIT_OK && encoded.len > 0 && strcmp(end, stores[store].end) == 0 &&
			!seen_before(h, store, encoded))
			rc = read_account(h, encoded);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return rc;
}

static int read_host(const char *path, const char *name, const struct moved_taker *taker)
{
	char folder[PATH_MAX], domain[NAME_MAX + 1];
	struct host h = {.path = folder, .domain = decode(name, strlen(name), domain), .taker = taker};
	int rc = EXIT_OK;

	if (!make_path(folder, "%s/%s", path, name))
		return complain(EXIT_FAILED, "%s: too long a path", path);
	for (size_t i = 0; i < STORES && rc == EXIT_OK; i++)
		rc = read_store(&h, i);
	return rc;
}

bool prosody_is(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	bool found = false;

	for (int i = 0; i < n; i++) {
		found = found || is_host(path, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}

int prosody_read(const char *path, const struct moved_taker *taker)
{
	struct dirent **names;
	int rc = EXIT_OK, n = scandir(path, &names, NULL, alphasort), hosts = 0;

	if (n < 0)
		return complain(EXIT_FAILED, "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == EXIT_OK && is_host(path, names[i]->d_name)) {
			hosts++;
			rc = read_host(path, names[i]->d_name, taker);
		}
		free(names[i]);
	}
	free(names);
	return hosts > 0 ? rc : complain(EXIT_FAILED, "%s: there is no host of prosody in it", path);
}
