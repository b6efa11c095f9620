// SPDX-License-Identifier: BSD-3-Clause
/*
 * ask: reads requests from one descriptor, with one thread, and ends when that is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "helper/ask.h"
#include "libsubid/core/cleanup.h"
#include "libsubid/sys/fd.h"

/*
 * What a module needs at the least: if it lacks descriptors or memory, it may answer "no
 * such user", and not that it does not know. Large libraries need much address space.
 */
#define MEMORY_BYTES (64 * 1024 * 1024)

static void ask_cleanup(struct ask *ask)
{
	nss_end(&ask->nss);
	free(ask->piece);
}

/* Returns 0, or -errno if a module could lack something. */
static int check_resources(int fd)
{
	CLEANUP(fd_cleanup) int last = fcntl(fd, F_DUPFD_CLOEXEC, HELPER_DESCRIPTORS - 1);
	void *memory;

	if (last < 0)
		/* The number is beyond the limit of the process. */
		return errno == EINVAL ? -EMFILE : -errno;
	memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	return munmap(memory, MEMORY_BYTES) ? -errno : 0;
}

/* Reads @len bytes; many short requests that have come are read by one system call. */
static int read_bytes(struct ask *ask, void *bytes, size_t len)
{
	char *rest = bytes;

	while (len > 0) {
		size_t n = ask->ahead_len - ask->ahead_at;

		if (n == 0) {
			int r;

			ask->ahead_at = ask->ahead_len = 0;
			r = fd_read(ask->fd, ask->ahead, sizeof(ask->ahead),
				    &ask->ahead_len);
			if (r || ask->ahead_len == 0)
				return r ? r : -ECONNRESET;
			continue;
		}
		n = n < len ? n : len;
		memcpy(rest, ask->ahead + ask->ahead_at, n);
		ask->ahead_at += n;
		rest += n;
		len -= n;
	}
	return 0;
}

static int read_extents(struct ask *ask, size_t n, struct range *extents)
{
	int r;

	memset(extents, 0, n * sizeof(*extents));
	r = read_bytes(ask, extents, n * sizeof(*extents));
	for (size_t i = 0; r == 0 && i < n; i++)
		if (range_make(extents[i].start, extents[i].end - extents[i].start,
			       &extents[i]))
			r = -EBADMSG;
	return r;
}

/* Returns 0, or anything else if there are no more requests. */
static int serve_one(struct ask *ask)
{
	struct range extents[LIMIT_EXTENTS];
	char text[HELPER_TEXT_MAX + 1];
	struct helper_request request;
	bool of_plugin;
	int r = read_bytes(ask, &request, sizeof(request));

	if (r)
		return r;
	of_plugin = request.type == HELPER_REQUEST_RANGES ||
		    request.type == HELPER_REQUEST_OWNERS;
	if (request.text_len > (of_plugin ? HELPER_TEXT_MAX : LIMIT_OWNER_BYTES) ||
	    request.n_extents > (of_plugin ? LIMIT_EXTENTS : 0))
		return -EBADMSG;
	r = read_bytes(ask, text, request.text_len);
	if (r == 0)
		r = read_extents(ask, request.n_extents, extents);
	if (r)
		return r;
	text[request.text_len] = '\0';
	return of_plugin ? ask_plugin(ask, &request, text, extents) :
			   ask_nss(ask, &request, text);
}

/*
 * Serves requests from @fd until it is closed at its other end. Returns 0, or -errno if
 * it could not begin.
 */
int ask_serve(int fd)
{
	struct helper_greeting greeting = { HELPER_PROTOCOL_MAGIC,
					    HELPER_PROTOCOL_VERSION, 0 };
	CLEANUP(ask_cleanup) struct ask ask = { .fd = fd };
	int r = check_resources(fd), failed;

	ask.piece = malloc(ASK_PIECE_BYTES);
	if (r == 0 && !ask.piece)
		r = -ENOMEM;
	greeting.error = -r;
	failed = fd_write_all(fd, &greeting, sizeof(greeting));
	if (r || failed)
		return r ? r : failed;
	while (r == 0)
		r = serve_one(&ask);
	return 0;
}
