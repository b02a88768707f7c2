/* lib/conf: every tests/conf/NNN-*.conf with its .err beside it, and what the good ones say. */
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/settings.h"

#define FOLDER "tests/conf/"

static struct conf *load(const char *name, const char *instance)
{
	struct conf *conf = NULL;
	char path[256], what[1024] = "";

	snprintf(path, sizeof path, FOLDER "%s", name);
	if (conf_load(path, instance, &conf, what, sizeof what) != 0)
		fail_msg("%s", what);
	return conf;
}

static void read_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(out, (int)size, f));
	out[strcspn(out, "\n")] = '\0';
	fclose(f);
}

/* The .err holds the one line that must be said; without it the file must be right. */
static void check_pair(const char *path)
{
	struct conf *conf = NULL;
	char what[1024] = "", expected[1024] = "", err[512];
	int rc = conf_load(path, NULL, &conf, what, sizeof what);

	snprintf(err, sizeof err, "%.*s.err", (int)(strlen(path) - strlen(".conf")), path);
	if (access(err, F_OK) != 0) {
		if (rc != 0)
			fail_msg("%s should be right: %s", path, what);
		conf_free(&conf);
		assert_null(conf);
		return;
	}
	read_line(err, expected, sizeof expected);
	assert_string_equal(what, expected);
	assert_int_equal(rc, BH_ECONFIG);
	assert_null(conf);
}

static void every_wrong_file_is_refused_in_its_own_words(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(FOLDER "*.conf", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 68);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_pair(found.gl_pathv[i]);
	globfree(&found);
}

static void a_file_that_is_not_there_is_said_with_its_path(void **state)
{
	struct conf *conf = NULL;
	char what[256];

	(void)state;
	assert_int_equal(conf_load(FOLDER "none.conf", NULL, &conf, what, sizeof what), -ENOENT);
	assert_non_null(strstr(what, FOLDER "none.conf: "));
	assert_int_equal(conf_load("tests", NULL, &conf, what, sizeof what), -EISDIR);
	assert_null(conf);
}

static void what_is_not_set_has_the_table_s_default(void **state)
{
	struct conf *conf = load("051-good-least.conf", NULL);

	(void)state;
	assert_string_equal(conf_text(conf, "run_dir"), "/run/bulkhead");
	assert_string_equal(conf_text(conf, "state_dir"), "/var/lib/bulkhead");
	assert_string_equal(conf_text(conf, "log_level"), "info");
	assert_string_equal(conf_text(conf, "c2sd.starttls"), "required");
	assert_null(conf_text(conf, "c2sd.client_ca"));
	assert_int_equal(conf_number(conf, "c2sd.auth_timeout"), 30);
	assert_int_equal(conf_number(conf, "c2sd.stanza"), 256 * 1024);
	assert_int_equal(conf_number(conf, "routerd.session_queue"), 4 * 1024 * 1024);
	assert_int_equal(conf_number(conf, "authd.iterations"), 10000);
	assert_false(conf_bool(conf, "authd.external"));
	assert_int_equal(conf_list_size(conf, "c2sd.listen"), 1);
	assert_string_equal(conf_list_item(conf, "c2sd.listen", 0), "*:5222");
	assert_int_equal(conf_list_size(conf, "c2sd.listen_tls"), 0);
	assert_int_equal(conf_list_size(conf, "authd.mechanisms"), 5);
	assert_string_equal(conf_list_item(conf, "authd.mechanisms", 4), "PLAIN");
	conf_free(&conf);
}

static void every_kind_of_value_is_read(void **state)
{
	struct conf *conf = load("052-good-everything.conf", NULL);

	(void)state;
	assert_string_equal(conf_text(conf, "log_level"), "debug");
	assert_string_equal(conf_text(conf, "c2sd.starttls"), "optional");
	assert_string_equal(conf_text(conf, "state_dir"), "/srv/state");
	assert_int_equal(conf_number(conf, "c2sd.instances"), 3);
	assert_int_equal(conf_number(conf, "c2sd.stanza"), 1024 * 1024);
	assert_int_equal(conf_number(conf, "c2sd.stanza_before_auth"), 8192);
	assert_int_equal(conf_number(conf, "c2sd.auth_timeout"), 120);
	assert_int_equal(conf_number(conf, "routerd.link_credit"), 32 * 1024 * 1024);
	assert_int_equal(conf_number(conf, "authd.guess_window"), 3600);
	assert_true(conf_bool(conf, "authd.external"));
	assert_int_equal(conf_list_size(conf, "c2sd.listen"), 2);
	assert_string_equal(conf_list_item(conf, "c2sd.listen", 1), "[::1]:5222");
	assert_int_equal(conf_list_size(conf, "authd.mechanisms"), 1);
	conf_free(&conf);
}

