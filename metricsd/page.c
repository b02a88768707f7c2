/* Families of metrics, one after the other. */
#include "metricsd/page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"

/* ---- words ------------------------------------------------------------------------------ */

static bool ends_with(struct str text, const char *end)
{
	size_t n = strlen(end);

	return text.len >= n && memcmp(text.p + text.len - n, end, n) == 0;
}

static bool is_name(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (!islower((unsigned char)text.p[i]) && !isdigit((unsigned char)text.p[i]) && text.p[i] != '_')
			return false;
	return text.len > 0 && !isdigit((unsigned char)text.p[0]);
}

/* Between quotes: no end of it, and no line's end. */
static bool is_quotable(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == '"')
			return false;
		if (text.p[i] == '\\' && (++i == text.len || (text.p[i] != '"' && text.p[i] != '\\')))
			return false;
	}
	return true;
}

/* {label="value"}, or nothing; not the label that is ours, nor one that is Prometheus' own. */
static bool is_label(struct str text)
{
	const char *equals = text.len > 0 ? memchr(text.p, '=', text.len) : NULL;
	struct str name, value;

	if (text.len == 0)
		return true;
	if (equals == NULL)
		return false;
	name = str_make(text.p + 1, (size_t)(equals - text.p) - 1);
	if (!is_name(name) || str_is(name, "process") || (name.len > 1 && memcmp(name.p, "__", 2) == 0))
		return false;
	value = str_make(equals + 1, (size_t)(text.p + text.len - equals) - 1);
	return value.len >= 3 && value.p[0] == '"' && ends_with(value, "\"}") &&
		is_quotable(str_make(value.p + 1, value.len - 3));
}

static struct str label_of(const struct counted *c)
{
	uint32_t base = counted_base(c).len;

	return str_make(c->name.p + base, c->name.len - base);
}

static bool is_counter(enum counter_kind kind)
{
	return kind == COUNTER || kind == COUNTER_MS;
}

/* What every daemon counts alike is one family for all. */
static bool is_common(struct str base)
{
	static const struct str begins[] = {STR_LIT("process_"), STR_LIT("connection")};

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (base.len >= begins[i].len && memcmp(base.p, begins[i].p, begins[i].len) == 0)
			return true;
	return false;
}

/* A gauge must not look like a counter, whose name ends so. */
static bool is_sound(const struct counted *c)
{
	return is_name(counted_base(c)) && is_label(label_of(c)) && !ends_with(counted_base(c), "_total") &&
		is_quotable(c->about);
}

/* ---- writing ---------------------------------------------------------------------------- */

struct family {
	const char *daemon; /* or NULL */
	struct str name, about;
	bool counter;
};

struct page {
	struct buf *out;
	bool open;
};

static void put_family_name(const struct page *page, const struct family *f)
{
	buf_put_lit(page->out, "bulkhead_");
	if (f->daemon != NULL)
		buf_printf(page->out, "%s_", f->daemon);
	buf_put_str(page->out, f->name);
}

static void put_head_line(const struct page *page, const struct family *f, const char *what, struct str text)
{
	buf_printf(page->out, "# %s ", what);
	put_family_name(page, f);
	/* The older format has the name of the samples here. */
	buf_printf(page->out, "%s %.*s\n", f->counter && !page->open ? "_total" : "", STR_FMT(text));
}

static void put_head(const struct page *page, const struct family *f)
{
	put_head_line(page, f, "HELP", f->about);
	put_head_line(page, f, "TYPE", f->counter ? STR_LIT("counter") : STR_LIT("gauge"));
	if (page->open && ends_with(f->name, "_seconds"))
		put_head_line(page, f, "UNIT", STR_LIT("seconds"));
	if (page->open && ends_with(f->name, "_bytes"))
		put_head_line(page, f, "UNIT", STR_LIT("bytes"));
}

/* name{process="c2sd@1",more */
static void begin_sample(const struct page *page, const struct family *f, const char *process)
{
	put_family_name(page, f);
	buf_printf(page->out, "%s{process=\"%s\"", f->counter ? "_total" : "", process);
}

static void put_value(struct buf *out, const struct counted *c)
{
	uint64_t ms = c->kind == COUNTER_MS ? c->value : counted_wall_ms(c);

	if (c->kind != COUNTER_MS && c->kind != GAUGE_CLOCK)
		buf_printf(out, "%" PRIu64 "\n", c->value);
	else
		buf_printf(out, "%" PRIu64 ".%03u\n", ms / 1000, (unsigned)(ms % 1000));
}

/* ---- what the daemons count ----------------------------------------------------------------- */

struct entry {
	const struct seen *of;
	const struct counted *c;
	unsigned role; /* of the family; 0: of all */
	size_t order;
};

static int compare_texts(struct str a, struct str b)
{
	uint32_t n = a.len < b.len ? a.len : b.len;
	int rc = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return rc != 0 ? rc : (a.len > b.len) - (a.len < b.len);
}

/* By family; in it as they came. */
static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int rc = (x->role > y->role) - (x->role < y->role);

	if (rc == 0)
		rc = compare_texts(counted_base(x->c), counted_base(y->c));
	return rc != 0 ? rc : (x->order > y->order) - (x->order < y->order);
}

