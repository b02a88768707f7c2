/* From the configuration. */
#include "routerd/directory.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static enum directory_profiles profiles_of(const char *setting)
{
	if (strcmp(setting, "readonly") == 0)
		return PROFILES_READONLY;
	return strcmp(setting, "editable") == 0 ? PROFILES_EDITABLE : PROFILES_OFF;
}

static uint32_t number(const struct conf *conf, size_t i, const char *setting)
{
	return (uint32_t)conf_directory_number(conf, i, setting);
}

/* conf has checked that there is one of that name. */
void domain_directory_read(struct domain_directory *d, const struct conf *conf, size_t domain)
{
	const char *name = conf_domain_text(conf, domain, "directory");
	size_t i = 0;

	*d = (struct domain_directory){.name = NULL};
	if (name == NULL || *name == '\0')
		return;
	while (strcmp(conf_directory_name(conf, i), name) != 0)
		i++;
	*d = (struct domain_directory){
		.name = bh_strdup(name),
		.profiles = (uint8_t)profiles_of(conf_directory_text(conf, i, "profiles")),
		.search = conf_directory_bool(conf, i, "search"),
		.search_results = number(conf, i, "search_results"),
		.search_letters = number(conf, i, "search_letters"),
		.search_rate = number(conf, i, "search_rate"),
	};
}

void domain_directory_fini(struct domain_directory *d)
{
	free(d->name);
	d->name = NULL;
}
