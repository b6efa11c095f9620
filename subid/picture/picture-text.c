// SPDX-License-Identifier: BSD-3-Clause
/*
 * picture-text: prints a picture. No line is wider than the screen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/text-width.h"
#include "libsubid/core/reserved.h"
#include "message/i18n.h"
#include "subid/picture/picture.h"
#include "subid/verb/terminal.h"

enum mark {
	MARK_HELD,
	MARK_HELD_TOO, /* by the next range */
	MARK_PARTLY,
	MARK_SHARED,
	MARK_UIDS,
	MARK_GIDS,
	MARK_ACCOUNTS,
	MARK_RESERVED,
	MARK_FREE,
	N_MARKS,
};

static const struct {
	const char *ascii, *utf8;
	const char *meaning; /* N_(); NULL: that of the mark before */
} marks[N_MARKS] = {
	[MARK_HELD] = { "#", "\u2588", N_("held") },
	[MARK_HELD_TOO] = { "=", "\u2593", NULL },
	[MARK_PARTLY] = { "-", "\u2591", N_("partly") },
	[MARK_SHARED] = { "X", "\u2573", N_("shared (!)") },
	[MARK_UIDS] = { "u", "\u2580", N_("uids") },
	[MARK_GIDS] = { "g", "\u2584", N_("gids") },
	[MARK_ACCOUNTS] = { "@", "@", N_("accounts") },
	[MARK_RESERVED] = { "~", "~", N_("reserved") },
	[MARK_FREE] = { ".", "\u00b7", N_("free") },
};

/* A line that is being printed, and what the picture has shown so far. */
struct drawing {
	const struct picture *picture;
	bool colours;
	bool used[N_MARKS];
	size_t cells; /* of this line */
};

static const char *mark_text(const struct drawing *drawing, enum mark mark)
{
	return drawing->picture->question->charset == PRINTABLE_UTF8 ? marks[mark].utf8 :
								       marks[mark].ascii;
}

/* Prints what fits into @room cells, and fills them with spaces if @fill is set. */
static void print_padded(struct drawing *drawing, const char *text, size_t room,
			 bool fill)
{
	size_t width = drawing->picture->question->width - drawing->cells, cells;
	size_t len = text_width_fit(text, room < width ? room : width, &cells);

	fwrite_unlocked(text, 1, len, stdout);
	drawing->cells += cells;
	for (; fill && cells < room; cells++, drawing->cells++)
		putchar_unlocked(' ');
}

static void end_line(struct drawing *drawing)
{
	putchar_unlocked('\n');
	drawing->cells = 0;
}

static enum mark choose_mark(const struct picture_question *question,
			     const struct picture_cell *cell)
{
	uint64_t ids = range_count(cell->ids);
	bool uids = question->kinds & 1, gids = question->kinds & 2;
	size_t accounts = 0;

	if (cell->shared)
		return MARK_SHARED;
	if ((!uids || cell->covered[0] == ids) && (!gids || cell->covered[1] == ids))
		return cell->odd ? MARK_HELD_TOO : MARK_HELD;
	if (uids && gids && cell->covered[0] == ids && cell->covered[1] == 0)
		return MARK_UIDS;
	if (uids && gids && cell->covered[1] == ids && cell->covered[0] == 0)
		return MARK_GIDS;
	if (cell->covered[0] || cell->covered[1])
		return MARK_PARTLY;
	for (unsigned int group = 0; group < 2; group++)
		if (question->kinds & 1U << group)
			accounts += picture_count_accounts(question, group, cell->ids);
	if (accounts)
		return MARK_ACCOUNTS;
	return 2 * picture_count_reserved(question, cell->ids) > ids ? MARK_RESERVED :
								       MARK_FREE;
}

