// SPDX-License-Identifier: BSD-3-Clause
/*
 * startup: descriptors, environment and signals, before anything else happens.
 *
 * MUST: descriptors 0 to 2 are open, or the database would be opened as one of them and
 * messages written into it.
 * MUST: no variable stays that lets the caller influence a library, see environment.c.
 * MUST: a refusal to a closed pipe ends with the exit status, not by SIGPIPE.
 * MUST: relocated data, with addresses of functions, is read-only.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mapwriter/startup.h"
#include "message/i18n.h"

/*
 * Opens the standard descriptors that are closed. open(2) returns the lowest free one, so
 * they are filled in ascending order.
 */
static int open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* Not poll(2): it would call the caller's file, and could wait for it. The
		 * start of a program with privilege does so in musl, before main(). */
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (errno != EBADF)
			return -errno;
		if (open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return -EBADF;
	}
	return 0;
}

/* The linker defines it: the begin of this program in memory. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/*
 * Makes relocated data read-only. A loader has done so, and static glibc, but not static
 * musl. Part of a page that other data begins in stays writable.
 */
static int protect_relocated(void)
{
	const uintptr_t begin = (uintptr_t)&__ehdr_start;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t base = __ehdr_start.e_type == ET_DYN ? begin : 0;
	const ElfW(Phdr) *header = (const void *)(begin + __ehdr_start.e_phoff);

	for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
		uintptr_t start = (base + header[i].p_vaddr) & -page;
		uintptr_t end = (base + header[i].p_vaddr + header[i].p_memsz) & -page;

		if (header[i].p_type == PT_GNU_RELRO && start < end &&
		    mprotect((void *)start, end - start, PROT_READ))
			return -errno;
	}
	return 0;
}

/* Returns 0 or -errno; then stderr may be closed. */
int startup_sanitize(void)
{
	int r = open_standard_descriptors();

	if (r == 0)
		r = protect_relocated();
	if (r)
		return r;
	environment_clean();
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	return 0;
}
