// SPDX-License-Identifier: BSD-3-Clause
/*
 * newgidmap: writes /proc/PID/gid_map for an ordinary user, see newgidmap(1).
 */
#include "mapwriter/mapwriter.h"

int main(int argc, char **argv)
{
	return mapwriter_main(&kind_gid, argc, argv);
}
