"""Reads and checks a tree of documents, which may come from anybody, for example by a pull request.

Only regular files are read, never through a link, and of limited size and number; hidden folders are ignored.
A file that cannot be understood is an error that names the file, because an incomplete tree must not be
applied.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lightdash_sync.ascode.deliveries import ALERT, DELIVERY, OF_DASHBOARDS, SAID, SHEET
from lightdash_sync.ascode.documents import CONTENT_TYPE, IF_SET, SAME, VERSION
from lightdash_sync.ascode.documents import VIEW_TYPE as VIEW
from lightdash_sync.ascode.names import DOCUMENTED
from lightdash_sync.ascode.tree import METADATA, NO_DOCUMENT, CodeTree, Document, Role, role_of
from lightdash_sync.ascode.yaml import MAX_BYTES, from_yaml
from lightdash_sync.content.display import shown
from lightdash_sync.content.documents import first_problem
from lightdash_sync.content.json import get_path, get_str, parse
from lightdash_sync.content.kinds import PERSONAL_ROOT, Kind
from lightdash_sync.disk import read_regular
from lightdash_sync.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from lightdash_sync.content.json import Json, JsonObject


# The required fields of documents; other fields are allowed.

_DATED = frozenset({"slug", "version", "contentType", "updatedAt", "downloadedAt"})
_ALWAYS = _DATED | {"spaceSlug"}
_KNOWN = {
    Kind.CHART: _ALWAYS | {*SAME[Kind.CHART], "dashboardSlug", "verified", "verification", "merge"},
    Kind.SQL_CHART: _ALWAYS | {*SAME[Kind.SQL_CHART]},
    Kind.DASHBOARD: _ALWAYS
    | {*SAME[Kind.DASHBOARD], *IF_SET, "tiles", "filters", "verified", "verification"},
    Kind.VIRTUAL_VIEW: _DATED | {"name", "sql", "columns", "parameters"},
    Kind.SCHEDULER: _DATED
    | {*SAID, *OF_DASHBOARDS, "resource", "filters", "targets", "format", "options", "destination"}
    | {"thresholds", "notificationFrequency"},
}


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class _Item(_Form):
    name: str
    slug: str = Field(min_length=1)
    spaceSlug: str = Field(min_length=1)
    description: str | None = None
    version: int = VERSION


class _Chart(_Item):
    tableName: str
    metricQuery: dict[str, Any]
    chartConfig: dict[str, Any]
    dashboardSlug: str | None = None


class _SqlChart(_Item):
    sql: str
    config: dict[str, Any]
    limit: int = 500


class _Tile(_Form):
    type: str
    x: float
    y: float
    w: float
    h: float
    properties: dict[str, Any]
    tabUuid: str | None = None
    tabSlug: str | None = None
    tileSlug: str | None = None


class _Tab(_Form):
    name: str
    slug: str | None = None


class _Filters(_Form):
    dimensions: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    tableCalculations: list[dict[str, Any]] = []


class _Dashboard(_Item):
    tiles: list[_Tile]
    tabs: list[_Tab] = []
    filters: _Filters | None = None


class _Person(_Form):
    email: str
    role: str


class _Group(_Form):
    name: str
    role: str


class _Access(_Form):
    inheritParentPermissions: bool
    projectMemberAccessRole: str | None = None
    users: list[_Person] = []
    groups: list[_Group] = []


class _Space(_Form):
    slug: str = Field(min_length=1)
    spaceName: str
    access: _Access | None = None


class _Column(_Form):
    reference: str
    type: str


class _View(_Form):
    slug: str = Field(min_length=1)
    name: str
    sql: str
    columns: list[_Column] = Field(min_length=1)
    parameters: dict[str, Any] | None = None
    version: int = VERSION


class _Resource(_Form):
    type: Literal["chart", "dashboard"]
    slug: str = Field(min_length=1)


class _Target(_Form):
    type: Literal["email", "slack"]
    recipient: str | None = None
    channel: str | None = None


class _Destination(_Form):
    spreadsheetId: str
    spreadsheetName: str
    organizationName: str
    url: str
    tabName: str | None = None


class _Delivery(_Form):
    slug: str = Field(min_length=1)
    contentType: Literal["scheduled_delivery", "alert", "google_sheets_sync"]
    name: str
    cron: str
    enabled: bool
    includeLinks: bool
    message: str | None = None
    timezone: str | None = None
    plainTextEmail: bool = False
    resource: _Resource
    targets: list[_Target] = []
    destination: _Destination | None = None
    format: str | None = None
    options: dict[str, Any] | None = None
    thresholds: list[dict[str, Any]] = []
    filters: list[dict[str, Any]] | dict[str, Any] | None = None
    selectedTabs: list[str] | None = None
    version: int = VERSION

    @model_validator(mode="after")
    def _is_whole(self) -> _Delivery:
        """Require the fields that a document of its type must have."""
        lacks = {
            ALERT: not self.thresholds and "thresholds",
            SHEET: self.destination is None and "destination",
            DELIVERY: self.format is None and "format",
        }[self.contentType]
        if lacks:
            raise ValueError(f"it has no `{lacks}`")
        if any((one.recipient if one.type == "email" else one.channel) is None for one in self.targets):
            raise ValueError("one of its `targets` has no address")
        return self


_FORMS: dict[Kind, type[BaseModel]] = {
    Kind.SPACE: _Space, Kind.CHART: _Chart, Kind.SQL_CHART: _SqlChart, Kind.DASHBOARD: _Dashboard,
    Kind.VIRTUAL_VIEW: _View, Kind.SCHEDULER: _Delivery,
}  # fmt: skip


def form_problem(kind: Kind, body: JsonObject) -> str | None:
    """Return a description of the first problem of a document; None if there is none."""
    try:
        _FORMS[kind].model_validate(body)
    except ValidationError as error:
        return first_problem(error)
    if kind is Kind.SPACE:
        return path_problem(str(body["slug"]))
    said = body.get("contentType")
    if said is not None and said not in CONTENT_TYPES[kind]:
        return f"its contentType is {said!r}, and where it stands it would be a {kind}"
    if body.get("version", VERSION) != VERSION:
        return f"it has version {body['version']}, and this version of lightdash-sync knows {VERSION}"
    return path_problem(str(body["spaceSlug"])) if kind in DOCUMENTED else None


def path_problem(path: str) -> str | None:
    """Return a description of what is wrong with the path of a space; None if it is fine."""
    parts = path.split("/")
    return f"{path!r} is no path of a space" if not all(parts) or len(parts) > _DEEPEST else None


def unknown_fields(kind: Kind, body: JsonObject) -> set[str]:
    """Return the names of fields that documents of no known version have."""
    return body.keys() - _KNOWN[kind]


CONTENT_TYPES = {kind: (name,) for kind, name in CONTENT_TYPE.items()} | {
    Kind.VIRTUAL_VIEW: (VIEW,),
    Kind.SCHEDULER: (DELIVERY, ALERT, SHEET),
}
_DEEPEST = 50

MAX_FILES = 200_000
_MAX_DEPTH = 60
_TYPES = {"chart": Kind.CHART, "sql_chart": Kind.SQL_CHART, "dashboard": Kind.DASHBOARD}


def is_code_tree(root: Path) -> bool:
    """Whether a directory looks like a tree of `lightdash download`."""
    return (root / METADATA).is_file() or any(
        role_of(path) in (Role.CHARTS, Role.DASHBOARDS, Role.SPACE) for path in _paths(root, [])
    )


def read_tree(root: Path) -> CodeTree:
    """Read a tree from disk.

    Raises:
        SnapshotError: the tree cannot be read, or one of its files cannot be understood.
    """
    links: list[str] = []
    paths = sorted(_paths(root, links))
    files = ((path, _read(root, path)) for path in paths if role_of(path) not in NO_DOCUMENT)
    tree = code_tree(str(root), files, paths)
    if not links:
        return tree
    return replace(tree, notes=(f"links are not followed: {_first(links)}", *tree.notes))


def code_tree(root: str, files: Iterable[tuple[str, bytes]], paths: Iterable[str]) -> CodeTree:
    """Make a tree from files.

    Args:
        root: name of their directory, for messages.
        files: path from the root, with forward slashes, and bytes.
        paths: paths of all files, including those that are no documents.

    Raises:
        SnapshotError: a file cannot be understood, or two are documents of the same item.
    """
    reading = _Reading(root)
    for path, data in files:
        reading.take(path, data)
    return reading.tree(paths)


class _Reading:
    """Collects documents while files are read."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._documents: dict[tuple[Kind, str], Document] = {}
        self._spaces: dict[str, str | None] = {}
        self._space_files: dict[str, str] = {}
        self._access: dict[str, JsonObject] = {}
        self._times: Json = None
        self._strange: list[str] = []
        self._ignored: dict[str, list[str]] = {}

    def take(self, path: str, data: bytes) -> None:
        """Read one file."""
        role, file = role_of(path), shown(f"{self._root}/{path}")
        if role is Role.METADATA:
            self._times = _metadata(data)
            return
        try:
            body = from_yaml(data)
        except ValueError as error:
            if role is not Role.LOOSE:
                raise SnapshotError(
                    f"{file}: {error}", hint="Correct the file, or download it again."
                ) from error
            body = {}
        kind = _kind(role, body)
        if kind is None:
            self._strange.append(path)
            return
        if (problem := form_problem(kind, body)) is not None:
            raise SnapshotError(f"{file}: {problem}", hint="Correct the file, or download it again.")
        if kind is Kind.SPACE:
            self._space(file, body)
        else:
            self._document(kind, file, body)

    def _space(self, file: str, body: JsonObject) -> None:
        slug, name = str(body["slug"]), str(body["spaceName"])
        if self._spaces.get(slug, name) != name:
            raise SnapshotError(f"{file}: {self._space_files[slug]} gives the space {slug!r} another name")
        self._spaces[slug], self._space_files[slug] = name, file
        if isinstance(access := body.get("access"), dict):
            self._access[slug] = access

    def _document(self, kind: Kind, file: str, body: JsonObject) -> None:
        slug = str(body["slug"])
        if (other := self._documents.get((kind, slug))) is not None:
            raise SnapshotError(
                f"{file}: {other.file} is a {kind} with the slug {slug!r}, too",
                hint="A slug is what tells items apart: give one of them another, or remove it.",
            )
        self._documents[kind, slug] = Document(kind, slug, body, file, get_str(body, "downloadedAt"))
        for name in sorted(unknown_fields(kind, body)):
            self._ignored.setdefault(name, []).append(file)

    def tree(self, paths: Iterable[str]) -> CodeTree:
        """Return the tree of everything that was read."""
        paths = [*paths]
        for document in self._documents.values():
            if document.kind in DOCUMENTED:
                self._spaces.setdefault(str(document.body["spaceSlug"]), None)
        for path in list(self._spaces):
            parts = path.split("/")
            for depth in range(1, len(parts)):
                self._spaces.setdefault("/".join(parts[:depth]), None)
        return CodeTree(
            documents={item: self._timed(document) for item, document in sorted(self._documents.items())},
            spaces=dict(sorted(self._spaces.items())),
            notes=tuple(self._notes(paths)),
            access=self._access,
            personal=frozenset(self._personal()),
        )

    def _personal(self) -> Iterator[str]:
        """Yield the paths of personal spaces: those below the root of personal spaces without a document."""
        for path, name in self._spaces.items():
            root, _, below = path.partition("/")
            if below and name is None and self._spaces[root] == PERSONAL_ROOT and root in self._space_files:
                yield path

    def _timed(self, document: Document) -> Document:
        """Return a document with the time of its download; current versions keep all times in one file."""
        if document.kind not in DOCUMENTED:
            return document
        section = "dashboards" if document.kind is Kind.DASHBOARD else "charts"
        time = get_str(get_path(self._times, section), document.slug) or document.downloaded
        return replace(document, downloaded=time)

    def _notes(self, paths: list[str]) -> Iterator[str]:
        if wrong := [path for path in paths if path.endswith(".yaml") and role_of(path) in NO_DOCUMENT]:
            yield f"files that end with .yaml are passed over: {_first(wrong)}"
        if self._strange:
            yield f"files that are no documents are passed over: {_first(self._strange)}"
        if others := Counter(path.partition("/")[0] for path in paths if role_of(path) is Role.ELSEWHERE):
            named = ", ".join(f"{name} ({number})" for name, number in sorted(others.items()))
            yield f"files of what a tree is not read for are passed over: {named}"
        for name, where in self._ignored.items():
            yield f"the field {shown(name)} is not known, and passed over: {_first(where)}"