static void put_marks(struct drawing *drawing, const struct picture_row *row)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		enum mark mark = choose_mark(drawing->picture->question, &row->cells[i]);
		const char *colour =
			drawing->colours && mark == MARK_SHARED ? "red" : NULL;

		drawing->used[mark] = true;
		fputs_unlocked(terminal_colour_start(colour), stdout);
		print_padded(drawing, mark_text(drawing, mark), SIZE_MAX, false);
		fputs_unlocked(terminal_colour_end(colour), stdout);
	}
	print_padded(drawing, "", drawing->picture->bar_cells - row->n_cells, true);
}

/* Prints how many per cent of the ids of a row are in ranges. */
static void put_fill(struct drawing *drawing, const struct picture_row *row)
{
	unsigned int kinds = drawing->picture->question->kinds == 3 ? 2 : 1;
	uint64_t ids = range_count(row->ids) * kinds, covered = 0, per_cent;
	char text[32];

	for (size_t i = 0; i < row->n_cells; i++)
		covered += row->cells[i].covered[0] + row->cells[i].covered[1];
	per_cent = covered * 100 / ids;
	if (per_cent == 0)
		snprintf(text, sizeof(text), " <1 %% ");
	else
		snprintf(text, sizeof(text), "%3" PRIu64 " %% ", per_cent);
	print_padded(drawing, row->ranges ? text : "", 6, true);
}

static void put_name(struct drawing *drawing, const struct picture_item *item)
{
	const struct picture_question *question = drawing->picture->question;
	const char *name = question->names[item->owner];
	const char *colour = drawing->colours && item->shared ? "red" : NULL;
	const char *kind = item->kinds == question->kinds ? "" :
			   item->kinds == 1		  ? ":uid" :
							    ":gid";
	char text[PICTURE_NAME_BYTES];

	printable_copy(text, sizeof(text), name, strlen(name), question->charset);
	fputs_unlocked(terminal_colour_start(colour), stdout);
	print_padded(drawing, text, drawing->picture->cut, false);
	print_padded(drawing, kind, SIZE_MAX, false);
	print_padded(drawing, item->shared ? "!" : "", SIZE_MAX, false);
	fputs_unlocked(terminal_colour_end(colour), stdout);
}

/* Returns whether all names of a row fit. */
static bool fits_names(const struct picture *picture, const struct picture_row *row)
{
	size_t cells = row->n - 1;

	if (row->n > picture->name_cells)
		return false;
	for (size_t i = 0; i < row->n; i++)
		cells += picture_name_cells(picture,
					    &picture->question->items[row->item + i]);
	return cells <= picture->name_cells;
}

/* Prints the owners of a row, or how many ranges there are from which one to which. */
static void put_owners(struct drawing *drawing, const struct picture_row *row)
{
	const struct picture_item *items = drawing->picture->question->items + row->item;
	char text[64];

	if (fits_names(drawing->picture, row)) {
		for (size_t i = 0; i < row->n; i++) {
			print_padded(drawing, i ? " " : "", SIZE_MAX, false);
			put_name(drawing, &items[i]);
		}
		return;
	}
	snprintf(text, sizeof(text), "%zu: ", row->n);
	print_padded(drawing, text, SIZE_MAX, false);
	put_name(drawing, &items[0]);
	print_padded(drawing, row->n > 2 ? " ... " : " ", SIZE_MAX, false);
	put_name(drawing, &items[row->n - 1]);
}

/* Returns whether a user or a group may still get one of the ids. */
static bool has_free(const struct picture_question *question, struct range ids)
{
	for (uint64_t id = ids.start; id < ids.end; id++)
		for (unsigned int group = 0; group < 2; group++)
			if (question->kinds & 1U << group &&
			    !picture_count_accounts(question, group,
						    (struct range){ id, id + 1 }))
				return true;
	return false;
}

