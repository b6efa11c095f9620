// SPDX-License-Identifier: BSD-3-Clause
/*
 * asker-answers: the process that asks the name service. It has one thread, so the simple
 * calls do, and lives until nobody asks any more.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/asker-parts.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/account.h"

static int send_all(int fd, const void *bytes, size_t len)
{
	const char *rest = bytes;

	while (len > 0) {
		ssize_t n = send(fd, rest, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		rest += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int send_answer(int fd, int r, const void *bytes, size_t len)
{
	struct asker_answer answer = { .r = r, .len = r ? 0 : len };
	int failed = send_all(fd, &answer, sizeof(answer));

	return failed ? failed : send_all(fd, bytes, answer.len);
}

/* "There is none" and "no answer" look alike in these calls but for errno. */
static int none(void)
{
	return errno == 0 || errno == ENOENT || errno == ESRCH ? ACCOUNT_NONE : -errno;
}

static int send_text(int fd, const char *text)
{
	return send_answer(fd, text ? 0 : none(), text, text ? strlen(text) + 1 : 0);
}

static int send_account(int fd, const struct asker_question *question)
{
	struct account account;
	int r = question->type == ASKER_USER ?
			account_by_name(question->name, &account) :
			account_by_uid(question->id, NULL, &account);

	return send_answer(fd, r, &account, sizeof(account));
}

static int send_groups(int fd, const struct asker_question *question)
{
	CLEANUP(cleanup_free)
	gid_t *groups = reallocarray(NULL, ASKER_GROUPS_MAX, sizeof(*groups));
	int n = ASKER_GROUPS_MAX;

	if (!groups)
		return send_answer(fd, -ENOMEM, NULL, 0);
	if (getgrouplist(question->name, question->id, groups, &n) < 0)
		return send_answer(fd, -E2BIG, NULL, 0);
	return send_answer(fd, 0, groups, (size_t)n * sizeof(*groups));
}

static int send_members(int fd, const struct asker_question *question)
{
	const struct group *group = getgrnam(question->name);
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = sizeof(group->gr_gid);

	if (!group)
		return send_answer(fd, none(), NULL, 0);
	for (size_t i = 0; group->gr_mem[i]; i++)
		len += strlen(group->gr_mem[i]) + 1;
	bytes = malloc(len);
	if (!bytes || len > ASKER_BYTES_MAX)
		return send_answer(fd, bytes ? -E2BIG : -ENOMEM, NULL, 0);
	memcpy(bytes, &group->gr_gid, sizeof(group->gr_gid));
	len = sizeof(group->gr_gid);
	for (size_t i = 0; group->gr_mem[i]; i++) {
		size_t n = strlen(group->gr_mem[i]) + 1;

		memcpy(bytes + len, group->gr_mem[i], n);
		len += n;
	}
	return send_answer(fd, 0, bytes, len);
}

static int answer(int fd, const struct asker_question *question)
{
	const struct passwd *user;
	const struct group *group;

	errno = 0;
	switch (question->type) {
	case ASKER_USER:
	case ASKER_UID:
		return send_account(fd, question);
	case ASKER_UID_OF:
		user = getpwuid(question->id);
		return send_text(fd, user ? user->pw_name : NULL);
	case ASKER_GID_OF:
		group = getgrgid(question->id);
		return send_text(fd, group ? group->gr_name : NULL);
	case ASKER_HOME:
		user = getpwnam(question->name);
		return send_text(fd, user ? user->pw_dir : NULL);
	case ASKER_GROUPS:
		return send_groups(fd, question);
	case ASKER_MEMBERS:
		return send_members(fd, question);
	}
	return send_answer(fd, -EINVAL, NULL, 0);
}

/* Answers question after question, until the other end is closed. */
void asker_answer_all(int fd)
{
	struct asker_question question;

	/* A question is shorter than what a socket takes at once. */
	while (recv(fd, &question, sizeof(question), MSG_WAITALL) ==
	       (ssize_t)sizeof(question))
		if (answer(fd, &question))
			return;
}
