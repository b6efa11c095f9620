// SPDX-License-Identifier: BSD-3-Clause
/*
 * audit_lost: a substitute for libaudit.so.1, with the calls of usermod-ext, PAM and the
 * map writers. -DOPEN_ERROR=E is the error of audit_open(3), -DANSWER=N the result of
 * sending our record.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define AUDIT_USER_MGMT 1102 /* of libaudit.h, which is not needed to run this */

int audit_open(void)
{
	errno = OPEN_ERROR;
	return errno ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

void audit_close(int fd)
{
	close(fd);
}

int audit_log_acct_message(int fd, int type)
{
	(void)fd;
	/* PAM has records of its own. */
	return type == AUDIT_USER_MGMT ? ANSWER : 1;
}
