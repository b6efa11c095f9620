// SPDX-License-Identifier: BSD-3-Clause
/*
 * replay: a substitute for libFuzzer. Runs the target once on each file of the command
 * line and each file in a directory of it, in memory of exactly its size, so that a read
 * past the end is found. It fails if there was no file.
 */
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;

static int replay(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t size = (size_t)st->st_size;
	uint8_t *data;
	FILE *file;

	(void)ftw;
	if (type == FTW_D)
		return 0;
	file = type == FTW_F ? fopen(path, "re") : NULL;
	data = malloc(size ? size : 1);
	if (!file || !data || fread(data, 1, size, file) != size) {
		fprintf(stderr, "%s: cannot be read\n", path);
		return -1;
	}
	fclose(file);
	if (size == 0) {
		free(data);
		data = NULL;
	}
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (nftw(argv[i], replay, 16, 0)) {
			fprintf(stderr, "%s: not replayed\n", argv[i]);
			return EXIT_FAILURE;
		}
	}
	printf("%s: %zu inputs\n", argv[0], inputs);
	return inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
