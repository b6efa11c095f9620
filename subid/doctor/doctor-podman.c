// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-podman: finds leftovers of an earlier range: files in the storage of podman,
 * buildah and skopeo, and the pause process that keeps podman's namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"
#include "libsubid/sys/walk.h"
#include "message/i18n.h"
#include "message/report.h"
#include "subid/doctor/doctor.h"

/* Limits of the walk: the first layers are enough. */
#define FILES_MAX 20000
#define DEPTH_MAX 9

struct storage {
	const struct doctor *doctor;
	struct facts_host *host;
	const struct kind *kind; /* of the id that is not delegated; NULL: none */
	char file[PATH_MAX];	 /* a file of this id */
	size_t files;
	int error; /* errno: the storage itself cannot be read */
};

static bool is_delegated(const struct doctor *doctor, unsigned group, uint32_t id)
{
	const struct range one = { id, (uint64_t)id + 1 };

	return range_set_covers(&doctor->sides[group].held, one);
}

/* Files may belong to any group of the user. */
static bool is_own_group(gid_t gid)
{
	gid_t groups[256];
	int n = getgroups(256, groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return gid == getgid();
}

/*
 * Stores a file with a foreign id and ends the walk. Skips what cannot be read below the
 * storage: the user may not be allowed to read directories of containers.
 */
static int check_ownership(void *context, const struct walk_entry *entry)
{
	struct storage *storage = context;
	struct facts_host *host = storage->host;
	const struct stat *status = entry->status;
	bool top = strcmp(entry->path, host->storage) == 0;

	if (!status && top)
		storage->error = entry->error;
	if (!status || top)
		return 0;
	if (status->st_uid != getuid() &&
	    !is_delegated(storage->doctor, 0, status->st_uid)) {
		storage->kind = &kind_uid;
		host->owner = status->st_uid;
	} else if (!is_own_group(status->st_gid) &&
		   !is_delegated(storage->doctor, 1, status->st_gid)) {
		storage->kind = &kind_gid;
		host->owner = status->st_gid;
	} else {
		return ++storage->files >= FILES_MAX;
	}
	snprintf(storage->file, sizeof(storage->file), "%s", entry->path);
	host->file = storage->file;
	return 1;
}

/* Checks that files in the storage of containers have ids that are delegated now. */
int doctor_storage(struct doctor *doctor)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	const struct walk_options options = { .follow_first = true, .depth = DEPTH_MAX };
	char path[PATH_MAX];
	struct facts_host host = { .storage = path };
	struct storage storage = { .doctor = doctor, .host = &host };
	bool reported = false;
	struct facts facts;
	int n, r;

	n = data && *data ?
		    snprintf(path, sizeof(path), "%s/containers/storage", data) :
		    snprintf(path, sizeof(path), "%s/.local/share/containers/storage",
			     home ? home : "");
	if (n >= 0 && (size_t)n < sizeof(path)) {
		r = doctor_files(doctor, path, &reported);
		if (r || reported)
			return r;
	}
	if (n < 0 || (size_t)n >= sizeof(path) ||
	    (access(path, F_OK) && (errno == ENOENT || errno == ENOTDIR)))
		return doctor_report_good(doctor, "storage", NULL,
					  _("there is none yet"));
	r = walk_below(path, &options, check_ownership, &storage);
	if (r < 0)
		return verb_fail(-r);
	if (storage.error)
		return doctor_report_unknown(doctor, "storage", NULL, "%s: %s", path,
					     report_error(storage.error));
	if (!storage.kind)
		return doctor_report_good(doctor, "storage", NULL, _("%zu files in %s"),
					  storage.files, path);
	facts = doctor_facts(doctor, storage.kind, &host, FACTS_STORAGE, 0);
	return doctor_report_bad(doctor, "storage", &facts);
}

/*
 * Reads a process id from a file of podman. Returns 0 if there is none or the process is
 * not the user's, or -errno if the file cannot be read.
 */