static bool same_family(const struct entry *a, const struct entry *b)
{
	return a->role == b->role && str_eq(counted_base(a->c), counted_base(b->c));
}

/* The same of the same daemon, among those of its family. */
static bool is_repeated(const struct entry *first, const struct entry *e)
{
	for (; first < e; first++)
		if (first->of == e->of && str_eq(first->c->name, e->c->name))
			return true;
	return false;
}

static void put_entry(const struct page *page, const struct family *f, const struct entry *e)
{
	struct str label = label_of(e->c);

	begin_sample(page, f, e->of->name);
	if (label.len > 0)
		buf_printf(page->out, ",%.*s", (int)label.len - 2, label.p + 1);
	buf_put_lit(page->out, "} ");
	put_value(page->out, e->c);
}

static const struct entry *put_entries(const struct page *page, const struct entry *first, const struct entry *end)
{
	struct family f = {
		.daemon = bus_role_name(first->role),
		.name = counted_base(first->c),
		.about = first->c->about,
		.counter = is_counter(first->c->kind),
	};
	const struct entry *e = first;

	put_head(page, &f);
	for (; e < end && same_family(first, e); e++)
		if (is_counter(e->c->kind) == f.counter && !is_repeated(first, e))
			put_entry(page, &f, e);
	return e;
}

/* What it has at this moment, it has only while it is there; what it has counted, it has counted. */
static bool is_shown(const struct seen *s, const struct counted *c)
{
	bool there = s->state != INSTANCE_RESTARTING && s->state != INSTANCE_GONE;

	return is_sound(c) && (there || is_counter(c->kind));
}

static size_t gather(const struct picture *p, struct entry *out)
{
	size_t n = 0;

	list_for_each(pos, &p->all) {
		const struct seen *s = container_of(pos, struct seen, link);

		for (size_t i = 0; i < s->ncounters && bus_role_name(s->role) != NULL; i++) {
			const struct counted *c = &s->counters[i];

			if (!is_shown(s, c))
				continue;
			if (out != NULL)
				out[n] = (struct entry){s, c, is_common(counted_base(c)) ? 0 : s->role, n};
			n++;
		}
	}
	return n;
}

static void put_counters(const struct page *page, const struct picture *p)
{
	size_t n = gather(p, NULL);
	struct entry *entries = calloc(n + 1, sizeof *entries);
	const struct entry *e = entries;

	if (entries == NULL)
		return;
	gather(p, entries);
	qsort(entries, n, sizeof *entries, compare);
	while (e < entries + n)
		e = put_entries(page, e, entries + n);
	free(entries);
}

/* ---- what is known of the daemons ------------------------------------------------------------ */

static void put_up(const struct page *page, const struct family *f, const struct seen *s)
{
	begin_sample(page, f, s->name);
	buf_printf(page->out, ",daemon=\"%s\"} %d\n", bus_role_name(s->role),
		s->state == INSTANCE_UP || s->state == INSTANCE_DRAINING);
}

static void put_state(const struct page *page, const struct family *f, const struct seen *s)
{
	const char *name;

	for (unsigned i = 1; (name = picture_state_name(i)) != NULL; i++) {
		begin_sample(page, f, s->name);
		buf_printf(page->out, ",state=\"%s\"} %d\n", name, s->state == i);
	}
}

static void put_deaths(const struct page *page, const struct family *f, const struct seen *s)
{
	begin_sample(page, f, s->name);
	buf_printf(page->out, "} %" PRIu32 "\n", s->deaths);
}

static void put_build(const struct page *page, const struct family *f, const struct seen *s)
{
	if (!is_quotable(str_of(s->software)))
		return;
	begin_sample(page, f, s->name);
	buf_printf(page->out, ",version=\"%s\"} 1\n", s->software);
}

static const struct {
	const char *name, *about;
	bool counter;
	void (*put)(const struct page *page, const struct family *f, const struct seen *s);
} known[] = {
	{"up", "Whether the daemon is there and answers: 1 or 0", false, put_up},
	{"state", "1 for the state that the daemon is in, 0 for the others", false, put_state},
	{"deaths", "How often the daemon has gone without a word", true, put_deaths},
	{"build", "The version of the daemon; always 1", false, put_build},
};

static void put_known(const struct page *page, const struct picture *p)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct family f = {NULL, str_of(known[i].name), str_of(known[i].about), known[i].counter};

		put_head(page, &f);
		list_for_each(pos, &p->all) {
			const struct seen *s = container_of(pos, struct seen, link);

			if (bus_role_name(s->role) != NULL)
				known[i].put(page, &f, s);
		}
	}
}

/* How old all of it is. */
static void put_age(const struct page *page, const struct picture *p)
{
	const struct family f = {NULL, STR_LIT("picture_timestamp_seconds"), STR_LIT("When routerd was last heard"), false};
	const struct counted c = {.kind = GAUGE_CLOCK, .value = p->taken_ms};

	put_head(page, &f);
	put_family_name(page, &f);
	buf_put_lit(page->out, " ");
	put_value(page->out, &c);
}

void page_write(const struct picture *p, bool open, struct buf *out)
{
	const struct page page = {out, open};

	put_known(&page, p);
	put_age(&page, p);
	put_counters(&page, p);
	if (open)
		buf_put_lit(out, "# EOF\n");
}
