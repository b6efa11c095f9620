// SPDX-License-Identifier: BSD-3-Clause
/*
 * Prints sizes, offsets and values that programs have compiled in: what must not change.
 */
#include <shadow/subid.h>
#include <stddef.h>
#include <stdio.h>
#include <subid-db.h>

#define SIZE(type)	    printf("sizeof %s %zu\n", #type, sizeof(type))
#define OFFSET(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(type, field))
#define VALUE(constant)	    printf("%s %lld\n", #constant, (long long)(constant))

static void print_calls(void)
{
	SIZE(struct subid_range);
	OFFSET(struct subid_range, start);
	OFFSET(struct subid_range, count);
	SIZE(struct subordinate_range);
	OFFSET(struct subordinate_range, owner);
	OFFSET(struct subordinate_range, start);
	OFFSET(struct subordinate_range, count);
	VALUE(ID_TYPE_UID);
	VALUE(ID_TYPE_GID);
	VALUE(SUBID_STATUS_SUCCESS);
	VALUE(SUBID_STATUS_UNKNOWN_USER);
	VALUE(SUBID_STATUS_ERROR_CONN);
	VALUE(SUBID_STATUS_ERROR);
	VALUE(SUBID_NFIELDS);
}

static void print_structures(void)
{
	SIZE(struct subid_db_options);
	OFFSET(struct subid_db_options, root);
	OFFSET(struct subid_db_options, flags);
	SIZE(struct subid_db_range);
	OFFSET(struct subid_db_range, count);
	OFFSET(struct subid_db_line, number);
	OFFSET(struct subid_db_line, text);
	OFFSET(struct subid_db_line, len);
	OFFSET(struct subid_db_line, fault);
	OFFSET(struct subid_db_line, harmless);
	OFFSET(struct subid_db_line, owner);
	OFFSET(struct subid_db_line, range);
	SIZE(struct subid_db_owner);
	OFFSET(struct subid_db_owner, name);
	OFFSET(struct subid_db_owner, has_uid);
	OFFSET(struct subid_db_owner, uid);
	SIZE(struct subid_db_conflict);
	OFFSET(struct subid_db_conflict, why);
	OFFSET(struct subid_db_conflict, type);
	OFFSET(struct subid_db_conflict, ids);
	OFFSET(struct subid_db_conflict, line);
	OFFSET(struct subid_db_conflict, name);
	SIZE(struct subid_db_finding);
	OFFSET(struct subid_db_finding, code);
	OFFSET(struct subid_db_finding, severity);
	OFFSET(struct subid_db_finding, type);
	OFFSET(struct subid_db_finding, line);
	OFFSET(struct subid_db_finding, other_line);
	OFFSET(struct subid_db_finding, ids);
	OFFSET(struct subid_db_finding, owner);
	OFFSET(struct subid_db_finding, other);
	SIZE(struct subid_db_request);
	OFFSET(struct subid_db_request, count);
	OFFSET(struct subid_db_request, align);
	OFFSET(struct subid_db_request, first);
	OFFSET(struct subid_db_request, last);
	OFFSET(struct subid_db_request, flags);
}

static void print_constants(void)
{
	VALUE(SUBID_DB_UID);
	VALUE(SUBID_DB_GID);
	VALUE(SUBID_DB_NO_USER);
	VALUE(SUBID_DB_NO_RANGE);
	VALUE(SUBID_DB_SOURCE_FAILED);
	VALUE(SUBID_DB_NOT_PERMITTED);
	VALUE(SUBID_DB_CONFLICT);
	VALUE(SUBID_DB_BUSY);
	VALUE(SUBID_DB_MISSING);
	VALUE(SUBID_DB_FULL);
	VALUE(SUBID_DB_NOT_DURABLE);
	VALUE(SUBID_DB_INVALID);
	VALUE(SUBID_DB_NO_MEMORY);
	VALUE(SUBID_DB_NOT_FILES);
	VALUE(SUBID_DB_SYSTEM);
	VALUE(SUBID_DB_UNSURE);
	VALUE(SUBID_DB_FILES_ONLY);
	VALUE(SUBID_DB_ALLOW_OVERLAP);
	VALUE(SUBID_DB_ALLOW_ROOT);
	VALUE(SUBID_DB_ALLOW_RESERVED);
	VALUE(SUBID_DB_NO_ACCOUNT);
	VALUE(SUBID_DB_NOT_HELD);
	VALUE(SUBID_DB_OF_OWNER);
	VALUE(SUBID_DB_OF_ACCOUNT);
	VALUE(SUBID_DB_IS_ROOT);
	VALUE(SUBID_DB_IS_NO_ID);
	VALUE(SUBID_DB_IS_RESERVED);
	VALUE(SUBID_DB_NOTE);
	VALUE(SUBID_DB_WARNING);
	VALUE(SUBID_DB_ERROR);
}

int main(void)
{
	print_calls();
	print_structures();
	print_constants();
	return 0;
}
