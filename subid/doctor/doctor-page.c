// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-page: `--report` prints one page for a bug tracker, in English: versions, the
 * result of each check, maps, the lines that matter, and settings.
 *
 * Everything that may name another user passes doctor_hide().
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "explain/facts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/core/limits.h"
#include "libsubid/findings/kubelet.h"
#include "libsubid/sys/etc-directory.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/login-defs.h"
#include "libsubid/sys/settings.h"
#include "libsubid/sys/wait.h"
#include "libsubid/user/owner.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"

/* Lines of one file on the page. */
#define LINES_MAX 50
/* A longer answer about a version is cut off. */
#define VERSION_BYTES 256
/* The timeout of all programs that are asked for their version. */
#define VERSIONS_SECONDS 10
/* UID_MIN, if login.defs cannot be read. */
#define UID_MIN_USUAL 1000

/* Prints a line with names of others replaced. */
__attribute__((format(printf, 2, 3))) static void put_hidden(struct doctor *doctor,
							     const char *format, ...)
{
	char text[LIMIT_LINE_BYTES + 256], hidden[2 * sizeof(text)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	for (char *tab = text; (tab = strchr(tab, '\t'));)
		*tab = ' ';
	doctor_hide(&doctor->page, text, hidden, sizeof(hidden));
	report_put(hidden, strlen(hidden), report_charset());
	putchar('\n');
}

/* Takes a line of a file. Returns whether to go on. */
typedef bool (*take_line_fn)(struct doctor *doctor, const struct scan_line *line,
			     void *context);

static void each_line(struct doctor *doctor, const char *path, take_line_fn take,
		      void *context)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	struct scan_line line;

	if (fd < 0)
		return;
	scan_start(&scan, fd);
	while (scan_next(&scan, &line) > 0 && take(doctor, &line, context))
		;
}

static bool line_begins(const struct scan_line *line, const char *word)
{
	size_t len = strlen(word);

	return line->len >= len && memcmp(line->text, word, len) == 0;
}

static bool take_release(struct doctor *doctor, const struct scan_line *line,
			 void *context)
{
	static const char key[] = "PRETTY_NAME=";

	(void)context;
	if (!line_begins(line, key))
		return true;
	put_hidden(doctor, "%.*s", (int)(line->len - sizeof(key) + 1),
		   line->text + sizeof(key) - 1);
	return false;
}

static void show_program(struct doctor *doctor, const char *path)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_PATH | O_CLOEXEC);
	struct facts facts = { .kind = &kind_uid };
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return;
	facts_gather_program_file(&facts, path);
	put_hidden(doctor,
		   "%s: uid %u, mode %04o, capabilities of the file 0x%" PRIx64 "%s",
		   path, status.st_uid, status.st_mode & 07777,
		   facts.program.capabilities, facts.program.nosuid ? ", nosuid" : "");
}

/* The package of a file, with its version, from the package manager that there is. */
static void show_package(struct doctor *doctor, const char *path, int64_t end)
{
	const char *const owners[][5] = {
		{ "dpkg-query", "-S", path },
		{ "rpm", "-qf", path },
		{ "apk", "info", "-W", path },
		{ "pacman", "-Qo", path },
	};
	char text[VERSION_BYTES], name[VERSION_BYTES];
	const char *const version[] = { "dpkg-query", "-W", name, NULL };

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		if (!doctor_ask_program(doctor, owners[i], end, text, sizeof(text)))
			continue;
		/* `PACKAGE: PATH` has no version. */
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, ":"), text);
		if (i == 0)
			doctor_ask_program(doctor, version, end, text, sizeof(text));
		put_hidden(doctor, "%s: package %s", path, text);
		return;
	}
}

/* The versions of what is installed. */
static void show_versions(struct doctor *doctor)
{
	static const char *const engines[] = { "podman",      "buildah", "docker",
					       "rootlesskit", "crun",	 "runc",
					       "lxc-start" };
	int64_t end = wait_clock() + VERSIONS_SECONDS * 1000;
	char text[VERSION_BYTES];

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		const char *const words[] = { engines[i], "--version", NULL };

		if (doctor_ask_program(doctor, words, end, text, sizeof(text)))
			put_hidden(doctor, "%s: %s", engines[i], text);
	}
	for (size_t k = 0; k < 2; k++)
		if (doctor->sides[k].mapper[0])
			show_package(doctor, doctor->sides[k].mapper, end);
}

