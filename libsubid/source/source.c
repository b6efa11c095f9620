// SPDX-License-Identifier: BSD-3-Clause
/*
 * source: from the words in nsswitch.conf to one answer.
 *
 * The sources are asked in order, and the first that has anything is the answer: what two
 * sources say is never put together. One that is not installed is passed over; if that
 * leaves none, the files are asked.
 *
 * MUST: a caller cannot choose which source answers. A plugin that is broken for every
 * caller until root fixes it may be passed over for a later source that has an answer.
 * One that does not answer now, for want of memory or of its service, may not: what it
 * would have said is not known, and a caller who can silence it would be answered by
 * another.
 */
#include <string.h>
#include <strings.h>

#include "libsubid/source/plugin.h"
#include "libsubid/source/source.h"

static void add(struct source_list *list, enum source_type type, const char *name)
{
	list->sources[list->n++] = (struct source){ .type = type, .name = name };
}

/*
 * Finds the sources that are to be asked: those that are installed, or the files. Loads
 * nothing; for the files alone it makes no system call.
 *
 * nsswitch, plugin_folder: must live as long as the list. plugin_folder is an absolute
 * path. Thread-safe.
 */
void source_find(const struct nsswitch *nsswitch, const char *plugin_folder,
		 struct source_list *ret_list)
{
	struct source_list list = { .plugin_folder = plugin_folder };

	for (size_t i = 0; i < nsswitch->n_sources; i++) {
		const char *name = nsswitch->sources[i];

		/* As it almost always is, no table of a locale is looked at. */
		if (strcmp(name, "files") == 0 || strcasecmp(name, "files") == 0)
			add(&list, SOURCE_FILES, name);
		else if (plugin_is_installed(plugin_folder, name))
			add(&list, SOURCE_PLUGIN, name);
	}
	if (list.n == 0)
		add(&list, SOURCE_FILES, "files");
	*ret_list = list;
}

/* Tells whether any source is of that type. Thread-safe. */
bool source_has(const struct source_list *list, enum source_type type)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->sources[i].type == type)
			return true;
	return false;
}

/* What is the same for every caller until root fixes it. */
static bool may_be_passed_over(int fault)
{
	switch (fault) {
	case PLUGIN_ELSEWHERE:
	case PLUGIN_FOREIGN:
	case PLUGIN_WRITABLE:
	case PLUGIN_MALFORMED:
		return true;
	default:
		return false;
	}
}

/* Begins a question. The list must live as long as the walk. Thread-safe. */
struct source_walk source_walk(const struct source_list *list)
{
	return (struct source_walk){ .list = list, .r = SOURCE_NONE };
}

/* Returns the source that is to be asked next, or NULL: the question is over. */
const struct source *source_next(struct source_walk *walk)
{
	if (walk->over || walk->asked == walk->list->n)
		return NULL;
	return &walk->list->sources[walk->asked++];
}

/*
 * Takes what the source said that source_next() returned last.
 *
 * r: 0, an enum plugin_fault or -errno. n: with 0, how much the source has for the one
 * who is asked about; the first source that has anything is the answer.
 */
void source_take(struct source_walk *walk, int r, size_t n)
{
	bool broken = may_be_passed_over(r);

	if ((r == 0 && n == 0) || (broken && walk->r == SOURCE_FAILED))
		return;
	walk->over = !broken;
	walk->r = r ? SOURCE_FAILED : 0;
	walk->answer = (struct source_answer){
		.source = &walk->list->sources[walk->asked - 1],
		.fault = r > 0 ? r : 0,
		.error = r < 0 ? -r : 0,
	};
}
