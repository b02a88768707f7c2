/* What can follow on a command line, for shells (etc/completion): a candidate a line. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bus/textlist.h"
#include "conf/conf.h"
#include "ctl/clean.h"
#include "ctl/query.h"

/* The words before the one that is being written, without options. */
struct line {
	struct ctl ctl;
	char path[PATH_MAX];
	const char *unfinished;
	char *words[64];
	int n;
	enum command_option pending; /* an option that waits for its value; OPTIONS: none does */
	bool wants_path;	     /* of -c or -d */
};

static void offer(const struct line *l, struct str candidate)
{
	size_t len = strlen(l->unfinished);

	if (candidate.len < len || memcmp(candidate.p, l->unfinished, len) != 0)
		return;
	clean_put(stdout, candidate);
	putchar('\n');
}

/* ---- where candidates are ------------------------------------------------------------------------ */

/* A column of what routerd answers; nothing while it is not there. */
static void offer_column(const struct line *l, const char *verb, unsigned column)
{
	struct str rows, row;
	struct query q;

	if (query_ask(&l->ctl, verb, STR_NONE, &q) == EXIT_OK)
		for (rows = buf_str(&q.result.rows); textlist_take(&rows, &row);)
			offer(l, result_value(row, column));
	result_fini(&q.result);
}

static void offer_conf(const struct line *l, size_t (*count)(const struct conf *conf),
	const char *(*name)(const struct conf *conf, size_t i))
{
	struct conf *conf = NULL;

	if (load_conf(&l->ctl, &conf) != EXIT_OK)
		return;
	for (size_t i = 0; i < count(conf); i++)
		offer(l, str_of(name(conf, i)));
	conf_free(&conf);
}

static void accounts(const struct line *l)
{
	offer_column(l, "user.list", 0);
}

static void sessions(const struct line *l)
{
	offer_column(l, "session.list", 0);
}

static void addresses(const struct line *l)
{
	offer_column(l, "queue.list", 1);
}

static void domains(const struct line *l)
{
	offer_conf(l, conf_domains, conf_domain_name);
}

static void remotes(const struct line *l)
{
	offer_column(l, "s2s.list", 1);
}

static void instances(const struct line *l)
{
	offer_column(l, "status", 1);
}

static void directories(const struct line *l)
{
	offer_conf(l, conf_directories, conf_directory_name);
}

static void levels(const struct line *l)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		offer(l, str_of(names[i]));
}

/* The first words of all commands, or the second ones of those that begin so. */
static void command_words(const struct line *l)
{
	const char *first = l->n > 0 ? l->words[l->n - 1] : NULL;
	struct str last = STR_NONE;

	for (const struct command *c = commands; c->name != NULL; c++) {
		size_t len = strcspn(c->name, " ");
		struct str word = str_make(c->name, len);

		if (c->hidden || (first != NULL && (!str_is(word, first) || c->name[len] == '\0')))
			continue;
		if (first != NULL)
			word = str_of(c->name + len + 1);
		/* Commands of one first word stand together. */
		if (last.p == NULL || !str_eq(word, last))
			offer(l, word);
		last = word;
	}
}

static void checks(const struct line *l)
{
	const char *name;

	for (size_t i = 0; (name = check_name(i)) != NULL; i++)
		offer(l, str_of(name));
}

/* "log_level", "c2sd.listen", "domain.key". */
static void setting_names(const struct line *l)
{
	const char *section, *name;
	char text[96];

	for (size_t i = 0; conf_setting_known(i, &section, &name); i++) {
		snprintf(text, sizeof text, "%s.%s", section, name);
		offer(l, str_of(strcmp(section, "global") == 0 ? name : text));
	}
}

/* Settings of one section stand together. */
static void section_names(const struct line *l)
{
	const char *section, *name, *before = "";

	for (size_t i = 0; conf_setting_known(i, &section, &name); i++) {
		if (strcmp(section, before) != 0)
			offer(l, str_of(section));
		before = section;
	}
	offer(l, STR_LIT("instance"));
}

