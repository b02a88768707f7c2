/* The records of a dump stand by table: they are gathered by account, then each account is taken. */
#include "ctl/move/ejabberd.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"
#include "base/ptrs.h"
#include "ctl/ctl.h"
#include "ctl/move/erl_scan.h"
#include "ctl/move/pie.h"
#include "ctl/move/whole_file.h"

#define DUMP_MAX ((size_t)1 << 30)
#define DUMP_BEGIN "{tables,"
#define BACKUP_BEGIN "\1\2\3\4" /* of Erlang's disk_log */

struct record {
	struct str term; /* in the dump */
	int64_t time;
};

struct owner {
	struct map_node node;
	char *name; /* "user@domain" */
	size_t local; /* its length */
	struct buf records; /* struct record */
};

struct dump {
	const char *path;
	struct buf text;
	struct map owners; /* struct owner */
};

/* ---- what it is ----------------------------------------------------------------------------------------- */

enum kind { KIND_OTHER, KIND_DUMP, KIND_BACKUP, KIND_DATABASE };

static enum kind kind_of(const char *path)
{
	char name[PATH_MAX], begin[sizeof DUMP_BEGIN] = "";
	struct stat st;
	FILE *file;

	snprintf(name, sizeof name, "%s/schema.DAT", path);
	if (access(name, F_OK) == 0)
		return KIND_DATABASE;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || (file = fopen(path, "re")) == NULL)
		return KIND_OTHER;
	begin[fread(begin, 1, sizeof begin - 1, file)] = '\0';
	fclose(file);
	if (strncmp(begin, BACKUP_BEGIN, strlen(BACKUP_BEGIN)) == 0)
		return KIND_BACKUP;
	return strcmp(begin, DUMP_BEGIN) == 0 ? KIND_DUMP : KIND_OTHER;
}

bool ejabberd_is(const char *path)
{
	return kind_of(path) != KIND_OTHER;
}

/* ---- gathering -------------------------------------------------------------------------------------------- */

/* Where in the file that is. */
static unsigned line_of(const struct dump *d, const char *at)
{
	unsigned line = 1;

	for (const char *p = (const char *)d->text.data; p < at; p++)
		line += *p == '\n';
	return line;
}

static struct owner *owner_of(struct dump *d, const struct ejabberd_owner *who)
{
	struct buf name = BUF_INIT;
	struct map_node *n;
	struct owner *o = NULL;

	buf_printf(&name, "%.*s@%.*s", STR_FMT(who->local), STR_FMT(who->domain));
	n = buf_failed(&name) ? NULL : map_find(&d->owners, name.data, name.len);
	if (n != NULL) {
		o = container_of(n, struct owner, node);
	} else if (!buf_failed(&name)) {
		o = bh_alloc(sizeof *o);
		o->name = bh_strndup((const char *)name.data, name.len);
		o->local = who->local.len;
		if (map_add(&d->owners, &o->node, o->name, strlen(o->name)) != 0) {
			free(o->name);
			free(o);
			o = NULL;
		}
	}
	buf_fini(&name);
	return o;
}

static int add_record(struct dump *d, struct str term, const struct erl_value *value)
{
	struct ejabberd_owner who;
	struct owner *o;

	if (!ejabberd_owner(value, &who))
		return 0;
	o = owner_of(d, &who);
	if (o == NULL)
		return BH_ENOMEM;
	buf_put(&o->records, &(struct record){term, who.time}, sizeof(struct record));
	return buf_failed(&o->records) ? BH_ENOMEM : 0;
}

static int gather_record(struct dump *d, struct str term)
{
	struct erl_term *parsed = NULL;
	int rc = erl_parse(term, &parsed);

	if (rc == 0)
		rc = add_record(d, term, erl_root(parsed));
	erl_free(&parsed);
	return rc;
}

static int broken(const struct dump *d, const char *at, int rc)
{
	return complain(EXIT_FAILED, "%s:%u: %s", d->path, line_of(d, at),
		rc == BH_EPROTO ? "that is no dump of ejabberd, or it was cut off" : bh_strerror(rc));
}

