"""What tests send and read in the words of both versions of Lightdash, whichever the world is of."""

from __future__ import annotations

from typing import Any

from lightdash_standin.spaces import create_space
from lightdash_standin.state import World

# What current versions want to be told of each new delivery of a chart; others ignore it.
OF_NO_APP: dict[str, Any] = {"appUuid": None, "appName": None}


def privacy(private: bool) -> dict[str, bool]:
    """What a body says of the privacy of a space, in the words of both versions; each ignores the other's."""
    return {"isPrivate": private, "inheritParentPermissions": not private}


def is_private(space: Any) -> bool:
    """Whether a space that was read is private, in the words of either version."""
    return bool(space["isPrivate"] if "isPrivate" in space else not space["inheritParentPermissions"])


def preview_of(results: object, world: World) -> str:
    """The uuid of a preview that was made, from what the server answers: newer ones answer an object.

    They make it without the space "Shared", which tests count on: it is put there.
    """
    uuid = str(results["projectUuid"] if isinstance(results, dict) else results)
    if not world.project_rows[uuid].spaces:
        create_space(world, uuid, "Shared", "shared", is_private=False)
    return uuid
