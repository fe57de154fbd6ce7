"""Target spaces of content as code: found by path, and created with those above if missing."""

from __future__ import annotations

from lightdash_standin.access import can_in_space
from lightdash_standin.calls import Call
from lightdash_standin.refusals import forbidden, not_found
from lightdash_standin.spaces import create_space, space_basics
from lightdash_standin.state import Json, Project, Space, World

NO_UPLOAD = "You don't have permission to upload content as code to this project"


def to_path(slug: str) -> str:
    """The path of a space for its slug in code."""
    return slug.replace("-", "_").replace("/", ".")


def to_code(path: str) -> str:
    """The slug in code of a path; one that is in this form already is returned unchanged."""
    return path.replace("_", "-").replace(".", "/")


def space_at(world: World, project: Project, path: str) -> Space | None:
    """The space of a project with a path."""
    return next((one for uuid in project.spaces if (one := world.spaces[uuid]).path == path), None)


def home_of(call: Call, project: Project, slug: str) -> tuple[Space, list[Json]]:
    """The space that a body names, and its entry in the answer if it was created.

    Raises:
        Refusal: 403 for one that the caller cannot see, 404 for a missing one if none may be created.
    """
    world, body, path = call.world, call.body, to_path(slug)
    found = space_at(world, project, path)
    if found is not None:
        if not can_in_space(world, call.person, "view", "Space", found):
            raise forbidden("You don't have access to a private space")
        return found, []
    if body.get("skipSpaceCreate"):
        raise not_found(f"Space {slug} does not exist, skipping creation")
    public, names = body.get("publicSpaceCreate") is True, body.get("spaceNames") or {}
    space = make_spaces(call, project, path, public=public, names=names)
    basics = {name: value for name, value in space_basics(world, space).items() if name != "organizationUuid"}
    counts = {"chartCount": 0, "dashboardCount": 0, "childSpaceCount": 0, "appCount": 0}
    told = {**basics, "colorPaletteUuid": None, **counts}
    return space, [{"action": "create", "data": told}]


def make_spaces(call: Call, project: Project, path: str, *, public: bool, names: dict[str, str]) -> Space:
    """Create the missing spaces of a path; return the last.

    Args:
        call: the request.
        project: the project.
        path: the path.
        public: whether everybody gets access to a new one at the root; else it is restricted.
        names: names of spaces, by their slug in code.
    """
    world = call.world
    labels = path.split(".")
    known = len(labels)
    while known and space_at(world, project, ".".join(labels[:known])) is None:
        known -= 1
    above = space_at(world, project, ".".join(labels[:known])) if known else None
    private = above.is_private if above else not public
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
