// SPDX-License-Identifier: BSD-3-Clause
/*
 * The protocol between a program and the helper: greetings of another version, and
 * malformed replies. test-ask.c sends malformed requests.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include "helper/helper-protocol.h"
#include "helper/nss-client.h"
#include "helper/plugin-client.h"
#include "libsubid/core/limits.h"
#include "libsubid/sys/wait.h"
#include "tests/unit/helper-inside.h"
#include "tests/unit/nss-box.h"
#include "tests/unit/rng.h"

static struct tmpdir tmpdir;

static void set_up(void)
{
	tmpdir_make(&tmpdir);
}

static void tear_down(void)
{
	tmpdir_cleanup(&tmpdir);
}

TestSuite(helper_protocol, .init = set_up, .fini = tear_down);

static int send_greeting(int fd, uint32_t magic, uint32_t version, size_t len)
{
	const struct helper_greeting greeting = { magic, version, 0 };

	return fd_write_all(fd, &greeting, len);
}

static int wrong_magic(int fd)
{
	return send_greeting(fd, HELPER_PROTOCOL_MAGIC + 1, HELPER_PROTOCOL_VERSION,
			     sizeof(struct helper_greeting));
}

static int wrong_version(int fd)
{
	return send_greeting(fd, HELPER_PROTOCOL_MAGIC, HELPER_PROTOCOL_VERSION + 1,
			     sizeof(struct helper_greeting));
}

static int half_a_greeting(int fd)
{
	return send_greeting(fd, HELPER_PROTOCOL_MAGIC, HELPER_PROTOCOL_VERSION, 6);
}

static int no_greeting(int fd)
{
	(void)fd;
	return 0;
}

static int silence(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
	return 0;
}

static int only_a_greeting(int fd)
{
	return send_greeting(fd, HELPER_PROTOCOL_MAGIC, HELPER_PROTOCOL_VERSION,
			     sizeof(struct helper_greeting));
}

/* Another process that has the socket, as a program that a module starts would. */
static int greeting_of_another(int fd)
{
	pid_t other = fork();
	int r = 1;

	if (other == 0)
		_exit(only_a_greeting(fd));
	if (other > 0 && waitpid(other, &r, 0) == other && r == 0)
		silence(fd);
	return r;
}

/* Its bytes are not those of the child, even behind them. */
static int end_of_another(int fd)
{
	pid_t other;
	int r = half_a_greeting(fd);

	other = r ? -1 : fork();
	if (other == 0)
		_exit(send_greeting(fd, HELPER_PROTOCOL_VERSION, 0, 6));
	if (other > 0 && waitpid(other, &r, 0) == other && r == 0)
		silence(fd);
	return r;
}

/* A child of another version, children that send no greeting, and another sender. */
Test(helper_protocol, greetings)
{
	static const struct {
		int (*child)(int fd);
		int r;
	} rows[] = {
		{ wrong_magic, -ENOPKG },	   { wrong_version, -ENOPKG },
		{ half_a_greeting, -ENOPKG },	   { no_greeting, -ENOPKG },
		{ only_a_greeting, -ECONNRESET },  { silence, -ETIMEDOUT },
		{ greeting_of_another, -EBADMSG }, { end_of_another, -EBADMSG },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
		struct account account;

		fake_helper = rows[i].child;
		client.each = 200;
		for (int k = 0; k < 2; k++) {
			int r = nss_client_user(&client, "root", &account);

			cr_assert(r == rows[i].r, "row %zu: %d", i, r);
		}
	}
	fake_helper = NULL;
}

static int more_and_more(int fd)
{
	const struct helper_reply reply = { HELPER_REPLY_MORE, 0 };
	int r = only_a_greeting(fd);

	while (r == 0)
		r = fd_write_all(fd, &reply, sizeof(reply));
	return 0;
}

/* Replies without an end are no answer. */
Test(helper_protocol, no_end)
{
	CLEANUP(helper_end) struct helper client = HELPER_PATIENT;
	CLEANUP(accounts_cleanup) struct accounts found = { 0 };

	fake_helper = more_and_more;
	cr_assert(nss_client_enumerate(&client, &kind_uid, 0, &found) == -ETIMEDOUT);
	cr_assert(nss_client_enumerate(&client, &kind_uid, 0, &found) == -ETIMEDOUT);
	fake_helper = NULL;
}

/* The child's end of the socket, held by the test. */
static int child_fd;

