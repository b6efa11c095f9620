// SPDX-License-Identifier: BSD-3-Clause
/*
 * A helper that does not do what the map writers expect. What it does is in the file
 * /etc/false-helper: a word, and for some words a number.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SOCKET 3

struct greeting {
	uint32_t magic, version;
	int32_t error;
};

struct reply {
	int32_t r;
	uint32_t len;
};

static struct greeting greeting = { 0x73756269, 2, 0 };

static void say(const void *bytes, size_t len)
{
	if (write(SOCKET, bytes, len) != (ssize_t)len)
		exit(1);
}

static void garbage(long seed)
{
	char bytes[4096];

	srand((unsigned)seed);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)rand();
	say(bytes, sizeof(bytes));
}

/* A reply that promises more than it brings, or than anybody may send. */
static void answer(int32_t r, uint32_t len)
{
	const struct reply reply = { r, len };

	say(&reply, sizeof(reply));
	garbage(len);
}

int main(void)
{
	FILE *file = fopen("/etc/false-helper", "r");
	char role[32] = "";
	long number = 0;

	prctl(PR_SET_NAME, "subid-ask");
	if (!file || fscanf(file, "%31s %ld", role, &number) < 1)
		return 1;
	if (strcmp(role, "quiet") == 0)
		pause();
	if (strcmp(role, "ends") == 0)
		return (int)number;
	if (strcmp(role, "crashes") == 0)
		raise((int)number);
	if (strcmp(role, "raw") == 0)
		garbage(number);
	if (strcmp(role, "version") == 0)
		greeting.version = (uint32_t)number;
	if (strcmp(role, "magic") == 0)
		greeting.magic++;
	if (strcmp(role, "error") == 0)
		greeting.error = (int32_t)number;
	say(&greeting, strcmp(role, "half") == 0 ? 7 : sizeof(greeting));
	if (strcmp(role, "greets") == 0 || strcmp(role, "half") == 0)
		return 0;
	if (strcmp(role, "garbage") == 0)
		garbage(number);
	if (strcmp(role, "long") == 0)
		answer(0, (uint32_t)number);
	if (strcmp(role, "result") == 0)
		answer((int32_t)number, 0);
	pause();
	return 0;
}
