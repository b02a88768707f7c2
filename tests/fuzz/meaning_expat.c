/* Expat's events. */
#include <expat.h>

#include "fuzz.h"
#include "meaning_writer.h"

/* Stands between a namespace and a name; in no document. */
#define BETWEEN '\001'

static struct named split(const char *text)
{
	const char *between = strrchr(text, BETWEEN);

	if (between == NULL)
		return (struct named){.ns = STR_LIT(""), .name = str_of(text)};
	return (struct named){
		.ns = str_make(text, (size_t)(between - text)), .name = str_of(between + 1)};
}

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
	struct named element = split(name), *list;
	size_t n = 0;

	while (attributes[2 * n] != NULL)
		n++;
	list = writer_room(n);
	for (size_t i = 0; i < n; i++) {
		list[i] = split(attributes[2 * i]);
		list[i].value = str_of(attributes[2 * i + 1]);
	}
	writer_start(user, &element, list, n);
	free(list);
}

static void XMLCALL on_end(void *user, const char *name)
{
	(void)name;
	writer_end(user);
}

static void XMLCALL on_text(void *user, const char *text, int len)
{
	writer_text(user, text, len);
}

static void XMLCALL on_comment(void *user, const char *text)
{
	(void)text;
	writer_odd(user);
}

static void XMLCALL on_instruction(void *user, const char *target, const char *data)
{
	(void)target, (void)data;
	writer_odd(user);
}

static void XMLCALL on_dtd(void *user, const char *name, const char *system, const char *public, int internal)
{
	(void)name, (void)system, (void)public, (void)internal;
	writer_odd(user);
}

bool meaning_expat(struct str document, struct meaning *m)
{
	struct writer w = {.m = m};
	XML_Parser p = XML_ParserCreateNS("UTF-8", BETWEEN);
	bool good;

	require(p != NULL);
	XML_SetUserData(p, &w);
	XML_SetElementHandler(p, on_start, on_end);
	XML_SetCharacterDataHandler(p, on_text);
	XML_SetCommentHandler(p, on_comment);
	XML_SetProcessingInstructionHandler(p, on_instruction);
	XML_SetStartDoctypeDeclHandler(p, on_dtd);
	good = XML_Parse(p, document.p, (int)document.len, XML_TRUE) == XML_STATUS_OK;
	buf_fini(&w.text);
	XML_ParserFree(p);
	return good;
}
