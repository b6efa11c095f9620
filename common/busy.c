// SPDX-License-Identifier: BSD-3-Clause
/*
 * busy: looks through /proc for processes of a user: those that run as the user, and
 * those in another user namespace than ours that run as one of its subordinate uids.
 */
#include <fcntl.h>

#include "common/busy.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/process.h"
#include "libsubid/sys/processes.h"

struct search {
	uid_t uid;
	const struct range_set *subordinate;
	pid_t found;
};

static bool is_in_other_namespace(int process)
{
	CLEANUP(fd_cleanup)
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ino_t ours, theirs;

	return self >= 0 && process_userns(self, &ours) == 0 &&
	       process_userns(process, &theirs) == 0 && ours != theirs;
}

static bool has(const struct search *search, uint32_t id)
{
	return range_set_overlaps(search->subordinate,
				  (struct range){ id, (uint64_t)id + 1 });
}

static bool uses(const struct search *search, int process)
{
	struct process_ids ids;

	if (process_read_ids(process, &kind_uid, &ids))
		return false;
	if (ids.real == search->uid || ids.effective == search->uid ||
	    ids.saved == search->uid)
		return true;
	return (has(search, ids.real) || has(search, ids.effective) ||
		has(search, ids.saved)) &&
	       is_in_other_namespace(process);
}

static int look_at(pid_t pid, int process, void *context)
{
	struct search *search = context;

	if (!uses(search, process))
		return 0;
	search->found = pid;
	return 1;
}

/*
 * Finds a process of @uid, or one inside a namespace of its @subordinate uids.
 * Returns its process id, 0 when there is none.
 */
pid_t busy_process(uid_t uid, const struct range_set *subordinate)
{
	struct search search = { .uid = uid, .subordinate = subordinate };

	processes_each(look_at, &search);
	return search.found;
}
