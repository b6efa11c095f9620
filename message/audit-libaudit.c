// SPDX-License-Identifier: BSD-3-Clause
/*
 * audit-libaudit: one USER_MGMT record through libaudit.
 *
 * The library is loaded only if there is something to record: it would take a fifth of
 * the time of each granted map, and be a second library in a privileged program.
 *
 * Invariant: a failure to record does not fail the operation. In containers and without
 * the capability libaudit answers EPERM, EINVAL, ECONNREFUSED, or 0: all are ignored. A
 * record may take half a second if the audit daemon is slow.
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
	/* libaudit encodes names, but not the operation. */
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
	/* libaudit leaves the name out if it has an id too. */
	log_message(fd, AUDIT_USER_MGMT, NULL, shown, account,
		    account ? (unsigned int)-1 : getuid(), NULL, NULL, NULL, done);
	close(fd);
}