/* A client whose child has sent exactly these bytes; the test itself is the child. */
static struct helper client_with(const void *bytes, size_t len)
{
	struct helper client = HELPER_PATIENT;
	const int on = 1;
	int ends[2];

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	cr_assert(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	client.child.pid = getpid();
	cr_assert(fd_write_all(ends[1], bytes, len) == 0);
	cr_assert(shutdown(ends[1], SHUT_WR) == 0);
	client.fd = ends[0];
	child_fd = ends[1];
	return client;
}

static void close_both(struct helper *client)
{
	fd_close(child_fd);
	client->child.pid = 0;
	helper_end(client);
	cr_assert(client->fd == -1);
}

/* A reply with an account, of which a part may be wrong. */
struct reply {
	struct helper_reply head;
	struct helper_reply_account account;
	char name[LIMIT_OWNER_BYTES + 8];
} __attribute__((packed));

static struct reply good_reply(void)
{
	struct reply reply = {
		.head = { 0, sizeof(struct helper_reply_account) + 4 },
		.account = { 1000, 100, 4 },
		.name = "elsa",
	};

	return reply;
}

/* Asks for a user in both ways. Returns the result, which is the same. */
static int ask_both(const struct reply *reply, size_t len)
{
	struct helper client = client_with(reply, len);
	struct name_service_answer answer = { .r = 77 };
	const char *const names[] = { "elsa" };
	struct account account;
	int r = nss_client_user(&client, "elsa", &account);

	close_both(&client);
	client = client_with(reply, len);
	cr_assert(nss_client_users(&client, names, 1, &answer) == 0);
	close_both(&client);
	cr_assert_eq(answer.r, r);
	if (r == 0)
		cr_assert(account.name_len == strlen(account.name) &&
			  account.name_len > 0 &&
			  memcmp(&answer.account, &account, sizeof(account)) == 0);
	return r;
}

/* What the child sends is checked: each field in its turn. */
Test(helper_protocol, bad_replies)
{
	const size_t whole =
		sizeof(struct helper_reply) + sizeof(struct helper_reply_account) + 4;
	static const int32_t bad[] = { HELPER_REPLY_MORE, 3,	 77,
				       INT32_MAX,	  -4096, INT32_MIN };
	struct reply reply = good_reply();

	cr_assert_eq(ask_both(&reply, whole), 0);
	for (size_t len = 0; len < whole; len++)
		cr_assert(ask_both(&reply, len) == -ECONNRESET, "%zu", len);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		reply.head.r = bad[i];
		cr_assert(ask_both(&reply, whole) == -EBADMSG, "%d", bad[i]);
	}
	reply = good_reply();
	reply.head.r = ACCOUNT_NONE;
	cr_assert_eq(ask_both(&reply, whole), ACCOUNT_NONE);
	reply.head.r = -EAGAIN;
	cr_assert_eq(ask_both(&reply, whole), -EAGAIN);
	reply.head.r = -4095;
	cr_assert_eq(ask_both(&reply, whole), -4095);
	/* Lengths: no account, more than one, and more than was sent. */
	for (uint32_t len = 0; len < 100; len++) {
		reply = good_reply();
		if (reply.head.len == len)
			continue;
		reply.head.len = len;
		cr_assert(ask_both(&reply, sizeof(reply.head) + len) == -EBADMSG, "%u",
			  len);
	}
	reply.head.len = HELPER_REPLY_BYTES_MAX;
	cr_assert_eq(ask_both(&reply, whole), -ECONNRESET);
	reply.head.len = HELPER_REPLY_BYTES_MAX + 1;
	cr_assert_eq(ask_both(&reply, whole), -EBADMSG);
	reply.head.len = UINT32_MAX;
	cr_assert_eq(ask_both(&reply, whole), -EBADMSG);
	for (uint32_t len = 0; len < 600; len++) {
		reply = good_reply();
		reply.account.name_len = len == 599 ? UINT32_MAX : len;
		if (len != 4)
			cr_assert(ask_both(&reply, whole) == -EBADMSG, "%u", len);
	}
	reply = good_reply();
	reply.name[2] = '\0';
	cr_assert_eq(ask_both(&reply, whole), -EBADMSG);
	/* The longest name, and one byte more. */
	memset(reply.name, 'n', sizeof(reply.name));
	reply.account.name_len = LIMIT_OWNER_BYTES;
	reply.head.len = sizeof(reply.account) + LIMIT_OWNER_BYTES;
	cr_assert_eq(ask_both(&reply, sizeof(reply.head) + reply.head.len), 0);
	reply.account.name_len++;
	reply.head.len++;
	cr_assert_eq(ask_both(&reply, sizeof(reply.head) + reply.head.len), -EBADMSG);
}

