// SPDX-License-Identifier: BSD-3-Clause
/*
 * nss-modules: libc hides which service has not answered. If a service is down, libc sets
 * some errno or none, and if another service follows it returns "no such user". So after
 * such an answer each module is called directly.
 *
 * MUST: "no such user" means that every module has said so. A module that is not
 * installed is skipped, as by the name service; one that fails, or that is installed and
 * cannot be loaded, has not answered: the caller may have lowered a limit.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libsubid/core/cleanup.h"
#include "libsubid/user/account.h"
#include "libsubid/user/nss-modules.h"
#include "libsubid/user/passwd-file.h"

/* Enough for a group with a hundred thousand members. */
#define BYTES_FIRST 1024
#define BYTES_MAX   (16 * 1024 * 1024)

/* It is in libc. */
#define SERVICE_FILES "files"
/* It has only users of the running system, and answers even without its daemon. */
#define SERVICE_LOCAL "systemd"

typedef enum nss_status (*by_name_fn)(const char *name, void *entry, char *buffer,
				      size_t size, int *error);
typedef enum nss_status (*by_id_fn)(uint32_t id, void *entry, char *buffer, size_t size,
				    int *error);
typedef enum nss_status (*set_fn)(int stay_open);
typedef enum nss_status (*next_fn)(void *entry, char *buffer, size_t size, int *error);
typedef enum nss_status (*end_fn)(void);
typedef enum nss_status (*groups_fn)(const char *name, gid_t gid, long *n,
				     long *allocated, gid_t **groups, long max,
				     int *error);

/* ISO C cannot convert an object pointer to a function pointer. */
static bool find_function(const struct nss_module *module, const char *call,
			  void *ret_call)
{
	char name[NSSWITCH_WORD_BYTES + 32];
	void *address;

	snprintf(name, sizeof(name), "_nss_%s_%s", module->word, call);
	address = dlsym(module->handle, name);
	memcpy(ret_call, &address, sizeof(address));
	return address != NULL;
}

static bool find_module_call(const struct nss_module *module, const char *verb,
			     bool group, const char *object, void *ret_call)
{
	char call[16];

	snprintf(call, sizeof(call), "%s%s%s", verb, group ? "gr" : "pw", object);
	return find_function(module, call, ret_call);
}

/* Stores a word whose module is not installed; there is room for the whole line. */
static void add_missing(struct nss_modules *modules, const char *word)
{
	size_t len = strlen(modules->missing);

	snprintf(modules->missing + len, sizeof(modules->missing) - len, "%s%s",
		 len > 0 ? " " : "", word);
}

static bool is_files(const struct nss_module *module)
{
	return strcmp(module->word, SERVICE_FILES) == 0;
}

/* Loads a module. Returns whether it is installed. A word with a slash names none. */
static bool load_module(struct nss_module *module)
{
	char file[NSSWITCH_WORD_BYTES + 16];

	snprintf(file, sizeof(file), "libnss_%s.so.2", module->word);
	module->handle = is_files(module) || strchr(module->word, '/') ?
				 NULL :
				 dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	return module->handle || is_files(module) ||
	       (!strchr(module->word, '/') && nss_module_is_installed(file));
}

/*
 * Loads the modules of the services in @words, separated by spaces. Ended with
 * nss_modules_close().
 */
void nss_modules_open(struct nss_modules *modules, const char *words, bool group)
{
	*modules = (struct nss_modules){ .group = group };
	while (*words) {
		size_t len = strcspn(words, " ");
		struct nss_module *module = &modules->modules[modules->n];

		if (modules->n == NSS_MODULES_MAX) {
			modules->too_many = true;
			return;
		}
		snprintf(module->word, sizeof(module->word), "%.*s", (int)len, words);
		modules->too_many |= strcmp(module->word, NSSWITCH_UNREAD) == 0;
		if (load_module(module))
			modules->n++;
		else
			add_missing(modules, module->word);
		words += len;
		words += strspn(words, " ");
	}
}

/* Copies a found entry. */
static void take_entry(bool group, const union nss_entry *entry,
		       struct nss_found *ret_found)
{
	const char *name = group ? entry->group.gr_name : entry->user.pw_name;

