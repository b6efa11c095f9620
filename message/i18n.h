/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * i18n: translations through gettext(3), where the build has it, and the variables of the
 * environment that choose the language.
 */
#ifndef SUBID_I18N_H
#define SUBID_I18N_H

/* Static map writers do not translate, which would load files of the system. */
#if defined ENABLE_NLS && !defined SUBID_STATIC
#include <libintl.h>
#define _(text) gettext(text)
#else
#define _(text) (text)
#endif

/* Marks a text that is translated where it is shown. */
#define N_(text) (text)

void environment_clean(void);

#endif
