/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * startup: surroundings that the caller cannot shape.
 */
#ifndef SUBID_STARTUP_H
#define SUBID_STARTUP_H

int startup_sanitize(void);

#endif
