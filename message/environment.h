/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * environment: the variables that a program with privileges keeps.
 */
#ifndef SUBID_ENVIRONMENT_H
#define SUBID_ENVIRONMENT_H

void environment_clean(void);

#endif
