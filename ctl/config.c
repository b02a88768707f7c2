/* config get, config dump: the settings as the file has them, with the defaults that count beside it. */
#include <stdio.h>
#include <string.h>

#include "base/edit.h"
#include "bus/textlist.h"
#include "conf/conf.h"
#include "ctl/ctl.h"
#include "ctl/result.h"

/* A domain's name, and what stands around it. */
enum { NAME_SIZE = 2048, FAR = 4 };

struct showing {
	char wanted[NAME_SIZE]; /* "c2sd.listen", "domain.example.org"; "" for everything */
	bool whole;		/* sections; else single settings */
	const char *instance;	/* for look_at_own() */
	bool known;
	struct result rows;
	unsigned far;
	char near[NAME_SIZE]; /* what may have been meant; "" for nothing */
};

/* Names are written with quotes and without, with a blank before the title or a dot. */
static void normalise(char *name)
{
	char *to = name;

	for (; *name != '\0'; name++) {
		if (*name == '"')
			continue;
		*to = *name;
		if (*to == ' ')
			*to = '.';
		to++;
	}
	*to = '\0';
}

/* ---- the rows ------------------------------------------------------------------------------------- */

static void add_row(struct showing *w, const struct conf_setting *s)
{
	const char *outer = strcmp(s->section, "global") == 0 ? "" : s->section;
	struct buf row = BUF_INIT;

	if (s->title != NULL)
		textlist_printf(&row, "%s \"%s\".%s", s->section, s->title, s->name);
	else
		textlist_printf(&row, "%s%s%s", outer, *outer != '\0' ? "." : "", s->name);
	textlist_put(&row, str_of(s->value));
	textlist_put(&row, str_of(s->is_default ? "yes" : "no"));
	result_row(&w->rows, buf_str(&row));
	buf_fini(&row);
}

/* One name under which the setting, or its section, can be asked for.  true: it was asked for. */
static bool is_wanted(struct showing *w, const char *section, const char *title, const char *name)
{
	bool outermost = !w->whole && strcmp(section, "global") == 0;
	char full[NAME_SIZE];
	const char *parts[] = {outermost ? NULL : section, title, w->whole ? NULL : name};
	unsigned far;
	size_t len = 0;

	full[0] = '\0';
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (parts[i] != NULL && len < sizeof full)
			len += (size_t)snprintf(full + len, sizeof full - len, "%s%s", len > 0 ? "." : "", parts[i]);
	normalise(full);
	/* Who left the section out may still mean its setting. */
	far = edit_distance(w->wanted, !w->whole && strchr(w->wanted, '.') == NULL ? name : full);
	if (far < w->far) {
		w->far = far;
		memcpy(w->near, full, sizeof full);
	}
	return strcmp(full, w->wanted) == 0;
}

static void look(void *arg, const struct conf_setting *s)
{
	struct showing *w = arg;
	bool wanted = (w->whole && w->wanted[0] == '\0') || is_wanted(w, s->section, NULL, s->name) ||
		(s->title != NULL && is_wanted(w, s->section, s->title, s->name));

	if (wanted)
		add_row(w, s);
	w->known = w->known || wanted;
}

/* Of all that an instance's configuration has, the settings of its daemon are its own. */
static void look_at_own(void *arg, const struct conf_setting *s)
{
	const struct showing *w = arg;
	struct conf_setting own = *s;
	size_t len = strcspn(w->instance, "@");

	own.section = "instance";
	own.title = w->instance;
	if (strlen(s->section) == len && strncmp(w->instance, s->section, len) == 0)
		look(arg, &own);
}

/* A single setting may be asked for in any case; of the whole, what is not as its daemon has it is shown. */
static void look_at_instance(struct showing *w, const struct ctl *ctl, const struct conf *conf, const char *name)
{
	char what[512];
	struct conf *own;

	if (conf_load(ctl->conf_path, name, &own, what, sizeof what) != 0)
		return; /* the file has changed a moment ago */
	w->instance = name;
	conf_each_setting(own, w->whole ? conf : NULL, look_at_own, w);
	conf_free(&own);
}

/* A section that there could be, and is not in the file, is no mistake. */
static void look_at_names(struct showing *w)
{
	const char *section, *name;

	for (size_t i = 0; conf_setting_known(i, &section, &name); i++)
		w->known = is_wanted(w, section, NULL, name) || w->known;
	if (w->whole)
		w->known = is_wanted(w, "instance", NULL, NULL) || w->known;
}

/* ---- the commands --------------------------------------------------------------------------------- */

static int complain_unknown(const struct showing *w, const char *written)
{
	const char *kind = w->whole ? "section" : "setting";

	if (w->far < FAR && (size_t)w->far < strlen(w->wanted))
		return complain(EXIT_USAGE, "unknown %s '%s'. Did you mean '%s'?", kind, written, w->near);
	return complain(EXIT_USAGE, "unknown %s '%s'; see bulkheadctl config dump", kind, written);
}

static void begin(struct showing *w)
{
	static const char *const names[] = {"setting", "value", "default"};
	struct buf columns = BUF_INIT;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		textlist_put(&columns, str_of(names[i]));
	result_columns(&w->rows, buf_str(&columns));
	buf_fini(&columns);
	w->far = EDIT_LENGTH_MAX;
	normalise(w->wanted);
}

static int show(const struct call *call, struct showing *w)
{
	struct conf *conf = NULL;
	int rc = load_conf(call->ctl, &conf);

	if (rc != EXIT_OK)
		return rc;
	begin(w);
	conf_each_setting(conf, NULL, look, w);
	for (size_t i = 0; i < conf_instances(conf); i++)
		look_at_instance(w, call->ctl, conf, conf_instance_name(conf, i));
	look_at_names(w);
	if (w->known)
		result_print(call, &w->rows);
	else
		rc = complain_unknown(w, call->argv[0]);
	result_fini(&w->rows);
	conf_free(&conf);
	return rc;
}

int run_config_get(const struct call *call)
{
	struct showing w = {.whole = false};

	snprintf(w.wanted, sizeof w.wanted, "%s", call->argv[0]);
	return show(call, &w);
}

int run_config_dump(const struct call *call)
{
	struct showing w = {.whole = true, .known = call->argc == 0};

	if (call->argc > 0)
		snprintf(w.wanted, sizeof w.wanted, "%s%s%s", call->argv[0], call->argc > 1 ? "." : "",
			call->argc > 1 ? call->argv[1] : "");
	return show(call, &w);
}