/* An account that was not asked for. */
Test(helper_protocol, other_uid)
{
	const size_t whole =
		sizeof(struct helper_reply) + sizeof(struct helper_reply_account) + 4;
	const struct reply reply = good_reply();

	for (uid_t uid = 999; uid < 1002; uid++) {
		struct helper client = client_with(&reply, whole);
		struct account account = { .uid = 77 };
		int r = nss_client_uid(&client, uid, &account);

		close_both(&client);
		cr_assert(r == (uid == 1000 ? 0 : -EBADMSG), "%u: %d", uid, r);
		cr_assert(account.uid == (r ? 77 : 1000), "%u", account.uid);
	}
}

/* Both questions about a plugin. Only valid ranges are accepted. */
static int ask_about_plugin(struct helper *helper, bool owners)
{
	const struct range asked[] = { { 10, 20 }, { 30, 40 } };
	const struct plugin_client plugin = { helper, "/nowhere", "sample" };
	CLEANUP(plugin_extents_cleanup)
	struct plugin_extents extents = { asked, 2, RANGE_SET(2) };
	CLEANUP(range_set_cleanup) struct range_set set = RANGE_SET(LIMIT_PLUGIN_ANSWER);
	CLEANUP(cleanup_free) uid_t *uids = NULL;
	size_t n = 0;
	int r = owners ? plugin_client_owners(&plugin, 7, &kind_uid, &uids, &n) :
			 plugin_client_ranges(&plugin, "elsa", &kind_uid, &extents, &set);

	cr_assert(r <= PLUGIN_DIED && r >= -4095, "%d", r);
	for (size_t i = 0; i < set.n; i++)
		cr_assert(set.ranges[i].start < set.ranges[i].end &&
			  set.ranges[i].end <= ID_END);
	cr_assert(extents.denied.n <= 2);
	return r == PLUGIN_LIES ? -EBADMSG :
	       r == PLUGIN_DIED ? -ECONNRESET :
	       r > 0		? ACCOUNT_NONE :
				  r;
}

/* Every request to a child that has sent some bytes: never a crash, and only a valid
 * answer is accepted. */
static int ask_anything(struct helper *client, struct rng *rng)
{
	CLEANUP(accounts_cleanup) struct accounts found = { 0 };
	CLEANUP(cleanup_free) void *bytes = NULL;
	struct name_service_scan scan = { .kind = &kind_uid,
					  .range = { 10, 20 },
					  .found = &found };
	const struct account elsa = { .name = "elsa", .name_len = 4 };
	const char *const names[] = { "elsa", "anna", "bob" };
	struct name_service_answer answers[3];
	char name[LIMIT_OWNER_BYTES + 1];
	struct account account;
	size_t len;
	gid_t gid;
	int r;

	switch (rng_below(rng, 11)) {
	case 0:
		return nss_client_user(client, "elsa", &account);
	case 1:
		return nss_client_uid(client, 1000, &account);
	case 2:
		cr_assert(nss_client_users(client, names, 3, answers) == 0);
		for (size_t i = 0; i < 3; i++)
			cr_assert(answers[i].r <= ACCOUNT_NONE);
		return answers[2].r;
	case 3:
		r = nss_client_name(client, &kind_gid, 7, name);
		cr_assert(r || strlen(name) <= LIMIT_OWNER_BYTES);
		return r;
	case 4:
		r = nss_client_home(client, "elsa", (char **)&bytes);
		cr_assert(r || strlen(bytes) < HELPER_REPLY_BYTES_MAX);
		return r;
	case 5:
		r = nss_client_groups(client, &elsa, (gid_t **)&bytes, &len);
		for (size_t i = 0; r == 0 && i < len; i++)
			gid = ((gid_t *)bytes)[i];
		return r;
	case 6:
		r = nss_client_members(client, "staff", &gid, (char **)&bytes, &len);
		cr_assert(r || ((char *)bytes)[len] == '\0');
		return r;
	case 9:
	case 10:
		return ask_about_plugin(client, rng_once_in(rng, 2));
	case 7:
		r = nss_client_enumerate(client, &kind_uid, 0, &found);
		cr_assert(r <= 0);
		return r;
	default:
		r = nss_client_scan(client, &scan);
		cr_assert(r <= 0);
		return r;
	}
}

