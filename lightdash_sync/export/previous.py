"""The snapshot that an export replaces: its keys are kept, and its earlier versions are taken over."""

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
    """The snapshot that is being replaced, or only read over.

    Attributes:
        snapshot: the snapshot.
        identity: its identity map.
        full: whether the whole project is to be read again, whatever the lists prove.
        take_history: whether its earlier versions are taken over.
        accept_shrink: whether a project that lost a lot may replace it.
        is_replaced: whether what is read is going to stand in its place.
        again: uuids of items that are not taken over, whatever the lists prove.
        comments: when the comments on dashboards are read that are taken over.
        whole: the last day on which everything was read; None if it is not known.
        renews: whether a full reading that finds nothing new says so.
        freshness: of what it holds, if an earlier reading of the same run made it.
        told: uuid -> what the server said of a chart or dashboard that was written since, as its own answer.
        made_anew: uuids of items that were deleted and put back since, under another uuid than in its files.
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
        """What it says of itself."""
        return self.snapshot.manifest

    @property
    def root(self) -> Path:
        """Its directory."""
        return self.snapshot.root

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            SnapshotError: it is not as it was written.
        """
        return self.snapshot.checked(path)

    def content(self, path: str) -> Json:
        """Return the content of a file.

        Raises:
            SnapshotError: it is not as it was written, or somebody else wrote it.
        """
        try:
            return parse(self.read(path))
        except ValueError as error:
            raise SnapshotError(f"{self.root}: {path} is not JSON: {error}") from error


def with_made_anew(old: Old, hints: Identity) -> Old:
    """Return an old snapshot that says of items that were put back since which uuids they have now.

    So they keep keys and earlier versions, and do not count as deleted.

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
    """Open the snapshot that is to be replaced, None if there is none.

    Args:
        target: the directory.
        project: uuid of the project that is going to be exported.
        accept_shrink: whether a project that lost a lot may replace it.

    Raises:
        SnapshotError: what stands there is damaged, or no snapshot.
        Refused: it is one of another project, or holds files that would be lost.
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
        raise Refused(
            f"{target} holds a snapshot of another project ({snapshot.manifest.source.project!r})",
            hint="Choose another directory with --path.",
        )
    return Old(snapshot, identity, accept_shrink=accept_shrink)


def remembered_project(target: Path) -> tuple[str, str] | None:
    """Return name and uuid of the project that a directory is a snapshot of, None if it is none.

    Raises:
        SnapshotError: the snapshot there is damaged.
    """
    if not target.is_dir() or not any(target.iterdir()):
        return None
    snapshot = Snapshot(target)
    uuid = snapshot.identity().project.get("uuid")
    return (snapshot.manifest.source.project, str(uuid)) if uuid else None


# Which earlier versions an item has, and which of them an older snapshot holds already.
#
# Versions that an older snapshot holds do not change, and are never asked for again. Before 0.3007.0 the
# server lists those of the last days only, but gives one of any age to who knows its uuid: so the version
# that was current in the older snapshot is known too, however long ago that was.


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier versions of an item, by the names of their files.

    Attributes:
        names: name -> uuid of each that is known, oldest first.
        held: name -> facts of those that the older snapshot holds.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, JsonObject] = field(default_factory=dict)

    def missing(self) -> dict[str, str]:
        """Return name -> uuid of those that are not held, oldest first."""
        return {name: uuid for name, uuid in self.names.items() if name not in self.held}


def earlier_versions(
    old: Old | None,
    kind: Kind,
    uuid: str,
    current: str,
    listed: Iterable[schemas.VersionRow],
    since: str | None = None,
) -> Earlier:
    """Find out which earlier versions of an item there are.

    Args:
        old: the older snapshot, or None.
        kind: of the item.
        uuid: of the item.
        current: name of the current version, which is none of them.
        listed: what the server lists, newest first.
        since: the day from which on versions are wanted; None for all. What the older snapshot holds, or had
            as the current version, is wanted however old it is.
    """
    facts, known = old_facts(old, kind, uuid), known_versions(old, kind, uuid)
    names = {name: str(version["uuid"]) for name, version in oldest_first(facts.get("versions"))}
    if old is not None and uuid in old.made_anew:  # the server knows none of them by this uuid
        names = {name: one for name, one in names.items() if _is_there(old, kind, uuid, name)}
    elif isinstance(version := facts.get("version"), str):
        names[version_name(str(facts.get("updatedAt")), version)] = version
    for one in reversed([one for one in listed if since is None or one.createdAt >= since]):
        name = version_name(one.createdAt, one.versionUuid)
        names.pop(name, None)  # of versions of one time, the server's order is the truth
        names[name] = one.versionUuid
    names.pop(current, None)
    held = {name: known[name] for name in names if name in known and _is_there(old, kind, uuid, name)}
    in_order = sorted(names, key=time_in_name)
    return Earlier({name: names[name] for name in in_order}, held)


