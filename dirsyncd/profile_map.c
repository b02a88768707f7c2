/* The DTD as a table, and entries of the setting parsed against it. */
#include "dirsyncd/profile_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "bus/textlist.h"
#include "xmpp/xmlcheck.h"

enum { RULES_MAX = 64, ENTRY_MAX = 512 };

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define TEXT(element) {.name = element, .shape = PROFILE_TEXT}
#define PICTURE(element) {.name = element, .shape = PROFILE_PICTURE}

/* XEP-0054, 8, in its order; what only says how to read the rest (VERSION, CLASS), and AGENT, left out. */
static const struct profile_element elements[] = {
	TEXT("FN"),
	{"N", PROFILE_PARTS, .parts = LIST("FAMILY", "GIVEN", "MIDDLE", "PREFIX", "SUFFIX")},
	TEXT("NICKNAME"),
	PICTURE("PHOTO"),
	TEXT("BDAY"),
	{"ADR", PROFILE_PARTS, .kinds = LIST("HOME", "WORK", "POSTAL", "PARCEL", "DOM", "INTL", "PREF"),
		.parts = LIST("POBOX", "EXTADD", "STREET", "LOCALITY", "REGION", "PCODE", "CTRY")},
	{"LABEL", PROFILE_PARTS, .kinds = LIST("HOME", "WORK", "POSTAL", "PARCEL", "DOM", "INTL", "PREF"),
		.parts = LIST("LINE"), .many = true},
	{"TEL", PROFILE_PARTS, .kinds = LIST("HOME", "WORK", "VOICE", "FAX", "PAGER", "MSG", "CELL", "VIDEO", "BBS", "MODEM",
		"ISDN", "PCS", "PREF"), .parts = LIST("NUMBER"), .each = true},
	{"EMAIL", PROFILE_PARTS, .kinds = LIST("HOME", "WORK", "INTERNET", "PREF", "X400"), .parts = LIST("USERID"),
		.each = true},
	TEXT("JABBERID"),
	TEXT("MAILER"),
	TEXT("TZ"),
	{"GEO", PROFILE_PARTS, .parts = LIST("LAT", "LON")},
	TEXT("TITLE"),
	TEXT("ROLE"),
	PICTURE("LOGO"),
	{"ORG", PROFILE_PARTS, .parts = LIST("ORGNAME", "ORGUNIT"), .many = true},
	{"CATEGORIES", PROFILE_PARTS, .parts = LIST("KEYWORD"), .many = true},
	TEXT("NOTE"),
	TEXT("PRODID"),
	TEXT("REV"),
	TEXT("SORT-STRING"),
	{"SOUND", PROFILE_PARTS, .parts = LIST("PHONETIC")},
	TEXT("UID"),
	{"URL", PROFILE_TEXT, .word = true},
	{"KEY", PROFILE_PARTS, .parts = LIST("TYPE", "CRED")},
	TEXT("DESC"),
};

/* What is usual: inetOrgPerson (RFC 2798), and what Active Directory calls otherwise. */
static const char *const usual[] = {
	"FN=displayName|cn",
	"N/FAMILY=sn",
	"N/GIVEN=givenName",
	"NICKNAME=displayName|cn",
	"PHOTO=jpegPhoto|thumbnailPhoto",
	"ADR/WORK/POBOX=postOfficeBox",
	"ADR/WORK/STREET=street|streetAddress",
	"ADR/WORK/LOCALITY=l",
	"ADR/WORK/REGION=st",
	"ADR/WORK/PCODE=postalCode",
	"ADR/WORK/CTRY=co|c",
	"TEL/WORK/VOICE/NUMBER=telephoneNumber",
	"TEL/CELL/NUMBER=mobile",
	"TEL/HOME/VOICE/NUMBER=homePhone",
	"TEL/WORK/FAX/NUMBER=facsimileTelephoneNumber",
	"TEL/PAGER/NUMBER=pager",
	"EMAIL/INTERNET/USERID=mail",
	"TITLE=title",
	"ROLE=businessCategory",
	"ORG/ORGNAME=o|company",
	"ORG/ORGUNIT=ou|department",
	"URL=labeledURI|wWWHomePage",
	"DESC=description",
};

