# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of usermod-ext share: the programs and databases (box.py), commands under
strace(1) (strace.py), and commands that are interrupted (commands.py, sweep.py) or whose calls
fail (faults.py)."""

from usermod_box.box import *           # noqa: F403
from usermod_box.commands import *      # noqa: F403
from usermod_box.faults import Fault, inject     # noqa: F401
from usermod_box.strace import *        # noqa: F403
from usermod_box.sweep import *         # noqa: F403