def known_versions(old: Old | None, kind: Kind, uuid: str) -> dict[str, JsonObject]:
    """Return the earlier versions of an item that the older snapshot names: name -> facts."""
    return cast("dict[str, JsonObject]", old_facts(old, kind, uuid).get("versions", {}))


def old_facts(old: Old | None, kind: Kind, uuid: str) -> JsonObject:
    """Return what the older snapshot knows of an item whose versions are taken over; {} of any other."""
    if old is None or not old.take_history:
        return {}
    return old.identity.facts(kind, old.identity.key(kind, uuid))


def _is_there(old: Old | None, kind: Kind, uuid: str, name: str) -> bool:
    if old is None:
        return False
    return version_path(kind, old.identity.key(kind, uuid), name) in old.manifest.files


def version_when_deleted(old: Old | None, kind: Kind, uuid: str) -> tuple[str, JsonObject, bytes] | None:
    """Return the version in which an item was when it was deleted, if it was put back since.

    The server does not know it any more. What the older snapshot has as the current version is an earlier one
    of the item that was made anew.

    Returns:
        Name, facts, and the file; None where there is none.
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


# The earlier versions of a run: which there are, which are wanted, and those that were read already.
#
# Newer servers list every version that an item ever had, so a first export with history may send a
# request for each of many thousands. So all histories are listed first: then it is known, and told, how
# many there are. Each version that was read is kept beside the snapshot until a snapshot stands that
# holds it. A run that is cut short, however hard, is gone on with by the next one. A version never
# changes on the server.

_MANY = 200  # versions from which on it is told how many there are
_HOUR = 90  # minutes from which on a length is said in hours
_FAST = 1  # of zlib
_NAME = 32  # letters of the name of a kept version


class KeptVersions:
    """Versions that were read and are in no snapshot yet, in a directory beside it.

    Losing one costs a request, so nothing here is made durable, and what cannot be kept or is damaged is read
    again.

    Args:
        target: directory of the snapshot.
        server: origin and version of the server: another one may answer otherwise.
    """

    def __init__(self, target: Path, server: str) -> None:
        self._root = versions_of_run(target)
        self._server = server
        refuse_link(self._root)

    def holds(self, kind: Kind, uuid: str, version: str) -> bool:
        """Whether a version was read and is kept."""
        return self._place(kind, uuid, version).is_file()

    def read(self, kind: Kind, uuid: str, version: str) -> JsonObject | None:
        """Return a version as the server gave it; None if it is not kept whole."""
        place = self._place(kind, uuid, version)
        try:
            found = None if place.is_symlink() else parse(zlib.decompress(place.read_bytes()))
        except (OSError, ValueError, zlib.error):
            return None
        return found if isinstance(found, dict) else None

    def keep(self, kind: Kind, uuid: str, version: str, raw: JsonObject) -> None:
        """Keep a version, as far as the disk lets us."""
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
        """Forget all: a snapshot holds them.

        Raises:
            Refused: there is something else in the directory.
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
        kept: versions that an earlier run read.
        since: the day from which on versions are wanted; None for all.
        old: the snapshot whose versions are taken over, or None.
        workers: read side by side.
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
        """Let a reading begin that ends with the context, and with it the progress of its versions."""
        try:
            yield
        finally:
            self._tracked.close()

    def begin(self, wanted: Mapping[Kind, Sequence[str]]) -> None:
        """List the histories of some items, and tell how many versions are to be read.

        What cannot be listed is named when the item is read, and not asked for again.
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
        """Return the versions of an item, newest first; asked for if they were not yet.

        Raises:
            ApiError: they cannot be read.
        """
        found = self._listed.pop((kind, uuid), None)
        if isinstance(found, Exception):
            raise found
        return found or self.lightdash.history(kind, uuid)

    def earlier(self, kind: Kind, uuid: str, current: str, versions: Iterable[schemas.VersionRow]) -> Earlier:
        """Return which earlier versions of an item there are; see `earlier_versions`."""
        return earlier_versions(self.old, kind, uuid, current, versions, self.since)

    def version(self, kind: Kind, uuid: str, version: str) -> tuple[schemas.VersionRow, JsonObject]:
        """Return an earlier version of an item, and the item as it was then."""
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
        """Return the history of an item, or why it alone has none; what may be so of others is raised."""
        try:
            return item, self.lightdash.history(*item)
        except (NotFound, NotAuthorised) as error:
            if error.status == 401:
                raise
            return item, error

    def _say(self, missing: Sequence[Missing], histories: int, seconds: float) -> None:
        """Tell how many requests the versions will take, before the first of them."""
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
    """Return a length of time in words."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes} min" if minutes < _HOUR else f"about {seconds / 3600:.1f} hours"