static void relative_paths_count_from_the_folder_of_the_file(void **state)
{
	struct conf *conf = load("052-good-everything.conf", NULL);
	char cwd[1024], expected[2048];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof cwd));
	snprintf(expected, sizeof expected, "%s/tests/conf", cwd);
	assert_string_equal(conf_path(conf), expected);
	snprintf(expected, sizeof expected, "%s/tests/conf/run", cwd);
	assert_string_equal(conf_text(conf, "run_dir"), expected);
	snprintf(expected, sizeof expected, "%s/tests/conf/ca.pem", cwd);
	assert_string_equal(conf_text(conf, "c2sd.client_ca"), expected);
	snprintf(expected, sizeof expected, "%s/tests/conf/a.key", cwd);
	assert_string_equal(conf_domain_text(conf, 0, "key"), expected);
	conf_free(&conf);
}

static void a_section_may_stand_twice_and_the_later_value_counts(void **state)
{
	struct conf *conf = load("053-good-section-twice.conf", NULL);

	(void)state;
	assert_int_equal(conf_number(conf, "c2sd.depth"), 33);
	assert_int_equal(conf_number(conf, "c2sd.attributes"), 32);
	conf_free(&conf);
}

static void an_empty_list_is_not_the_default(void **state)
{
	struct conf *conf = load("054-good-empty-list.conf", NULL);

	(void)state;
	assert_int_equal(conf_list_size(conf, "c2sd.listen"), 0);
	conf_free(&conf);
}

static void an_instance_s_own_section_counts_before_its_daemon_s(void **state)
{
	static const struct {
		const char *instance, *listen;
		int depth, attributes;
	} cases[] = {
		{NULL, "*:1", 32, 64},
		{"routerd", "*:1", 32, 64},
		{"c2sd", "*:1", 33, 9},
		{"c2sd@1", "*:1", 33, 9},
		{"c2sd@2", "*:2", 34, 9},
		{"c2sd@22", "*:1", 33, 9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf *conf = load("055-good-instances.conf", cases[i].instance);

		assert_int_equal(conf_list_size(conf, "c2sd.listen"), 1);
		assert_string_equal(conf_list_item(conf, "c2sd.listen", 0), cases[i].listen);
		assert_int_equal(conf_number(conf, "c2sd.depth"), cases[i].depth);
		assert_int_equal(conf_number(conf, "c2sd.attributes"), cases[i].attributes);
		assert_int_equal(conf_instances(conf), 2);
		assert_string_equal(conf_instance_name(conf, 1), "c2sd@2");
		conf_free(&conf);
	}
}

static void domain_names_are_made_canonical(void **state)
{
	struct conf *conf = load("056-good-domains-in-any-script.conf", NULL);

	(void)state;
	assert_int_equal(conf_domains(conf), 2);
	assert_string_equal(conf_domain_name(conf, 0), "b\u00fccher.example");
	assert_string_equal(conf_domain_name(conf, 1), "ch\u00e2teau.example");
	conf_free(&conf);
}

static void components_have_canonical_names_and_settings_of_their_own(void **state)
{
	struct conf *conf = load("067-good-components.conf", NULL);
	char cwd[1024], expected[2048];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof cwd));
	snprintf(expected, sizeof expected, "%s/tests/conf/s", cwd);
	assert_int_equal(conf_components(conf), 2);
	assert_string_equal(conf_component_name(conf, 0), "irc.example.org");
	assert_string_equal(conf_component_text(conf, 0, "secret"), expected);
	assert_string_equal(conf_component_text(conf, 0, "name"),
		"A gateway, to \u00abIRC\u00bb");
	assert_string_equal(conf_component_name(conf, 1), "b.example");
	assert_string_equal(conf_component_text(conf, 1, "secret"), "/etc/b");
	assert_null(conf_component_text(conf, 1, "name"));
	conf_free(&conf);
}

static void a_domain_s_lists_are_its_own(void **state)
{
	struct conf *conf = load("068-good-contacts.conf", NULL);

	(void)state;
	assert_int_equal(conf_components(conf), 0);
	assert_int_equal(conf_domain_list_size(conf, 0, "contact_abuse"), 2);
	assert_string_equal(conf_domain_list_item(conf, 0, "contact_abuse", 1),
		"xmpp:admin@example.org");
	assert_int_equal(conf_domain_list_size(conf, 0, "contact_sales"), 0);
	assert_int_equal(conf_domain_list_size(conf, 1, "contact_abuse"), 0);
	conf_free(&conf);
}

struct changes {
	char text[512];
};

static void note_change(void *arg, const struct conf_change *change)
{
	struct changes *c = arg;
	size_t n = strlen(c->text);

	snprintf(c->text + n, sizeof c->text - n, "%s%s ", change->name,
		change->effect == CONF_ON_RELOAD ? "" : "(restart)");
}