	*ret_found = (struct nss_found){
		.id = group ? entry->group.gr_gid : entry->user.pw_uid,
		.gid = group ? entry->group.gr_gid : entry->user.pw_gid,
	};
	if (name && strlen(name) <= LIMIT_OWNER_BYTES)
		memcpy(ret_found->name, name, strlen(name) + 1);
}

/* A call of a module; one of the functions is set. */
struct module_call {
	by_name_fn by_name;
	by_id_fn by_id;
	next_fn next;
	struct nss_question question;
};

static enum nss_status call_module(const struct module_call *call, union nss_entry *entry,
				   char *buffer, size_t size, int *error)
{
	if (call->next)
		return call->next(entry, buffer, size, error);
	if (call->by_name)
		return call->by_name(call->question.name, entry, buffer, size, error);
	return call->by_id ? call->by_id(call->question.id, entry, buffer, size, error) :
			     NSS_STATUS_UNAVAIL;
}

/* Makes a call, with a growing buffer. Returns 0, ACCOUNT_NONE or -errno (no answer). */
static int make_call(const struct module_call *call, bool group,
		     struct nss_found *ret_found)
{
	for (size_t size = BYTES_FIRST; size <= BYTES_MAX; size *= 4) {
		CLEANUP(cleanup_free) char *buffer = malloc(size);
		union nss_entry entry = { 0 };
		enum nss_status status;
		int error = 0;

		if (!buffer)
			return -ENOMEM;
		status = call_module(call, &entry, buffer, size, &error);
		if (status == NSS_STATUS_SUCCESS)
			take_entry(group, &entry, ret_found);
		if (status == NSS_STATUS_SUCCESS || status == NSS_STATUS_NOTFOUND)
			return status == NSS_STATUS_SUCCESS ? 0 : ACCOUNT_NONE;
		if (status != NSS_STATUS_TRYAGAIN || error != ERANGE)
			return -EAGAIN;
	}
	return -ERANGE;
}

/* Asks the passwd file, as libc's own module. */
static int ask_passwd_file(const struct nss_question *question,
			   struct nss_found *ret_found)
{
	struct account account;
	bool doubt;
	int r = passwd_file_find(AT_FDCWD, question->name, question->id, &account,
				 &doubt);

	if (r)
		return r;
	*ret_found = (struct nss_found){ .id = account.uid, .gid = account.gid };
	memcpy(ret_found->name, account.name, account.name_len);
	return 0;
}

/* Asks one module. A module without the call has no accounts. */
static int ask_module(const struct nss_module *module,
		      const struct nss_question *question, struct nss_found *ret_found)
{
	struct module_call call = { .question = *question };
	bool there;

	if (is_files(module))
		return ask_passwd_file(question, ret_found);
	if (!module->handle)
		return -EAGAIN;
	if (question->name)
		there = find_module_call(module, "get", question->group, "nam_r",
					 &call.by_name);
	else
		there = find_module_call(module, "get", question->group,
					 question->group ? "gid_r" : "uid_r",
					 &call.by_id);
	return there ? make_call(&call, question->group, ret_found) : ACCOUNT_NONE;
}

static bool is_remote(const struct nss_module *module)
{
	return strcmp(module->word, SERVICE_LOCAL) != 0;
}

static int ask_modules(const struct nss_modules *modules, bool remote_only,
		       const struct nss_question *question, struct nss_found *ret_found)
{
	int r = modules->too_many ? -EAGAIN : ACCOUNT_NONE;

	for (size_t i = 0; i < modules->n; i++) {
		int answer;

		if (remote_only && !is_remote(&modules->modules[i]))
			continue;
		answer = ask_module(&modules->modules[i], question, ret_found);
		/* An account that is found does not speak for a module that is silent. */
		if (answer == 0 && (remote_only || r == ACCOUNT_NONE))
			return 0;
		if (answer < 0)
			r = answer;
	}
	return r;
}

/*
 * Asks all modules. Returns 0 (found, and no earlier one is silent), ACCOUNT_NONE (each
 * has answered so) or -errno (one has not answered). Thread-safe as the modules are.
 */
