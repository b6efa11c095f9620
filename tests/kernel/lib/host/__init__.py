# SPDX-License-Identifier: BSD-3-Clause
"""The throw-away host that the kernel tests run in, and what can be done to it; base.py says what
it is."""

from host.base import *         # noqa: F403
from host.tools import *        # noqa: F403
from host.confined import *     # noqa: F403
from host.plugins import *      # noqa: F403
from host.service import *      # noqa: F403