static int gather(struct dump *d)
{
	struct str rest = buf_str(&d->text), term;
	int rc;

	while ((rc = erl_next(&rest, &term)) == 1) {
		rc = ejabberd_has_table(erl_tag(term)) ? gather_record(d, term) : 0;
		if (rc != 0)
			return broken(d, term.p, rc);
	}
	return rc == 0 ? EXIT_OK : broken(d, rest.p, rc);
}

/* ---- handing over ------------------------------------------------------------------------------------------ */

/* Messages as they came. */
static int compare_records(const void *a, const void *b)
{
	const struct record *one = a, *two = b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	return one->term.p < two->term.p ? -1 : one->term.p > two->term.p;
}

static void take_record(struct moved *m, struct str term)
{
	struct erl_term *parsed = NULL;
	int rc = erl_parse(term, &parsed);

	if (rc == 0)
		ejabberd_take(m, erl_root(parsed));
	else
		moved_refuse(m, "%s", bh_strerror(rc)); /* of memory: it was parsed before */
	erl_free(&parsed);
}

static int take_owner(struct owner *o, const struct moved_taker *taker)
{
	struct record *records = (void *)o->records.data;
	size_t n = o->records.len / sizeof *records;
	struct moved m;
	int rc;

	qsort(records, n, sizeof *records, compare_records);
	moved_init(&m, str_make(o->name, o->local), str_of(o->name + o->local + 1));
	for (size_t i = 0; i < n; i++)
		take_record(&m, records[i].term);
	moved_end(&m);
	rc = taker->take(taker->arg, &m);
	moved_fini(&m);
	return rc;
}

static int compare_owners(const void *a, const void *b)
{
	const struct owner *one = *(struct owner *const *)a, *two = *(struct owner *const *)b;
	int domains = strcmp(one->name + one->local, two->name + two->local);

	return domains != 0 ? domains : strcmp(one->name, two->name);
}

static int hand_over(struct dump *d, const struct moved_taker *taker)
{
	struct ptrs owners = {0};
	struct map_walk walk;
	struct map_node *n;
	int rc = EXIT_OK;

	map_walk_start(&walk, &d->owners);
	while ((n = map_walk_next(&walk)) != NULL)
		ptrs_add(&owners, container_of(n, struct owner, node));
	if (owners.n == 0)
		return complain(EXIT_FAILED, "%s: there is no account in it", d->path);
	qsort(owners.of, owners.n, sizeof owners.of[0], compare_owners);
	for (uint32_t i = 0; i < owners.n && rc == EXIT_OK; i++)
		rc = take_owner(owners.of[i], taker);
	ptrs_fini(&owners);
	return rc;
}

static void drop_owners(struct dump *d)
{
	struct map_walk walk;
	struct map_node *n;

	map_walk_start(&walk, &d->owners);
	while ((n = map_walk_next(&walk)) != NULL) {
		struct owner *o = container_of(n, struct owner, node);

		map_remove(&d->owners, n);
		buf_fini(&o->records);
		free(o->name);
		free(o);
	}
	map_fini(&d->owners);
}

static int read_dump(const char *path, const struct moved_taker *taker)
{
	struct dump d = {.path = path, .owners = MAP_INIT};
	int rc = whole_file(path, DUMP_MAX, &d.text);

	if (rc != 0)
		return complain(EXIT_FAILED, "%s: %s", path, bh_strerror(rc));
	rc = gather(&d);
	if (rc == EXIT_OK)
		rc = hand_over(&d, taker);
	drop_owners(&d);
	buf_fini_secret(&d.text);
	return rc;
}

int ejabberd_read(const char *path, const struct moved_taker *taker)
{
	static const char *const names[] = {[KIND_BACKUP] = "a backup", [KIND_DATABASE] = "the database"};
	enum kind kind = kind_of(path);

	if (kind == KIND_DUMP)
		return read_dump(path, taker);
	if (kind == KIND_OTHER)
		return pie_read(path, taker);
	return complain(EXIT_FAILED, "%s: that is %s of ejabberd, which only Erlang can read; import what this writes: "
		"ejabberdctl dump FILE", path, names[kind]);
}