/* A reply with ranges, of which a part may be wrong. */
struct ranges_reply {
	struct helper_reply head;
	struct helper_reply_ranges counts;
	struct range ranges[3];
} __attribute__((packed));

static int ask_ranges(const struct ranges_reply *reply, size_t len)
{
	struct helper helper = client_with(reply, len);
	int r = ask_about_plugin(&helper, false);

	close_both(&helper);
	return r;
}

/* What the helper sends about a plugin is checked: each field in its turn. */
Test(helper_protocol, bad_ranges)
{
	const struct ranges_reply good = { { 0, sizeof(good) - sizeof(good.head) },
					   { 1, 2 },
					   { { 10, 20 }, { 10, 20 }, { 50, 60 } } };
	static const uint32_t counts[] = { 0, 3, 65536, 65537, 1U << 31, UINT32_MAX };
	struct ranges_reply reply = good;

	cr_assert_eq(ask_ranges(&good, sizeof(good)), 0);
	for (size_t len = 0; len < sizeof(good); len++)
		cr_assert_eq(ask_ranges(&good, len), -ECONNRESET);
	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		reply.counts.denied = counts[i];
		cr_assert_eq(ask_ranges(&reply, sizeof(reply)), -EBADMSG);
		reply = good;
		reply.counts.n = counts[i];
		cr_assert_eq(ask_ranges(&reply, sizeof(reply)), -EBADMSG);
		reply = good;
	}
	for (size_t i = 0; i < COUNT_OF(reply.ranges); i++) {
		reply.ranges[i].end = reply.ranges[i].start;
		cr_assert_eq(ask_ranges(&reply, sizeof(reply)), -EBADMSG);
		reply.ranges[i].end = ID_END + 1;
		cr_assert_eq(ask_ranges(&reply, sizeof(reply)), -EBADMSG);
		reply.ranges[i] = (struct range){ 20, 10 };
		cr_assert_eq(ask_ranges(&reply, sizeof(reply)), -EBADMSG);
		reply = good;
	}
	reply.head.len = 7;
	cr_assert_eq(ask_ranges(&reply, sizeof(reply.head) + 7), -EBADMSG);
	reply = good;
	reply.head.r = PLUGIN_DIED + 1;
	cr_assert_eq(ask_ranges(&reply, sizeof(reply)), -EBADMSG);
}

/* Parts of replies: headers, accounts, text and random bytes. */
static size_t make_bytes(struct rng *rng, char *bytes, size_t size)
{
	size_t len = 0, pieces = rng_below(rng, 6);

	while (pieces-- > 0 && len + sizeof(struct reply) < size) {
		struct reply reply = good_reply();
		size_t n = sizeof(reply.head) + reply.head.len;

		if (rng_once_in(rng, 3))
			reply.head.r = (int32_t)rng_below(rng, 6) - 2;
		if (rng_once_in(rng, 4))
			reply.head.len = (uint32_t)rng_below(rng, 64);
		if (rng_once_in(rng, 4))
			n = rng_below(rng, 64);
		memcpy(bytes + len, &reply, n);
		len += n;
	}
	for (size_t n = rng_below(rng, 4); n > 0 && len > 0; n--)
		bytes[rng_below(rng, len)] = (char)rng_next(rng);
	return len;
}

/* Random replies to random requests. */
Test(helper_protocol, random_replies)
{
	struct rng rng = { rng_seed() };
	size_t met[4] = { 0 };

	for (int round = 0; round < 20000; round++) {
		char bytes[4096];
		size_t len = make_bytes(&rng, bytes, sizeof(bytes));
		struct helper client = client_with(bytes, len);

		for (int i = 0; i < 3; i++) {
			int r = ask_anything(&client, &rng);

			cr_assert(r <= ACCOUNT_NONE && r >= -4095, "%d", r);
			met[r == 0 ? 0 : r == -EBADMSG ? 1 : r == -ECONNRESET ? 2 : 3]++;
		}
		close_both(&client);
	}
	for (size_t i = 0; i < COUNT_OF(met); i++)
		cr_assert(met[i] > 500, "%zu: %zu", i, met[i]);
}
