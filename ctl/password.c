/* Reading a password. */
#include "ctl/password.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

void password_wipe(struct password *password)
{
	secret_wipe(password, sizeof *password);
}

/* One line by read(2), so that no stdio buffer keeps a copy.  It may be one byte too long, for
 * its newline. */
static int read_line(struct password *out)
{
	char c;

	out->len = 0;
	while (out->len <= PASSWORD_MAX) {
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR && caught == 0)
			continue;
		if (n < 0)
			return complain(EXIT_FAILED, "no password was given");
		if (n == 0 || c == '\n')
			break;
		out->text[out->len++] = c;
	}
	secret_wipe(&c, sizeof c);
	if (out->len > 0 && out->len <= PASSWORD_MAX && out->text[out->len - 1] == '\r')
		out->len--;
	if (out->len > PASSWORD_MAX)
		return complain(EXIT_USAGE, "the password is longer than %d bytes", PASSWORD_MAX);
	return out->len > 0 ? EXIT_OK : complain(EXIT_USAGE, "the password is empty");
}

/* A signal while the echo is off must not leave the terminal so. */
static void catch_signals(struct sigaction old[3], bool on)
{
	static const int numbers[3] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < 3; i++)
		sigaction(numbers[i], on ? &action : &old[i], on ? &old[i] : NULL);
}

static int prompt(const char *what, const char *account, struct password *out)
{
	struct termios shown, hidden;
	struct sigaction old[3];
	int rc;

	if (tcgetattr(STDIN_FILENO, &shown) != 0)
		return complain(EXIT_FAILED, "the terminal: %s", strerror(errno));
	catch_signals(old, true);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	fprintf(stderr, "%s for %s: ", what, account);
	rc = read_line(out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	catch_signals(old, false);
	if (caught != 0)
		raise(caught);
	return rc;
}

static int prompt_twice(const char *account, struct password *out)
{
	struct password again = {.len = 0};
	int rc = prompt("Password", account, out);

	if (rc == EXIT_OK)
		rc = prompt("Password again", account, &again);
	if (rc == EXIT_OK &&
		(again.len != out->len || !secret_equal(again.text, out->text, out->len)))
		rc = complain(EXIT_USAGE, "the two passwords differ");
	password_wipe(&again);
	return rc;
}

int password_read(const struct ctl *ctl, const char *account, bool is_new, struct password *out)
{
	if (has_option(ctl, OPTION_PASSWORD_STDIN))
		return read_line(out);
	if (!isatty(STDIN_FILENO))
		return complain(EXIT_USAGE, "standard input is no terminal to ask for a password "
			"at; use --password-stdin");
	return is_new ? prompt_twice(account, out) : prompt("Password", account, out);
}
