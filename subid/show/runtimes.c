// SPDX-License-Identifier: BSD-3-Clause
/*
 * runtimes: prints a mapping in the format of each container runtime.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libsubid/core/idmap-layout.h"
#include "libsubid/core/kind.h"
#include "libsubid/core/limits.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/show/map.h"
#include "subid/verb/output.h"

static uint32_t count_ids(const struct idmap *map)
{
	uint32_t count = 0;

	for (size_t i = 0; i < map->n; i++)
		count += map->extents[i].count;
	return count;
}

/* Prints two commands for a shell in which $PID is the target. */
static int print_newuidmap(const struct mapping *mapping)
{
	for (size_t i = 0; i < 2; i++) {
		const struct idmap *map = &mapping->usual[i];

		printf("%s $PID", kind_all[i]->mapper);
		for (size_t j = 0; j < map->n; j++)
			printf(" %" PRIu32 " %" PRIu32 " %" PRIu32, map->extents[j].inner,
			       map->extents[j].outer, map->extents[j].count);
		putchar('\n');
	}
	return 0;
}

static const struct extent *largest(const struct idmap *map)
{
	const struct extent *found = &map->extents[0];

	for (size_t i = 1; i < map->n; i++)
		if (map->extents[i].count > found->count)
			found = &map->extents[i];
	return found;
}

/* Every version of unshare accepts OUTER,INNER,COUNT. */
static void print_unshare_options(const struct mapping *mapping)
{
	printf("unshare --user --map-root-user");
	for (size_t i = 0; i < 2; i++) {
		const struct extent *extent = largest(&mapping->delegated[i]);

		printf(" --map-%s %" PRIu32 ",1,%" PRIu32, i ? "groups" : "users",
		       extent->outer, extent->count);
	}
}

static void note_largest(const char *program)
{
	report_line(PROGRAM, _("note: %s takes one range; this is the largest one"),
		    program);
}

static void note_single(const struct mapping *mapping)
{
	if (mapping->delegated[0].n > 1 || mapping->delegated[1].n > 1)
		note_largest("unshare");
}

static int print_unshare(const struct mapping *mapping)
{
	note_single(mapping);
	print_unshare_options(mapping);
	putchar('\n');
	return 0;
}

/* bwrap itself maps only one id; inside an existing namespace it keeps all ids. */
static int print_bwrap(const struct mapping *mapping)
{
	note_single(mapping);
	print_unshare_options(mapping);
	puts(" -- bwrap");
	return 0;
}

/*
 * Joins extents that follow one another inside and outside, apart from the first, which
 * is root of the container. podman splits them where its own namespace has a border.
 */
static void join_extents(struct idmap *map)
{
	size_t n = 0;

	for (size_t i = 0; i < map->n; i++) {
		const struct extent *extent = &map->extents[i];
		struct extent *last = n > 1 ? &map->extents[n - 1] : NULL;

		if (last && extent_inner(last).end == extent->inner &&
		    extent_outer(last).end == extent->outer)
			last->count += extent->count;
		else
			map->extents[n++] = *extent;
	}
	map->n = n;
}

/*
 * Rootless podman expects inner ids of its own namespace as outer ids. It maps all ids of
 * the user there, whichever the container has; podman of root has no such namespace.
 */
static int print_podman(const struct mapping *mapping)
{
	bool rootful = mapping->user.uid == 0;

	for (size_t i = 0; i < 2; i++) {
		const struct idmap *outside =
			rootful ? &mapping->delegated[i] : &mapping->usual[i];
		struct idmap map = *outside;
		struct range absent;

		if (!rootful &&
		    idmap_within(outside, &mapping->rootless[i], &map, &absent)) {
			report_line(PROGRAM, _("the kernel takes %d extents at the most"),
				    LIMIT_EXTENTS);
			return VERB_FINDINGS;
		}
		if (!rootful)
			join_extents(&map);
		for (size_t j = 0; j < map.n; j++)
			printf("%s--%smap %" PRIu32 ":%" PRIu32 ":%" PRIu32,
			       i + j ? " " : "", kind_all[i]->id, map.extents[j].inner,
			       map.extents[j].outer, map.extents[j].count);
	}
	putchar('\n');
	return 0;
}

static int print_lxc(const struct mapping *mapping)
{
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < mapping->delegated[i].n; j++) {
			const struct extent *extent = &mapping->delegated[i].extents[j];

			printf("lxc.idmap = %c %" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
			       kind_all[i]->id[0], extent->inner, extent->outer,
			       extent->count);
		}
	return 0;
}

/* Prints the idmap element of a libvirt domain, whose first id must be container root. */
static int print_libvirt(const struct mapping *mapping)
{
	puts("<idmap>");
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < mapping->delegated[i].n; j++) {
			const struct extent *extent = &mapping->delegated[i].extents[j];

			printf("  <%s start='%" PRIu32 "' target='%" PRIu32
			       "' count='%" PRIu32 "'/>\n",
			       kind_all[i]->id, extent->inner, extent->outer,
			       extent->count);
		}
	puts("</idmap>");
	return 0;
}

