/* Any bytes as a configuration.  What is wrong gets one line that names the file; what is right is
 * equal to itself; and whatever came before, a good file is good. */
#include "base/err.h"
#include "conf/conf.h"
#include "conf/settings.h"
#include "fuzz.h"

static const char good[] = "domain \"example.org\" {\n\tcertificate = a\n\tkey = b\n}\n";

static void differs(void *arg, const struct conf_change *change)
{
	(void)arg;
	fprintf(stderr, "%s differs\n", change->name);
	abort();
}

static void check_equal(const struct conf *a, const struct conf *b)
{
	for (size_t i = 0; i < setting_sections_count; i++)
		conf_compare(a, b, setting_sections[i].name, differs, NULL);
	conf_compare(a, b, "global", differs, NULL);
	require(conf_domains(a) == conf_domains(b) && conf_domains(a) > 0);
	require(conf_components(a) == conf_components(b));
}

static int parse(struct str text, struct conf **conf)
{
	struct conf_source from = {text, "/etc/x.conf", NULL};
	char what[512] = "";
	int rc = conf_parse(&from, conf, what, sizeof what);

	require(rc == 0 || rc == BH_ECONFIG);
	require(rc == 0 || (strncmp(what, "/etc/x.conf:", 12) == 0 && *conf == NULL));
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *conf = NULL, *again = NULL;
	struct str in = str_make(data, size);
	int rc = parse(in, &conf);

	require(parse(str_of(good), &again) == 0 && conf_domains(again) == 1);
	conf_free(&again);
	if (rc == 0) {
		require(parse(in, &again) == 0);
		check_equal(conf, again);
	}
	conf_free(&conf);
	conf_free(&again);
	return 0;
}