static bool take_map(struct doctor *doctor, const struct scan_line *line, void *context)
{
	const char *name = context;

	put_hidden(doctor, "%s: %.*s", name, (int)line->len, line->text);
	return true;
}

static void show_maps(struct doctor *doctor)
{
	char path[64];

	puts("\nMaps of this user namespace, and what was mapped in a new one:");
	for (size_t k = 0; k < 2; k++) {
		const char *name = kind_all[k]->map;
		const struct idmap *map = &doctor->sides[k].map;

		snprintf(path, sizeof(path), "/proc/self/%s", name);
		each_line(doctor, path, take_map, (void *)(uintptr_t)name);
		for (size_t i = 0; i < map->n && i < LINES_MAX; i++)
			put_hidden(doctor, "%s: %u %u %u", kind_all[k]->mapper,
				   map->extents[i].inner, map->extents[i].outer,
				   map->extents[i].count);
	}
}

/* Whether a line is the user's, or has ids of the user, as any program reads it. */
static bool line_matters(const struct doctor *doctor, const struct table_line *line,
			 size_t k)
{
	const struct owner *owner = &doctor->page.owner;
	const struct range_set *held = &doctor->sides[k].held;
	struct entry_readings readings;

	if (!line->fault)
		return owner_is_text(owner, line->entry.owner, line->entry.owner_len) ||
		       range_set_overlaps(held, line->entry.range);
	if (owner_begins(line->text, line->len, owner))
		return true;
	table_readings(&doctor->page.db.sides[k].table, line, &readings);
	for (size_t i = 0; i < readings.n; i++) {
		const struct entry *entry = &readings.items[i].entry;

		if (owner_is_text(owner, entry->owner, entry->owner_len) ||
		    range_set_overlaps(held, entry->range))
			return true;
	}
	return false;
}

static void show_database_lines(struct doctor *doctor, size_t k)
{
	const struct table *table = &doctor->page.db.sides[k].table;
	struct table_cursor cursor = { 0 };
	struct table_line line;
	size_t n = 0;

	printf("\nLines of %s with ids or names of the user:\n", kind_all[k]->path);
	while (table_next(table, &cursor, &line)) {
		if (!line_matters(doctor, &line, k) || n++ >= LINES_MAX)
			continue;
		put_hidden(doctor, "%" PRIu64 ": %.*s", line.number, (int)line.len,
			   line.text);
	}
	if (n > LINES_MAX)
		printf("and %zu more\n", n - LINES_MAX);
}

static void show_database(struct doctor *doctor, const struct kind *kind)
{
	struct stat status;

	if (lstat(kind->path, &status))
		put_hidden(doctor, "%s: %s", kind->path, report_error(errno));
	else
		put_hidden(doctor, "%s: uid %u, gid %u, mode %06o", kind->path,
			   status.st_uid, status.st_gid, status.st_mode);
}

static bool take_setting_line(struct doctor *doctor, const struct scan_line *line,
			      void *context)
{
	static const char *const keys[] = { "SUB_",    "UID_M",	 "GID_M", "subid:",
					    "passwd:", "group:", "GRANT_" };

	(void)context;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (line_begins(line, keys[i]))
			put_hidden(doctor, "%.*s", (int)line->len, line->text);
	return true;
}

static bool take_kernel(struct doctor *doctor, const struct scan_line *line,
			void *context)
{
	put_hidden(doctor, "%s: %.*s", (const char *)context, (int)line->len, line->text);
	return true;
}

static bool take_status(struct doctor *doctor, const struct scan_line *line,
			void *context)
{
	(void)context;
	if (line_begins(line, "NoNewPrivs:") || line_begins(line, "Seccomp:") ||
	    line_begins(line, "CapBnd:"))
		put_hidden(doctor, "%.*s", (int)line->len, line->text);
	return true;
}

/* The deepest mount point that the home is below, so far. */
struct mounts {
	const char *home;
	size_t depth;
	char text[LIMIT_LINE_BYTES];
};

static bool path_is_below(const char *path, const char *point, size_t len)
{
	return strncmp(path, point, len) == 0 &&
	       (len == 1 || path[len] == '/' || path[len] == '\0');
}

