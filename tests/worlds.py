"""The worlds that tests begin with, of the Lightdash version that the suite runs against.

That is the oldest one, unless `LIGHTDASH_SYNC_SERVED` names another (`make test-current`): what is promised
is promised for both. Tests of the stand-in itself, and of what only one version does, say their version.
"""

from __future__ import annotations

import os

from lightdash_standin import seed
from lightdash_standin.state import VERSION, World
from lightdash_sync.lightdash.versions import Server

SERVED = os.environ.get("LIGHTDASH_SYNC_SERVED", VERSION)
# The last part of the path where that version lists all schedulers.
SCHEDULER_LIST = "list" if Server(SERVED).can("scheduler_list") else "logs"


def can(capability: str) -> bool:
    """Whether the version that the suite runs against has a capability."""
    return Server(SERVED).can(capability)


def empty_world() -> World:
    """See `seed.empty_world`."""
    return seed.empty_world(SERVED)


def demo_world() -> World:
    """See `seed.demo_world`."""
    return seed.demo_world(SERVED)


def generated_world(**sizes: int) -> World:
    """See `seed.generated_world`."""
    return seed.generated_world(**sizes, version=SERVED)
