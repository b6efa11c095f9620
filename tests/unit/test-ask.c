// SPDX-License-Identifier: BSD-3-Clause
/*
 * The inside of the helper: requests that are malformed, or cut.
 */
#include <sys/socket.h>

#include "helper/ask.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"
#include "tests/unit/nss-box.h"
#include "tests/unit/rng.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(ask, .init = set_up, .fini = tear_down);

/*
 * Sends bytes to a real child and reads until it ends. The bytes must fit into a socket.
 * Returns the number of replies, or -1 for malformed replies.
 */
static int replies_to(const char *bytes, size_t len)
{
	struct helper_greeting greeting;
	struct helper_reply reply;
	static char sent[1 << 20];
	int ends[2], n = 0, status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ||
	    fd_write_all(ends[0], bytes, len) || shutdown(ends[0], SHUT_WR))
		return -1;
	pid = fork();
	if (pid == 0) {
		fd_close(ends[0]);
		alarm(10);
		_exit(ask_serve(ends[1]) ? 1 : 0);
	}
	fd_close(ends[1]);
	if (pid < 0 || wait_read(ends[0], NULL, 0, &greeting, sizeof(greeting)) ||
	    greeting.version != HELPER_PROTOCOL_VERSION)
		n = -1;
	while (n >= 0 && wait_read(ends[0], NULL, 0, &reply, sizeof(reply)) == 0)
		n = reply.len <= sizeof(sent) &&
				    wait_read(ends[0], NULL, 0, sent, reply.len) == 0 ?
			    n + (reply.r != HELPER_REPLY_MORE) :
			    -1;
	fd_close(ends[0]);
	/* It ends as if the program had closed the socket. */
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		return -1;
	return n;
}

static const char *long_names(void *context)
{
	static const uint32_t lengths[] = { LIMIT_OWNER_BYTES + 1, 60000, 1 << 24,
					    UINT32_MAX };
	const char *complaint = nss_mount(context, "passwd: files\ngroup: files\n");
	static char bytes[100000];

	if (complaint)
		return complaint;
	memset(bytes, 'n', sizeof(bytes));
	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct helper_request request = { .text_len = lengths[i] };

		memcpy(bytes, &request, sizeof(request));
		CHILD_ASSERT(replies_to(bytes, sizeof(bytes)) == 0);
		request.text_len = LIMIT_OWNER_BYTES;
		memcpy(bytes, &request, sizeof(request));
		CHILD_ASSERT(replies_to(bytes, sizeof(request) + LIMIT_OWNER_BYTES) == 1);
	}
	return NULL;
}

/* A request with a longer name than was sent ends the child. */
Test(ask, long_names)
{
	child_run(long_names, &tmpdir);
}

/* A request of any kind, whose fields often have their lowest or highest value. */
static size_t put_request(struct rng *rng, char *bytes)
{
	static const uint64_t numbers[] = {
		0, 1, 10, 4294967295, 4294967296, UINT64_MAX
	};
	struct helper_request request = {
		.type = (uint32_t)rng_below(rng, 10),
		.group = (uint32_t)rng_below(rng, 3),
		.id = (uint32_t)numbers[rng_below(rng, COUNT_OF(numbers))],
		.text_len = (uint32_t)rng_below(rng, 8),
		.start = numbers[rng_below(rng, COUNT_OF(numbers))],
		.end = numbers[rng_below(rng, COUNT_OF(numbers))],
		.milliseconds = (int64_t)numbers[rng_below(rng, COUNT_OF(numbers))],
	};
	size_t len = sizeof(request);

	memcpy(bytes, &request, len);
	for (size_t i = 0; i < request.text_len; i++)
		bytes[len++] = (char)rng_next(rng);
	return len;
}

static const char *random_requests(void *context)
{
	const char *complaint = nss_mount(context, "passwd: files\ngroup: files\n");
	struct rng rng = { rng_seed() };
	char bytes[2048];

	if (complaint)
		return complaint;
	for (int round = 0; round < 300; round++) {
		size_t len = 0;
		int n = 0;

		for (; n < 10; n++)
			len += put_request(&rng, bytes + len);
		/* Each gets its reply. */
		CHILD_ASSERT(replies_to(bytes, len) == n);
		/* A name that is too long, a request that is cut, and random bytes. */
		if (round % 3 == 0)
			len -= 1 + rng_below(&rng, len - 1);
		else if (round % 3 == 1)
			bytes[offsetof(struct helper_request, text_len) + 3] = 1;
		else
			for (size_t i = 0; i < 8; i++)
				bytes[rng_below(&rng, 48)] = (char)rng_next(&rng);
		CHILD_ASSERT(replies_to(bytes, len) >= 0);
	}
	return NULL;
}

/* The child checks its requests, and replies once to each valid one. */
Test(ask, random_requests)
{
	child_run(random_requests, &tmpdir);
}
