/* Files of one line. */
#include "authd/secrets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "daemon/log.h"

enum { SECRET_MAX = 1024 };

/* What stands in the first line, if no other is behind it; NULL and *why otherwise. */
static char *first_line(FILE *f, const char **why)
{
	char text[SECRET_MAX + 3]; /* a carriage return, a line feed, a NUL */
	size_t n = fread(text, 1, sizeof text - 1, f), len;
	char *line = NULL;

	text[n] = '\0';
	len = strcspn(text, "\r\n");
	if (ferror(f))
		*why = "it cannot be read";
	else if (len == 0)
		*why = "it is empty";
	else if (len > SECRET_MAX)
		*why = "it is too long";
	else if (len + strspn(text + len, "\r\n") != n)
		*why = "it has more than one line";
	else
		line = bh_strndup(text, len);
	secret_wipe(text, sizeof text);
	return line;
}

static char *read_secret(const char *path, const char **why)
{
	FILE *f = fopen(path, "re");
	char *line;

	if (f == NULL) {
		*why = strerror(errno);
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0); /* no copy stays in a buffer of stdio */
	line = first_line(f, why);
	fclose(f);
	return line;
}

void secrets_load(const struct conf *conf, struct secrets *out)
{
	out->n = conf_components(conf);
	out->of = bh_alloc((out->n + 1) * sizeof *out->of);
	for (size_t i = 0; i < out->n; i++) {
		const char *path = conf_component_text(conf, i, "secret"), *why = NULL;
		struct secret_entry *e = &out->of[i];

		e->domain = bh_strdup(conf_component_name(conf, i));
		e->secret = read_secret(path, &why);
		if (e->secret == NULL)
			log_error("component-secret", "component=%s file=%s reason=%s", LOG_TEXT(e->domain),
				LOG_TEXT(path), LOG_TEXT(why));
	}
}

void secrets_fini(struct secrets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->of[i].domain);
		if (s->of[i].secret != NULL)
			secret_wipe(s->of[i].secret, strlen(s->of[i].secret));
		free(s->of[i].secret);
	}
	free(s->of);
	*s = (struct secrets){0};
}

static const struct secret_entry *find(const struct secrets *s, struct str domain)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_is(domain, s->of[i].domain))
			return &s->of[i];
	return NULL;
}

bool secrets_serve(const struct secrets *s, struct str domain)
{
	return find(s, domain) != NULL;
}

struct str secrets_find(const struct secrets *s, struct str domain)
{
	const struct secret_entry *e = find(s, domain);

	return e != NULL ? str_of(e->secret) : STR_NONE;
}
