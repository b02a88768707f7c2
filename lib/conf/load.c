/*
 * Reading the file, by libconfuse.
 *
 * All of libconfuse's options are texts; what a text may be is checked by our table as soon as it
 * is read, so that errors name the line.  libconfuse's callbacks take no argument of ours: while a
 * file is loaded, `loading` is it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "conf/load.h"

/* Set at the end of the text: where it is not, or not outermost, a brace or a quote is open.
 * Nobody can type it. */
#define SENTINEL "\001end"

static struct loader *loading;

void loader_fail(struct loader *l, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (l->failed)
		return; /* the first is what matters */
	l->failed = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(l->what, l->size, "%s:%d: %s", l->path, line, text);
}

int loader_last_line(int line)
{
	return line > 1 ? line - 1 : 1;
}

const struct setting_section *loader_daemon_of(const char *title)
{
	char name[TITLE_MAX];
	const struct setting_section *s;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(title, "@"), title);
	s = setting_section(name);
	return s != NULL && s->daemon ? s : NULL;
}

const char *loader_table_section(cfg_t *cfg)
{
	const struct setting_section *daemon;

	if (strcmp(cfg_name(cfg), "root") == 0)
		return "global";
	if (strcmp(cfg_name(cfg), "instance") != 0)
		return cfg_name(cfg);
	daemon = loader_daemon_of(cfg_title(cfg));
	return daemon != NULL ? daemon->name : "";
}

/* ---- libconfuse's complaints, in our words ---------------------------------------------- */

static void fail_unknown(cfg_t *cfg, const char *name)
{
	char guess[96];

	if (strcmp(name, SENTINEL) == 0)
		loader_fail(loading, loader_last_line(cfg->line),
			"the section %s is not closed: '}' is missing", cfg_name(cfg));
	else if (setting_guess(loader_table_section(cfg), name, guess, sizeof guess))
		loader_fail(loading, cfg->line, "unknown setting '%s', did you mean '%s'?", name, guess);
	else
		loader_fail(loading, cfg->line, "unknown setting '%s'", name);
}

static void fail_duplicate(cfg_t *cfg, const char *title)
{
	const char *section = loader_daemon_of(title) != NULL ? "instance" :
		cfg_gettsec(cfg, "component", title) != NULL ? "component" :
		cfg_gettsec(cfg, "directory", title) != NULL ? "directory" :
		cfg_gettsec(cfg, "group", title) != NULL ? "group" : "domain";

	loader_fail(loading, cfg->line, "duplicate %s \"%s\"", section, title);
}

static void fail_untitled(cfg_t *cfg, const char *section)
{
	loader_fail(loading, cfg->line, "%s needs a name, as in %s \"%s\" { ... }", section, section,
		setting_section(section)->title);
}

static const struct {
	const char *begins;
	void (*say)(cfg_t *cfg, const char *quoted);
} complaints[] = {
	{"no such option '", fail_unknown},
	{"found duplicate title '", fail_duplicate},
	{"missing title for section '", fail_untitled},
};

__attribute__((format(printf, 2, 0)))
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[256];

	vsnprintf(text, sizeof text, fmt, ap);
	for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
		size_t n = strlen(complaints[i].begins), len = strlen(text);

		if (strncmp(text, complaints[i].begins, n) != 0)
			continue;
		if (text[len - 1] == '\'')
			text[len - 1] = '\0';
		complaints[i].say(cfg, text + n);
		return;
	}
	loader_fail(loading, cfg->line, "%s", text);
}

/* ---- values ------------------------------------------------------------------------------ */

static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	const struct setting *s = setting_find(loader_table_section(cfg), opt->name);
	struct value scratch = {0};
	char what[256];
	bool ok;

	if (strcmp(text, SENTINEL) == 0) {
		loader_fail(loading, loader_last_line(cfg->line), "%s has no value", opt->name);
		return -1;
	}
	if (s == NULL) { /* an instance's section has the options of all daemons */
		fail_unknown(cfg, opt->name);
		return -1;
	}
	if (s->effect == SETTING_SUITE && strcmp(cfg_name(cfg), "instance") == 0) {
		loader_fail(loading, cfg->line, "%s is not a setting of one instance", s->name);
		return -1;
	}
	ok = value_set(&scratch, s, text, what, sizeof what);
	value_fini(&scratch);
	if (!ok) {
		loader_fail(loading, cfg->line, "%s", what);
		return -1;
	}
	loading->lines[s - settings] = cfg->line;
	*(const char **)result = text;
	return 0;
}

static int on_end(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
	(void)cfg, (void)opt;
	loading->ended = true;
	*(const char **)result = text;
	return 0;
}

/* ---- the options ------------------------------------------------------------------------- */

static cfg_opt_t option(const struct setting *s)
{
	cfg_opt_t text = CFG_STR_CB(NULL, NULL, CFGF_NODEFAULT, on_value);
	cfg_opt_t list = CFG_STR_LIST_CB(NULL, NULL, CFGF_NODEFAULT, on_value);
	cfg_opt_t opt = s->type == SETTING_LIST ? list : text;

	opt.name = s->name;
	return opt;
}

static bool belongs(const struct setting *s, const char *section)
{
	const struct setting_section *of = setting_section(s->section);

	if (strcmp(section, "instance") == 0)
		return of != NULL && of->daemon;
	return strcmp(s->section, section) == 0;
}

