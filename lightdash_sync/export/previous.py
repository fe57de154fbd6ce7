"""The snapshot that an export replaces: its keys are kept, and its earlier versions are taken over.

In order: the previous snapshot, the earlier versions of an item, and reading them in a run that may be
interrupted.
"""

from __future__ import annotations

import os
import time
import zlib
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from lightdash_sync.content.authorship import of_version
from lightdash_sync.content.identity import as_made_anew
from lightdash_sync.content.json import canonical, digest, parse
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.parts import parts_in
from lightdash_sync.content.versions import oldest_first, time_in_name
from lightdash_sync.disk import refuse_link
from lightdash_sync.errors import NotAuthorised, NotFound, Refused, SnapshotError
from lightdash_sync.export.last_run import Comments
from lightdash_sync.lightdash import schemas
from lightdash_sync.snapshot.layout import item_path, require_ours, version_name, version_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import versions_of_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.disk import Disk
    from lightdash_sync.errors import ApiError, Unconvertible
    from lightdash_sync.export.not_exported import Freshness
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.snapshot.manifest import Manifest
    from lightdash_sync.workers import Workers

    Item = tuple[Kind, str]
    Listing = list[schemas.VersionRow] | ApiError | Unconvertible
    Missing = tuple[Kind, str, str, str]