def _kind(role: Role, body: JsonObject) -> Kind | None:
    """Return the kind of a document; None if it cannot be determined."""
    match role:
        case Role.CHARTS:
            return Kind.SQL_CHART if "sql" in body and "tableName" not in body else Kind.CHART
        case Role.DASHBOARDS:
            return Kind.DASHBOARD
        case Role.VIEWS | Role.DELIVERIES:
            kind = Kind.VIRTUAL_VIEW if role is Role.VIEWS else Kind.SCHEDULER
            return kind if body.get("contentType") in CONTENT_TYPES[kind] else None
        case Role.SPACE:
            return Kind.SPACE if body.get("contentType") == "space" else None
        case _:
            return (
                Kind.SPACE if body.get("contentType") == "space" else _TYPES.get(get_str(body, "contentType"))
            )


def _metadata(data: bytes) -> Json:
    try:
        return parse(data)
    except ValueError:
        return None


def _first(names: list[str]) -> str:
    return shown(names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _paths(root: Path, links: list[str]) -> Iterator[str]:
    """Yield the files of a directory, by their paths relative to it."""
    waiting: list[tuple[str, ...]] = [()]
    found = 0
    while waiting:
        folders = waiting.pop()
        try:
            entries = [*os.scandir(root.joinpath(*folders))]
        except OSError as error:
            raise SnapshotError(
                f"{root.joinpath(*folders)} cannot be read: {error.strerror or error}"
            ) from error
        for entry in entries:
            path = "/".join((*folders, entry.name))
            if entry.is_symlink():
                links.append(path)
            elif entry.is_dir():
                if not entry.name.startswith(".") and entry.name != "node_modules":
                    if len(folders) >= _MAX_DEPTH:
                        raise SnapshotError(f"{root}: {shown(path)} lies too deep")
                    waiting.append((*folders, entry.name))
            elif entry.is_file():
                found += 1
                if found > MAX_FILES:
                    raise SnapshotError(f"{root} holds more than {MAX_FILES} files")
                yield path


def _read(root: Path, path: str) -> bytes:
    try:
        return read_regular(root / path, MAX_BYTES)
    except OSError as error:
        raise SnapshotError(f"{shown(path)} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise SnapshotError(f"{shown(path)} {error}") from error
