// SPDX-License-Identifier: BSD-3-Clause
/*
 * source: asks the sources of nsswitch.conf.
 *
 * The sources are asked in order. The first one with a result is the answer: results of
 * two sources are never combined. Sources that are not installed are skipped; if none is
 * left, the files are asked.
 *
 * MUST: a caller cannot choose which source answers. A plugin that is broken for every
 * caller until root fixes it may be skipped if a later source has an answer. A plugin
 * that does not answer now, without memory or its service, may not be skipped: else a
 * caller that can cause this would choose the next source.
 */
#include <string.h>
#include <strings.h>

#include "libsubid/source/plugin.h"
#include "libsubid/source/source.h"

static void add_source(struct source_list *list, enum source_type type, const char *name)
{
	list->sources[list->n++] = (struct source){ .type = type, .name = name };
}

/*
 * Finds the sources to ask: those that are installed, or the files. Loads nothing; for
 * only the files it makes no system call.
 *
 * nsswitch, plugin_directory: must live as long as the list. plugin_directory is an
 * absolute path. Thread-safe.
 */
void source_find(const struct nsswitch *nsswitch, const char *plugin_directory,
		 struct source_list *ret_list)
{
	struct source_list list = { .plugin_directory = plugin_directory };

	for (size_t i = 0; i < nsswitch->n_sources; i++) {
		const char *name = nsswitch->sources[i];

		/* The usual spelling first: strcasecmp(3) reads tables of the locale. */
		if (strcmp(name, "files") == 0 || strcasecmp(name, "files") == 0)
			add_source(&list, SOURCE_FILES, name);
		else if (plugin_is_installed(plugin_directory, name))
			add_source(&list, SOURCE_PLUGIN, name);
	}
	if (list.n == 0)
		add_source(&list, SOURCE_FILES, "files");
	*ret_list = list;
}

/* Returns whether any source has that type. Thread-safe. */
bool source_has(const struct source_list *list, enum source_type type)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->sources[i].type == type)
			return true;
	return false;
}

/* Returns whether a fault is the same for every caller until root fixes it. */
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

/* Begins a walk. The list must live as long. Thread-safe. */
struct source_walk source_walk(const struct source_list *list)
{
	return (struct source_walk){ .list = list, .r = SOURCE_NONE };
}

/* Returns the source to ask next, or NULL at the end of the walk. */
const struct source *source_next(struct source_walk *walk)
{
	if (walk->over || walk->asked == walk->list->n)
		return NULL;
	return &walk->list->sources[walk->asked++];
}

/*
 * Takes the result of the source that source_next() returned last.
 *
 * r: 0, an enum plugin_fault or -errno. n: with 0, the number of results of the source.
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
