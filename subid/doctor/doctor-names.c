// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-names: replaces the names of other users in a page for a bug tracker. One user
 * has the same replacement everywhere: `user1` is the first that the page names.
 *
 * MUST: the owner of each line, and each ordinary local user, is replaced. root, system
 * users and all names of the user who is checked are not.
 */
#include <stdio.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/core/num.h"
#include "libsubid/user/passwd-file.h"
#include "subid/doctor/doctor.h"

/* The id of a name in page->others: it has other characters than words have. */
#define ODD 1

/* Names consist of these characters, and of others than ASCII. */
static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("_-.@\\+$", c)) ||
	       (unsigned char)c >= 0x80;
}

static int add_other(struct doctor_page *page, const char *name, size_t len)
{
	uint32_t odd = 0;
	uint64_t uid;

	if (owner_is_text(&page->owner, name, len) ||
	    num_parse(name, len, ID_NONE, &uid) == 0 ||
	    (len == 4 && memcmp(name, "root", 4) == 0))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!is_word_byte(name[i]))
			odd = ODD;
	page->odd_names |= odd == ODD;
	return accounts_add(&page->others, name, len, odd, 0);
}

static bool is_system_user(const struct accounts *users, const char *name, size_t len,
			   uint64_t uid_min)
{
	const struct accounts_item *user = accounts_by_name(users, name, len);

	return user && user->id < uid_min;
}

static int add_line_owners(struct doctor_page *page, const struct table *table,
			   const struct accounts *users, uint64_t uid_min)
{
	struct table_cursor cursor = { 0 };
	struct table_line line;
	int r = 0;

	while (r == 0 && table_next(table, &cursor, &line)) {
		const char *colon = memchr(line.text, ':', line.len);
		const char *text = line.text;
		size_t len = colon ? (size_t)(colon - text) : line.len;

		while (len > 0 && (*text == ' ' || *text == '\t')) {
			text++;
			len--;
		}
		len = strnlen(text, len);
		if (len > 0 && *text != '#' && !is_system_user(users, text, len, uid_min))
			r = add_other(page, text, len);
	}
	return r;
}

static int add_ordinary_users(struct doctor_page *page, const struct accounts *users,
			      uint64_t uid_min)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < users->n; i++) {
		const char *name = accounts_name(users, &users->items[i]);

		if (users->items[i].id >= uid_min)
			r = add_other(page, name, strlen(name));
	}
	return r;
}

/*
 * Finds the names of others; the owner and the databases must be known.
 *
 * uid_min: users below it are system users.
 * Returns 0 or -errno.
 */
int doctor_find_others(struct doctor_page *page, uint64_t uid_min)
{
	CLEANUP(accounts_cleanup) struct accounts users = { 0 };
	int r = passwd_file_load(page->db.directory, &kind_uid, &users);

	for (size_t k = 0; r == 0 && k < 2; k++)
		if (page->db.sides[k].loaded)
			r = add_line_owners(page, &page->db.sides[k].table, &users,
					    uid_min);
	if (r == 0)
		r = add_ordinary_users(page, &users, uid_min);
	return r ? r : accounts_sort(&page->others);
}

/* The name that @text begins with; NULL: none. */
static const struct accounts_item *find_odd_name(const struct doctor_page *page,
						 const char *text)
{
	const struct accounts *others = &page->others;

	for (size_t i = 0; page->odd_names && i < others->n; i++) {
		const char *name = accounts_name(others, &others->items[i]);

		if (others->items[i].id == ODD && strncmp(text, name, strlen(name)) == 0)
			return &others->items[i];
	}
	return NULL;
}

/* The name that is the word at @text, maybe followed by a full stop; NULL: none. */
static const struct accounts_item *find_other_word(const struct doctor_page *page,
						   const char *text, size_t *ret_len)
{
	const struct accounts_item *found;
	size_t len = 0;

	while (is_word_byte(text[len]))
		len++;
	*ret_len = len;
	found = accounts_by_name(&page->others, text, len);
	while (!found && len > 1 && text[len - 1] == '.')
		found = accounts_by_name(&page->others, text, --len);
	if (found)
		*ret_len = len;
	return found;
}

static int put_replacement(struct doctor_page *page, const struct accounts_item *found,
			   char *out, size_t size)
{
	struct accounts_item *item = &page->others.items[found - page->others.items];

	/* The member for the primary group holds the number in the page. */
	if (item->gid == 0)
		item->gid = ++page->n_shown;
	return snprintf(out, size, "user%u", item->gid);
}

/* Copies a text with names replaced; what does not fit is left out. */
void doctor_hide(struct doctor_page *page, const char *text, char *out, size_t size)
{
	size_t n = 0;

	while (*text && n + 1 < size) {
		const struct accounts_item *found = find_odd_name(page, text);
		size_t len = found ? strlen(accounts_name(&page->others, found)) : 1;

		if (!found && is_word_byte(*text))
			found = find_other_word(page, text, &len);
		if (found)
			n += (size_t)put_replacement(page, found, out + n, size - n);
		else
			n += (size_t)snprintf(out + n, size - n, "%.*s", (int)len, text);
		text += len;
	}
	out[n < size ? n : size - 1] = '\0';
}