static void a_comparison_names_what_changed_and_what_needs_a_restart(void **state)
{
	static const struct {
		const char *section, *changes;
	} cases[] = {
		{"global", "run_dir(restart) state_dir(restart) admin_group(restart) monitor_group(restart) log_level "},
		{"routerd", "routerd.link_credit "},
		{"c2sd", "c2sd.instances(restart) c2sd.listen(restart) c2sd.listen_tls(restart) "
			"c2sd.starttls c2sd.client_ca c2sd.connections_before_auth c2sd.auth_timeout "
			"c2sd.stanza_before_auth c2sd.stanza "},
	};
	struct conf *a = load("051-good-least.conf", NULL);
	struct conf *b = load("052-good-everything.conf", NULL);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct changes there = {""}, none = {""};

		conf_compare(a, b, cases[i].section, note_change, &there);
		assert_string_equal(there.text, cases[i].changes);
		conf_compare(b, b, cases[i].section, note_change, &none);
		assert_string_equal(none.text, "");
	}
	conf_free(&a);
	conf_free(&b);
}

static struct conf *parse_text(const char *text)
{
	struct conf_source from = {str_of(text), "/etc/x.conf", NULL};
	struct conf *conf = NULL;
	char what[512] = "";

	assert_int_equal(conf_parse(&from, &conf, what, sizeof what), 0);
	return conf;
}

static void note_all(void *arg, const struct conf_change *change)
{
	struct changes *c = arg;
	size_t n = strlen(c->text);

	snprintf(c->text + n, sizeof c->text - n, "%s: %s -> %s\n", change->name, change->from, change->to);
}

static void sections_with_a_name_are_compared_by_it(void **state)
{
	struct conf *a = parse_text("domain \"a.example\" { certificate = /a key = /b }\n"
				    "domain \"b.example\" { certificate = /a key = /b }\n");
	struct conf *b = parse_text("domain \"c.example\" { certificate = /a key = /b }\n"
				    "domain \"a.example\" { certificate = /a key = /c admins = {\"x@y\", \"z@y\"} }\n");
	struct changes there = {""};

	(void)state;
	conf_compare(a, b, "domain", note_all, &there);
	assert_string_equal(there.text, "domain \"a.example\".key: /b -> /c\ndomain \"a.example\".admins:  -> x@y, z@y\n"
		"domain \"b.example\":  -> removed\ndomain \"c.example\":  -> added\n");
	assert_memory_not_equal(conf_digest(a), conf_digest(b), 32);
	conf_free(&a);
	conf_free(&b);
}

static void a_guess_is_near_or_there_is_none(void **state)
{
	static const struct {
		const char *section, *written, *guess;
	} cases[] = {
		{"c2sd", "auth_timeot", "auth_timeout"},
		{"c2sd", "lisen", "listen"},
		{"c2sd", "iterations", "authd.iterations"},
		{"c2sd", "iteration", NULL}, /* elsewhere only the very name counts */
		{"global", "logg_level", "log_level"},
		{"global", "c2ds", "c2sd"},
		{"global", "autd", "authd"},
		{"domain", "certificat", "certificate"},
		{"c2sd", "x", NULL},
		{"c2sd", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char guess[96] = "";
		bool found = setting_guess(cases[i].section, cases[i].written, guess, sizeof guess);

		assert_string_equal(found ? guess : "", cases[i].guess != NULL ? cases[i].guess : "");
	}
}

static void every_row_of_the_table_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *s = &settings[i];
		bool number = s->type == SETTING_NUMBER || s->type == SETTING_SIZE ||
			s->type == SETTING_DURATION;

		assert_true(strcmp(s->section, "global") == 0 ||
			setting_section(s->section) != NULL);
		assert_ptr_equal(setting_find(s->section, s->name), s);
		assert_true(strlen(s->text) > 0 && s->text[strlen(s->text) - 1] == '.');
		assert_true(number == (s->max > s->min));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrong_file_is_refused_in_its_own_words),
		cmocka_unit_test(a_file_that_is_not_there_is_said_with_its_path),
		cmocka_unit_test(what_is_not_set_has_the_table_s_default),
		cmocka_unit_test(every_kind_of_value_is_read),
		cmocka_unit_test(relative_paths_count_from_the_folder_of_the_file),
		cmocka_unit_test(a_section_may_stand_twice_and_the_later_value_counts),
		cmocka_unit_test(an_empty_list_is_not_the_default),
		cmocka_unit_test(an_instance_s_own_section_counts_before_its_daemon_s),
		cmocka_unit_test(domain_names_are_made_canonical),
		cmocka_unit_test(components_have_canonical_names_and_settings_of_their_own),
		cmocka_unit_test(a_domain_s_lists_are_its_own),
		cmocka_unit_test(a_comparison_names_what_changed_and_what_needs_a_restart),
		cmocka_unit_test(sections_with_a_name_are_compared_by_it),
		cmocka_unit_test(a_guess_is_near_or_there_is_none),
		cmocka_unit_test(every_row_of_the_table_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
