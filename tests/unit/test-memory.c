// SPDX-License-Identifier: BSD-3-Clause
/*
 * Out of memory: if any allocation fails, the result is -ENOMEM, no data is lost and
 * nothing leaks. The program is linked with --wrap for malloc(3) and related functions.
 */
#include "libsubid/core/range.h"
#include "libsubid/core/table.h"
#include "libsubid/sys/login-defs.h"
#include "libsubid/sys/nsswitch.h"
#include "libsubid/sys/scan.h"
#include "libsubid/user/lookup.h"
#include "libsubid/user/nss.h"
#include "libsubid/user/passwd-file.h"
#include "libsubid/user/unknown-owners.h"
#include "mapwriter/decide.h"
#include "tests/unit/give.h"
#include "tests/unit/unit.h"

/* Allocations until one fails, once; negative: none fails. Volatile, since the compiler
 * assumes that libc's allocations do not read it. */
static volatile int countdown = -1;

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__real_malloc(size_t size);
__attribute__((used)) void *__wrap_malloc(size_t size);
void *__real_realloc(void *pointer, size_t size);
__attribute__((used)) void *__wrap_realloc(void *pointer, size_t size);
void *__real_reallocarray(void *pointer, size_t n, size_t size);
__attribute__((used)) void *__wrap_reallocarray(void *pointer, size_t n, size_t size);

void *__real_calloc(size_t n, size_t size);
__attribute__((used)) void *__wrap_calloc(size_t n, size_t size);
char *__real_strndup(const char *text, size_t len);
__attribute__((used)) char *__wrap_strndup(const char *text, size_t len);

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return fails() ? NULL : __real_strndup(text, len);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
	return fails() ? NULL : __real_realloc(pointer, size);
}

void *__wrap_reallocarray(void *pointer, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(pointer, n, size);
}

/* A set of @n ranges with gaps of one id between them. */
static void fill(struct range_set *set, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_assert(range_set_add(set, (struct range){ i * 10, i * 10 + 9 }) == 0);
}

Test(memory, range_set)
{
	size_t failed = 0;

	for (size_t n = 0; n < 200; n++) {
		CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(1000);
		bool add = n % 2 == 0;
		int r;

		fill(&set, n);
		countdown = 0;
		r = add ? range_set_add(&set, (struct range){ n * 10, n * 10 + 9 }) :
			  range_set_subtract(&set,
					     (struct range){ n * 10 - 6, n * 10 - 5 });
		countdown = -1;
		cr_assert(r == 0 || r == -ENOMEM, "%zu ranges: %d", n, r);
		cr_assert(set.n == n + (r == 0));
		for (size_t i = 0; i < n && r; i++)
			cr_assert(set.ranges[i].start == i * 10 &&
				  set.ranges[i].end == i * 10 + 9);
		failed += r != 0;
	}
	cr_assert(failed > 5, "%zu allocations failed", failed);
}

static bool is_anybody(const struct entry *entry, void *context)
{
	(void)entry;
	(void)context;
	return true;
}

static const char text[] = "# head\nelsa:100:100\nanna:1:2 \nanna:100:100";

Test(memory, table_append)
{
	CLEANUP(table_cleanup) struct table table = { 0 };
	size_t failed = 0;

	cr_assert(table_load(exact_copy(BYTES(text)), sizeof(text) - 1, &table) == 0);
	for (int i = 0; i < 1000; i++) {
		size_t len = table.len;
		CLEANUP(cleanup_free) char *before = exact_copy(table.text, len);
		bool changed = table.changed;
		int r;

		countdown = 0;
		r = table_append(&table, "elsa", 4, (struct range){ 1, 2 });
		countdown = -1;
		cr_assert(r == 0 || r == -ENOMEM);
		failed += r != 0;
		if (r == 0)
			continue;
		cr_assert(table.len == len && memcmp(table.text, before, len) == 0);
		cr_assert(table.changed == changed);
		cr_assert(table_append(&table, "elsa", 4, (struct range){ 1, 2 }) == 0);
	}
	cr_assert(failed > 5, "%zu allocations failed", failed);
}

