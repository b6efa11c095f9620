/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * interrupt: signals that ask the program to end wait until nothing is half done.
 */
#ifndef SUBID_INTERRUPT_H
#define SUBID_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

struct interrupt {
	int fd;	      /* readable when a signal has come; -1: none are held */
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