/* Says what ids without ranges are, the largest part last. */
static void put_others(struct drawing *drawing, const struct picture_row *row)
{
	const struct picture_question *question = drawing->picture->question;
	uint64_t ids = range_count(row->ids);
	uint64_t reserved = picture_count_reserved(question, row->ids);
	size_t users = picture_count_accounts(question, 0, row->ids);
	size_t groups = picture_count_accounts(question, 1, row->ids);
	const char *comma = "";
	char text[256];

	if (users && question->kinds & 1) {
		snprintf(text, sizeof(text), _("users: %zu"), users);
		print_padded(drawing, text, SIZE_MAX, false);
		comma = ", ";
	}
	if (groups && question->kinds & 2) {
		snprintf(text, sizeof(text), _("groups: %zu"), groups);
		print_padded(drawing, comma, SIZE_MAX, false);
		print_padded(drawing, text, SIZE_MAX, false);
		comma = ", ";
	}
	if (reserved == ids || 2 * reserved > ids) {
		print_padded(drawing, comma, SIZE_MAX, false);
		print_padded(drawing, _("reserved"), SIZE_MAX, false);
		comma = ", ";
	}
	if (has_free(question, row->ids) && 2 * reserved <= ids) {
		print_padded(drawing, comma, SIZE_MAX, false);
		print_padded(drawing, _("free"), SIZE_MAX, false);
	}
}

static void print_picture_row(struct drawing *drawing, const struct picture_row *row)
{
	const struct picture *picture = drawing->picture;
	char text[64];
	int n = snprintf(text, sizeof(text), "%*" PRIu64, (int)picture->id_cells,
			 row->ids.start);

	if (picture->lasts && n > 0)
		snprintf(text + n, sizeof(text) - (size_t)n, "-%-*" PRIu64,
			 (int)picture->id_cells, row->ids.end - 1);
	print_padded(drawing, text, SIZE_MAX, false);
	print_padded(drawing, " ", 1, false);
	put_marks(drawing, row);
	print_padded(drawing, " ", 1, false);
	put_fill(drawing, row);
	if (row->ranges)
		put_owners(drawing, row);
	else
		put_others(drawing, row);
	end_line(drawing);
}

/* Explains the marks that the picture has. */
static void put_legend(struct drawing *drawing)
{
	const char *before = "";

	for (int mark = 0; mark < N_MARKS; mark++) {
		bool pair = mark == MARK_HELD && drawing->used[MARK_HELD_TOO];

		if (!drawing->used[mark] && !pair)
			continue;
		if (!marks[mark].meaning)
			continue;
		print_padded(drawing, before, SIZE_MAX, false);
		print_padded(drawing, mark_text(drawing, (enum mark)mark), SIZE_MAX,
			     false);
		if (pair)
			print_padded(drawing, mark_text(drawing, MARK_HELD_TOO), SIZE_MAX,
				     false);
		print_padded(drawing, " ", SIZE_MAX, false);
		print_padded(drawing, _(marks[mark].meaning), SIZE_MAX, false);
		before = "  ";
	}
	end_line(drawing);
}

static void put_heading(struct drawing *drawing)
{
	const struct picture_question *question = drawing->picture->question;
	uint64_t shared = 0;
	char text[256];

	for (size_t i = 0; i < question->n; i++)
		shared += question->items[i].shared;
	snprintf(text, sizeof(text), _("%s %" PRIu64 "-%" PRIu64 ", ranges: %zu"),
		 question->kinds == 3 ? _("uids and gids") :
		 question->kinds == 1 ? _("uids") :
					_("gids"),
		 question->span.start, question->span.end - 1, question->n);
	print_padded(drawing, text, SIZE_MAX, false);
	if (shared) {
		snprintf(text, sizeof(text), _(", with ids of several owners: %" PRIu64),
			 shared);
		print_padded(drawing, text, SIZE_MAX, false);
	}
	end_line(drawing);
}

/* Prints a picture. */
void picture_put(const struct picture *picture, bool colours)
{
	struct drawing drawing = { .picture = picture, .colours = colours };

	put_heading(&drawing);
	for (size_t i = 0; i < picture->n; i++)
		print_picture_row(&drawing, &picture->rows[i]);
	put_legend(&drawing);
}
