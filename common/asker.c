// SPDX-License-Identifier: BSD-3-Clause
/*
 * asker: a child process and a socket to it.
 *
 * MUST: what the name service prints is lost (child.h): it would be in the middle of our
 * rows.
 * Once no answer came nothing is asked any more: the next one would take as long.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/asker-parts.h"
#include "common/asker.h"
#include "common/i18n.h"
#include "common/report.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/child.h"
#include "libsubid/sys/fd.h"
#include "libsubid/sys/wait.h"

/* The child. A question may come as long as the socket is open. */
static int serve(void *context)
{
	asker_answer_all(*(const int *)context);
	return EXIT_SUCCESS;
}

static int start(struct asker *asker)
{
	int ends[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	r = child_start(&asker->child,
			&(struct child_options){ .kept = &ends[1], .n_kept = 1 }, serve,
			&ends[1]);
	fd_close(ends[1]);
	if (r)
		fd_close(ends[0]);
	else
		asker->fd = ends[0];
	return r;
}

/* Reads what the child sends. Returns 0, -ETIMEDOUT, -ECONNRESET or -errno. */
static int receive(const struct asker *asker, int64_t end, void *bytes, size_t len)
{
	int r = wait_read(asker->fd, end, bytes, len);

	return r == WAIT_OVER ? -ETIMEDOUT : r;
}

/* Returns 0 with what the child found, *ret_r, or -errno if it cannot be asked again. */
static int exchange(const struct asker *asker, int64_t end,
		    const struct asker_question *question, int *ret_r, char **ret_bytes,
		    size_t *ret_len)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	struct asker_answer answer;
	int r;

	/* One question at a time, and that fits: this does not wait. */
	if (send(asker->fd, question, sizeof(*question), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(*question))
		return -ECONNRESET;
	r = receive(asker, end, &answer, sizeof(answer));
	if (r)
		return r;
	*ret_r = answer.r;
	if (answer.r)
		return 0;
	if (answer.len > ASKER_BYTES_MAX)
		return -EBADMSG;
	bytes = calloc(1, answer.len + 1);
	if (!bytes)
		return -ENOMEM;
	r = receive(asker, end, bytes, answer.len);
	if (r)
		return r;
	*ret_len = answer.len;
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Asks. Returns 0 with an answer that is to be freed, ACCOUNT_NONE or -errno. */
static int ask(struct asker *asker, const struct asker_question *question,
	       char **ret_bytes, size_t *ret_len)
{
	int64_t begin = wait_clock();
	int r = asker->failed, found = 0;

	if (r == 0 && asker->left <= 0)
		r = -ETIMEDOUT;
	if (r == 0 && asker->child.pid == 0)
		r = start(asker);
	if (r == 0) {
		r = exchange(asker, begin + least(asker->each, asker->left), question,
			     &found, ret_bytes, ret_len);
		/* What is left in the socket is no answer to the next question. */
		asker->failed = r;
	}
	if (asker->left < INT64_MAX)
		asker->left -= wait_clock() - begin;
	return r ? r : found;
}

/* Fills in a question about a name. Whose name is longer is nobody. */
static int name(const char *text, struct asker_question *question)
{
	size_t len = strlen(text);

	if (len >= sizeof(question->name))
		return ACCOUNT_NONE;
	memcpy(question->name, text, len + 1);
	return 0;
}

static int ask_account(struct asker *asker, const struct asker_question *question,
		       struct account *ret_account)
{
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = ask(asker, question, &bytes, &len);

	if (r == 0 && len != sizeof(*ret_account))
		r = -EBADMSG;
	if (r == 0)
		memcpy(ret_account, bytes, sizeof(*ret_account));
	return r;
}

/*
 * Looks an account up by login name, as account_by_name() does.
 * Returns 0, ACCOUNT_NONE or -errno, for which asker_reason() has words.
 */
int asker_user(struct asker *asker, const char *login, struct account *ret_account)
{
	struct asker_question question = { .type = ASKER_USER };
	int r = name(login, &question);

	return r ? r : ask_account(asker, &question, ret_account);
}

/* The same by uid. */
int asker_uid(struct asker *asker, uid_t uid, struct account *ret_account)
{
	struct asker_question question = { .type = ASKER_UID, .id = uid };

	return ask_account(asker, &question, ret_account);
}

/*
 * Looks the name of a user or a group up; a longer one is cut.
 * Returns as asker_user() does.
 */
int asker_name(struct asker *asker, const struct kind *kind, uint32_t id,
	       char ret_name[static LIMIT_OWNER_BYTES + 1])
{
	struct asker_question question = { .type = kind->group ? ASKER_GID_OF :
								 ASKER_UID_OF,
					   .id = id };
	CLEANUP(cleanup_free) char *bytes = NULL;
	size_t len = 0;
	int r = ask(asker, &question, &bytes, &len);

	if (r)
		return r;
	len = strnlen(bytes, LIMIT_OWNER_BYTES);
	memcpy(ret_name, bytes, len);
	ret_name[len] = '\0';
	return 0;
}

/* Looks the home of a user up; *ret_home is to be freed. Returns as asker_user() does. */
int asker_home(struct asker *asker, const char *login, char **ret_home)
{
	struct asker_question question = { .type = ASKER_HOME };
	size_t len;
	int r = name(login, &question);

	return r ? r : ask(asker, &question, ret_home, &len);
}

/*
 * Looks all groups of a user up, the primary one among them.
 *
 * ret_groups: *ret_n of them, to be freed. Returns as asker_user() does.
 */
int asker_groups(struct asker *asker, const struct account *account, gid_t **ret_groups,
		 size_t *ret_n)
{
	struct asker_question question = { .type = ASKER_GROUPS, .id = account->gid };
	char *bytes;
	size_t len;
	int r = name(account->name, &question);

	if (r == 0)
		r = ask(asker, &question, &bytes, &len);
	if (r)
		return r;
	*ret_n = len / sizeof(**ret_groups);
	*ret_groups = (gid_t *)(void *)bytes;
	return 0;
}

/*
 * Looks a group up.
 *
 * ret_names: those who are named as members, each with a NUL, *ret_len bytes in all; to
 * be freed. Returns as asker_user() does.
 */
int asker_members(struct asker *asker, const char *group, gid_t *ret_gid,
		  char **ret_names, size_t *ret_len)
{
	struct asker_question question = { .type = ASKER_MEMBERS };
	char *bytes;
	size_t len;
	int r = name(group, &question);

	if (r == 0)
		r = ask(asker, &question, &bytes, &len);
	if (r)
		return r;
	memcpy(ret_gid, bytes, sizeof(*ret_gid));
	*ret_len = len - sizeof(*ret_gid);
	memmove(bytes, bytes + sizeof(*ret_gid), *ret_len);
	*ret_names = bytes;
	return 0;
}

/* Why there was no answer, for people. Valid until the next call. */
const char *asker_reason(int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return _("the name service did not answer in time");
	case -ECONNRESET:
		return _("the name service crashed");
	default:
		return report_error(-r);
	}
}

/* Ends the process. Takes a zeroed one, one that never started, and one that has ended.
 */
void asker_end(struct asker *asker)
{
	if (asker->child.pid <= 0)
		return;
	child_end(&asker->child);
	asker->fd = fd_close(asker->fd);
}
