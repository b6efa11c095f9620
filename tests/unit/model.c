// SPDX-License-Identifier: BSD-3-Clause
/*
 * model: random databases and maps over 64 ids, one bit each.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libsubid/core/entry.h"
#include "tests/unit/model.h"
#include "tests/unit/rng.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define UNIVERSE	64
#define LINES		64
#define MAPS_A_DATABASE 12

struct model {
	const struct model_options *options;
	struct rng rng;
	int fd;
	uint64_t base; /* the first id of the universe */
	struct account account;
	/* The database, and what its lines grant the caller. */
	char text[LINES * 8192];
	size_t len;
	struct grant {
		uint64_t start, count;
		bool by_alias;
	} grants[LINES];
	size_t n_grants;
};

/* What the substitute for the name service also knows: see user(). */
static const char *const aliases[] = { "alias", "elsa2", "e" };
static const char *const strangers[] = { "anna", "els",	   "elsaa",
					 "Elsa", "broken", "absent" };

static uid_t caller;

/* A name service in which the caller has several names and one name cannot be looked up.
 */
static int user(void *context, const char *name, struct account *ret_account)
{
	bool callers = strcmp(name, "elsa") == 0;

	(void)context;
	if (strcmp(name, "broken") == 0)
		return -EIO;
	if (strcmp(name, "absent") == 0)
		return ACCOUNT_NONE;
	for (size_t i = 0; i < COUNT_OF(aliases); i++)
		callers |= strcmp(name, aliases[i]) == 0;
	account_set(ret_account, name, strlen(name), callers ? caller : caller ^ 1, 0);
	return 0;
}

static const struct name_service service = { .user = user };
static const struct lookup lookup = { .service = &service };

/* Looks up a name in the lines that were made. */
static bool is_granted(const struct model *model, uint64_t id, bool with_aliases)
{
	for (size_t i = 0; i < model->n_grants; i++) {
		const struct grant *grant = &model->grants[i];

		if (id >= grant->start && id - grant->start < grant->count &&
		    (with_aliases || !grant->by_alias))
			return true;
	}
	return false;
}

static void __attribute__((format(printf, 2, 3)))
append(struct model *model, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	model->len +=
		(size_t)vsnprintf(model->text + model->len,
				  sizeof(model->text) - model->len, format, arguments);
	va_end(arguments);
}

/* A range that overlaps the universe; it may begin before and end after it. */
static void some_range(struct model *model, uint64_t *ret_start, uint64_t *ret_count)
{
	struct rng *rng = &model->rng;
	uint64_t start = model->base + rng_below(rng, UNIVERSE);
	uint64_t count = 1 + rng_below(rng, rng_once_in(rng, 4) ? UNIVERSE : 8);

	if (rng_once_in(rng, 16) && start > 1000) {
		start -= 100;
		count += 100;
	}
	if (start + count > ID_END)
		count = ID_END - start;
	else if (rng_once_in(rng, 16))
		count = ID_END - start;
	*ret_start = start;
	*ret_count = count;
}

/* A line that grants nothing, but looks as if it did. */
static void append_broken(struct model *model, uint64_t start, uint64_t count)
{
	switch (rng_below(&model->rng, 18)) {
	case 0:
		append(model, "elsa:0%" PRIu64 ":%" PRIu64, start, count);
		break;
	case 1:
		append(model, "elsa:%" PRIu64 ":0%" PRIu64, start, count);
		break;
	case 2:
		append(model, "elsa:%" PRIu64 ":0", start);
		break;
	case 3:
		append(model, "elsa:%" PRIu64 ":%" PRIu64 " ", start, count);
		break;
	case 4:
		append(model, "elsa:%" PRIu64 ":%" PRIu64 "\r", start, count);
		break;
	case 5:
		append(model, "elsa:%" PRIu64 ":%" PRIu64 ":", start, count);
		break;
	case 6:
		append(model, "elsa:%" PRIu64, start);
		break;
	case 7:
		append(model, " elsa:%" PRIu64 ":%" PRIu64, start, count);
		break;
	case 8:
		append(model, "#elsa:%" PRIu64 ":%" PRIu64, start, count);
		break;
	case 9:
		/* Truncated to 32 bits the start would be right. */
		append(model, "elsa:%" PRIu64 ":%" PRIu64, start + (uint64_t)ID_END,
		       count);
		break;
	case 10:
		append(model, "elsa:%" PRIu64 ":%" PRIu64, start,
		       (uint64_t)ID_END - start + 1);
		break;
	case 11:
		append(model, "elsa:%" PRIu64 ":-%" PRIu64, start, count);
		break;
	case 12:
		append(model, "0%u:%" PRIu64 ":%" PRIu64,
		       (unsigned int)model->account.uid, start, count);
		break;
	case 13:
		append(model, "elsa:0x%" PRIx64 ":%" PRIu64, start, count);
		break;
	case 14:
		append(model, "elsa:%" PRIu64 ":%" PRIu64, start, count);
		model->text[model->len++] = '\0';
		break;
	case 15:
		append(model, "%" PRIu64 ":%" PRIu64 ":%" PRIu64,
		       model->account.uid + (uint64_t)ID_END, start, count);
		break;
	case 16:
		append(model, " ");
		break;
	default:
		if (rng_once_in(&model->rng, 20))
			append(model, "elsa:%" PRIu64 ":%" PRIu64 ":%05000d", start,
			       count, 1);
		break;
	}
}

