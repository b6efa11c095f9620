/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * interrupt: signals that would end the program are blocked during a change.
 */
#ifndef SUBID_INTERRUPT_H
#define SUBID_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
	int fd;	      /* readable if a signal is pending; -1: none are blocked */
	sigset_t old; /* the mask before */
};

#define INTERRUPT_NONE   \
	{                \
		.fd = -1 \
	}

int interrupt_hold(struct interrupt *interrupt);
bool interrupt_came(const struct interrupt *interrupt);
void interrupt_let_go(struct interrupt *interrupt);

#endif