int nss_modules_ask(const struct nss_modules *modules,
		    const struct nss_question *question, struct nss_found *ret_found)
{
	return ask_modules(modules, false, question, ret_found);
}

/* Asks all modules except those that have only users of the running system. */
int nss_modules_ask_remote(const struct nss_modules *modules,
			   const struct nss_question *question,
			   struct nss_found *ret_found)
{
	return ask_modules(modules, true, question, ret_found);
}

/* Returns whether nss_modules_ask_remote() has anything to ask. */
bool nss_modules_have_remote(const struct nss_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++)
		if (is_remote(&modules->modules[i]))
			return true;
	return modules->too_many;
}

static int call_groups(groups_fn call, const char *name, gid_t gid)
{
	long n = 0, allocated = 16;
	CLEANUP(cleanup_free)
	gid_t *groups = reallocarray(NULL, (size_t)allocated, sizeof(*groups));
	enum nss_status status;
	int error = 0;

	if (!groups)
		return -ENOMEM;
	status = call(name, gid, &n, &allocated, &groups, NSS_GROUPS_MAX, &error);
	return status == NSS_STATUS_SUCCESS || status == NSS_STATUS_NOTFOUND ? 0 :
									       -EAGAIN;
}

/*
 * Asks one module for the groups of a user. libc reads all groups of a module without
 * initgroups_dyn; such a module is asked only for the primary group. Returns 0 (it has
 * answered) or -errno.
 */
static int ask_module_groups(const struct nss_module *module, const char *name, gid_t gid)
{
	const struct nss_question question = { .group = true, .id = gid };
	struct nss_found found;
	groups_fn call;
	int r;

	if (!module->handle)
		return -EAGAIN;
	if (find_function(module, "initgroups_dyn", &call))
		return call_groups(call, name, gid);
	r = ask_module(module, &question, &found);
	return r < 0 ? r : 0;
}

/*
 * Checks that each service answers which groups a user has: getgrouplist(3) leaves out
 * those of a silent one. Returns 0 or -errno.
 */
int nss_modules_check_groups(const struct nss_modules *modules, const char *name,
			     gid_t gid)
{
	int r = modules->too_many ? -EAGAIN : 0;

	for (size_t i = 0; r == 0 && i < modules->n; i++)
		if (is_remote(&modules->modules[i]))
			r = ask_module_groups(&modules->modules[i], name, gid);
	return r;
}

static int enumerate_module(const struct nss_module *module, bool group,
			    nss_found_fn take, void *context)
{
	struct module_call call = { .next = NULL };
	struct nss_found found;
	set_fn set;
	end_fn end;
	int r = 0;

	if (!module->handle || !find_module_call(module, "set", group, "ent", &set) ||
	    !find_module_call(module, "end", group, "ent", &end) ||
	    !find_module_call(module, "get", group, "ent_r", &call.next))
		return 0;
	/*
	 * The result does not matter: some modules return UNAVAIL if they do not
	 * enumerate.
	 */
	set(0);
	while (r == 0 && (r = make_call(&call, group, &found)) == 0)
		r = take(&found, context);
	end();
	return r == ACCOUNT_NONE ? 0 : r;
}

/*
 * Passes each account that the modules enumerate to @take. A module that cannot enumerate
 * is skipped; nss_modules_ask() detects a missing answer. Returns 0 or the result of
 * @take. Changes the position of an enumeration of the process.
 */
int nss_modules_enumerate(const struct nss_modules *modules, nss_found_fn take,
			  void *context)
{
	for (size_t i = 0; i < modules->n; i++) {
		int r = is_remote(&modules->modules[i]) ?
				enumerate_module(&modules->modules[i], modules->group,
						 take, context) :
				0;

		if (r && r != -EAGAIN && r != -ERANGE)
			return r;
	}
	return 0;
}

/* Unloads the modules. Takes zeroed ones. */
void nss_modules_close(struct nss_modules *modules)
{
	for (size_t i = 0; i < modules->n; i++)
		if (modules->modules[i].handle)
			dlclose(modules->modules[i].handle);
	*modules = (struct nss_modules){ 0 };
}
