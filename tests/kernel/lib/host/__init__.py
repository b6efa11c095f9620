# SPDX-License-Identifier: BSD-3-Clause
"""The throw-away host that the kernel tests run in, and its tools; base.py describes it."""

from host.base import *         # noqa: F403
from host.tools import *        # noqa: F403
from host.confined import *     # noqa: F403
from host.plugins import *      # noqa: F403
from host.service import *      # noqa: F403
