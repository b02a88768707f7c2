/* All of ncurses that there is. */
#include "ctl/top/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

static SCREEN *terminal;

bool screen_open(void)
{
	setlocale(LC_CTYPE, "");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL)
		return false;
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	return true;
}

void screen_close(void)
{
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

bool screen_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void screen_show(const char *title, struct str lines)
{
	int y = 1;

	erase();
	attron(A_REVERSE);
	mvhline(0, 0, ' ', COLS);
	mvaddnstr(0, 0, title, COLS);
	attroff(A_REVERSE);
	for (const char *p = lines.p, *end = p + lines.len; p < end && y < LINES; y++) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		int len = (int)((eol != NULL ? eol : end) - p);

		/* Whatever is too wide is cut by the window. */
		mvaddnstr(y, 0, p, len < COLS ? len : COLS);
		p += len + 1;
	}
	refresh();
}

int screen_key(int wait_ms)
{
	int key;

	timeout(wait_ms);
	key = getch();
	if (key == KEY_RESIZE)
		return SCREEN_RESIZED;
	return key == ERR ? 0 : key;
}
