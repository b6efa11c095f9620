// SPDX-License-Identifier: BSD-3-Clause
/*
 * The ten calls, one a line of standard input, for any libsubid and either header:
 *
 *	init					as careful programs do
 *	get uid|gid NAME			n START:COUNT...
 *	owners uid|gid ID			n UID...
 *	grant uid|gid NAME START COUNT REUSE	true START COUNT, or false
 *	ungrant uid|gid NAME START COUNT	true or false
 *
 * A negative n is an error and stands alone. `\n` in a name is a newline.
 */
#include <shadow/subid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Programs for older versions define these themselves, some for each library of theirs.
 */
const char *Prog = "subidcall";
FILE *shadow_logfd;

static void get(bool gid, const char *name)
{
	struct subid_range *ranges = NULL;
	int n = gid ? subid_get_gid_ranges(name, &ranges) :
		      subid_get_uid_ranges(name, &ranges);

	printf("%d", n < 0 ? -1 : n);
	for (int i = 0; i < n; i++)
		printf(" %lu:%lu", ranges[i].start, ranges[i].count);
	if (n >= 0)
		free(ranges);
}

static void owners(bool gid, unsigned long id)
{
	uid_t *uids = NULL;
	int n = gid ? subid_get_gid_owners((gid_t)id, &uids) :
		      subid_get_uid_owners((uid_t)id, &uids);

	printf("%d", n < 0 ? -1 : n);
	for (int i = 0; i < n; i++)
		printf(" %u", uids[i]);
	if (n >= 0)
		free(uids);
}

static void grant(bool gid, struct subordinate_range *range, bool reuse)
{
	if (gid ? subid_grant_gid_range(range, reuse) :
		  subid_grant_uid_range(range, reuse))
		printf("true %lu %lu", range->start, range->count);
	else
		printf("false");
}

static void ungrant(bool gid, struct subordinate_range *range)
{
	bool done = gid ? subid_ungrant_gid_range(range) : subid_ungrant_uid_range(range);

	printf("%s", done ? "true" : "false");
}

static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++)
		*to++ = text[0] == '\\' && text[1] == 'n' ? (text++, '\n') : *text;
	*to = '\0';
}

static void call(char *line)
{
	char *words[6] = { NULL }, *rest = line;
	struct subordinate_range range;
	bool gid;

	for (size_t i = 0; i < 6 && rest; i++)
		words[i] = strsep(&rest, "\t");
	if (strcmp(words[0], "init") == 0) {
		printf("%s", subid_init("subidcall", stderr) ? "true" : "false");
		return;
	}
	if (!words[1] || !words[2])
		exit(2);
	gid = strcmp(words[1], "gid") == 0;
	unescape(words[2]);
	range.owner = words[2];
	range.start = words[3] ? strtoul(words[3], NULL, 10) : 0;
	range.count = words[3] && words[4] ? strtoul(words[4], NULL, 10) : 0;
	if (strcmp(words[0], "get") == 0)
		get(gid, words[2]);
	else if (strcmp(words[0], "owners") == 0)
		owners(gid, strtoul(words[2], NULL, 10));
	else if (strcmp(words[0], "grant") == 0)
		grant(gid, &range,
		      words[3] && words[4] && words[5] && words[5][0] == '1');
	else if (strcmp(words[0], "ungrant") == 0)
		ungrant(gid, &range);
	else
		exit(2);
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		call(line);
		printf("\n");
		fflush(stdout);
	}
	return 0;
}
