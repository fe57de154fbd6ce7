"""Which file of a tree is which, by the rules of the official tool (0.2904.5 and 1.219.0).

Flat: `charts/SLUG.yml`, `charts/SLUG.sql.yml`, `dashboards/SLUG.yml`, `NAME.space.yml` (newer ones have it
in `spaces/`). Nested: the same below `PROJECT/SPACE/…`. Newer ones put other kinds into folders of their own
at the top, such as `virtual-views/`; a tree is not read for these. Elsewhere a `.yml` file is what its
`contentType` says. Times of the download stand in `.lightdash-metadata.json`. Files end with `.yml`; that
tool passes over `.yaml`, and so do we.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from lightdash_sync.model.keys import is_key, key_from, slugify
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

METADATA = ".lightdash-metadata.json"
_YAML, _SPACE, _SQL, _LANGUAGE = ".yml", ".space.yml", ".sql.yml", ".language.map.yml"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,199}")
_LONGER_THAN_DEVICES = 10  # characters; `con` and the like are no names on Windows
_BY_RESOURCE = frozenset({"scheduled-deliveries", "alerts", "google-sheets", "apps", "chart-types"})
_FOLDERS = {Kind.CHART: "charts", Kind.SQL_CHART: "charts", Kind.DASHBOARD: "dashboards"}


class Role(Enum):
    """What a file of a tree may be."""

    CHARTS = "chart"
    DASHBOARDS = "dashboard"
    SPACE = "space"
    LOOSE = "by its contentType"
    METADATA = "times"
    ELSEWHERE = "of a kind that a tree is not read for"
    OTHER = "no document"


NO_DOCUMENT = frozenset({Role.OTHER, Role.ELSEWHERE})
_ELSEWHERE = frozenset(
    {
        "virtual-views",
        "scheduled-deliveries",
        "alerts",
        "google-sheets",
        "ai-agents",
        "homepages",
        "documents",
    }
    | {"external-connections", "apps", "chart-types", "custom-roles", "users", "groups", "user-attributes"}
    | {"themes"}
)


def role_of(path: str) -> Role:
    """Return what a file is, by its path from the root of the tree, with forward slashes."""
    *folders, name = path.split("/")
    if path == METADATA:
        return Role.METADATA
    if folders and folders[0] in _ELSEWHERE and not _is_space_folder(folders, name):
        return Role.ELSEWHERE
    if not name.endswith(_YAML) or name.endswith(_LANGUAGE):
        return Role.OTHER
    if name.endswith(_SPACE):
        return Role.SPACE
    inside = folders[-1] if folders else ""
    return {"charts": Role.CHARTS, "dashboards": Role.DASHBOARDS}.get(inside, Role.LOOSE)


def _is_space_folder(folders: list[str], name: str) -> bool:
    """Whether a folder is that of a project of such a name, in the nested form: it has charts in spaces."""
    return folders[0] not in _BY_RESOURCE and (
        name.endswith(_SPACE) or (len(folders) > 2 and folders[-1] in _FOLDERS.values())
    )


def document_path(kind: Kind, slug: str, space: str, project: str | None) -> str:
    """Return where a document stands.

    Args:
        kind: chart, SQL chart or dashboard.
        slug: of the item.
        space: path of the space that it is in.
        project: name of the project, for the nested form; None for the flat one.
    """
    name = _safe(slug) + (_SQL if kind is Kind.SQL_CHART else _YAML)
    return "/".join([*_nesting(space, project), _FOLDERS[kind], name])


def space_path(
    path: str, name: str, project: str | None, taken: Collection[str], *, newer: bool = False
) -> str:
    """Return where the file of a space stands.

    Args:
        path: of the space.
        name: of the space.
        project: name of the project, for the nested form; None for the flat one.
        taken: paths that are taken. (The official tool would write one over the other.)
        newer: whether the files of spaces have a folder of their own in the flat form.
    """
    last = path.rpartition("/")[2]
    folders = _nesting(path, project)
    if newer and not folders:
        folders = ["spaces"]
    elif folders and last in _FOLDERS.values():
        folders = folders[:1]  # there it would be taken for a chart
    ways = (
        "/".join([*folders, _safe(called) + _SPACE])
        for called in (slugify(name) or last, path.replace("/", "-"), f"x-{path}")
    )
    return next(way for way in ways if way not in taken)


def _nesting(space: str, project: str | None) -> list[str]:
    """Return the folders of a space; each is safe on any file system."""
    if project is None:
        return []
    return [*map(_safe, (slugify(project) or "project", *space.split("/")))]


def _safe(slug: str) -> str:
    """Return a slug as a file name: itself if that is safe everywhere, else with a hash, as a key has it."""
    is_long = len(slug) > _LONGER_THAN_DEVICES and _PLAIN.fullmatch(slug)
    return slug if is_long or is_key(slug) else key_from(slug)
