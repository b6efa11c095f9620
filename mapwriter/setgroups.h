/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * setgroups: /proc/PID/setgroups, see user_namespaces(7).
 */
#ifndef SUBID_SETGROUPS_H
#define SUBID_SETGROUPS_H

int setgroups_deny(int process);

#endif