/* nova reads at most this many ranges of each kind, and ignores the others. */
#define NOVA_EXTENTS 5

/* Prints a part of nova.conf, from which nova makes the idmap element of libvirt. */
static int print_nova(const struct mapping *mapping)
{
	for (size_t i = 0; i < 2; i++)
		if (mapping->delegated[i].n > NOVA_EXTENTS) {
			report_line(PROGRAM,
				    _("nova takes %d ranges of %ss, and %s has %zu"),
				    NOVA_EXTENTS, kind_all[i]->id, mapping->user.word,
				    mapping->delegated[i].n);
			return VERB_FINDINGS;
		}
	puts("[libvirt]");
	for (size_t i = 0; i < 2; i++) {
		const struct idmap *map = &mapping->delegated[i];

		printf("%s_maps = ", kind_all[i]->id);
		for (size_t j = 0; j < map->n; j++)
			printf("%s%" PRIu32 ":%" PRIu32 ":%" PRIu32, j ? "," : "",
			       map->extents[j].inner, map->extents[j].outer,
			       map->extents[j].count);
		putchar('\n');
	}
	return 0;
}

/* Prints a part of config.json of the OCI runtime specification. */
static int print_runc(const struct mapping *mapping)
{
	printf("{\n   \"linux\": {");
	for (size_t i = 0; i < 2; i++) {
		const struct idmap *map = &mapping->usual[i];

		printf("%s\n      \"%sMappings\": [", i ? "," : "", kind_all[i]->id);
		for (size_t j = 0; j < map->n; j++)
			printf("%s\n         { \"containerID\": %" PRIu32
			       ", \"hostID\": %" PRIu32 ", \"size\": %" PRIu32 " }",
			       j ? "," : "", map->extents[j].inner, map->extents[j].outer,
			       map->extents[j].count);
		printf("\n      ]");
	}
	printf("\n   }\n}\n");
	return 0;
}

/* Finds the largest range that the user has in both databases. */
static bool find_common(const struct mapping *mapping, struct range *ret_range)
{
	const struct idmap *uids = &mapping->delegated[0], *gids = &mapping->delegated[1];
	struct range best = { 0, 0 }, common;

	for (size_t i = 0; i < uids->n; i++)
		for (size_t j = 0; j < gids->n; j++)
			if (range_intersect(extent_outer(&uids->extents[i]),
					    extent_outer(&gids->extents[j]), &common) &&
			    range_count(common) > range_count(best))
				best = common;
	*ret_range = best;
	return range_count(best) > 0;
}

static int print_nspawn(const struct mapping *mapping)
{
	struct range range;

	if (!find_common(mapping, &range)) {
		report_line(PROGRAM,
			    _("systemd-nspawn requires the same ids as uids and as gids, "
			      "and %s has none that are both"),
			    mapping->user.word);
		return VERB_NONE;
	}
	if (count_ids(&mapping->delegated[0]) > range_count(range) ||
	    count_ids(&mapping->delegated[1]) > range_count(range))
		note_largest("systemd-nspawn");
	printf("--private-users=%" PRIu64 ":%" PRIu64 "\n", range.start,
	       range_count(range));
	return 0;
}

/*
 * Prints a part of daemon.json. dockerd reads the user's ranges from the databases.
 * Without a group it would expect one with the name of the user.
 */
static int print_docker(const struct mapping *mapping)
{
	char user[LIMIT_OWNER_BYTES + 1 + OUTPUT_NUMBER_BYTES];

	if (mapping->plugin) {
		report_line(
			PROGRAM,
			_("dockerd reads the databases alone, and what %s has is from "
			  "the source '%s'; to fix it: give dockerd another user"),
			mapping->user.word, mapping->plugin);
		return VERB_NONE;
	}
	if (mapping->left_out) {
		report_line(
			PROGRAM,
			_("dockerd would map the ids of accounts that %s has, too; to "
			  "fix it: give dockerd another user"),
			mapping->user.word);
		return VERB_FINDINGS;
	}
	snprintf(user, sizeof(user), "%s:%" PRIu32, mapping->user.name,
		 mapping->user.gid);
	fputs("{ \"userns-remap\": ", stdout);
	json_string(user);
	puts(" }");
	return 0;
}

/* Incus starts no container with fewer ids. */
#define INCUS_COUNT 65536

/*
 * Finds the one range that Incus can take: it maps each range of root from 0 on, so two
 * are refused by the kernel. Ranges that are smaller are only for raw.idmap.
 */
static int find_incus_range(const struct mapping *mapping, size_t kind,
			    struct range *ret_range)
{
	const struct map_ranges *held = &mapping->held[kind];
	size_t n = 0;

