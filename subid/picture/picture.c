// SPDX-License-Identifier: BSD-3-Clause
/*
 * picture: makes the picture of `subid list --map`. It has no more rows and cells than
 * the screen, whatever is drawn.
 */
#include <stdlib.h>
#include <string.h>

#include "subid/picture/picture.h"

static void set_widths(struct picture *picture)
{
	const struct picture_question *question = picture->question;
	size_t width = question->width, left;

	picture->id_cells = 1;
	for (uint64_t id = question->span.end - 1; id > 9; id /= 10)
		picture->id_cells++;
	picture->lasts = width >= 60;
	picture->bar_cells = width / 6;
	/* an id or two, and the fill of the row */
	left = width - picture->id_cells * (picture->lasts ? 2 : 1) - picture->lasts -
	       strlen("  100 % ") - 1;
	if (picture->bar_cells > left / 2)
		picture->bar_cells = left / 2;
	picture->name_cells = left - picture->bar_cells;
}

/*
 * Makes a picture of at least PICTURE_WIDTH_MIN cells and PICTURE_HEIGHT_MIN rows. The
 * items get their mark of shared ids. Returns 0 or -ENOMEM. Freed with picture_cleanup().
 */
int picture_draw(const struct picture_question *question, struct picture *ret_picture)
{
	struct picture *picture = ret_picture;
	/* without the heading, the legend and the next prompt */
	size_t rows = question->height - 3;
	int r;

	*picture = (struct picture){ .question = question };
	set_widths(picture);
	for (unsigned int group = 0; group < 2; group++)
		picture_find_shared(picture, group);
	r = picture_make_rows(picture, rows);
	return r ? r : picture_make_cells(picture);
}

/* Frees the rows. Accepts PICTURE_NONE. */
void picture_cleanup(struct picture *picture)
{
	for (size_t i = 0; i < picture->n; i++)
		free(picture->rows[i].cells);
	free(picture->rows);
	*picture = (struct picture)PICTURE_NONE;
}