/* ---- paths --------------------------------------------------------------------------------- */

static int fail(char *what, size_t size, const char *subject, const char *why)
{
	snprintf(what, size, "%.100s %s", subject, why);
	return BH_ECONFIG;
}

/* Its index in the list, or -1. */
static int find(const char *const *list, const char *name)
{
	for (int i = 0; list != NULL && list[i] != NULL; i++)
		if (strcmp(list[i], name) == 0)
			return i;
	return -1;
}

static const struct profile_element *find_element(const char *name)
{
	for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
		if (strcmp(elements[i].name, name) == 0)
			return &elements[i];
	return NULL;
}

/* "WORK/NUMBER" after "TEL/". */
static int parse_parts(struct profile_rule *r, char *path, char *what, size_t size)
{
	char *step, *rest = path;
	int part = -1;

	while (part < 0 && (step = strsep(&rest, "/")) != NULL) {
		int kind = find(r->element->kinds, step);

		part = find(r->element->parts, step);
		if (kind >= 0)
			r->kinds |= 1u << kind;
		else if (part < 0)
			return fail(what, size, step, "is no part of it in XEP-0054");
	}
	if (part < 0 || rest != NULL)
		return fail(what, size, r->element->name, "needs the part that has the text at the end of its path");
	r->part = (unsigned)part;
	return 0;
}

static int parse_path(struct profile_rule *r, char *path, char *what, size_t size)
{
	char *rest = path, *name = strsep(&rest, "/");

	r->element = find_element(name);
	if (r->element == NULL)
		return fail(what, size, name, "is no element of a vCard (XEP-0054; they are in capital letters)");
	if (r->element->shape == PROFILE_PARTS)
		return parse_parts(r, rest, what, size);
	return rest == NULL ? 0 : fail(what, size, name, "has no parts");
}

/* ---- where values come from ---------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 4512, 2.5, without numbers. */
static bool is_attribute(const char *name)
{
	size_t n = 0;

	for (; name[n] != '\0'; n++)
		if (!is_letter(name[n]) && (n == 0 || strchr("0123456789-;", name[n]) == NULL))
			return false;
	return n > 0 && n <= PROFILE_ATTRIBUTE_MAX;
}

static void free_rule(struct profile_rule *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->sources[i].attribute);
		free(r->sources[i].text);
	}
}

/* Up to the next bar, which may stand in a quoted text. */
static char *take_source(char **rest)
{
	char *start = *rest, *end = start;

	if (*start == '\'')
		end = strchr(start + 1, '\'');
	end = end != NULL ? strchr(end, '|') : NULL;
	*rest = end != NULL ? end + 1 : NULL;
	if (end != NULL)
		*end = '\0';
	return start;
}

static int add_source(struct profile_rule *r, char *source, char *what, size_t size)
{
	struct profile_source *s = &r->sources[r->n];
	size_t len = strlen(source);

	if (r->n == PROFILE_SOURCES_MAX)
		return fail(what, size, source, "is one attribute too many");
	if (*source == '\'') {
		if (len < 3 || strchr(source + 1, '\'') != source + len - 1 || !xmlcheck_text(str_of(source)))
			return fail(what, size, source, "is no text in quotes");
		s->text = bh_strndup(source + 1, len - 2);
	} else if (is_attribute(source)) {
		s->attribute = bh_strdup(source);
	} else {
		return fail(what, size, source, "is no name of an attribute");
	}
	r->n++;
	return r->element->shape != PROFILE_PICTURE || s->attribute != NULL ? 0 : fail(what, size, source, "is no picture");
}

/* ---- the map ------------------------------------------------------------------------------- */

bool profile_rule_repeats(const struct profile_rule *r)
{
	const struct profile_element *e = r->element;

	return e->each || (e->many && e->parts[r->part + 1] == NULL);
}

static bool is_same(const struct profile_rule *a, const struct profile_rule *b)
{
	return a->element == b->element && a->kinds == b->kinds && a->part == b->part;
}