/* The owner of a line: the caller, or an owner that is not the caller. */
static const char *some_owner(struct model *model, char number[static 16],
			      bool *ret_by_alias, bool *ret_caller)
{
	struct rng *rng = &model->rng;
	size_t kind = rng_below(rng, model->options->aliases ? 9 : 8);

	*ret_by_alias = kind == 8;
	*ret_caller = kind < 6 || kind == 8;
	if (kind < 3)
		return "elsa";
	if (kind == 8)
		return aliases[rng_below(rng, COUNT_OF(aliases))];
	if (kind == 7)
		return strangers[rng_below(rng, COUNT_OF(strangers))];
	/* The uid, or another one: one digit differs, or there is one more. */
	snprintf(number, 16, "%u",
		 (unsigned int)(kind < 6 ? model->account.uid :
				rng_once_in(rng, 2) ?
					   model->account.uid ^ 1 :
					   model->account.uid % 100000000 * 10 + 1));
	return number;
}

static void append_line(struct model *model)
{
	struct grant grant;
	char number[16];
	const char *owner;
	bool caller_owns;

	some_range(model, &grant.start, &grant.count);
	if (rng_once_in(&model->rng, 6)) {
		append_broken(model, grant.start, grant.count);
	} else {
		owner = some_owner(model, number, &grant.by_alias, &caller_owns);
		append(model, "%s:%" PRIu64 ":%" PRIu64, owner, grant.start, grant.count);
		if (caller_owns)
			model->grants[model->n_grants++] = grant;
	}
	model->text[model->len++] = '\n';
}

/* The whole universe in short ranges, shuffled; sometimes one of them is missing. */
static void append_pieces(struct model *model)
{
	struct rng *rng = &model->rng;
	struct grant pieces[UNIVERSE];
	uint64_t start = model->base, end = model->base + UNIVERSE;
	size_t n = 0;

	while (start < end) {
		uint64_t count = 1 + rng_below(rng, 2);

		if (count > end - start)
			count = end - start;
		pieces[n++] = (struct grant){ .start = start, .count = count };
		start += count;
	}
	for (size_t i = n; i > 1; i--) {
		size_t j = rng_below(rng, i);
		struct grant swap = pieces[i - 1];

		pieces[i - 1] = pieces[j];
		pieces[j] = swap;
	}
	if (rng_once_in(rng, 2))
		n--;
	for (size_t i = 0; i < n; i++) {
		append(model, "%u:%" PRIu64 ":%" PRIu64 "\n",
		       (unsigned int)model->account.uid, pieces[i].start,
		       pieces[i].count);
		model->grants[model->n_grants++] = pieces[i];
	}
}

static int make_database(struct model *model)
{
	struct rng *rng = &model->rng;

	model->len = model->n_grants = 0;
	model->base = model->options->upper ? ID_END - UNIVERSE : 0;
	if (!model->options->upper && rng_once_in(rng, 4))
		model->base = 100000;

	model->account =
		(struct account){ .name = "elsa", .name_len = 4, .exists = true };
	model->account.uid =
		(uid_t)(rng_once_in(rng, 2) ? 1000 : model->base + rng_below(rng, 62));
	model->account.number_len = num_format(model->account.uid, model->account.number);
	caller = model->account.uid;

	if (model->options->crowded)
		append_pieces(model);
	for (size_t n = model->options->crowded ? 0 : rng_below(rng, 12); n > 0; n--)
		append_line(model);
	/* The last newline may be missing, unless the line is empty. */
	if (model->len > 1 && model->text[model->len - 2] != '\n' && rng_once_in(rng, 4))
		model->len--;
	if (!model->options->decide)
		return 0;
	if (ftruncate(model->fd, (off_t)model->len) ||
	    pwrite(model->fd, model->text, model->len, 0) != (ssize_t)model->len)
		return -1;
	return 0;
}

