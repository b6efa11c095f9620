// SPDX-License-Identifier: BSD-3-Clause
/*
 * runtimes: prints a mapping in the format of each container runtime.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* Rootless podman expects the inside ids of the user's mapping as outer ids. */
static int print_podman(const struct mapping *mapping)
{
	for (size_t i = 0; i < 2; i++)
		printf("%s--%smap 0:0:1 --%smap 1:1:%" PRIu32, i ? " " : "",
		       kind_all[i]->id, kind_all[i]->id,
		       count_ids(&mapping->delegated[i]));
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
		report_line(
			PROGRAM,
			_("systemd-nspawn wants the same ids as uids and as gids, and %s "
			  "has none that are both"),
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
	snprintf(user, sizeof(user), "%s:%" PRIu32, mapping->user.name,
		 mapping->user.gid);
	fputs("{ \"userns-remap\": ", stdout);
	output_json_string(user);
	puts(" }");
	return 0;
}

static const struct runtime runtimes[] = {
	{ "newuidmap", true, print_newuidmap }, { "unshare", true, print_unshare },
	{ "podman", true, print_podman },	{ "lxc", false, print_lxc },
	{ "runc", true, print_runc },		{ "bwrap", true, print_bwrap },
	{ "nspawn", false, print_nspawn },	{ "docker", true, print_docker },
	{ "libvirt", false, print_libvirt },	{ "nova", false, print_nova },
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

/* Writes all names, separated by spaces. Returns their number. */
size_t runtime_names(char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < N_RUNTIMES && at < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%s", i ? " " : "",
				       runtimes[i].name);
	return N_RUNTIMES;
}
