// SPDX-License-Identifier: BSD-3-Clause
/*
 * doctor-podman: what an earlier range has left behind: files in the storage of podman,
 * buildah and skopeo, and the process that keeps podman's namespace.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/i18n.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"
#include "subid/doctor.h"

/* Files that are looked at, and how deep: the first layers tell enough. */
#define FILES_MAX 20000
#define DEPTH_MAX 8

struct walk {
	const struct doctor *doctor;
	struct facts_host *host;
	const struct kind *kind; /* of the id that is not delegated; NULL: none found */
	char file[PATH_MAX];	 /* that it owns */
	size_t files;
};

static bool is_delegated(const struct doctor *doctor, unsigned group, uint32_t id)
{
	const struct range one = { id, (uint64_t)id + 1 };

	return range_set_covers(&doctor->sides[group].held, one);
}

/* The user's groups own files of the user's, too. */
static bool is_own_group(gid_t gid)
{
	gid_t groups[256];
	int n = getgroups(256, groups);

	for (int i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return gid == getgid();
}

/* Notes a file of somebody else; true: the walk is over. */
static bool judge(struct walk *walk, const char *path, const struct stat *status)
{
	struct facts_host *host = walk->host;

	if (status->st_uid != getuid() &&
	    !is_delegated(walk->doctor, 0, status->st_uid)) {
		walk->kind = &kind_uid;
		host->owner = status->st_uid;
	} else if (!is_own_group(status->st_gid) &&
		   !is_delegated(walk->doctor, 1, status->st_gid)) {
		walk->kind = &kind_gid;
		host->owner = status->st_gid;
	} else {
		return ++walk->files >= FILES_MAX;
	}
	snprintf(walk->file, sizeof(walk->file), "%s", path);
	host->file = walk->file;
	return true;
}

/* Looks at what is below a folder; what cannot be opened is passed over. */
static bool walk_folder(struct walk *walk, const char *path, unsigned depth)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool over = false;

	if (!folder) {
		fd_close(fd);
		return false;
	}
	while (!over && (entry = readdir(folder))) {
		char below[PATH_MAX];
		struct stat status;
		int n;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		n = snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (n < 0 || (size_t)n >= sizeof(below) ||
		    fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		over = judge(walk, below, &status) ||
		       (S_ISDIR(status.st_mode) && depth < DEPTH_MAX &&
			walk_folder(walk, below, depth + 1));
	}
	closedir(folder);
	return over;
}

/* Whether the storage of containers is of the ids that are delegated now. */
int doctor_storage(struct doctor *doctor)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char storage[PATH_MAX];
	struct facts_host host = { .storage = storage };
	struct walk walk = { .doctor = doctor, .host = &host };
	struct facts facts;
	int n;

	n = data && *data ?
		    snprintf(storage, sizeof(storage), "%s/containers/storage", data) :
		    snprintf(storage, sizeof(storage),
			     "%s/.local/share/containers/storage", home ? home : "");
	if (n < 0 || (size_t)n >= sizeof(storage) || access(storage, F_OK))
		return doctor_tell_good(doctor, "storage", NULL, _("there is none yet"));
	walk_folder(&walk, storage, 0);
	if (!walk.kind)
		return doctor_tell_good(doctor, "storage", NULL, _("%zu files in %s"),
					walk.files, storage);
	facts = doctor_facts(doctor, walk.kind, &host, FACTS_STORAGE, 0);
	return doctor_tell_bad(doctor, "storage", &facts);
}

/* The process id in a file of podman's; 0: there is none, or it is not the user's. */
static pid_t read_pid(const char *path)
{
	CLEANUP(fd_cleanup)
	int fd = fd_open_regular(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
	char text[NUM_BYTES + 1];
	uint64_t pid;
	size_t n;

	if (fd < 0 || fd_read(fd, text, sizeof(text), &n))
		return 0;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (num_parse(text, n, INT32_MAX, &pid) || pid == 0)
		return 0;
	/* A user may send signals to their own processes alone. */
	return kill((pid_t)pid, 0) ? 0 : (pid_t)pid;
}

/* podman writes it where the run-time folder is, or else below /tmp. */
static pid_t find_pause(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];
	pid_t pid = 0;

	if (runtime && *runtime) {
		snprintf(path, sizeof(path), "%s/libpod/tmp/pause.pid", runtime);
		pid = read_pid(path);
	}
	if (pid == 0) {
		snprintf(path, sizeof(path), "/run/user/%u/libpod/tmp/pause.pid",
			 getuid());
		pid = read_pid(path);
	}
	if (pid == 0) {
		snprintf(path, sizeof(path), "/tmp/podman-run-%u/libpod/tmp/pause.pid",
			 getuid());
		pid = read_pid(path);
	}
	return pid;
}

static bool same_set(const struct range_set *a, const struct range_set *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (i >= b->n || a->ranges[i].start != b->ranges[i].start ||
		    a->ranges[i].end != b->ranges[i].end)
			return false;
	return a->n == b->n;
}

/* The ids that the namespace of a process has, as they are here; false: not known. */
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

/* Whether the process has just the own id and what is delegated; yes, if not known. */
static bool has_present_ids(const struct doctor *doctor, pid_t pid, unsigned group)
{
	CLEANUP(range_set_cleanup) struct range_set found = RANGE_SET(LIMIT_EXTENTS);
	CLEANUP(range_set_cleanup) struct range_set wanted = RANGE_SET(DOCTOR_RANGES + 1);
	const struct doctor_side *side = &doctor->sides[group];
	uint32_t own = group ? getgid() : getuid();
	const struct range one = { own, (uint64_t)own + 1 };

	if (!read_outer(pid, side->kind, &found) || range_set_add(&wanted, one))
		return true;
	for (size_t i = 0; i < side->held.n; i++)
		if (range_set_add(&wanted, side->held.ranges[i]))
			return true;
	return same_set(&found, &wanted);
}

/* Whether podman keeps a namespace of earlier days. */
int doctor_pause(struct doctor *doctor)
{
	pid_t pid = find_pause();
	const struct facts_host host = { .pause = pid };

	if (pid == 0)
		return doctor_tell_good(doctor, "podman", NULL,
					_("keeps no namespace at the moment"));
	for (unsigned group = 0; group < 2; group++) {
		struct facts facts = doctor_facts(doctor, doctor->sides[group].kind,
						  &host, FACTS_PAUSE, 0);

		if (!has_present_ids(doctor, pid, group))
			return doctor_tell_bad(doctor, "podman", &facts);
	}
	return doctor_tell_good(doctor, "podman", NULL,
				_("process %d keeps a namespace with these ids"),
				(int)pid);
}
