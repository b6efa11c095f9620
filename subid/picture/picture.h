/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * picture: a drawing of ids and their owners that fits a screen.
 */
#ifndef SUBID_PICTURE_H
#define SUBID_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsubid/core/limits.h"
#include "libsubid/core/printable.h"
#include "libsubid/core/range.h"

/* A smaller screen is drawn as if it had this size. */
#define PICTURE_WIDTH_MIN  40
#define PICTURE_HEIGHT_MIN 12

/* A range, of uids (bit 0), gids (bit 1) or both. */
struct picture_item {
	uint32_t first;
	uint32_t last;
	uint32_t owner; /* an index of names */
	uint8_t kinds;
	bool shared; /* another owner has some of the ids; set by picture_draw() */
};

/* What is drawn, on how many cells; it must outlive the picture. */
struct picture_question {
	struct range span;
	uint8_t kinds;		    /* bits, as in an item */
	struct picture_item *items; /* sorted by first id */
	size_t n;
	const char *const *names;    /* of owners */
	const uint32_t *accounts[2]; /* the ids of users and of groups, sorted */
	size_t n_accounts[2];
	bool reserved; /* draw ids that systemd uses */
	size_t width;
	size_t height;
	enum printable_charset charset; /* no mark is above ASCII unless it is UTF-8 */
};

struct picture_cell {
	struct range ids;
	uint64_t covered[2]; /* ids in ranges, by kind */
	bool shared;
	bool odd; /* every second range has another mark */
};

struct picture_row {
	struct range ids;
	bool ranges;  /* some of the ids are in ranges */
	bool short_;  /* there is no room for all names */
	size_t item;  /* the first one that begins here */
	size_t n;     /* number of those */
	size_t reach; /* the item before it that reaches furthest, plus 1; 0: none */
	size_t n_cells;
	struct picture_cell *cells;
};

struct picture {
	const struct picture_question *question;
	struct picture_row *rows;
	size_t n;
	size_t allocated;
	size_t id_cells;   /* the width of an id */
	size_t bar_cells;  /* the width of the marks */
	size_t name_cells; /* the width of the names, at most */
	size_t cut;	   /* longer names are cut to these cells */
	bool lasts;	   /* rows have their last id, too */
};

#define PICTURE_NONE   \
	{              \
		.n = 0 \
	}

int picture_draw(const struct picture_question *question, struct picture *ret_picture);
void picture_put(const struct picture *picture, bool colours);
void picture_cleanup(struct picture *picture);

/*
 * What the sources of this directory share.
 */

/* A name as it is shown. */
#define PICTURE_NAME_BYTES (PRINTABLE_ESCAPE_BYTES * LIMIT_OWNER_BYTES + 1)

int picture_make_rows(struct picture *picture, size_t rows);
int picture_make_cells(struct picture *picture);
void picture_find_shared(struct picture *picture, unsigned int group);
size_t picture_name_cells(const struct picture *picture, const struct picture_item *item);
size_t picture_count_accounts(const struct picture_question *question, unsigned int group,
			      struct range ids);
uint64_t picture_count_reserved(const struct picture_question *question,
				struct range ids);

#endif
