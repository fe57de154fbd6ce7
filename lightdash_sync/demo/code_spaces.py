"""Where content as code goes: a space by its path, made with those above it if it is missing."""

from __future__ import annotations

from lightdash_sync.demo.access import can_in_space
from lightdash_sync.demo.calls import Call
from lightdash_sync.demo.refusals import forbidden, not_found
from lightdash_sync.demo.spaces import create_space, space_basics
from lightdash_sync.demo.state import Json, Project, Space, World


def to_path(slug: str) -> str:
    """The path that a space's name in code stands for."""
    return slug.replace("-", "_").replace("/", ".")


def to_code(path: str) -> str:
    """A path as code says it; what is there already is left as it is."""
    return path.replace("_", "-").replace(".", "/")


def _space_at(world: World, project: Project, path: str) -> Space | None:
    return next((one for uuid in project.spaces if (one := world.spaces[uuid]).path == path), None)


def home_of(call: Call, project: Project, slug: str) -> tuple[Space, list[Json]]:
    """The space that a body names, and what is told of it if it was made.

    Raises:
        Refusal: 403 for one that the asker does not see, 404 for none where none may be made.
    """
    world, body, path = call.world, call.body, to_path(slug)
    found = _space_at(world, project, path)
    if found is not None:
        if not can_in_space(world, call.person, "view", "Space", found):
            raise forbidden("You don't have access to a private space")
        return found, []
    if body.get("skipSpaceCreate"):
        raise not_found(f"Space {slug} does not exist, skipping creation")
    space = _made(call, project, path)
    basics = {name: value for name, value in space_basics(world, space).items() if name != "organizationUuid"}
    counts = {"chartCount": 0, "dashboardCount": 0, "childSpaceCount": 0, "appCount": 0}
    told = {**basics, "colorPaletteUuid": None, **counts}
    return space, [{"action": "create", "data": told}]


def _made(call: Call, project: Project, path: str) -> Space:
    """Make the spaces of a path that are missing; those at the root are restricted unless that is asked."""
    world, body = call.world, call.body
    labels = path.split(".")
    known = len(labels)
    while known and _space_at(world, project, ".".join(labels[:known])) is None:
        known -= 1
    above = _space_at(world, project, ".".join(labels[:known])) if known else None
    private = above.is_private if above else body.get("publicSpaceCreate") is not True
    names = body.get("spaceNames") or {}
    for end in range(known + 1, len(labels) + 1):
        at = ".".join(labels[:end])
        words = labels[end - 1].replace("_", " ").strip()
        name = names.get(to_code(at)) or words[:1].upper() + words[1:]
        space = create_space(
            world, project.uuid, name, None, is_private=private, above=above, path=at, creator=call.person
        )
        if private and above is None:
            space.access[call.person.uuid] = "admin"
        elif private and above is not None:
            space.access.update(above.access)
            space.group_access.update(above.group_access)
        above = space
    if above is None:
        raise not_found(f"Space {path} does not exist")
    return above