static void (*const sources[])(const struct line *l) = {
	[ARG_ACCOUNT] = accounts,
	[ARG_SESSION] = sessions,
	[ARG_ADDRESS] = addresses,
	[ARG_DOMAIN] = domains,
	[ARG_REMOTE] = remotes,
	[ARG_INSTANCE] = instances,
	[ARG_LEVEL] = levels,
	[ARG_DIRECTORY] = directories,
	[ARG_COMMAND] = command_words,
	[ARG_CHECK] = checks,
	[ARG_SETTING] = setting_names,
	[ARG_SECTION] = section_names,
	[ARG_WORDS] = NULL,
};

static void offer_argument(const struct line *l, enum argument kind)
{
	if (sources[kind] != NULL)
		sources[kind](l);
}

/* ---- the line ------------------------------------------------------------------------------------- */

static void take_option(struct line *l, const char *word)
{
	if (strcmp(word, "-d") == 0 || strcmp(word, "--dir") == 0 || strcmp(word, "-c") == 0 || strcmp(word, "--conf") == 0)
		l->wants_path = true;
	if (strcmp(word, "--read-only") == 0)
		l->ctl.read_only = true;
	for (int i = 0; i < OPTIONS; i++)
		if (strcmp(word, options_info[i].name) == 0 && options_info[i].has_value)
			l->pending = i;
}

static void take_path(struct line *l, const char *option, const char *word)
{
	bool folder = option[strspn(option, "-")] == 'd';

	snprintf(l->path, sizeof l->path, "%s%s", word, folder ? "/bulkhead.conf" : "");
	l->ctl.conf_path = l->path;
	l->wants_path = false;
}

static void take_words(struct line *l, int argc, char **argv)
{
	for (int i = 0; i + 1 < argc; i++) {
		if (l->wants_path)
			take_path(l, argv[i - 1], argv[i]);
		else if (l->pending != OPTIONS)
			l->pending = OPTIONS;
		else if (argv[i][0] == '-' && argv[i][1] != '\0')
			take_option(l, argv[i]);
		else if (l->n < (int)(sizeof l->words / sizeof l->words[0]))
			l->words[l->n++] = argv[i];
	}
}

static void offer_options(const struct line *l, const struct command *c)
{
	static const char *const general[] = {"--conf", "--dir", "--help", "--json", "--quiet", "--read-only", "--version"};

	for (size_t i = 0; i < sizeof general / sizeof general[0]; i++)
		offer(l, str_of(general[i]));
	for (int i = 0; i < OPTIONS; i++)
		if (c != NULL && (c->options & TAKES(i)) != 0)
			offer(l, str_of(options_info[i].name));
}

static void offer_next(struct line *l)
{
	int words = 0;
	const struct command *c = command_find(l->n, l->words, &words);
	int at = l->n - words;

	if (l->unfinished[0] == '-') {
		offer_options(l, c);
	} else if (c == NULL) {
		command_words(l);
	} else if (c->takes[0] == ARG_COMMAND) {
		l->n = at;
		memmove(l->words, l->words + words, (size_t)at * sizeof l->words[0]);
		command_words(l);
	} else if (at < (int)(sizeof c->takes / sizeof c->takes[0])) {
		offer_argument(l, c->takes[at]);
	}
}

/* It never fails, and complains of nothing: somebody is typing. */
int run_complete(const struct call *call)
{
	struct line l = {.ctl = *call->ctl, .pending = OPTIONS};

	if (call->argc == 0)
		return EXIT_OK;
	l.unfinished = call->argv[call->argc - 1];
	complain_silently(true);
	take_words(&l, call->argc, call->argv);
	if (l.wants_path)
		return EXIT_OK;
	if (l.pending != OPTIONS)
		offer_argument(&l, options_info[l.pending].takes);
	else
		offer_next(&l);
	return EXIT_OK;
}
