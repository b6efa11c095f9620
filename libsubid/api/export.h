/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * export: marks exported functions. The build hides all others.
 */
#ifndef SUBID_EXPORT_H
#define SUBID_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

#endif
