// SPDX-License-Identifier: BSD-3-Clause
/*
 * map-lines: reads lines of mappings from the command line, and from files of LXC, Incus
 * and OCI runtimes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/array.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/map-lines.h"
#include "subid/verb/verb.h"

/* Of a file; configurations of containers are much smaller. */
#define FILE_BYTES ((size_t)4 << 20)
/* Of all lines. */
#define LINES_MOST ((size_t)1 << 16)

/* A file that is being read. */
struct map_reading {
	struct map_lines *lines;
	const char *file; /* NULL: arguments */
};

static int add_line(struct map_lines *lines, const struct map_line *line)
{
	if (lines->n == LINES_MOST)
		return -EFBIG;
	if (ARRAY_RESERVE(lines->lines, lines->n, lines->allocated))
		return -ENOMEM;
	lines->lines[lines->n++] = *line;
	return 0;
}

/* Adds what map_text_parse() has read. */
static int add_parsed(struct map_reading *reading, size_t number, int fault,
		      const struct map_text_line *parsed)
{
	struct map_line line = {
		.file = reading->file,
		.number = number,
		.fault = fault,
	};
	int r = 0;

	if (fault)
		return add_line(reading->lines, &line);
	line.extent = parsed->extent;
	for (size_t i = 0; i < 2 && r == 0; i++)
		if (parsed->kinds[i]) {
			line.kind = kind_all[i];
			r = add_line(reading->lines, &line);
		}
	return r;
}

static int read_lines(struct map_reading *reading, const char *text, size_t len)
{
	size_t first = reading->lines->n, number = 0;
	int r = 0;

	while (len > 0 && r == 0) {
		const char *newline = memchr(text, '\n', len);
		size_t n = newline ? (size_t)(newline - text) : len;
		struct map_text_line parsed;
		int fault = map_text_parse(text, n, &parsed);

		number++;
		if (fault == MAP_TEXT_SECTION)
			break;
		if (fault == MAP_TEXT_CLEARED)
			reading->lines->n = first;
		else if (fault != MAP_TEXT_OTHER)
			r = add_parsed(reading, number, fault, &parsed);
		n += newline ? 1 : 0;
		text += n;
		len -= n;
	}
	return r;
}

static int take_oci(const struct kind *kind, size_t index, int fault,
		    const struct extent *extent, void *context)
{
	struct map_reading *reading = context;

	return add_line(reading->lines, &(struct map_line){ .file = reading->file,
							    .number = index,
							    .list = kind,
							    .kind = kind,
							    .fault = fault,
							    .extent = *extent });
}

/* Reads config.json. Returns 0, -errno, or an exit status with the reason reported. */
static int read_oci(struct map_reading *reading, const char *text, size_t len)
{
	char error[MAP_OCI_ERROR_BYTES];
	int r = map_oci_read(text, len, take_oci, reading, error);

	if (r == MAP_OCI_SYNTAX)
		report_line(PROGRAM, _("%s is not a config.json: %s"), reading->file,
			    error);
	else if (r == MAP_OCI_NO_READER)
		report_line(
			PROGRAM,
			_("%s is JSON, and this program was built without libjansson, "
			  "which reads it"),
			reading->file);
	return r > 0 ? VERB_UNREADABLE : r;
}

/* Reads all of a file. Returns 0 or -errno. */
static int read_whole(int fd, char *text, size_t size, size_t *ret_len)
{
	size_t len = 0, n;

	do {
		int r = fd_read(fd, text + len, size - len, &n);

		if (r)
			return r;
		len += n;
		if (len == size)
			return -EFBIG;
	} while (n > 0);
	*ret_len = len;
	return 0;
}

static bool is_json(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && strchr(" \t\r\n", text[at]) && text[at])
		at++;
	return at < len && text[at] == '{';
}

static int read_text(struct map_reading *reading, int fd)
{
	CLEANUP(cleanup_free) char *text = malloc(FILE_BYTES);
	size_t len;
	int r;

	if (!text)
		return -ENOMEM;
	r = read_whole(fd, text, FILE_BYTES, &len);
	if (r)
		return r;
	return is_json(text, len) ? read_oci(reading, text, len) :
				    read_lines(reading, text, len);
}

/* Reads a file; `-` is standard input. Returns 0 or an exit status. */
static int read_file(struct map_reading *reading, const char *name)
{
	bool input = strcmp(name, "-") == 0;
	CLEANUP(fd_cleanup) int fd = input ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	size_t before = reading->lines->n;
	int r;

	reading->file = input ? _("standard input") : name;
	r = input || fd >= 0 ? read_text(reading, input ? STDIN_FILENO : fd) : -errno;
	if (r < 0)
		report_line(PROGRAM, "%s: %s", reading->file, report_error(-r));
	if (r)
		return VERB_UNREADABLE;
	if (reading->lines->n > before)
		return 0;
	report_line(PROGRAM, _("%s has no line of a mapping"), reading->file);
	return VERB_NONE;
}

/*
 * Reads an argument: a line of a mapping, or the name of a file.
 * Returns 0, or an exit status with the reason reported.
 */
int map_lines_read(struct map_lines *lines, const char *word, size_t number)
{
	struct map_reading reading = { .lines = lines };
	struct map_text_line parsed;
	int fault = map_text_parse(word, strlen(word), &parsed), r;

	if (fault == MAP_TEXT_OTHER || fault == MAP_TEXT_SECTION ||
	    fault == MAP_TEXT_CLEARED)
		return read_file(&reading, word);
	r = add_parsed(&reading, number, fault, &parsed);
	return r ? verb_fail(-r) : 0;
}

/* Frees the lines. */
void map_lines_cleanup(struct map_lines *lines)
{
	free(lines->lines);
}
