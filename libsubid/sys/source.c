// SPDX-License-Identifier: BSD-3-Clause
/*
 * source: from the words in nsswitch.conf to one answer.
 *
 * The sources are asked in order, and the first that has anything is the answer: what two
 * sources say is never put together. One that is not installed is passed over; if that
 * leaves none, the files are asked.
 *
 * MUST: nobody who asks can choose which source answers. A plugin that is broken for all,
 * and until root mends it, may be passed over for a later source that has an answer. One
 * that does not answer now, for want of memory or of its service, may not: what it would
 * have said is not known, and whoever can bring that about would be answered by another.
 */
#include <string.h>
#include <strings.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/plugin.h"
#include "libsubid/sys/source.h"

static void add(struct source_list *list, enum source_type type, const char *name)
{
	list->sources[list->n++] = (struct source){ .type = type, .name = name };
}

static int ask_here(const struct source_list *list, const struct source *source,
		    const char *owner, const struct kind *kind, struct range_set *set)
{
	return plugin_ask_ranges(list->plugin_folder, source->name, owner, kind, set);
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
	struct source_list list = {
		.plugin_folder = plugin_folder,
		.ask_ranges = ask_here,
	};

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

/* One question, and in which of two ways a plugin is asked. */
struct question {
	int (*ask)(const struct source_list *list, const struct source *source,
		   struct question *question);
	const struct kind *kind;
	source_files_fn files;
	void *context;
	const char *owner;     /* of ranges: */
	struct range_set *set; /* the caller's */
	uint32_t id;	       /* of owners: */
	uid_t *uids;
	size_t n; /* how many ranges or owners there are */
};

static int ask_ranges(const struct source_list *list, const struct source *source,
		      struct question *question)
{
	int r = list->ask_ranges(list, source, question->owner, question->kind,
				 question->set);

	question->n = r ? 0 : question->set->n;
	return r;
}

static int ask_owners(const struct source_list *list, const struct source *source,
		      struct question *question)
{
	int r = plugin_ask_owners(list->plugin_folder, source->name, question->id,
				  question->kind, &question->uids, &question->n);

	/* Whoever asks for owners alone takes it for "nobody", as ever. */
	return r == PLUGIN_MUTE ? 0 : r;
}

static int ask_files(struct question *question)
{
	int r = question->files(question->context);

	question->n = r == 0;
	return r < 0 ? r : 0;
}

/* What is the same for all who ask, and stays so until root mends it. */
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

static int ask(const struct source_list *list, struct question *question,
	       struct source_answer *ret_answer)
{
	struct source_answer broken = { 0 };

	for (size_t i = 0; i < list->n; i++) {
		const struct source *source = &list->sources[i];
		int r = source->type == SOURCE_FILES ?
				ask_files(question) :
				question->ask(list, source, question);
		struct source_answer answer = {
			.source = source,
			.fault = r > 0 ? r : 0,
			.error = r < 0 ? -r : 0,
		};

		if (r == 0 && question->n == 0)
			continue;
		if (!may_be_passed_over(r)) {
			*ret_answer = answer;
			return r ? SOURCE_FAILED : 0;
		}
		if (!broken.source)
			broken = answer;
	}
	*ret_answer = broken;
	return broken.source ? SOURCE_FAILED : SOURCE_NONE;
}

/*
 * Asks for the ranges of a user.
 *
 * owner: for plugins, a login name. files, context: how the files are asked.
 * set: empty, with room for LIMIT_PLUGIN_ANSWER ranges; what a plugin answered,
 * neighbours joined. It stays empty where the files answer. Returns 0, SOURCE_NONE or
 * SOURCE_FAILED; *ret_answer says whose answer that is. No lock is held meanwhile.
 * Thread-safe if the plugins are.
 */
int source_ranges(const struct source_list *list, const char *owner,
		  const struct kind *kind, source_files_fn files, void *context,
		  struct range_set *set, struct source_answer *ret_answer)
{
	struct question question = {
		.kind = kind,
		.files = files,
		.context = context,
		.ask = ask_ranges,
		.owner = owner,
		.set = set,
	};

	return ask(list, &question, ret_answer);
}

/*
 * Asks who has an id. As source_ranges(), but for:
 *
 * ret_uids, ret_n: what a plugin answered, to be freed; NULL and 0 where the files
 * answer. Written with 0.
 */
int source_owners(const struct source_list *list, uint32_t id, const struct kind *kind,
		  source_files_fn files, void *context, uid_t **ret_uids, size_t *ret_n,
		  struct source_answer *ret_answer)
{
	struct question question = {
		.kind = kind,
		.files = files,
		.context = context,
		.ask = ask_owners,
		.id = id,
	};
	int r = ask(list, &question, ret_answer);

	if (r == 0) {
		*ret_uids = question.uids;
		*ret_n = question.uids ? question.n : 0;
	}
	return r;
}