static int parse(struct profile_rule *r, char *entry, char *what, size_t size)
{
	char *rest = strchr(entry, '=');
	int rc;

	if (rest == NULL)
		return fail(what, size, entry, "has no =");
	*rest++ = '\0';
	rc = parse_path(r, entry, what, size);
	while (rc == 0 && rest != NULL)
		rc = add_source(r, take_source(&rest), what, size);
	return rc;
}

static bool is_before(const struct profile_rule *a, const struct profile_rule *b)
{
	if (a->element != b->element)
		return a->element < b->element;
	return a->kinds != b->kinds ? a->kinds < b->kinds : a->part < b->part;
}

/* Those that are equal stay in the order in which they were given. */
static void insert(struct profile_map *map, const struct profile_rule *r)
{
	size_t at = map->n++;

	for (; at > 0 && is_before(r, &map->rules[at - 1]); at--)
		map->rules[at] = map->rules[at - 1];
	map->rules[at] = *r;
}

int profile_map_add(struct profile_map *map, const char *entry, char *what, size_t size)
{
	struct profile_rule r = {NULL};
	char copy[ENTRY_MAX];
	size_t len = strlen(entry);
	int rc;

	if (map->n == RULES_MAX || len >= sizeof copy)
		return fail(what, size, entry, "is too long, or one entry too many");
	memcpy(copy, entry, len + 1);
	rc = parse(&r, copy, what, size);
	for (size_t i = 0; i < map->n && rc == 0; i++)
		if (is_same(&map->rules[i], &r) && !profile_rule_repeats(&r))
			rc = fail(what, size, entry, "is there already");
	if (rc == 0)
		insert(map, &r);
	else
		free_rule(&r);
	return rc;
}

struct profile_map *profile_map_create(size_t picture_max)
{
	struct profile_map *map = bh_alloc(sizeof *map);

	map->rules = bh_alloc(RULES_MAX * sizeof map->rules[0]);
	map->picture_max = picture_max;
	return map;
}

void profile_map_free(struct profile_map **ref)
{
	struct profile_map *map = *ref;

	*ref = NULL;
	if (map == NULL)
		return;
	for (size_t i = 0; i < map->n; i++)
		free_rule(&map->rules[i]);
	free(map->rules);
	free(map);
}

static int add_all(struct profile_map *map, const struct conf *conf, size_t i, char *what, size_t size)
{
	size_t given = conf_directory_list_size(conf, i, "profile");
	size_t n = given > 0 ? given : sizeof usual / sizeof usual[0];
	int rc = 0;

	for (size_t k = 0; k < n && rc == 0; k++) {
		const char *entry = given > 0 ? conf_directory_list_item(conf, i, "profile", k) : usual[k];
		char why[256];

		rc = profile_map_add(map, entry, why, sizeof why);
		if (rc != 0)
			snprintf(what, size, "directory \"%s\": profile: \"%.200s\": %s", conf_directory_name(conf, i), entry, why);
	}
	return rc;
}

int profile_map_load(const struct conf *conf, size_t i, struct profile_map **out, char *what, size_t size)
{
	struct profile_map *map;
	int rc;

	*out = NULL;
	if (strcmp(conf_directory_text(conf, i, "profiles"), "off") == 0)
		return 0;
	map = profile_map_create((size_t)conf_directory_number(conf, i, "photo"));
	rc = add_all(map, conf, i, what, size);
	if (rc == 0)
		*out = map;
	else
		profile_map_free(&map);
	return rc;
}

void profile_map_describe(const struct profile_map *map, struct buf *out)
{
	textlist_printf(out, "%zu", map->picture_max);
	for (size_t i = 0; i < map->n; i++) {
		const struct profile_rule *r = &map->rules[i];

		textlist_printf(out, "%s %x %u", r->element->name, r->kinds, r->part);
		for (size_t k = 0; k < r->n; k++)
			textlist_printf(out, "%s '%s'", r->sources[k].attribute != NULL ? r->sources[k].attribute : "",
				r->sources[k].text != NULL ? r->sources[k].text : "");
	}
}