/* Edits that remove, trim and split lines; each allocation fails in its turn. */
Test(memory, table_subtract)
{
	static const struct range ranges[] = { { 0, 1000 }, { 100, 150 }, { 120, 130 } };
	char many[8192];
	size_t len = 0, failed = 0;

	for (int i = 0; i < 100; i++)
		len += (size_t)sprintf(many + len, "elsa:100:100\n# %d\n", i);
	for (size_t i = 0; i < COUNT_OF(ranges); i++) {
		for (int turn = 0;; turn++) {
			CLEANUP(table_cleanup) struct table table = { 0 };
			int r;

			cr_assert(table_load(exact_copy(many, len), len, &table) == 0);
			countdown = turn;
			r = table_subtract(&table, is_anybody, NULL, ranges[i]);
			countdown = -1;
			if (r == 0) {
				cr_assert(table.changed);
				break;
			}
			failed++;
			cr_assert(r == -ENOMEM);
			cr_assert(!table.changed && table.len == len &&
				  memcmp(table.text, many, len) == 0);
		}
	}
	cr_assert(failed > 5, "%zu allocations failed", failed);
}

/* A file that does not fit the buffer of a scan, with a key of no program. */
static const char *large_file(struct tmpdir *tmpdir, const char *name)
{
	static char path[PATH_MAX], lines[2 * SCAN_FEW];

	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = "other:x:7:7:::\n"[i % 15];
	tmpdir_make(tmpdir);
	tmpdir_put(tmpdir, name, lines, sizeof(lines) - sizeof(lines) % 15, 0644);
	snprintf(path, sizeof(path), "%s/%s", tmpdir->path, name);
	return path;
}

Test(memory, scan)
{
	struct tmpdir tmpdir;
	CLEANUP(fd_cleanup)
	int fd = open(large_file(&tmpdir, "lines"), O_RDONLY | O_CLOEXEC);
	CLEANUP(scan_cleanup) struct scan scan = { 0 };
	CLEANUP(scan_cleanup) struct scan stream = { 0 };
	struct scan_line line;
	int r;

	countdown = 0;
	scan_start(&scan, fd);
	while ((r = scan_next(&scan, &line)) > 0)
		cr_assert(line.len == 14);
	cr_assert(r == -ENOMEM && scan.number == 0);
	countdown = 0;
	cr_assert(scan_start_stream(&stream, fd) == -ENOMEM);
	countdown = -1;
	tmpdir_cleanup(&tmpdir);
}

/* Files of settings: without memory there is no result. */
Test(memory, settings)
{
	struct tmpdir tmpdir;
	const char *path = large_file(&tmpdir, "settings");
	char value[LOGIN_DEFS_VALUE_BYTES];
	struct nsswitch nsswitch;
	bool yes = true;

	countdown = 0;
	cr_assert(login_defs_lookup(AT_FDCWD, path, "KEY", value) == -ENOMEM);
	countdown = 0;
	cr_assert(login_defs_yes(AT_FDCWD, path, "KEY", &yes) == -ENOMEM && yes);
	countdown = 0;
	cr_assert_not(login_defs_is_yes(AT_FDCWD, path, "KEY"));
	countdown = 0;
	cr_assert(nsswitch_read(path, &nsswitch) == -ENOMEM);
	countdown = -1;
	tmpdir_cleanup(&tmpdir);
}

/* An account that could not be looked up is not one that does not exist. */
Test(memory, account)
{
	CLEANUP(nss_end) struct nss nss = { .open = false };
	const struct name_service in_process = nss_service(&nss);
	struct lookup lookup = { AT_FDCWD, true, false, &in_process };
	struct account account = { 0 };
	struct tmpdir tmpdir;

	large_file(&tmpdir, "passwd");
	lookup.directory = tmpdir.fd;
	countdown = 0;
	cr_assert(nss_uid(&nss, 0, &account) == -ENOMEM);
	countdown = 0;
	cr_assert(nss_user(&nss, "root", &account) == -ENOMEM);
	/* The file could not be read: the name service is asked. */
	countdown = 0;
	cr_assert(lookup_uid(&lookup, 0, &account) == 0 && countdown < 0);
	cr_assert_str_eq(account.name, "root");
	countdown = -1;
	tmpdir_cleanup(&tmpdir);
}

/* Lookups in a passwd file and a service; each allocation fails in its turn. */
struct users {
	struct tmpdir tmpdir;
	struct lookup lookup;
	struct table table;
	struct accounts accounts;
};

static int answer_users(void *context, const char *const *names, size_t n,
			struct name_service_answer *ret_answers)
{
	(void)context;
	for (size_t i = 0; i < n; i++) {
		ret_answers[i].r = 0;
		account_set(&ret_answers[i].account, names[i], strlen(names[i]), 1000, 1);
	}
	return 0;
}

/* The file could not be read for lack of memory: the same error here. */
static int answer_user(void *context, const char *name, struct account *ret_account)
{
	(void)context;
	(void)name;
	(void)ret_account;
	return -ENOMEM;
}