/* One extent: random, or a part of what is granted, or the own id. */
static struct extent some_extent(struct model *model, uint32_t own_id)
{
	struct rng *rng = &model->rng;
	uint64_t start = model->base + rng_below(rng, UNIVERSE),
		 count = rng_below(rng, 6);

	if (model->options->crowded) {
		start = model->base + rng_below(rng, 8);
		count = 8 + rng_below(rng, UNIVERSE - 16);
	} else if (rng_once_in(rng, 6)) {
		start = own_id;
		count = rng_once_in(rng, 3) ? 2 : 1;
	} else if (!rng_once_in(rng, 3)) {
		/* From one granted id to the next one that is not. */
		size_t n = 0;

		while (n < UNIVERSE && is_granted(model, start + n, true))
			n++;
		count = n ? 1 + rng_below(rng, n) : 1;
		if (rng_once_in(rng, 8))
			count++;
	}
	if (start >= ID_NONE)
		start = ID_NONE - 1;
	if (start + count > ID_NONE)
		count = ID_NONE - start;
	return (struct extent){
		.inner = (uint32_t)rng_below(rng, 100),
		.outer = (uint32_t)start,
		.count = (uint32_t)count,
	};
}

/* What decide() must return. */
struct verdict {
	int r;
	size_t refused;
	struct range missing;
	bool delegated;
	bool needs_alias;
};

static bool is_own(const struct extent *extent, uint32_t own_id)
{
	return extent->count == 1 && extent->outer == own_id;
}

/* The first run of ids of the extent that are not granted. */
static struct range first_missing(const struct model *model, const struct extent *extent)
{
	uint64_t id = extent->outer, end = id + extent->count;
	struct range missing = { 0, 0 };

	while (id < end && is_granted(model, id, true))
		id++;
	if (id < end)
		missing.start = id;
	while (id < end && !is_granted(model, id, true))
		missing.end = ++id;
	return missing;
}

static bool all_granted(const struct model *model, const struct extent *extent,
			bool with_aliases)
{
	for (uint64_t i = 0; i < extent->count; i++)
		if (!is_granted(model, extent->outer + i, with_aliases))
			return false;
	return true;
}

static struct verdict judge(const struct model *model, const struct idmap *map,
			    bool group, uint32_t own_id, bool database)
{
	struct verdict verdict = { 0 };
	bool alone = map->n == 1 && is_own(&map->extents[0], own_id);
	bool needed = false;

	for (size_t i = 0; i < map->n; i++)
		if (map->extents[i].count > 0 && !is_own(&map->extents[i], own_id))
			needed = true;
	if (!database && needed) {
		verdict.r = DECIDE_NO_DATABASE;
		return verdict;
	}
	for (size_t i = 0; i < map->n; i++) {
		const struct extent *extent = &map->extents[i];

		if (is_own(extent, own_id))
			continue;
		if (extent->count == 0 || !all_granted(model, extent, true)) {
			verdict.r = DECIDE_REFUSED;
			verdict.refused = i;
			if (extent->count > 0)
				verdict.missing = first_missing(model, extent);
			return verdict;
		}
		verdict.needs_alias |= !all_granted(model, extent, false);
	}
	verdict.delegated = needed || (alone && group && database &&
				       all_granted(model, &map->extents[0], true));
	return verdict;
}

/* Prints the database and the map, so that the case can be repeated by hand. */
static void complain(const struct model *model, const struct idmap *map, bool group,
		     uint32_t own_id, uint64_t number, const char *what,
		     struct model_result *result)
{
	char *out = result->complaint;
	size_t size = sizeof(result->complaint), n;

	n = (size_t)snprintf(out, size,
			     "seed %" PRIu64 ", case %" PRIu64
			     ": %s\n%s, own id %u, uid %u; ",
			     model->options->seed, number, what, group ? "gid" : "uid",
			     (unsigned int)own_id, (unsigned int)model->account.uid);
	for (size_t i = 0; i < map->n; i++)
		n += (size_t)snprintf(out + n, size - n, "%u %u %u  ",
				      (unsigned int)map->extents[i].inner,
				      (unsigned int)map->extents[i].outer,
				      (unsigned int)map->extents[i].count);
	n += (size_t)snprintf(out + n, size - n, "\n");
	for (size_t i = 0; i < model->len && n < size - 8; i++) {
		unsigned char c = (unsigned char)model->text[i];

		n += (size_t)snprintf(out + n, size - n,
				      c == '\n' ? "%c" :
				      c < ' '	? "\\x%02x" :
						  "%c",
				      c);
	}
}

