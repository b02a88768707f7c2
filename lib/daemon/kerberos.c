/* Variables, and a file that comes before the machine's. */
#include "daemon/kerberos.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

#define MACHINE "/etc/krb5.conf"

/* A keytab that holds xmpp/HOST for several hosts serves for all of them: whose the account is says the client's
 * name alone. */
static const char settings[] = "# Made by Bulkhead at each start.\n"
			       "[libdefaults]\n"
			       "\tdns_canonicalize_hostname = false\n"
			       "\trdns = false\n"
			       "\tqualify_shortname = \"\"\n"
			       "\tignore_acceptor_hostname = true\n"
			       "\tplugin_base_dir = /dev/null\n";

static const char *keytab_of(const struct daemon *d, const struct conf *conf)
{
	const char *setting = d->spec->sandbox->keytab;
	const char *keytab = setting != NULL ? conf_text(conf, setting) : NULL;

	return keytab != NULL && *keytab != '\0' ? keytab : NULL;
}

bool kerberos_wanted(const struct daemon *d, const struct conf *conf)
{
	return keytab_of(d, conf) != NULL || kerberos_of_directories(d, conf);
}

bool kerberos_of_directories(const struct daemon *d, const struct conf *conf)
{
	bool wanted = false;

	for (size_t i = 0; d->spec->sandbox->directories && i < conf_directories(conf); i++)
		wanted |= strcmp(conf_directory_text(conf, i, "bind"), "gssapi") == 0;
	return wanted;
}

static void file_of(const struct daemon *d, char *out, size_t size)
{
	snprintf(out, size, "%s/krb5.conf", d->state_dir);
}

int kerberos_prepare(struct daemon *d)
{
	const char *machine = getenv("KRB5_CONFIG"), *keytab = keytab_of(d, d->conf);
	char ours[512], list[4096], replay[512];
	int n, rc = 0;

	if (!kerberos_wanted(d, d->conf))
		return 0;
	file_of(d, ours, sizeof ours);
	n = snprintf(list, sizeof list, "%s:%s", ours, machine != NULL ? machine : MACHINE);
	if (n < 0 || (size_t)n >= sizeof list) {
		daemon_fail(d, "the variable KRB5_CONFIG is too long");
		return BH_ECONFIG;
	}
	snprintf(replay, sizeof replay, "file2:%s/replay", d->state_dir);
	rc |= setenv("KRB5_CONFIG", list, 1);
	rc |= setenv("KRB5RCACHENAME", replay, 1);
	rc |= setenv("KRB5CCNAME", "MEMORY:", 1);
	if (keytab != NULL)
		rc |= setenv("KRB5_KTNAME", keytab, 1);
	return rc == 0 ? 0 : BH_ENOMEM;
}

/* A fresh file: what stood there before is not written through. */
static int write_file(const char *path)
{
	ssize_t n;
	int fd;

	if (unlink(path) != 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	n = write(fd, settings, sizeof settings - 1);
	close(fd);
	return n == sizeof settings - 1 ? 0 : -ENOSPC;
}

int kerberos_start(struct daemon *d)
{
	char path[512];
	int rc;

	if (!kerberos_wanted(d, d->conf))
		return 0;
	file_of(d, path, sizeof path);
	rc = write_file(path);
	if (rc == 0)
		return 0;
	daemon_fail(d, "cannot write %s: %s", path, strerror(-rc));
	return rc;
}

bool kerberos_next_file(const char **list, char *out, size_t size)
{
	size_t n = strcspn(*list, ":");

	if (n == 0 || n >= size)
		return false;
	memcpy(out, *list, n);
	out[n] = '\0';
	*list += n + ((*list)[n] == ':');
	return true;
}
