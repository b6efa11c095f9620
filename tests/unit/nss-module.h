/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nss-module: what a test can set in the modules of nss-module.c, by dlsym(3).
 */
#ifndef TESTS_NSS_MODULE_H
#define TESTS_NSS_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NSS_MODULE_ASKED 8192

struct nss_module_control {
	/* The ids from `first` on to `last` are accounts. */
	uint32_t first, last;
	/* The call with this id, or with this number counted from 1, gets no answer; 0:
	 * all calls get one. */
	uint32_t silent_id;
	size_t silent_call;
	/* The accounts of an enumeration, from `enumerated_first` on. */
	uint32_t enumerated_first;
	size_t enumerated;
	bool set_fails;	   /* setpwent(3) reports that it cannot enumerate */
	size_t ends_after; /* so many accounts are enumerated, and then it fails; 0: all
			    */
	/* The ids that were asked for, in their order. */
	uint32_t asked[NSS_MODULE_ASKED];
	size_t n_asked;
};

#endif
