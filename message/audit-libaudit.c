// SPDX-License-Identifier: BSD-3-Clause
/*
 * audit-libaudit: one USER_MGMT record through libaudit.
 *
 * The library is loaded only if there is something to record: it would take a fifth of
 * the time of each granted map, and be a second library in a privileged program.
 *
 * Invariant: recording does not fail what is recorded, and a record that is lost is
 * reported. In containers and without the capability the kernel takes no records; that is
 * not reported. A record may take half a second where the audit daemon does not keep up.
 */
#include <dlfcn.h>
#include <errno.h>
#include <libaudit.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "libsubid/core/printable.h"
#include "message/syslog.h"

#define OPERATION_BYTES 1024

/*
 * What audit_record() returns after @error: 0 where the kernel has no audit, or takes no
 * records in this container or without the capability. libaudit may also return 0 then.
 */
static int lost_record(int error)
{
	switch (error) {
	case EPERM:
	case EINVAL:
	case ECONNREFUSED:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return 0;
	default:
		return -error;
	}
}

/*
 * Records that something was done or refused. Needs CAP_AUDIT_WRITE.
 *
 * operation: what follows `op=`: a word, and fields if need be. account: a login name, or
 * NULL where there is none; the kernel adds the caller's uid and auid itself.
 *
 * Returns 0, also on a system that takes no records, or -errno: the record is lost.
 */
int audit_record(const char *operation, const char *account, bool done)
{
	/* The loader takes no path from the environment of a program with privileges. */
	void *library = dlopen("libaudit.so.1", RTLD_NOW | RTLD_LOCAL);
	__typeof__(&audit_open) open_log;
	__typeof__(&audit_log_acct_message) log_message;
	/* libaudit encodes names, but not the operation. */
	char shown[OPERATION_BYTES];
	int fd, r;

	if (!library)
		return 0;
	*(void **)&open_log = dlsym(library, "audit_open");
	*(void **)&log_message = dlsym(library, "audit_log_acct_message");
	if (!open_log || !log_message)
		return 0;
	fd = open_log();
	if (fd < 0)
		return lost_record(errno);
	printable_copy(shown, sizeof(shown), operation, strlen(operation),
		       PRINTABLE_ASCII);
	/* With an id beside it libaudit leaves the name out. */
	r = log_message(fd, AUDIT_USER_MGMT, NULL, shown, account,
			account ? (unsigned int)-1 : getuid(), NULL, NULL, NULL, done);
	close(fd);
	return r < 0 ? lost_record(-r) : 0;
}