/* The source of a mount is left out: it may name a server or a user. */
static bool take_mount(struct doctor *doctor, const struct scan_line *line, void *context)
{
	char text[LIMIT_LINE_BYTES + 2];
	struct mounts *mounts = context;
	struct facts_mount mount;
	size_t len;

	snprintf(text, sizeof(text), "%.*s", (int)line->len, line->text);
	if (!facts_split_mount(text, &mount))
		return true;
	if (strcmp(mount.point, "/proc") == 0)
		put_hidden(doctor, "%s: %s %s %s", mount.point, mount.type, mount.options,
			   mount.super);
	len = strlen(mount.point);
	if (len >= mounts->depth && path_is_below(mounts->home, mount.point, len)) {
		mounts->depth = len;
		snprintf(mounts->text, sizeof(mounts->text), "%s: %s %s", mount.point,
			 mount.type, mount.options);
	}
	return true;
}

static void show_settings(struct doctor *doctor)
{
	static const char *const files[] = {
		"/proc/sys/user/max_user_namespaces",
		"/proc/sys/kernel/unprivileged_userns_clone",
		"/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
		"/sys/kernel/security/lsm",
	};
	struct mounts mounts = { .home = getenv("HOME") };

	puts("\nSettings:");
	each_line(doctor, LOGIN_DEFS, take_setting_line, NULL);
	each_line(doctor, NSSWITCH_CONF, take_setting_line, NULL);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		each_line(doctor, files[i], take_kernel, (void *)(uintptr_t)files[i]);
	each_line(doctor, "/proc/self/status", take_status, NULL);
	if (!mounts.home)
		mounts.home = "/";
	each_line(doctor, "/proc/self/mountinfo", take_mount, &mounts);
	put_hidden(doctor, "%s", mounts.text);
}

/* Finds the user of the page: the names of that user are not replaced. */
static int page_find_user(struct doctor *doctor)
{
	return doctor->pods ?
		       nss_client_user(&doctor->asker, KUBELET_USER, &doctor->account) :
		       nss_client_uid(&doctor->asker, getuid(), &doctor->account);
}

/*
 * Finds the names that the page must not have, before any of it is printed.
 * Returns 0 or an exit status.
 */
static int page_prepare(struct doctor *doctor)
{
	static const bool kinds[] = { true, true };
	struct doctor_page *page = &doctor->page;
	struct settings_error error;
	struct settings settings;
	struct verb_place place;
	int r = verb_find_place(NULL, &place);

	if (r)
		return r;
	if (page_find_user(doctor) == 0 &&
	    owner_init(&page->owner, &doctor->account, place.directory))
		return verb_fail(ENOMEM);
	/* A database that cannot be read has no lines on the page. */
	free_range_load(&page->db, place.directory, DB_LIVE, NULL, kinds);
	if (settings_read(place.directory, &settings, &error))
		settings.uid_min = UID_MIN_USUAL;
	r = doctor_find_others(page, settings.uid_min);
	return r ? verb_fail(-r) : 0;
}

/* Begins the page. Returns 0 or an exit status. */
int doctor_page_begin(struct doctor *doctor)
{
	struct utsname system;
	int r;

	/* The reader of the page may not know the language of the user. */
	setlocale(LC_MESSAGES, "C");
	r = page_prepare(doctor);
	if (r)
		return r;
	puts("```");
	put_hidden(doctor, "%s %s", PACKAGE, PACKAGE_VERSION);
	if (uname(&system) == 0)
		put_hidden(doctor, "%s %s %s", system.sysname, system.release,
			   system.machine);
	each_line(doctor, "/etc/os-release", take_release, NULL);
	puts("(names of other users are replaced)\n");
	return output_printed();
}

/* Prints what stands below the rows of the checks. Returns 0 or an exit status. */
int doctor_page_end(struct doctor *doctor)
{
	puts("\nPrograms and databases:");
	fflush(stdout);
	show_versions(doctor);
	for (size_t k = 0; k < 2; k++) {
		if (doctor->sides[k].mapper[0])
			show_program(doctor, doctor->sides[k].mapper);
		show_database(doctor, kind_all[k]);
	}
	show_maps(doctor);
	for (size_t k = 0; k < 2; k++)
		if (doctor->page.db.sides[k].loaded)
			show_database_lines(doctor, k);
	show_settings(doctor);
	puts("```");
	return output_printed();
}

void doctor_page_cleanup(struct doctor_page *page)
{
	db_end(&page->db);
	owner_cleanup(&page->owner);
	accounts_cleanup(&page->others);
}