/* Daemons that have a setting of the same name share its option in an instance's section. */
static bool has_option(const cfg_opt_t *opts, size_t n, const struct setting *s)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(opts[i].name, s->name) == 0) {
			BUG_ON(!(opts[i].flags & CFGF_LIST) != (s->type != SETTING_LIST));
			return true;
		}
	return false;
}

/* Room for more than the settings: sections, sentinel and end. */
static size_t add_options(cfg_opt_t *opts, const char *section)
{
	size_t n = 0;

	for (size_t i = 0; i < settings_count; i++)
		if (belongs(&settings[i], section) && !has_option(opts, n, &settings[i]))
			opts[n++] = option(&settings[i]);
	opts[n] = (cfg_opt_t)CFG_END();
	return n;
}

struct options {
	cfg_opt_t *root;
	cfg_opt_t *sections[16];
};

static void make_options(struct options *o)
{
	size_t room = settings_count + setting_sections_count + 2, n;

	o->root = bh_alloc(room * sizeof *o->root);
	n = add_options(o->root, "global");
	BUG_ON(setting_sections_count > sizeof o->sections / sizeof o->sections[0]);
	for (size_t i = 0; i < setting_sections_count; i++) {
		const struct setting_section *s = &setting_sections[i];
		cfg_flag_t titled = s->title != NULL ? CFGF_TITLE | CFGF_NO_TITLE_DUPES : 0;

		o->sections[i] = bh_alloc(room * sizeof *o->root);
		add_options(o->sections[i], s->name);
		o->root[n++] = (cfg_opt_t)CFG_SEC(s->name, o->sections[i], CFGF_MULTI | titled);
	}
	o->root[n++] = (cfg_opt_t)CFG_STR_CB(SENTINEL, NULL, CFGF_NODEFAULT, on_end);
	o->root[n] = (cfg_opt_t)CFG_END();
}

static void free_options(struct options *o)
{
	for (size_t i = 0; i < setting_sections_count; i++)
		free(o->sections[i]);
	free(o->root);
}

/* ---- the file ---------------------------------------------------------------------------- */

static void parse(struct loader *l, const char *text)
{
	struct options options;
	cfg_t *root;

	make_options(&options);
	root = cfg_init(options.root, CFGF_NONE);
	cfg_set_error_function(root, on_error);
	loading = l;
	if (cfg_parse_buf(root, text) != CFG_SUCCESS)
		loader_fail(l, root->line, "this is no configuration");
	if (!l->ended)
		loader_fail(l, loader_last_line(root->line - 1),
			"the file ends within a text or a comment");
	if (!l->failed)
		loader_take(l, root);
	loading = NULL;
	cfg_free(root);
	free_options(&options);
}

/* A copy with its end marked, and a NUL behind it. */
static int mark_end(struct loader *l, struct str from, struct buf *text)
{
	if (from.len > 0 && memchr(from.p, '\0', from.len) != NULL) {
		snprintf(l->what, l->size, "%s:1: this is no text", l->path);
		return BH_ECONFIG;
	}
	buf_put_str(text, from);
	if (from.len > 0 && from.p[from.len - 1] != '\n')
		buf_put_byte(text, '\n');
	buf_put(text, SENTINEL "=1\n", sizeof SENTINEL "=1\n");
	return buf_failed(text) ? BH_ENOMEM : 0;
}

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *cwd, *folder;

	if (path[0] == '/')
		return slash == path ? bh_strdup("/") : bh_strndup(path, (size_t)(slash - path));
	cwd = getcwd(NULL, 0);
	if (cwd == NULL || slash == NULL)
		return cwd != NULL ? cwd : bh_strdup(".");
	folder = bh_alloc(strlen(cwd) + (size_t)(slash - path) + 2);
	sprintf(folder, "%s/%.*s", cwd, (int)(slash - path), path);
	free(cwd);
	return folder;
}

static struct conf *conf_create(const char *path)
{
	struct conf *conf = bh_alloc(sizeof *conf);

	conf->folder = folder_of(path);
	conf->values = bh_alloc(settings_count * sizeof *conf->values);
	return conf;
}

int conf_parse(const struct conf_source *from, struct conf **out, char *what, size_t what_size)
{
	struct loader l = {.path = from->path, .instance = from->instance, .what = what, .size = what_size};
	struct buf text = BUF_INIT;
	int rc = mark_end(&l, from->text, &text);

	if (rc == 0) {
		l.conf = conf_create(from->path);
		digest_sha256(from->text, l.conf->digest);
		l.lines = bh_alloc(settings_count * sizeof *l.lines);
		for (size_t i = 0; i < settings_count; i++)
			l.lines[i] = 1;
		parse(&l, (const char *)text.data);
		if (l.failed)
			conf_free(&l.conf);
		rc = l.failed ? BH_ECONFIG : 0;
		free(l.lines);
	}
	buf_fini(&text);
	if (rc == 0)
		*out = l.conf;
	return rc;
}

int conf_load(const char *path, const char *instance, struct conf **out, char *what,
	size_t what_size)
{
	struct buf text = BUF_INIT;
	int rc = conf_read_file(path, &text);

	if (rc < 0)
		snprintf(what, what_size, "%s: cannot be read: %s", path, bh_strerror(rc));
	else
		rc = conf_parse(&(struct conf_source){buf_str(&text), path, instance}, out, what, what_size);
	buf_fini(&text);
	return rc;
}
