"""The worlds that tests begin with, of the Lightdash version that the suite runs against.

That is the oldest one, unless `LIGHTDASH_SYNC_SERVED` names another (`make test-current`): what is promised
is promised for both. Tests of the stand-in itself, and of what only one version does, say their version.
"""

from __future__ import annotations

import os
from typing import Any

from lightdash_sync.client.capabilities import Server
from lightdash_sync.demo import seed
from lightdash_sync.demo.spaces import create_space
from lightdash_sync.demo.state import VERSION, World

SERVED = os.environ.get("LIGHTDASH_SYNC_SERVED", VERSION)
# The last part of the path where that version lists all schedulers.
SCHEDULER_LIST = "list" if Server(SERVED).can("scheduler_list") else "logs"


def can(capability: str) -> bool:
    """Whether the version that the suite runs against has a capability."""
    return Server(SERVED).can(capability)


def privacy(private: bool) -> dict[str, bool]:
    """What a body says of the privacy of a space, in the words of both versions; each ignores the other's."""
    return {"isPrivate": private, "inheritParentPermissions": not private}


def is_private(space: Any) -> bool:
    """Whether a space that was read is private, in the words of either version."""
    return bool(space["isPrivate"] if "isPrivate" in space else not space["inheritParentPermissions"])


def empty_world() -> World:
    """See `seed.empty_world`."""
    return seed.empty_world(SERVED)


def demo_world() -> World:
    """See `seed.demo_world`."""
    return seed.demo_world(SERVED)


def preview_of(results: object, world: World) -> str:
    """The uuid of a preview that was made, from what the server answers: newer ones answer an object.

    They make it without the space "Shared", which tests count on: it is put there.
    """
    uuid = str(results["projectUuid"] if isinstance(results, dict) else results)
    if not world.project_rows[uuid].spaces:
        create_space(world, uuid, "Shared", "shared", is_private=False)
    return uuid


def generated_world(**sizes: int) -> World:
    """See `seed.generated_world`."""
    return seed.generated_world(**sizes, version=SERVED)
