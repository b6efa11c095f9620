// SPDX-License-Identifier: BSD-3-Clause
/*
 * decide: the caller's ids and a map, then the database. The expected grants are computed
 * from all lines in memory. The name service is one in which the caller has two names.
 */
#include "libsubid/core/entry.h"
#include "mapwriter/decide.h"
#include "tests/fuzz/fuzz.h"

static const struct account elsa = {
	.name = "elsa",
	.name_len = 4,
	.exists = true,
	.number = "100010",
	.number_len = 6,
	.uid = 100010,
	.gid = 100020,
};

static bool is_callers(const char *name, size_t len)
{
	return (len == 5 && memcmp(name, "alias", len) == 0) ||
	       (len == 4 && memcmp(name, "elsa", len) == 0);
}

static int user(void *context, const char *name, struct account *ret_account)
{
	(void)context;
	if (!is_callers(name, strlen(name)))
		return ACCOUNT_NONE;
	account_set(ret_account, name, strlen(name), elsa.uid, elsa.gid);
	return 0;
}

static bool grants(const struct entry *entry)
{
	return (entry->by_id && entry->owner_id == elsa.uid) ||
	       (!entry->by_id && is_callers(entry->owner, entry->owner_len));
}

/* Goes from id to id as long as a line grants the next one. */
static bool covered(const char *text, size_t len, uint64_t id, uint64_t end)
{
	bool step = true;

	while (id < end && step) {
		const char *rest = text, *line;
		size_t left = len, line_len;
		struct entry entry;

		step = false;
		while (fuzz_line(&rest, &left, &line, &line_len)) {
			if (entry_parse(line, line_len, &entry) == 0 && grants(&entry) &&
			    entry.range.start <= id && id < entry.range.end) {
				id = entry.range.end;
				step = true;
			}
		}
	}
	return id >= end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct name_service service = { .user = user };
	const struct lookup lookup = { .service = &service };
	struct fuzz_input input = { data, size };
	struct dbfile file = { .status = { .st_mode = S_IFREG | 0644 } };
	uint8_t choice = fuzz_byte(&input);
	bool group = choice & 1;
	uint32_t own_id = group ? elsa.gid : elsa.uid;
	struct idmap map = { .n = 1 + choice / 2 % 4 };
	struct decision decision = { 0 };
	bool allowed = true, needed = false, own_granted;
	char *text;
	int r;

	for (size_t i = 0; i < map.n; i++) {
		uint64_t outer = fuzz_id(&input) % ID_NONE,
			 count = fuzz_id(&input) % 70000;

		if (count > ID_NONE - outer)
			count = ID_NONE - outer;
		map.extents[i] = (struct extent){ (uint32_t)i * 70000, (uint32_t)outer,
						  (uint32_t)count };
	}
	text = fuzz_text(&input);
	file.fd = fuzz_file(text, input.size);
	r = decide(group ? &kind_gid : &kind_uid, &map, &lookup, &elsa, own_id, &file,
		   &decision);

	for (size_t i = 0; i < map.n; i++) {
		const struct extent *extent = &map.extents[i];

		if (extent->count == 1 && extent->outer == own_id)
			continue;
		needed = true;
		allowed &= extent->count > 0 &&
			   covered(text, input.size, extent->outer,
				   (uint64_t)extent->outer + extent->count);
	}
	FUZZ_ASSERT(r == (allowed ? 0 : DECIDE_REFUSED));
	FUZZ_ASSERT(file.fault == 0);
	own_granted = group && map.n == 1 &&
		      covered(text, input.size, own_id, (uint64_t)own_id + 1);
	if (r == 0)
		FUZZ_ASSERT(decision.delegated == (needed || own_granted));
	free(text);
	return 0;
}