static pid_t read_pid(const char *path)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
	char text[NUM_BYTES + 1];
	uint64_t pid;
	size_t n = 0;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	if (fd_read(fd, text, sizeof(text), &n))
		return 0;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (num_parse(text, n, INT32_MAX, &pid) || pid == 0)
		return 0;
	/* Users may only signal their own processes. */
	return kill((pid_t)pid, 0) ? 0 : (pid_t)pid;
}

/*
 * Finds the process that keeps podman's namespace. podman writes its id to the runtime
 * directory, or else below /tmp, where it uses only a directory owned by the user.
 *
 * Returns the process id, 0 if there is none, or -errno about the file at @path.
 */
static pid_t find_pause(char path[static PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	pid_t pid = 0;

	if (runtime && *runtime) {
		snprintf(path, PATH_MAX, "%s/libpod/tmp/pause.pid", runtime);
		pid = read_pid(path);
	}
	if (pid == 0) {
		snprintf(path, PATH_MAX, "/run/user/%u/libpod/tmp/pause.pid", getuid());
		pid = read_pid(path);
	}
	if (pid == 0) {
		snprintf(path, PATH_MAX, "/tmp/podman-run-%u/libpod/tmp/pause.pid",
			 getuid());
		pid = read_pid(path);
		if (pid < 0)
			pid = 0;
	}
	return pid;
}

static bool same_set(const struct range_set *a, const struct range_set *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (i >= b->n || !range_equals(a->ranges[i], b->ranges[i]))
			return false;
	return a->n == b->n;
}

/* Finds the outer ids of the namespace of a process; false: unknown. */
static bool read_outer(pid_t pid, const struct kind *kind, struct range_set *set)
{
	CLEANUP(fd_cleanup) int process = -1;
	struct idmap map = { .n = 0 };
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0 || process_read_map(process, kind, &map))
		return false;
	for (size_t i = 0; i < map.n; i++)
		if (range_set_add(set, extent_outer(&map.extents[i])))
			return false;
	return map.n > 0;
}

/*
 * Returns 1 if the namespace has exactly the user's own and delegated ids, 0 if it has
 * others, or -1 if its ids are unknown.
 */
static int has_present_ids(const struct doctor *doctor, pid_t pid, unsigned group)
{
	CLEANUP(range_set_cleanup) struct range_set found = RANGE_SET(LIMIT_EXTENTS);
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(DOCTOR_RANGES + 1);
	const struct doctor_side *side = &doctor->sides[group];
	uint32_t own = group ? getgid() : getuid();
	const struct range one = { own, (uint64_t)own + 1 };

	if (!read_outer(pid, side->kind, &found) || range_set_add(&wanted, one))
		return -1;
	for (size_t i = 0; i < side->held.n; i++)
		if (range_set_add(&wanted, side->held.ranges[i]))
			return -1;
	return same_set(&found, &wanted);
}

/* Checks whether podman keeps a namespace with an earlier range. */
int doctor_pause(struct doctor *doctor)
{
	char path[PATH_MAX];
	pid_t pid = find_pause(path);
	const struct facts_host host = { .pause = pid };

	if (pid < 0)
		return doctor_report_unknown(doctor, "podman", NULL, "%s: %s", path,
					     report_error(-pid));
	if (pid == 0)
		return doctor_report_good(doctor, "podman", NULL,
					  _("keeps no namespace at the moment"));
	for (unsigned group = 0; group < 2; group++) {
		const struct kind *kind = doctor->sides[group].kind;
		struct facts facts = doctor_facts(doctor, kind, &host, FACTS_PAUSE, 0);
		int r = has_present_ids(doctor, pid, group);

		if (r == 0)
			return doctor_report_bad(doctor, "podman", &facts);
		if (r < 0)
			return doctor_report_unknown(
				doctor, "podman", kind,
				_("the map of the namespace that process %d keeps cannot "
				  "be read"),
				(int)pid);
	}
	return doctor_report_good(doctor, "podman", NULL,
				  _("process %d keeps a namespace with these ids"),
				  (int)pid);
}
