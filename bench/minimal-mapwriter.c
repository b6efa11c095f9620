// SPDX-License-Identifier: BSD-3-Clause
/*
 * minimal-mapwriter PID INNER OUTER COUNT ...: opens the map of the process and writes
 * it, without any check. Most of its time is what any program needs to start on this
 * machine.
 *
 * -DSTATIC: without libc, start-up code and loader.
 * -DPASS: also reads the database once, and finds the end of each line.
 * -DMAP="gid_map", -DDATABASE="/etc/subgid" for groups.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MAP
#define MAP "uid_map"
#endif
#ifndef DATABASE
#define DATABASE "/etc/subuid"
#endif

#ifdef STATIC
#ifndef __x86_64__
#error "the start without libc is written for x86-64"
#endif

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

#define open(path, flags)     (int)call(SYS_open, (long)(path), flags, 0)
#define write(fd, text, size) call(SYS_write, fd, (long)(text), (long)(size))
#endif

static char *append(char *to, const char *word, char end)
{
	while (*word)
		*to++ = *word++;
	*to++ = end;
	return to;
}

#ifdef PASS
/* 0 if each line has been seen. */
static int pass(void)
{
	static char buffer[64 * 1024];
	int fd = open(DATABASE, O_RDONLY | O_CLOEXEC);
	size_t lines = 0;
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		for (const char *at = buffer, *end = buffer + n;
		     (at = memchr(at, '\n', (size_t)(end - at))); at++)
			lines++;
	return n < 0 || lines == 0;
}
#else
static int pass(void)
{
	return 0;
}
#endif

static int run(int argc, char **argv)
{
	static char path[64], text[4096];
	char *to = path, *end = text;
	int fd;

	if (argc < 5 || pass())
		return 1;
	to = append(to, "/proc", '/');
	to = append(to, argv[1], '/');
	append(to, MAP, '\0');
	for (int i = 2; i < argc && end - text < 4096 - 16; i++)
		end = append(end, argv[i], i % 3 == 1 ? '\n' : ' ');
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, (size_t)(end - text)) != end - text;
}

#ifdef STATIC
__attribute__((used)) static void start(long *stack)
{
	call(SYS_exit_group, run((int)stack[0], (char **)(stack + 1)), 0, 0);
	__builtin_unreachable();
}

__asm__(".globl _start\n"
	"_start: mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call start\n");
#else
int main(int argc, char **argv)
{
	return run(argc, argv);
}
#endif
