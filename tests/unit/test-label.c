// SPDX-License-Identifier: BSD-3-Clause
/*
 * Labels: a substitute for libselinux, whose policy is a row of the table. The module
 * without libselinux is compiled in under another name.
 */
#include "tests/unit/unit.h"

#define label_set label_set_none
#include "libsubid/sys/label-none.c"
#undef label_set

/* Without libselinux nothing is done, and there is no error. */
Test(label, none)
{
	cr_assert(label_set_none(-1, "/etc/subuid") == 0);
}

#ifdef HAVE_LIBSELINUX
int label_set_libselinux(int fd, const char *path);

#define label_set label_set_libselinux
#include "libsubid/sys/label-libselinux.c"
#undef label_set

#define FD    77
#define PATH  "/etc/subgid"
#define LABEL "system_u:object_r:etc_t:s0"

/* One system: the answers of its libselinux, and the calls it got. */
static struct {
	int enabled;
	int enforcing;
	int open_error;
	int lookup_error;
	int set_error;

	int opened;
	int closed;
	int lookups;
	int set;
	int allocated;
} selinux;

static char handle_of_double;

static int answer(int error)
{
	errno = error;
	return error ? -1 : 0;
}

int is_selinux_enabled(void)
{
	return selinux.enabled;
}

int security_getenforce(void)
{
	/* It reads a file, so errno may have any value. */
	errno = ENOTTY;
	return selinux.enforcing;
}

struct selabel_handle *selabel_open(unsigned int backend,
				    const struct selinux_opt *options, unsigned int n)
{
	cr_assert(backend == SELABEL_CTX_FILE && !options && n == 0);
	selinux.opened += !selinux.open_error;
	return answer(selinux.open_error) ? NULL : (void *)&handle_of_double;
}

int selabel_lookup(struct selabel_handle *handle, char **ret_label, const char *path,
		   int type)
{
	cr_assert((void *)handle == &handle_of_double);
	cr_assert_str_eq(path, PATH);
	cr_assert(type == S_IFREG);
	selinux.lookups++;
	if (selinux.lookup_error)
		return answer(selinux.lookup_error);
	*ret_label = strdup(LABEL);
	selinux.allocated++;
	return 0;
}

void selabel_close(struct selabel_handle *handle)
{
	cr_assert((void *)handle == &handle_of_double);
	selinux.closed++;
	errno = ENOTTY;
}

int fsetfilecon(int fd, const char *label)
{
	cr_assert(fd == FD);
	cr_assert_str_eq(label, LABEL);
	selinux.set++;
	return answer(selinux.set_error);
}

void freecon(char *label)
{
	free(label);
	selinux.allocated--;
	errno = ENOTTY;
}

static const struct calls doubles = {
	is_selinux_enabled, security_getenforce, selabel_open, selabel_lookup,
	selabel_close,	    fsetfilecon,	 freecon,
};

static const struct {
	const char *name;
	int enabled, enforcing, open_error, lookup_error, set_error;
	int lookups, set, result;
} rows[] = {
	{ "off", 0, 1, 0, 0, 0, 0, 0, 0 },
	{ "unknown", -1, 1, 0, 0, 0, 0, 0, 0 },
	{ "enforcing", 1, 1, 0, 0, 0, 1, 1, 0 },
	{ "permissive", 1, 0, 0, 0, 0, 1, 1, 0 },
	{ "no label for the path", 1, 1, 0, ENOENT, 0, 1, 0, 0 },
	{ "no policy, enforcing", 1, 1, EACCES, 0, 0, 0, 0, -EACCES },
	{ "no policy, permissive", 1, 0, EACCES, 0, 0, 0, 0, 0 },
	{ "no answer, enforcing", 1, 1, 0, EIO, 0, 1, 0, -EIO },
	{ "no answer, permissive", 1, 0, 0, EIO, 0, 1, 0, 0 },
	{ "refused, enforcing", 1, 1, 0, 0, EPERM, 1, 1, -EPERM },
	{ "refused, permissive", 1, 0, 0, 0, EPERM, 1, 1, 0 },
	{ "mode unknown", 1, -1, 0, 0, EPERM, 1, 1, -EPERM },
};

/*
 * The file gets the policy's label for its path. A failed call is an error if the policy
 * is enforced, with the errno of that call; nothing is leaked.
 */
Test(label, libselinux)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *name = rows[i].name;
		int r;

		memset(&selinux, 0, sizeof(selinux));
		selinux.enabled = rows[i].enabled;
		selinux.enforcing = rows[i].enforcing;
		selinux.open_error = rows[i].open_error;
		selinux.lookup_error = rows[i].lookup_error;
		selinux.set_error = rows[i].set_error;
		r = label_by(&doubles, FD, PATH);
		cr_expect(r == rows[i].result, "%s: %d", name, r);
		cr_expect(selinux.lookups == rows[i].lookups, "%s: lookups", name);
		cr_expect(selinux.set == rows[i].set, "%s: labels set", name);
		cr_expect(selinux.opened == selinux.closed, "%s: a handle leaks", name);
		cr_expect(selinux.allocated == 0, "%s: a label leaks", name);
	}
}

/* The library has all the calls. If SELinux is off, a label is not set. */
Test(label, loads_libselinux)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct calls calls;

	if (!library)
		unit_skip("no " LIBRARY);
	cr_assert(find_calls(library, &calls));
	dlclose(library);
	if (access(SELINUX_DIRECTORY, F_OK))
		cr_assert(label_set_libselinux(-1, PATH) == 0);
}
#endif
