// SPDX-License-Identifier: BSD-3-Clause
/*
 * audit-libaudit: one USER_MGMT record through libaudit.
 *
 * The library is opened when there is something to record and not before: it would cost
 * each granted map a fifth of its time, and a second library in a privileged program.
 *
 * Invariant: recording does not fail what is recorded. In containers and without the
 * capability libaudit answers EPERM, EINVAL, ECONNREFUSED, or 0: silently. A record may
 * take half a second where the audit daemon does not keep up.
 */
#include <dlfcn.h>
#include <libaudit.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "message/audit.h"
#include "libsubid/core/printable.h"

#define OPERATION_BYTES 1024

/*
 * Records that something was done or refused. Needs CAP_AUDIT_WRITE.
 *
 * operation: what follows `op=`: a word, and fields if need be. account: a login name, or
 * NULL where there is none; the kernel adds the caller's uid and auid itself.
 */
void audit_record(const char *operation, const char *account, bool done)
{
	/* The loader takes no path from the environment of a program with privileges. */
	void *library = dlopen("libaudit.so.1", RTLD_NOW | RTLD_LOCAL);
	__typeof__(&audit_open) open_log;
	__typeof__(&audit_log_acct_message) log_message;
	/* libaudit encodes names as it needs them, and takes this as it is. */
	char shown[OPERATION_BYTES];
	int fd;

	if (!library)
		return;
	*(void **)&open_log = dlsym(library, "audit_open");
	*(void **)&log_message = dlsym(library, "audit_log_acct_message");
	fd = open_log && log_message ? open_log() : -1;
	if (fd < 0)
		return;
	printable_copy(shown, sizeof(shown), operation, strlen(operation),
		       PRINTABLE_ASCII);
	/* With an id beside it libaudit leaves the name out. */
	log_message(fd, AUDIT_USER_MGMT, NULL, shown, account,
		    account ? (unsigned int)-1 : getuid(), NULL, NULL, NULL, done);
	close(fd);
}
