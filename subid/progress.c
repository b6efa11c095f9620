// SPDX-License-Identifier: BSD-3-Clause
/*
 * progress: a line on stderr, written over itself, if that is a terminal. Where rows go
 * to a terminal as well, they are what moves.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "subid/clock.h"
#include "subid/progress.h"
#include "subid/verb.h"

#define FIRST_AFTER 1000 /* milliseconds */
#define EACH	    200

/* Starts the clock. */
void progress_start(struct progress *progress)
{
	*progress = (struct progress){
		.wanted = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO),
		.next = clock_now() + FIRST_AFTER,
	};
}

/*
 * Says how far it is, if it is time to. Cheap enough for each thousandth line.
 *
 * what: what is worked on, as a path.
 * total: 0: not known; then what is done is counted.
 */
void progress_show(struct progress *progress, const char *what, uint64_t done,
		   uint64_t total)
{
	if (!progress->wanted || clock_now() < progress->next)
		return;
	if (total)
		fprintf(stderr, "\r\033[K%s: %s: %" PRIu64 " %%", PROGRAM, what,
			done >= total ? 100 : 100 * done / total);
	else
		fprintf(stderr, "\r\033[K%s: %s: %" PRIu64, PROGRAM, what, done);
	fflush(stderr);
	progress->shown = true;
	progress->next = clock_now() + EACH;
}

/* Wipes the line away. */
void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