static const struct name_service user_service = { .user = answer_user,
						  .users = answer_users };

static void make_users(struct users *users)
{
	static char passwd[16384], database[16384];
	size_t n = 0, len = 0;

	for (int i = 0; i < 200; i++) {
		n += (size_t)sprintf(passwd + n, "user%d:x:%d:1:::\nalias%d:x:%d:1:::\n",
				     i, 1000 + i % 20, i, 1000 + i % 20);
		len += (size_t)sprintf(database + len, "net%d:%d:10\n", i, i * 20);
	}
	*users = (struct users){ .lookup = { .files_first = true,
					     .service = &user_service } };
	tmpdir_make(&users->tmpdir);
	tmpdir_put(&users->tmpdir, "passwd", passwd, n, 0644);
	tmpdir_put(&users->tmpdir, "group", BYTES("staff:x:5:elsa,anna\n"), 0644);
	users->lookup.directory = users->tmpdir.fd;
	cr_assert(table_load(exact_copy(database, len), len, &users->table) == 0);
	cr_assert(passwd_file_load(users->tmpdir.fd, &kind_uid, &users->accounts) == 0);
}

static int load_users(struct users *users)
{
	CLEANUP(accounts_cleanup) struct accounts accounts = { 0 };
	int r = passwd_file_load(users->tmpdir.fd, &kind_uid, &accounts);

	cr_assert(accounts.n == (r ? 0 : 400));
	return r;
}

static int find_members(struct users *users)
{
	CLEANUP(cleanup_free) char *names = NULL;
	size_t len;
	gid_t gid;

	return passwd_file_members(users->tmpdir.fd, "staff", &gid, &names, &len);
}

static int find_owner(struct users *users)
{
	CLEANUP(owner_cleanup) struct owner owner = { .n = 0 };
	int r = owner_find(&owner, "user7", &users->lookup, true);

	cr_assert(owner.n == (r ? 0 : 19));
	return r;
}

static int find_names(struct users *users)
{
	CLEANUP(unknown_owners_cleanup) struct unknown_owners unknown = { 0 };
	CLEANUP(owner_cleanup) struct owner owner = { .n = 0 };
	struct account account;
	int r;

	account_set(&account, "elsa", 4, 1000, 1);
	owner_set(&owner, &account);
	r = unknown_owners_name(&unknown, &users->table, (struct range){ 0, ID_END },
				&users->lookup, &owner);
	cr_assert(r || owner.n == 200);
	/* Names can be looked for after any failure. */
	for (int i = 0; i < 200; i++) {
		char name[16];

		cr_assert_not(unknown_owners_are_silent(
			&unknown, name, (size_t)sprintf(name, "net%d", i)));
	}
	return r;
}

static int resolve_people(struct users *users)
{
	CLEANUP(owner_set_cleanup) struct owner_set people = { 0 };
	int r = 0;

	for (int i = 0; r == 0 && i < 40; i++) {
		char name[32];
		size_t index;

		r = owner_set_add(&people, name,
				  (size_t)sprintf(name, i % 2 ? "user%d" : "net%d", i),
				  &index);
	}
	return r ? r :
		   owner_set_resolve(&people, &users->accounts, &users->lookup, false);
}

Test(memory, users)
{
	static int (*const calls[])(struct users * users) = { load_users, find_members,
							      find_owner, find_names,
							      resolve_people };
	struct users users;

	make_users(&users);
	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		int turn = -1, r;

		do {
			countdown = ++turn;
			r = calls[i](&users);
			countdown = -1;
			cr_assert(r == 0 || r == -ENOMEM, "%zu, turn %d: %d", i, turn, r);
		} while (r);
		cr_assert(turn > 1, "%zu: %d allocations failed", i, turn);
	}
	table_clear(&users.table);
	accounts_cleanup(&users.accounts);
	tmpdir_cleanup(&users.tmpdir);
}

/* Two loaded databases, in a temporary directory, and their old text. */
struct loaded {
	struct tmpdir tmpdir;
	struct db db;
	struct allocate allocate;
	char before[1000];
};