	for (size_t i = 0; i < held->n; i++)
		if (range_count(held->ranges[i]) >= INCUS_COUNT) {
			*ret_range = held->ranges[i];
			n++;
		}
	if (n == 1)
		return 0;
	report_line(PROGRAM,
		    _("Incus requires one range of at least %d %ss, and %s has %zu such "
		      "ranges"),
		    INCUS_COUNT, kind_all[kind]->id, mapping->user.word, n);
	return VERB_FINDINGS;
}

/* Incus refuses to pass through an id of the range that it maps. */
static int check_raw(const struct idmap *fixed, const struct kind *kind,
		     struct range range)
{
	for (size_t i = 0; i < fixed->n; i++)
		if (range_contains(range, fixed->extents[i].outer)) {
			report_line(PROGRAM,
				    _("Incus cannot pass through %s %" PRIu32
				      ", which is in the range of the container"),
				    kind->id, fixed->extents[i].outer);
			return VERB_FINDINGS;
		}
	return 0;
}

static bool has_extent(const struct idmap *map, const struct extent *extent)
{
	for (size_t i = 0; i < map->n; i++)
		if (memcmp(&map->extents[i], extent, sizeof(*extent)) == 0)
			return true;
	return false;
}

/* Prints the lines of raw.idmap: the id of the host, then the one inside. */
static void print_raw(const struct idmap *fixed)
{
	const char *head = "  raw.idmap: |-\n";

	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < fixed[i].n; j++) {
			const struct extent *extent = &fixed[i].extents[j];
			bool both = has_extent(&fixed[!i], extent);

			if (both && i)
				continue;
			printf("%s    %s %" PRIu32 " %" PRIu32 "\n", head,
			       both ? "both" : kind_all[i]->id, extent->outer,
			       extent->inner);
			head = "";
		}
}

/*
 * Prints the configuration of an instance. The daemon runs as root, and takes the ranges
 * of root from the databases.
 */
static int print_incus(const struct mapping *mapping)
{
	struct range ranges[2];

	if (mapping->user.uid != 0 || !mapping->user.exists || mapping->plugin) {
		report_line(PROGRAM,
			    _("Incus takes only ranges that the databases give to root"));
		return VERB_FINDINGS;
	}
	for (size_t i = 0; i < 2; i++) {
		int r = find_incus_range(mapping, i, &ranges[i]);

		if (r == 0)
			r = check_raw(&mapping->fixed[i], kind_all[i], ranges[i]);
		if (r)
			return r;
	}
	puts("config:");
	/* There is one setting for both kinds. */
	if (ranges[0].start == ranges[1].start) {
		printf("  security.idmap.base: \"%" PRIu64 "\"\n", ranges[0].start);
		printf("  security.idmap.size: \"%" PRIu64 "\"\n",
		       range_count(
			       ranges[range_count(ranges[1]) < range_count(ranges[0])]));
	}
	print_raw(mapping->fixed);
	return 0;
}

static const struct runtime runtimes[] = {
	{ .name = "newuidmap", .as_user = true, .holes = true, .print = print_newuidmap },
	{ .name = "unshare", .as_user = true, .print = print_unshare },
	{ .name = "podman",
	  .as_user = true,
	  .holes = true,
	  .rootless = true,
	  .print = print_podman },
	{ .name = "lxc", .holes = true, .print = print_lxc },
	{ .name = "runc", .as_user = true, .holes = true, .print = print_runc },
	{ .name = "bwrap", .as_user = true, .print = print_bwrap },
	{ .name = "nspawn", .print = print_nspawn },
	{ .name = "docker", .as_user = true, .print = print_docker },
	{ .name = "libvirt", .holes = true, .print = print_libvirt },
	{ .name = "nova", .holes = true, .print = print_nova },
	{ .name = "incus", .holes = true, .print = print_incus },
};

#define N_RUNTIMES (sizeof(runtimes) / sizeof(runtimes[0]))

/* Finds a runtime by name; NULL: there is none. */
const struct runtime *runtime_find(const char *name)
{
	for (size_t i = 0; i < N_RUNTIMES; i++)
		if (strcmp(runtimes[i].name, name) == 0)
			return &runtimes[i];
	return NULL;
}

/* The name of runtime @i; NULL: no more. */
const char *runtime_word(const struct command *command, size_t i)
{
	(void)command;
	return i < N_RUNTIMES ? runtimes[i].name : NULL;
}

/*
 * Writes the names of all runtimes, or of those that can map single ids beside a range,
 * separated by spaces.
 */
void runtime_names(bool holes, char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < N_RUNTIMES && at < size; i++)
		if (!holes || runtimes[i].holes)
			at += (size_t)snprintf(text + at, size - at, "%s%s",
					       at ? " " : "", runtimes[i].name);
}
