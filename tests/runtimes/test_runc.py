#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""runc as an ordinary user."""

from oci import test_with
from stage import main

main("runc", test_with("runc", "runc run --bundle bundle"))
