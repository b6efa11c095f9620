/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * export: what the shared library lets others call. All else is hidden, by the build.
 */
#ifndef SUBID_EXPORT_H
#define SUBID_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

#endif
