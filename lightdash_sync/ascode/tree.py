"""The documents of a tree, and where each file of a tree belongs, by the rules of `lightdash download`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from lightdash_sync.ascode.deliveries import FOLDERS as DELIVERIES
from lightdash_sync.ascode.documents import FOLDER as VIEWS
from lightdash_sync.content.keys import is_key, key_from, slugify
from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.content.json import JsonObject


@dataclass(frozen=True)
class Document:
    """One document.

    Attributes:
        kind: kind of the item.
        slug: slug of the item.
        body: the content of the document.
        file: path from the root of the tree.
        downloaded: when it was downloaded, according to the tree; "" if the tree does not have that.
    """

    kind: Kind
    slug: str
    body: JsonObject = field(repr=False)
    file: str
    downloaded: str = ""


@dataclass(frozen=True)
class CodeTree:
    """A tree of documents.

    Attributes:
        documents: by kind and slug.
        spaces: path of each space that the tree mentions -> its name; None if it is not known.
        notes: remarks for the user about what was ignored.
        access: path of a space -> access to it, for spaces whose documents have it (1.219.0).
        personal: paths of personal spaces and of those inside them. The official tool writes a document of
            the space above them, none of the spaces themselves, and documents of all items in them.
    """

    documents: Mapping[tuple[Kind, str], Document]
    spaces: Mapping[str, str | None]
    notes: tuple[str, ...] = ()
    access: Mapping[str, JsonObject] = field(default_factory=dict, repr=False)
    personal: frozenset[str] = frozenset()


# The files of a tree, by the rules of the official tool (0.2904.5 and 1.219.0).
#
# Flat: `charts/SLUG.yml`, `charts/SLUG.sql.yml`, `dashboards/SLUG.yml`, `NAME.space.yml` (newer versions put
# it into `spaces/`). Nested: the same below `PROJECT/SPACE/…`. Newer versions put other kinds into top-level
# folders of their own: `virtual-views/SLUG.yml`, `scheduled-deliveries/charts/CHART-SLUG/SLUG.yml` and the
# like; kinds that this tool does not sync are ignored. Elsewhere the `contentType` of a `.yml` file decides.
# Times of the download are in `.lightdash-metadata.json`. Files end with `.yml`; the official tool ignores
# `.yaml` (except for kinds with folders of their own), and so does this one.

METADATA = ".lightdash-metadata.json"
_YAML, _SPACE, _SQL, _LANGUAGE = ".yml", ".space.yml", ".sql.yml", ".language.map.yml"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,199}")
_LONGER_THAN_DEVICES = 10  # characters; `con` and other short device names are not allowed on Windows
_BY_RESOURCE = frozenset({*DELIVERIES.values(), "apps", "chart-types"})
_FOLDERS = {Kind.CHART: "charts", Kind.SQL_CHART: "charts", Kind.DASHBOARD: "dashboards"}


class Role(Enum):
    """What a file of a tree is."""

    CHARTS = "chart"
    DASHBOARDS = "dashboard"
    SPACE = "space"
    LOOSE = "by its contentType"
    VIEWS = "virtual view"
    DELIVERIES = "delivery"
    METADATA = "times"
    ELSEWHERE = "of a kind that a tree is not read for"
    OTHER = "no document"


ADDED = frozenset({Role.VIEWS, Role.DELIVERIES})
NO_DOCUMENT = frozenset({Role.OTHER, Role.ELSEWHERE})
_ADDED = {VIEWS: Role.VIEWS, **dict.fromkeys(DELIVERIES.values(), Role.DELIVERIES)}
_ELSEWHERE = frozenset(
    {
        "ai-agents", "homepages", "documents", "external-connections", "apps", "chart-types", "custom-roles",
        "users", "groups", "user-attributes", "themes",
    }
)  # fmt: skip


def role_of(path: str) -> Role:
    """Return what a file is, by its path from the root of the tree, with forward slashes."""
    *folders, name = path.split("/")
    if path == METADATA:
        return Role.METADATA
    if folders and folders[0] in _ELSEWHERE | _ADDED.keys() and not _is_space_folder(folders, name):
        role = _ADDED.get(folders[0], Role.ELSEWHERE)
        return Role.OTHER if role in ADDED and not name.endswith((_YAML, ".yaml")) else role
    if not name.endswith(_YAML) or name.endswith(_LANGUAGE):
        return Role.OTHER
    if name.endswith(_SPACE):
        return Role.SPACE
    inside = folders[-1] if folders else ""
    return {"charts": Role.CHARTS, "dashboards": Role.DASHBOARDS}.get(inside, Role.LOOSE)


def _is_space_folder(folders: list[str], name: str) -> bool:
    """Whether a folder is a project's folder of the nested form, with charts in spaces, despite its name."""
    return folders[0] not in _BY_RESOURCE and (
        name.endswith(_SPACE) or (len(folders) > 2 and folders[-1] in _FOLDERS.values())
    )


def document_path(kind: Kind, slug: str, space: str, project: str | None) -> str:
    """Return the path of a document.

    Args:
        kind: chart, SQL chart or dashboard.
        slug: slug of the item.
        space: path of the space that it is in.
        project: name of the project, for the nested form; None for the flat one.
    """
    name = _safe(slug) + (_SQL if kind is Kind.SQL_CHART else _YAML)
    return "/".join([*_nesting(space, project), _FOLDERS[kind], name])


def view_path(slug: str) -> str:
    """Return the path of a virtual view's document, which is the same in both forms."""
    return f"{VIEWS}/{_safe(slug)}{_YAML}"


def delivery_path(content_type: str, resource: str, shown: str, slug: str) -> str:
    """Return the path of a delivery's document, which is the same in both forms.

    Args:
        content_type: delivery, alert or sync.
        resource: `chart` or `dashboard`.
        shown: slug of the delivered item.
        slug: slug of the delivery.
    """
    return f"{DELIVERIES[content_type]}/{resource}s/{_safe(shown)}/{_safe(slug)}{_YAML}"


def space_path(
    path: str, name: str, project: str | None, taken: Collection[str], *, newer: bool = False
) -> str:
    """Return the path of a space's document.

    Args:
        path: path of the space.
        name: name of the space.
        project: name of the project, for the nested form; None for the flat one.
        taken: paths that are already used. (The official tool would overwrite one with the other.)
        newer: whether documents of spaces have a folder of their own in the flat form.
    """
    last = path.rpartition("/")[2]
    folders = _nesting(path, project)
    if newer and not folders:
        folders = ["spaces"]
    elif folders and last in _FOLDERS.values():
        folders = folders[:1]  # in such a folder it would be taken for a chart
    ways = (
        "/".join([*folders, _safe(called) + _SPACE])
        for called in (slugify(name) or last, path.replace("/", "-"), f"x-{path}")
    )
    return next(way for way in ways if way not in taken)


def _nesting(space: str, project: str | None) -> list[str]:
    """Return the folders of a space in the nested form; each name is safe on any file system."""
    if project is None:
        return []
    return [*map(_safe, (slugify(project) or "project", *space.split("/")))]


def _safe(slug: str) -> str:
    """Return a slug as a file name: unchanged if that is safe everywhere, else with a hash, like a key."""
    is_long = len(slug) > _LONGER_THAN_DEVICES and _PLAIN.fullmatch(slug)
    return slug if is_long or is_key(slug) else key_from(slug)
