/*
 * screen - the terminal, by ncurses
 */
#ifndef CTL_TOP_SCREEN_H
#define CTL_TOP_SCREEN_H

#include <stdbool.h>

#include "base/str.h"

/* false: there is no terminal that ncurses knows. */
bool screen_open(void);
void screen_close(void);

/* Does it show UTF-8?  After screen_open(). */
bool screen_is_utf8(void);

/* A line in reverse, and the lines below it, as far as there is room. */
void screen_show(const char *title, struct str lines);

/* A key, or 0 after that time; SCREEN_RESIZED: show it again. */
enum { SCREEN_RESIZED = 1 };
int screen_key(int wait_ms);

#endif
