/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * startup: descriptors, environment and signals that the caller cannot influence.
 */
#ifndef SUBID_STARTUP_H
#define SUBID_STARTUP_H

int startup_sanitize(void);

#endif
