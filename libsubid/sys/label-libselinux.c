// SPDX-License-Identifier: BSD-3-Clause
/*
 * label-libselinux: sets the label that the policy's file_contexts has for the path. The
 * label of the old file is not copied, so that a write fixes a wrong one.
 *
 * The library is loaded only for a write: loading it with its dependencies costs more
 * than the rest of the program, and readers do not need it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libsubid/sys/label.h"

#define LIBRARY "libselinux.so.1"
/* The kernel makes this directory if SELinux is on. */
#define SELINUX_DIRECTORY "/sys/fs/selinux"

/* Functions of the library. */
struct calls {
	__typeof__(&is_selinux_enabled) is_enabled;
	__typeof__(&security_getenforce) get_enforce;
	__typeof__(&selabel_open) open;
	__typeof__(&selabel_lookup) lookup;
	__typeof__(&selabel_close) close;
	__typeof__(&fsetfilecon) set;
	__typeof__(&freecon) release;
};

static bool find_calls(void *library, struct calls *calls)
{
	*(void **)&calls->is_enabled = dlsym(library, "is_selinux_enabled");
	*(void **)&calls->get_enforce = dlsym(library, "security_getenforce");
	*(void **)&calls->open = dlsym(library, "selabel_open");
	*(void **)&calls->lookup = dlsym(library, "selabel_lookup");
	*(void **)&calls->close = dlsym(library, "selabel_close");
	*(void **)&calls->set = dlsym(library, "fsetfilecon");
	*(void **)&calls->release = dlsym(library, "freecon");
	return calls->is_enabled && calls->get_enforce && calls->open && calls->lookup &&
	       calls->close && calls->set && calls->release;
}

/* Finds the label of the policy for @path, to be freed. Returns 0 or -errno. */
static int lookup(const struct calls *calls, const char *path, char **ret_label)
{
	struct selabel_handle *handle = calls->open(SELABEL_CTX_FILE, NULL, 0);
	int r = 0;

	if (!handle)
		return -errno;
	if (calls->lookup(handle, ret_label, path, S_IFREG))
		r = -errno;
	calls->close(handle);
	return r;
}

static int label_by(const struct calls *calls, int fd, const char *path)
{
	char *label = NULL;
	int r;

	if (calls->is_enabled() <= 0)
		return 0;
	r = lookup(calls, path, &label);
	if (r == -ENOENT)
		return 0;
	if (r == 0) {
		/* The file system may not support labels. */
		if (calls->set(fd, label) && errno != ENOTSUP)
			r = -errno;
		calls->release(label);
	}
	return r && calls->get_enforce() == 0 ? 0 : r;
}

/*
 * Labels the open file @fd as @path.
 *
 * Returns 0, also if SELinux is off, has no label for the path, or refuses in permissive
 * mode; -ELIBACC if it is on and the library cannot be loaded; else -errno. Thread-safe.
 */
int label_set(int fd, const char *path)
{
	struct calls calls;
	void *library;
	int r = -ELIBACC;

	if (access(SELINUX_DIRECTORY, F_OK))
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return r;
	if (find_calls(library, &calls))
		r = label_by(&calls, fd, path);
	dlclose(library);
	return r;
}