static void load(struct loaded *loaded)
{
	size_t n = 0;

	*loaded = (struct loaded){ .db = DB_NONE };
	for (int i = 0; i < 30; i++)
		n += (size_t)sprintf(loaded->before + n, "elsa:%d:10\n", 200000 + i * 20);
	tmpdir_make(&loaded->tmpdir);
	tmpdir_put(&loaded->tmpdir, "passwd", BYTES("elsa:x:1000:1::/:\n"), 0644);
	tmpdir_put(&loaded->tmpdir, "group", BYTES("root:x:0:\n"), 0644);
	tmpdir_put(&loaded->tmpdir, "subuid", loaded->before, n, 0644);
	tmpdir_put(&loaded->tmpdir, "subgid", loaded->before, n, 0644);
	cr_assert(db_begin(&loaded->db, loaded->tmpdir.fd, DB_PREFIX) == 0);
	cr_assert(db_load(&loaded->db, &kind_uid, false) == 0);
	cr_assert(db_load(&loaded->db, &kind_gid, false) == 0);
}

/* Ends the transaction. A change that has failed must not be in memory. Returns whether
 * it has failed. */
static bool has_failed(struct loaded *loaded, int turn, int r)
{
	for (size_t k = 0; r && k < 2; k++) {
		const struct table *table = &loaded->db.sides[k].table;

		cr_assert(r == -ENOMEM, "turn %d: %d", turn, r);
		cr_assert(!table->changed && table->len == strlen(loaded->before) &&
				  memcmp(table->text, loaded->before, table->len) == 0,
			  "turn %d: %.*s", turn, (int)table->len, table->text);
	}
	db_end(&loaded->db);
	allocate_cleanup(&loaded->allocate);
	tmpdir_cleanup(&loaded->tmpdir);
	return r != 0;
}

/* The 31 missing lines do not fit into one piece of memory. */
Test(memory, allocate_fixed)
{
	const struct range range = { 199990, 200600 };
	struct account account;
	struct loaded loaded;
	struct owner elsa;
	int turn = -1, r;

	account_set(&account, "elsa", 4, 1000, 1);
	owner_set(&elsa, &account);
	do {
		load(&loaded);
		countdown = ++turn;
		r = give(&loaded.db, &loaded.allocate, &elsa, &kind_uid, range);
		countdown = -1;
	} while (has_failed(&loaded, turn, r));
	cr_assert(turn > 5, "%d allocations failed", turn);
}

/* Twenty users, in both databases: all of them or none. */
Test(memory, allocate)
{
	CLEANUP(owner_set_cleanup) struct owner_set people = { 0 };
	struct allocate_item items[20];
	const struct allocate wanted = {
		.people = &people,
		.items = items,
		.n = COUNT_OF(items),
		.settings = { .requests = { { { 100000, 300000 }, 10, 0 },
					    { { 100000, 300000 }, 10, 0 } } },
		.kinds = { true, true },
	};
	const struct accounts none = { 0 };
	const struct lookup lookup = { .directory = -1 };
	struct loaded loaded;
	int turn = -1, r;

	for (size_t i = 0, index; i < wanted.n; i++) {
		char name[32];
		int n = sprintf(name, "user%zu", i);

		cr_assert(owner_set_add(&people, name, (size_t)n, &index) == 0);
	}
	cr_assert(owner_set_resolve(&people, &none, &lookup, true) == 0);
	do {
		load(&loaded);
		memset(items, 0, sizeof(items));
		countdown = ++turn;
		loaded.allocate = wanted;
		r = allocate_ranges(&loaded.db, &loaded.allocate);
		countdown = -1;
	} while (has_failed(&loaded, turn, r));
	cr_assert(items[19].ranges[1].end > 0);
	cr_assert(turn > 10, "%d allocations failed", turn);
}

/* The decision: no memory, no map. */
Test(memory, decide)
{
	static const char database[] = "elsa:100:10\nelsa:112:5\nelsa:100:100\n";
	struct account account = { .name = "elsa",
				   .name_len = 4,
				   .exists = true,
				   .number = "1000",
				   .number_len = 4,
				   .uid = 1000 };
	struct idmap map = { .n = 20 };
	size_t failed = 0;

	for (uint32_t i = 0; i < map.n; i++)
		map.extents[i] = (struct extent){ i, 101 + i * 3, 1 };
	for (int turn = 0;; turn++) {
		struct dbfile file = {
			.fd = file_of(BYTES(database)),
			.status = { .st_mode = S_IFREG | 0644 },
		};
		struct decision decision = { 0 };
		int r;

		countdown = turn;
		r = decide(&kind_uid, &map, NULL, &account, 1000, &file, &decision);
		countdown = -1;
		dbfile_cleanup(&file);
		if (r == 0)
			break;
		failed++;
		cr_assert(r == -ENOMEM ||
				  (r == DECIDE_NO_DATABASE && file.error == ENOMEM),
			  "turn %d: %d", turn, r);
	}
	cr_assert(failed >= 2, "%zu allocations failed", failed);
}
