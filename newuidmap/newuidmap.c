// SPDX-License-Identifier: BSD-3-Clause
/*
 * newuidmap: writes /proc/PID/uid_map for an ordinary user, see newuidmap(1).
 */
#include "mapwriter/mapwriter.h"

int main(int argc, char **argv)
{
	return mapwriter_main(&kind_uid, argc, argv);
}
