// SPDX-License-Identifier: BSD-3-Clause
/*
 * terminal: the size of a terminal, and its colours.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "libsubid/core/num.h"
#include "subid/verb/terminal.h"

/* Wider terminals than this are taken for a wrong setting. */
#define COLUMNS_MAX 4096

static size_t size_from_environment(const char *name, size_t otherwise)
{
	const char *text = getenv(name);
	uint64_t size;

	if (!text || num_parse(text, strlen(text), COLUMNS_MAX, &size) || size == 0)
		return otherwise;
	return (size_t)size;
}

/*
 * Finds the size of a terminal: what it says itself, or else COLUMNS and LINES.
 * Returns false if @fd is no terminal; then the size is that of a usual terminal.
 */
bool terminal_size(int fd, struct terminal_size *ret_size)
{
	struct winsize window = { 0 };
	bool is_terminal = isatty(fd);

	if (is_terminal && ioctl(fd, TIOCGWINSZ, &window))
		window = (struct winsize){ 0 };
	*ret_size = (struct terminal_size){ TERMINAL_WIDTH, TERMINAL_HEIGHT };
	if (!is_terminal)
		return false;
	ret_size->width = window.ws_col ?
				  window.ws_col :
				  size_from_environment("COLUMNS", TERMINAL_WIDTH);
	ret_size->height = window.ws_row ?
				   window.ws_row :
				   size_from_environment("LINES", TERMINAL_HEIGHT);
	return true;
}

/* Returns whether standard output takes colours, and NO_COLOR does not forbid them. */
bool terminal_has_colours(void)
{
	const char *no_colour = getenv("NO_COLOR"), *type = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && type && *type &&
	       strcmp(type, "dumb") != 0;
}

/* Returns the sequence that begins a colour, or "" if there is none; NULL is no colour.
 */
const char *terminal_colour_start(const char *colour)
{
	static const struct {
		const char *name, *sequence;
	} colours[] = {
		{ "red", "\033[31m" },
		{ "green", "\033[32m" },
		{ "yellow", "\033[33m" },
		{ "bold", "\033[1m" }, /* headings */
	};

	for (size_t i = 0; colour && i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].name, colour) == 0)
			return colours[i].sequence;
	return "";
}

const char *terminal_colour_end(const char *colour)
{
	return colour ? "\033[0m" : "";
}

/* Prints a word in a colour, if standard output has colours. */
void terminal_put_word(const char *word, const char *colour)
{
	if (!terminal_has_colours())
		colour = NULL;
	printf("%s%s%s", terminal_colour_start(colour), word,
	       terminal_colour_end(colour));
}