@dataclass(frozen=True, slots=True)
class Old:
    """The previous snapshot, which an export replaces, or which a reading only builds on.

    Attributes:
        snapshot: the snapshot.
        identity: its identity map.
        full: whether to read the whole project again, whatever the lists prove.
        take_history: whether to take over its earlier versions.
        accept_shrink: whether a project that lost a lot may replace it.
        is_replaced: whether the result of the reading replaces it.
        again: uuids of items that are not reused, whatever the lists prove.
        comments: when to read the comments on reused dashboards.
        whole: the last day on which everything was read; None if it is not known.
        renews: whether a full reading without changes updates that day in the manifest.
        freshness: its freshness, if an earlier reading of the same run made it.
        told: uuid -> the server's answer to the last write of a chart or dashboard, in the form of its own
            answer.
        made_anew: uuids of items that were deleted and restored since, with another uuid than in its files.
    """

    snapshot: Snapshot
    identity: Identity
    full: bool = False
    take_history: bool = True
    accept_shrink: bool = False
    is_replaced: bool = True
    again: frozenset[str] = frozenset()
    comments: Comments = Comments.WEEKLY
    whole: date | None = None
    renews: bool = False
    freshness: Freshness | None = None
    made_anew: frozenset[str] = frozenset()
    told: Mapping[str, JsonObject] = field(default_factory=dict, repr=False)

    @property
    def manifest(self) -> Manifest:
        """Its manifest."""
        return self.snapshot.manifest

    @property
    def root(self) -> Path:
        """Its directory."""
        return self.snapshot.root

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            SnapshotError: the file was changed since it was written.
        """
        return self.snapshot.checked(path)

    def content(self, path: str) -> Json:
        """Return the content of a file.

        Raises:
            SnapshotError: the file was changed since it was written, or is not JSON.
        """
        try:
            return parse(self.read(path))
        except ValueError as error:
            raise SnapshotError(f"{self.root}: {path} is not JSON: {error}") from error


def with_made_anew(old: Old, hints: Identity) -> Old:
    """Return the previous snapshot with the current uuids of items that were restored since.

    So these items keep their keys and earlier versions, and do not count as deleted.

    Args:
        old: the snapshot.
        hints: items of the project, with the uuids that they had before.
    """
    before = {str(facts["uuid"]) for entries in old.identity.items.values() for facts in entries.values()}
    others = {
        kind: {key: facts for key, facts in entries.items() if facts["uuid"] not in before}
        for kind, entries in hints.items.items()
    }
    items = as_made_anew(old.identity.items, others)
    now = {str(facts["uuid"]) for entries in items.values() for facts in entries.values()}
    anew = frozenset(now - before)
    if not anew:
        return old
    identity = replace(old.identity, items=items)
    return replace(old, identity=identity, again=old.again | anew, made_anew=anew)


def open_old(target: Path, project: str, *, accept_shrink: bool = False) -> Old | None:
    """Open the snapshot that will be replaced; None if there is none.

    Args:
        target: the directory.
        project: uuid of the project that will be exported.
        accept_shrink: whether a project that lost a lot may replace it.

    Raises:
        SnapshotError: the directory has no snapshot, or a damaged one.
        Refused: it is a snapshot of another project, or has other files that would be lost.
    """
    if not target.exists() or not any(target.iterdir()):
        return None
    snapshot = Snapshot(target)
    if strays := snapshot.strays():
        raise Refused(
            f"{target} holds {strays[0]!r}, which is not part of the snapshot and would be lost",
            hint="Move it out of the directory.",
        )
    identity = snapshot.tree().identity
    if identity.project.get("uuid") != project:
        raise of_another_project(snapshot)
    return Old(snapshot, identity, accept_shrink=accept_shrink)


def of_another_project(snapshot: Snapshot) -> Refused:
    """Return the error for a snapshot that is not of the project that is meant now."""
    name, uuid = snapshot.manifest.source.project, snapshot.identity().project.get("uuid")
    return Refused(
        f"{snapshot.root} holds a snapshot of another project ({name!r}, {uuid})",
        hint="If that one was made anew, move its snapshot away, with `git mv` to keep it; else name the "
        "project's own directory, with --path or as `path` of the environment.",
    )


def remembered_project(target: Path) -> tuple[str, str] | None:
    """Return name and uuid of the project whose snapshot is in a directory; None if there is none.

    Raises:
        SnapshotError: the snapshot there is damaged.
    """
    if not target.is_dir() or not any(target.iterdir()):
        return None
    snapshot = Snapshot(target)
    uuid = snapshot.identity().project.get("uuid")
    return (snapshot.manifest.source.project, str(uuid)) if uuid else None


# The earlier versions of an item, and which of them the previous snapshot has already.
#
# Versions in the previous snapshot do not change, and are never requested again. Before 0.3007.0 the server
# lists those of the last days only, but returns one of any age by its uuid: so the version that was current
# in the previous snapshot is known, too, however old it is.


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier versions of an item, by the names of their files.

    Attributes:
        names: name -> uuid of each known version, oldest first.
        held: name -> facts of the versions in the previous snapshot.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, JsonObject] = field(default_factory=dict)

    def missing(self) -> dict[str, str]:
        """Return name -> uuid of the versions that are not in the previous snapshot, oldest first."""
        return {name: uuid for name, uuid in self.names.items() if name not in self.held}


def earlier_versions(
    old: Old | None,
    kind: Kind,
    uuid: str,
    current: str,
    listed: Iterable[schemas.VersionRow],
    since: str | None = None,
) -> Earlier:
    """Return the earlier versions of an item.

    Args:
        old: the previous snapshot, or None.
        kind: kind of the item.
        uuid: uuid of the item.
        current: name of the current version, which is not included.
        listed: the server's list, newest first.
        since: the day from which on versions are included; None for all. Versions that the previous snapshot
            has, or had as the current one, are included however old they are.
    """
    facts, known = old_facts(old, kind, uuid), known_versions(old, kind, uuid)
    names = {name: str(version["uuid"]) for name, version in oldest_first(facts.get("versions"))}
    if old is not None and uuid in old.made_anew:  # the server has none of them under this uuid
        names = {name: one for name, one in names.items() if _is_there(old, kind, uuid, name)}
    elif isinstance(version := facts.get("version"), str):
        names[version_name(str(facts.get("updatedAt")), version)] = version
    for one in reversed([one for one in listed if since is None or one.createdAt >= since]):
        name = version_name(one.createdAt, one.versionUuid)
        names.pop(name, None)  # for versions of the same time, the server's order is right
        names[name] = one.versionUuid
    names.pop(current, None)
    held = {name: known[name] for name in names if name in known and _is_there(old, kind, uuid, name)}
    in_order = sorted(names, key=time_in_name)
    return Earlier({name: names[name] for name in in_order}, held)


def known_versions(old: Old | None, kind: Kind, uuid: str) -> dict[str, JsonObject]:
    """Return the earlier versions of an item that the previous snapshot names: name -> facts."""
    return cast("dict[str, JsonObject]", old_facts(old, kind, uuid).get("versions", {}))


def old_facts(old: Old | None, kind: Kind, uuid: str) -> JsonObject:
    """Return the facts of an item in the previous snapshot; {} if its history is not taken over."""
    if old is None or not old.take_history:
        return {}
    return old.identity.facts(kind, old.identity.key(kind, uuid))


def _is_there(old: Old | None, kind: Kind, uuid: str, name: str) -> bool:
    if old is None:
        return False
    return version_path(kind, old.identity.key(kind, uuid), name) in old.manifest.files


def version_when_deleted(old: Old | None, kind: Kind, uuid: str) -> tuple[str, JsonObject, bytes] | None:
    """Return the version that an item had when it was deleted, if it was restored since.

    The server does not have it any more. The current version in the previous snapshot is an earlier version
    of the item that was created again.

    Returns:
        Name, facts, and the file; None if there is no such version.
    """
    history, facts = KINDS[kind].history, old_facts(old, kind, uuid)
    version, time, author = facts.get("version"), facts.get("updatedAt"), facts.get("updatedBy")
    if old is None or uuid not in old.made_anew or history is None:
        return None
    if not isinstance(version, str) or not isinstance(time, str):
        return None
    content = of_version(kind, old.content(item_path(kind, old.identity.key(kind, uuid))))
    data = canonical({history.saved: content, "createdAt": time, "createdBy": author})
    return version_name(time, version), {"uuid": version, "createdBy": author, **parts_in(facts)}, data


# Reading the earlier versions in one run, and keeping those that were read if the run is interrupted.
#
# Newer servers list every version that an item ever had, so a first export with history may send many
# thousands of requests. So all histories are listed first: then the number is known, and shown. Each version
# that was read is kept beside the snapshot until it is in a snapshot. If a run is interrupted, in whatever
# way, the next one continues from there, because versions never change on the server.

_MANY = 200  # number of versions from which on it is shown
_HOUR = 90  # minutes from which on a duration is shown in hours
_FAST = 1  # level of zlib
_NAME = 32  # characters in the file name of a kept version


class KeptVersions:
    """Versions that were read but are in no snapshot yet, in a directory beside it.

    Losing one only costs a request, so nothing here is made durable; a version that cannot be kept, or is
    damaged, is read again.

    Args:
        target: directory of the snapshot.
        server: origin and version of the server; another one may answer differently.
    """

    def __init__(self, target: Path, server: str) -> None:
        self._root = versions_of_run(target)
        self._server = server
        refuse_link(self._root)

    def holds(self, kind: Kind, uuid: str, version: str) -> bool:
        """Whether a version was read and is kept."""
        return self._place(kind, uuid, version).is_file()

    def read(self, kind: Kind, uuid: str, version: str) -> JsonObject | None:
        """Return a version as the server returned it; None if it is not kept, or damaged."""
        place = self._place(kind, uuid, version)
        try:
            found = None if place.is_symlink() else parse(zlib.decompress(place.read_bytes()))
        except (OSError, ValueError, zlib.error):
            return None
        return found if isinstance(found, dict) else None

    def keep(self, kind: Kind, uuid: str, version: str, raw: JsonObject) -> None:
        """Keep a version if the disk allows it; errors are ignored."""
        place = self._place(kind, uuid, version)
        fresh = place.with_suffix(f".{os.getpid()}")
        with suppress(OSError, ValueError, RecursionError):
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(zlib.compress(canonical(raw), _FAST))
            os.replace(fresh, place)  # noqa: PTH105 - replaces on every system

    def count(self) -> int:
        """Return how many versions are kept."""
        return sum(1 for _ in self._root.glob("??/*.z"))

    def drop(self, disk: Disk) -> None:
        """Remove all kept versions, because they are in a snapshot.

        Raises:
            Refused: the directory has other files.
        """
        require_ours(self._root, _is_ours)
        disk.remove(self._root)

    def _place(self, kind: Kind, uuid: str, version: str) -> Path:
        name = digest(f"{self._server} {kind} {uuid} {version}", _NAME)
        return self._root / name[:2] / f"{name}.z"


def _is_ours(path: str) -> bool:
    folder, _, name = path.partition("/")
    return len(folder) == 2 and name[:2] == folder and len(name.partition(".")[0]) == _NAME


@dataclass
class EarlierVersions:
    """Reads histories and earlier versions for one run.

    Attributes:
        lightdash: the server.
        kept: versions that an interrupted run has read.
        since: the day from which on versions are read; None for all.
        old: the snapshot whose versions are taken over, or None.
        workers: read in parallel.
    """

    lightdash: Lightdash
    kept: KeptVersions
    since: str | None
    old: Old | None
    workers: Workers
    _listed: dict[Item, Listing] = field(default_factory=dict)
    _advance: Callable[[], None] = field(default=lambda: None)
    _tracked: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def survey(self) -> Iterator[None]:
        """End the progress of the versions when the context ends."""
        try:
            yield
        finally:
            self._tracked.close()

    def begin(self, wanted: Mapping[Kind, Sequence[str]]) -> None:
        """List the histories of some items, and show how many versions will be read.

        The error of a history that cannot be listed is raised when its item is read, without a second
        request.
        """
        items = [(kind, uuid) for kind, uuids in wanted.items() for uuid in uuids]
        if not items:
            return
        began = time.monotonic()
        found, unread = self.workers.run("histories", items, self._list, _named)
        took = time.monotonic() - began
        failed = {one.what: one.error for one in unread}
        self._listed = dict(found) | {item: failed[_named(item)] for item in items if _named(item) in failed}
        missing: list[Missing] = []
        for (kind, uuid), versions in self._listed.items():
            if isinstance(versions, Exception):
                continue
            current = version_name(versions[0].createdAt, versions[0].versionUuid)
            names = self.earlier(kind, uuid, current, versions).missing()
            missing += [(kind, uuid, name, version) for name, version in names.items()]
        if len(missing) >= _MANY:
            self._say(missing, len(items), took)
            tracked = self.workers.progress.track("earlier versions", len(missing))
            self._advance = self._tracked.enter_context(tracked)

    def history(self, kind: Kind, uuid: str) -> list[schemas.VersionRow]:
        """Return the versions of an item, newest first; requests them unless they were listed before.

        Raises:
            ApiError: they cannot be read.
        """
        found = self._listed.pop((kind, uuid), None)
        if isinstance(found, Exception):
            raise found
        return found or self.lightdash.history(kind, uuid)

    def earlier(self, kind: Kind, uuid: str, current: str, versions: Iterable[schemas.VersionRow]) -> Earlier:
        """Return the earlier versions of an item; see `earlier_versions`."""
        return earlier_versions(self.old, kind, uuid, current, versions, self.since)

    def version(self, kind: Kind, uuid: str, version: str) -> tuple[schemas.VersionRow, JsonObject]:
        """Return an earlier version of an item, and the item in that version."""
        raw = self.kept.read(kind, uuid, version)
        view = None if raw is None else _viewed(raw)
        if raw is None or view is None:
            ask = self.lightdash.chart_version if kind is Kind.CHART else self.lightdash.dashboard_version
            view, raw = ask(uuid, version)
            self.kept.keep(kind, uuid, version, raw)
        self._advance()
        saved = raw.get(kind.value)
        return view, saved if isinstance(saved, dict) else {}

    def _list(self, item: Item) -> tuple[Item, Listing]:
        """Return the history of an item, or an error that affects this item only; others are raised."""
        try:
            return item, self.lightdash.history(*item)
        except (NotFound, NotAuthorised) as error:
            if error.status == 401:
                raise
            return item, error

    def _say(self, missing: Sequence[Missing], histories: int, seconds: float) -> None:
        """Show how many requests the versions will take, before the first of them."""
        held = sum(self.kept.holds(kind, uuid, version) for kind, uuid, _, version in missing)
        noted = self.workers.progress.noted
        items = len({uuid for _, uuid, _, _ in missing})
        first = min(name for _, _, name, _ in missing)
        day = f"{first[:4]}-{first[4:6]}-{first[6:8]}"
        length = _length(seconds / histories * (len(missing) - held))
        have = "1 chart or dashboard has" if items == 1 else f"{items} charts and dashboards have"
        versions = "1 earlier version" if len(missing) == 1 else f"{len(missing)} earlier versions"
        noted(
            f"{have} {versions} to be read, the first of "
            f"{day}: a request each, {length} at the pace of their histories."
        )
        if held:
            noted(f"{held} of them were read by a run that was cut short: they are taken from there.")
        noted("A run that is cut short is gone on with by the next one; --history-since DATE reads fewer.")


def _named(item: Item) -> str:
    return f"{item[0]}:{item[1]}"


def _viewed(raw: JsonObject) -> schemas.VersionRow | None:
    try:
        return schemas.VersionRow.model_validate(raw)
    except ValidationError:
        return None


def _length(seconds: float) -> str:
    """Return a duration in words."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes} min" if minutes < _HOUR else f"about {seconds / 3600:.1f} hours"
