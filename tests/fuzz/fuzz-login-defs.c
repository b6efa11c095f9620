// SPDX-License-Identifier: BSD-3-Clause
/*
 * login-defs: the input is a login.defs.
 */
#include <fcntl.h>
#include <strings.h>

#include "libsubid/core/limits.h"
#include "libsubid/sys/login-defs.h"
#include "tests/fuzz/fuzz.h"

static const char key[] = "KEY";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value of the key in a line without NULs: @value is as large as the line. */
static bool model_line(const char *line, size_t len, char *value)
{
	size_t begin = 0, end;

	if (len > LIMIT_LINE_BYTES)
		len = LIMIT_LINE_BYTES + 1;
	while (begin < len && is_blank(line[begin]))
		begin++;
	if (len - begin < strlen(key) || memcmp(line + begin, key, strlen(key)) != 0)
		return false;
	begin += strlen(key);
	if (begin < len && !is_blank(line[begin]) && line[begin] != '"')
		return false;
	while (begin < len && (is_blank(line[begin]) || line[begin] == '"'))
		begin++;
	end = len;
	while (end > begin &&
	       (is_blank(line[end - 1]) || line[end - 1] == '"' || line[end - 1] == '\r'))
		end--;
	if (end - begin > LOGIN_DEFS_VALUE_BYTES - 1)
		end = begin + LOGIN_DEFS_VALUE_BYTES - 1;
	memcpy(value, line + begin, end - begin);
	value[end - begin] = '\0';
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	char *copy = fuzz_text(&input);
	char value[LOGIN_DEFS_VALUE_BYTES], expected[LOGIN_DEFS_VALUE_BYTES];
	const char *text = copy, *line, *path = fuzz_path(copy, size);
	bool found = false, nul = size > 0 && memchr(copy, '\0', size);
	size_t left = size, len;
	int r;

	memset(value, '~', sizeof(value));
	r = login_defs_lookup(AT_FDCWD, path, key, value);
	FUZZ_ASSERT(r == 0 || r == CONF_UNSET);
	if (r == 0)
		FUZZ_ASSERT(memchr(value, '\0', sizeof(value)) && !strchr(value, '\n'));
	else
		FUZZ_ASSERT(value[0] == '~');
	FUZZ_ASSERT(login_defs_is_yes(AT_FDCWD, path, key) ==
		    (r == 0 && strcasecmp(value, "yes") == 0));

	while (!nul && fuzz_line(&text, &left, &line, &len))
		found |= model_line(line, len, expected);
	FUZZ_ASSERT(nul || found == (r == 0));
	if (!nul && found)
		FUZZ_ASSERT(strcmp(value, expected) == 0);
	free(copy);
	return 0;
}
