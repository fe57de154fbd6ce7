"""Converts a snapshot to the files of a tree, reports what a tree cannot express, and writes the tree.

The same content gives the same bytes. Where `lightdash download` records the time of the download, these
files have the time at which an item was last saved, which does not depend on when they are written.
`lightdash upload` treats a file as unchanged if the file's own time is the recorded one.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson
from pydantic import TypeAdapter

from lightdash_sync.ascode.deliveries import Board, delivery_document
from lightdash_sync.ascode.documents import SPACE, VERSION, Dialect, board_of, document_of, view_document
from lightdash_sync.ascode.names import DOCUMENTED, DocumentNames
from lightdash_sync.ascode.tree import (
    METADATA,
    NO_DOCUMENT,
    Role,
    delivery_path,
    document_path,
    role_of,
    space_path,
    view_path,
)
from lightdash_sync.ascode.yaml import to_yaml
from lightdash_sync.content.authorship import version_stamp
from lightdash_sync.content.contents import personal_items
from lightdash_sync.content.display import shown
from lightdash_sync.content.documents import conform
from lightdash_sync.content.json import canonical, get_list, get_str, objects, parse, sha256
from lightdash_sync.content.keys import EXTERNAL
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.portable import to_server
from lightdash_sync.content.references import untokenise
from lightdash_sync.content.tree import file_of, place_of
from lightdash_sync.disk import read_regular
from lightdash_sync.errors import Refused, SnapshotError
from lightdash_sync.snapshot.layout import MANIFEST
from lightdash_sync.snapshot.write import Staging, beside, locked, staging_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.disk import Disk

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECTIONS = {Kind.CHART: "charts", Kind.SQL_CHART: "charts", Kind.DASHBOARD: "dashboards"}
_TIMED = frozenset(DOCUMENTED)
_WITHOUT_DOCUMENT = tuple(kind for kind in Kind if kind not in (*DOCUMENTED, Kind.SPACE, Kind.PROJECT))


@dataclass(frozen=True)
class NotHeld:
    """Content of the snapshot that a tree cannot express.

    Attributes:
        code: identifier for machines.
        what: description with the number.
        count: the number.
    """

    code: str
    what: str
    count: int


@dataclass(frozen=True)
class CodeFiles:
    """The files of a tree.

    Attributes:
        files: path from the root, with forward slashes -> bytes.
        times: path of a document -> modification time for its file, so that it counts as unchanged.
        counts: number of items of each kind.
        not_held: what the tree does not contain.
    """

    files: Mapping[str, bytes] = field(repr=False)
    times: Mapping[str, datetime] = field(repr=False)
    counts: Mapping[str, int]
    not_held: tuple[NotHeld, ...]


def code_files(
    tree: Tree,
    nested_in: str | None = None,
    versions: int = 0,
    *,
    dialect: Dialect | None = None,
    access_of: Collection[str] | None = None,
    personal_spaces: bool = False,
) -> CodeFiles:
    """Return the files that `lightdash download` would write for a project, as far as its snapshot allows.

    Args:
        tree: content of the snapshot.
        nested_in: name of the project, for the nested form; None for the flat one.
        versions: number of earlier versions in the snapshot.
        dialect: form of the documents of a version; None for the oldest form.
        access_of: paths of the spaces whose access is known; None for all.
        personal_spaces: write items in personal spaces, too. The spaces themselves have no document: the
            official tool writes none, and its upload refuses one.

    Raises:
        UnresolvedReference: a file of the snapshot names something that its identity map does not have.
        ValueError: a file of the snapshot is not JSON.
    """
    names, dialect = DocumentNames(tree), dialect or Dialect()
    files: dict[str, bytes] = {}
    times: dict[str, datetime] = {}
    same: list[str] = []
    personal = personal_items(names.contents)
    private = frozenset() if personal_spaces else personal
    there = names.contents.there - private
    items = sorted(item for item in there if item[0] in _TIMED)
    sections = _times(items, names)
    for item in items:
        document = document_of(item, names, dialect)
        slug = str(document["slug"])
        path = document_path(item[0], slug, str(document["spaceSlug"]), nested_in)
        if path in files:
            same.append(f"{item[0]}:{item[1]}")
            continue
        files[path], times[path] = to_yaml(document), sections[_SECTIONS[item[0]]][slug]
    spaces = [key for kind, key in there if kind is Kind.SPACE and not names.contents.is_personal(key)]
    files |= dict(_spaces(spaces, names, nested_in, files, dialect.newer, access_of))
    files[METADATA] = _metadata(sections)
    counts = {KINDS[kind].noun[1]: sum(item[0] is kind for item in items) for kind in DOCUMENTED}
    counts = {KINDS[Kind.SPACE].noun[1]: len(spaces), **counts}
    unsaid: dict[Kind, int] = {kind: _count(tree, kind) for kind in _WITHOUT_DOCUMENT}
    unsaid[Kind.SCHEDULER] -= sum(kind is Kind.SCHEDULER for kind, _ in private)
    if dialect.newer:
        for kind, added in ((Kind.VIRTUAL_VIEW, _views(names)), (Kind.SCHEDULER, _deliveries(names, there))):
            found = dict(added)
            counts[KINDS[kind].noun[1]] = len(found)
            unsaid[kind] -= len(found)
            files |= found
    not_held = [*_not_held(names, there, unsaid, same, versions, newer=dialect.newer)]
    if (said := _personal(personal, names, written=personal_spaces)) is not None:
        not_held.append(said)
    return CodeFiles(files, times, counts, tuple(not_held))


def _personal(personal: Collection[ItemKey], names: DocumentNames, *, written: bool) -> NotHeld | None:
    """Return the remark about personal spaces, None if there are none."""
    inside = Counter(kind for kind, _ in personal if kind is not Kind.SPACE)
    number = sum(kind is Kind.SPACE and names.contents.is_personal(key) for kind, key in personal)
    if not number:
        return None
    what = f"{number} personal {KINDS[Kind.SPACE].noun[number != 1]}"
    if written:
        return NotHeld("personal", f"{what}, but what is in them", number)
    held = ", ".join(f"{one} {KINDS[kind].noun[one != 1]}" for kind, one in sorted(inside.items()))
    more = f" with {held} (--personal-spaces writes these)" if held else ""
    return NotHeld("personal", what + more, number)


def _views(names: DocumentNames) -> Iterator[tuple[str, bytes]]:
    for item in sorted(item for item in names.contents.there if item[0] is Kind.VIRTUAL_VIEW):
        document = view_document(names.contents.of(item))
        yield view_path(str(document["slug"])), to_yaml(document)


def _deliveries(names: DocumentNames, there: Collection[ItemKey]) -> Iterator[tuple[str, bytes]]:
    """Yield the documents of deliveries that can be expressed as one."""
    boards: dict[str, Board] = {}
    for item in sorted(item for item in there if item[0] is Kind.SCHEDULER):
        content = names.contents.of(item)
        of = next((kind for kind in (Kind.CHART, Kind.DASHBOARD) if get_str(content, kind)), None)
        if of is None or (of, key := get_str(content, of)) not in names.contents.there:
            continue
        if of is Kind.DASHBOARD and key not in boards:
            boards[key] = board_of((of, key), names)
        shown: JsonObject = {"type": str(of), "slug": names.slug((of, key))}
        normal, facts = to_server(*item, content, names.identity), names.identity.facts(*item)
        board = boards.get(key, Board()) if of is Kind.DASHBOARD else Board()
        document = delivery_document(normal, get_str(facts, "slug"), shown, board)
        if document is None:
            continue
        stamp = version_stamp(Kind.SCHEDULER, facts)
        document["downloadedAt"] = _javascript_time(stamp.time if stamp else _EPOCH)
        kind, slug = get_str(document, "contentType"), get_str(document, "slug")
        yield delivery_path(kind, str(of), get_str(shown, "slug"), slug), to_yaml(document)


def _times(items: list[ItemKey], names: DocumentNames) -> dict[str, dict[str, datetime]]:
    """Return section of the metadata -> slug -> time saved; a chart and a SQL chart may share a slug."""
    sections: dict[str, dict[str, datetime]] = {"charts": {}, "dashboards": {}}
    for item in items:
        stamp = version_stamp(item[0], names.identity.facts(*item))
        section, slug = sections[_SECTIONS[item[0]]], names.slug(item)
        section[slug] = max(section.get(slug, _EPOCH), stamp.time if stamp else _EPOCH)
    return sections


def _spaces(
    keys: Collection[str],
    names: DocumentNames,
    nested_in: str | None,
    taken: Mapping[str, bytes],
    newer: bool,
    access_of: Collection[str] | None,
) -> Iterator[tuple[str, bytes]]:
    used = set(taken)
    for path, key in sorted((names.path(key), key) for key in keys):
        name = names.name((Kind.SPACE, key))
        file = space_path(path, name, nested_in, used, newer=newer)
        used.add(file)
        said: JsonObject = {"contentType": SPACE, "spaceName": name, "slug": path}
        if newer:
            said["version"] = VERSION
            if access_of is None or path in access_of:
                said |= _access(names.contents.of((Kind.SPACE, key)), names)
        yield file, to_yaml(said)


def _access(space: JsonObject, names: DocumentNames) -> JsonObject:
    """Return the access to a space in the form of documents; {} if it is not completely known."""
    if not isinstance(space.get("access"), dict):
        return {}
    said: JsonObject = {
        "inheritParentPermissions": space.get("inheritsAccess") is not False,
        "projectMemberAccessRole": space.get("projectMemberAccessRole"),
    }
    for who, ours, theirs in (("users", "email", "email"), ("groups", "group", "name")):
        named = [one for one in get_list(space, "access", who) if _is_said(one, ours)]
        said[who] = [{theirs: untokenise(one[ours], names.identity), "role": one["role"]} for one in named]
    return {"access": said}


def _is_said(grant: JsonObject, holder: str) -> bool:
    """Whether a document can express a grant: its holder has a name, and its role is known."""
    return bool(get_str(grant, "role")) and not get_str(grant, holder).startswith(EXTERNAL)


def _metadata(sections: dict[str, dict[str, datetime]]) -> bytes:
    said: JsonObject = {"version": 1}
    for name, times in sections.items():
        said[name] = {slug: _javascript_time(time) for slug, time in sorted(times.items())}
    return orjson.dumps(said, option=orjson.OPT_INDENT_2)


def _javascript_time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _not_held(
    names: DocumentNames,
    there: Collection[ItemKey],
    unsaid: Mapping[Kind, int],
    same: list[str],
    versions: int,
    *,
    newer: bool,
) -> Iterator[NotHeld]:
    """Yield what the snapshot has but a tree cannot express."""
    for kind, number in unsaid.items():
        if number:
            yield _said(kind, number, KINDS[kind].noun)
    contents = {
        item: names.contents.of(item)
        for item in there
        if item[0] in _TIMED or (item[0] is Kind.SPACE and not names.contents.is_personal(item[1]))
    }
    spaces = [content for item, content in contents.items() if item[0] is Kind.SPACE]
    grants = sum(
        not (newer and _is_said(one, holder))
        for space in spaces
        for who, holder in (("users", "email"), ("groups", "group"))
        for one in get_list(space, "access", who)
    )
    closed = 0 if newer else sum(space.get("inheritsAccess") is False for space in spaces)
    merged = sum(content.get("merge") is not None for content in contents.values())
    palettes = sum(bool(content.get("palette")) for content in contents.values())
    outside = sum(
        get_str(tile, "properties", name).startswith(EXTERNAL)
        for content in contents.values()
        for tile in get_list(content, "tiles")
        for name in ("chart", "sqlChart")
    )
    for code, number, noun in (
        ("access", grants, ("grant of access to a space", "grants of access to spaces")),
        ("privacy", closed, ("space that not everybody sees", "spaces that not everybody sees")),
        ("merges", merged, ("chart that is merged with others", "charts that are merged with others")),
        ("palettes", palettes, ("choice of a colour palette", "choices of colour palettes")),
        ("outside", outside, ("tile with a chart of another project", "tiles with charts of other projects")),
        ("versions", versions, ("earlier version", "earlier versions")),
        ("same_slug", len(same), (f"item whose slug another one has ({', '.join(same[:3])})",
                                  f"items whose slug another one has ({', '.join(same[:3])})")),
    ):  # fmt: skip
        if number:
            yield _said(code, number, noun)


def _count(tree: Tree, kind: Kind) -> int:
    if KINDS[kind].is_list:
        data = tree.get(file_of(kind))
        return 0 if data is None else len(objects(parse(data)))
    places = (place_of(path) for path in tree)
    return sum(place is not None and place[0] is kind for place in places)


def _said(code: str, number: int, noun: tuple[str, str]) -> NotHeld:
    return NotHeld(str(code), f"{number} {noun[number != 1]}", number)


# Writing a tree: it is staged completely beside the old one, then swapped in, as snapshots are.
#
# Nobody's work is lost: files that are no documents are copied to the new tree, and a document that this tool
# did not write, or that somebody changed since, is replaced only if the caller allows it. Hashes of the
# written files are kept beside the directory (`.NAME.written.json`).

_WRITTEN = TypeAdapter(dict[str, str])
_NAMED = 5  # files that a refusal names


@dataclass(frozen=True)
class WrittenTree:
    """What changed in a directory.

    Attributes:
        changed: number of documents that are new or different.
        removed: number of documents that were removed.
        kept: number of other files, which were kept.
    """

    changed: int
    removed: int
    kept: int


def write_tree(target: Path, code: CodeFiles, disk: Disk, *, overwrite: bool = False) -> WrittenTree:
    """Write a tree, completely or not at all.

    Args:
        target: the directory; made if it does not exist.
        code: the files of the tree.
        disk: does the writing.
        overwrite: also replace documents that this tool did not write, or that somebody changed since.

    Raises:
        Refused: something would be lost.
        SnapshotError: the target is no directory, or contains something other than a tree.
        Locked: another run is writing there.
        OSError: something could not be written; the target was not changed.
    """

    def fits(path: str) -> bool:
        """Whether a file left by an interrupted run is a document, or a copy of a file of the target."""
        return role_of(path) not in NO_DOCUMENT or (target / path).is_file()

    with locked(target, disk, fits):
        found = _survey(target)
        if not overwrite:
            _require_ours(target, found, code.files)
        staging = Staging(target, disk, found.__contains__)
        try:
            for path, data in sorted(code.files.items()):
                staging.put(path, data)
            kept = [path for path in found if role_of(path) in NO_DOCUMENT and path not in code.files]
            for path in kept:
                staging.take(path, target / path, found)
            staging.finish()
            for path, time in code.times.items():
                os.utime(staging_of(target) / path, (time.timestamp(), time.timestamp()))
            staging.swap()
        except BaseException:
            staging.discard()
            raise
        _remember(target, code.files, disk)
    documents = {
        path: sha for path, sha in found.items() if role_of(path) not in {*NO_DOCUMENT, Role.METADATA}
    }
    written = {path: sha256(data) for path, data in code.files.items() if path != METADATA}
    return WrittenTree(
        changed=sum(documents.get(path) != sha for path, sha in written.items()),
        removed=len(documents.keys() - written.keys()),
        kept=len(kept),
    )


def _survey(target: Path) -> dict[str, str]:
    """Return the files of the target with their hashes.

    Raises:
        SnapshotError: it contains something that no tree contains.
    """
    if not target.is_dir():
        return {}
    for name, what in ((MANIFEST, "a snapshot"), (".git", "a git repository")):
        if (target / name).exists():
            raise SnapshotError(f"{target} is {what}", hint="Name another directory with --path.")
    return {path: sha256((target / path).read_bytes()) for path in _walk(target, ())}


def _walk(root: Path, folders: tuple[str, ...]) -> Iterator[str]:
    for entry in sorted(os.scandir(root.joinpath(*folders)), key=lambda entry: entry.name):
        path = "/".join((*folders, entry.name))
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, (*folders, entry.name))
        elif entry.is_file(follow_symlinks=False):
            yield path
        else:
            raise SnapshotError(
                f"{root}: {shown(path)} is neither a file nor a directory, and would be lost",
                hint="Move it away, or name another directory with --path.",
            )


def _require_ours(target: Path, found: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    """Refuse to replace documents that this tool did not write."""
    ours = _remembered(target)
    others = [
        path
        for path, sha in found.items()
        if role_of(path) is not Role.METADATA
        and (role_of(path) not in NO_DOCUMENT or path in files)
        and sha != ours.get(path)
        and (path not in files or sha256(files[path]) != sha)
    ]
    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        raise Refused(
            f"{target} holds documents that this tool did not write, or that were changed since:"
            f" {', '.join(map(shown, others[:_NAMED]))}{more}",
            hint="--overwrite replaces them (what is in git can be compared afterwards).",
        )


def _remembered(target: Path) -> dict[str, str]:
    try:
        return conform(_WRITTEN, parse(read_regular(beside(target, "written.json"))))
    except (OSError, ValueError):
        return {}


def _remember(target: Path, files: Mapping[str, bytes], disk: Disk) -> None:
    disk.replace(
        beside(target, "written.json"), canonical({path: sha256(data) for path, data in files.items()})
    )
