/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * error-text: the text of an errno in English, whatever the locale.
 */
#ifndef SUBID_ERROR_TEXT_H
#define SUBID_ERROR_TEXT_H

const char *error_text(int error);

#endif