static bool decide_by_file(struct model *model, const struct idmap *map, bool group,
			   uint32_t own_id, bool database, const struct verdict *expected,
			   char *what, size_t size)
{
	struct dbfile file = {
		.fd = model->fd,
		.status = { .st_mode = S_IFREG | 0644, .st_size = (off_t)model->len },
	};
	struct decision decision = { .refused = 77, .missing = { 77, 88 } };
	int r;

	if (!database) {
		file.fault = DBFILE_CLOSED;
		file.error = ENOENT;
	}
	if (lseek(model->fd, 0, SEEK_SET) != 0)
		return false;
	r = model->options->decide(group ? &kind_gid : &kind_uid, map, &lookup,
				   &model->account, own_id, &file, &decision);
	snprintf(what, size,
		 "%d (refused %zu, missing %" PRIu64 "-%" PRIu64
		 ", database %d) for %d (refused %zu, missing %" PRIu64 "-%" PRIu64
		 ", database %d)",
		 r, decision.refused, decision.missing.start, decision.missing.end,
		 decision.delegated, expected->r, expected->refused,
		 expected->missing.start, expected->missing.end, expected->delegated);
	if (r != expected->r)
		return false;
	if (r == DECIDE_REFUSED && model->options->places)
		return decision.refused == expected->refused &&
		       decision.missing.start == expected->missing.start &&
		       (decision.missing.end == expected->missing.end ||
			model->options->aliases);
	return r || decision.delegated == expected->delegated;
}

/* The same with range sets, as for the answer of a plugin. */
static bool decide_by_sets(struct model *model, const struct idmap *map, bool group,
			   uint32_t own_id, const struct verdict *expected, char *what,
			   size_t size)
{
	struct range_set granted = RANGE_SET(LINES);
	const struct range_set denied = RANGE_SET(0);
	struct decision decision = { .refused = 77 };
	int r = 0;

	for (size_t i = 0; i < model->n_grants && r == 0; i++) {
		const struct grant *grant = &model->grants[i];

		r = range_set_add(
			&granted,
			(struct range){ grant->start, grant->start + grant->count });
	}
	if (r == 0)
		r = decide_granted(group ? &kind_gid : &kind_uid, map, own_id, &granted,
				   &denied, &decision);
	range_set_clear(&granted);
	snprintf(what, size, "%d (refused %zu, delegated %d) for %d (refused %zu, %d)", r,
		 decision.refused, decision.delegated, expected->r, expected->refused,
		 expected->delegated);
	return r == expected->r && (r == 0 ? decision.delegated == expected->delegated :
					     decision.refused == expected->refused);
}

static bool run_map(struct model *model, uint64_t number, struct model_result *result)
{
	struct rng *rng = &model->rng;
	bool group = rng_once_in(rng, 3);
	bool database = !model->options->decide || !rng_once_in(rng, 40);
	uint32_t own_id = model->account.uid;
	struct verdict expected;
	struct idmap map;
	char what[256];
	bool agrees;

	if (group)
		own_id = (uint32_t)(rng_once_in(rng, 2) ?
					    100 :
					    model->base + rng_below(rng, 62));
	map.n = rng_once_in(rng, 2) ? 1 : 1 + rng_below(rng, MODEL_EXTENTS);
	for (size_t i = 0; i < map.n; i++)
		map.extents[i] = some_extent(model, own_id);

	expected = judge(model, &map, group, own_id, database);
	agrees = model->options->decide ?
			 decide_by_file(model, &map, group, own_id, database, &expected,
					what, sizeof(what)) :
			 decide_by_sets(model, &map, group, own_id, &expected, what,
					sizeof(what));
	if (!agrees) {
		complain(model, &map, group, own_id, number, what, result);
		return false;
	}
	result->granted += expected.r == 0;
	result->by_alias += expected.r == 0 && expected.needs_alias;
	result->refused += expected.r == DECIDE_REFUSED;
	result->no_database += expected.r == DECIDE_NO_DATABASE;
	return true;
}

void model_run(const struct model_options *options, struct model_result *ret_result)
{
	static struct model model;

	*ret_result = (struct model_result){ 0 };
	model = (struct model){ .options = options, .rng = { options->seed }, .fd = -1 };
	if (options->decide)
		model.fd = memfd_create("model", MFD_CLOEXEC);
	for (uint64_t number = 0; number < options->cases; number++) {
		if (number % MAPS_A_DATABASE == 0 && make_database(&model)) {
			snprintf(ret_result->complaint, sizeof(ret_result->complaint),
				 "the database cannot be written: %s", strerror(errno));
			break;
		}
		if (!run_map(&model, number, ret_result))
			break;
	}
	if (model.fd >= 0)
		close(model.fd);
}
