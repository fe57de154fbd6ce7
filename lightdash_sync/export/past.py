"""The earlier versions of a run: which there are, which are wanted, and those that were read already.

Newer servers list every version that an item ever had, so a first export with history may send a request for
each of many thousands. So all histories are listed first: then it is known, and told, how many there are.
Each version that was read is kept beside the snapshot until a snapshot stands that holds it. A run that is
cut short, however hard, is gone on with by the next one. A version never changes on the server.
"""

from __future__ import annotations

import os
import time
import zlib
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from lightdash_sync.client import views
from lightdash_sync.errors import NotAuthorised, NotFound
from lightdash_sync.export.versions import earlier_versions
from lightdash_sync.model.canonical import canonical, digest, parse
from lightdash_sync.model.kinds import Kind
from lightdash_sync.snapshot.layout import version_name
from lightdash_sync.snapshot.ours import require_ours
from lightdash_sync.snapshot.write import versions_of_run
from lightdash_sync.untrusted import refuse_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.errors import ApiError, Unconvertible
    from lightdash_sync.export.old import Old
    from lightdash_sync.export.versions import Earlier
    from lightdash_sync.export.workers import Workers
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.snapshot.disk import Disk

    Item = tuple[Kind, str]
    Listing = list[views.Version] | ApiError | Unconvertible
    Missing = tuple[Kind, str, str, str]  # uuid of the item, name and uuid of the version

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
class Past:
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

    def history(self, kind: Kind, uuid: str) -> list[views.Version]:
        """Return the versions of an item, newest first; asked for if they were not yet.

        Raises:
            ApiError: they cannot be read.
        """
        found = self._listed.pop((kind, uuid), None)
        if isinstance(found, Exception):
            raise found
        return found or self.lightdash.history(kind, uuid)

    def earlier(self, kind: Kind, uuid: str, current: str, versions: Iterable[views.Version]) -> Earlier:
        """Return which earlier versions of an item there are; see `earlier_versions`."""
        return earlier_versions(self.old, kind, uuid, current, versions, self.since)

    def version(self, kind: Kind, uuid: str, version: str) -> tuple[views.Version, JsonObject]:
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


def _viewed(raw: JsonObject) -> views.Version | None:
    try:
        return views.Version.model_validate(raw)
    except ValidationError:
        return None


def _length(seconds: float) -> str:
    """Return a length of time in words."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes} min" if minutes < _HOUR else f"about {seconds / 3600:.1f} hours"
