"""The history of a whole snapshot: per commit, which items were created, changed and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError, SnapshotError
from lightdash_sync.model.authorship import BACKFILLED, MADE_ANEW
from lightdash_sync.model.changes import ItemChange, compare
from lightdash_sync.model.identity import Identity, made_anew
from lightdash_sync.model.kinds import Kind
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.git import Repository, Revision
    from lightdash_sync.timeline.sources import Commits

_AT_ONCE = 500  # contents in memory
_ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class SnapshotCommit:
    """One commit of a snapshot.

    Attributes:
        revision: the commit.
        items: what became of its items, in the order of kinds and keys; not more than were asked for.
        more: how many other items it changed.
        begins: whether what it adds may be older, because it is of the first backup.
        made_anew: kind and key of the items that were deleted and put back before it.
    """

    revision: Revision
    items: list[ItemChange]
    more: int
    begins: bool
    made_anew: frozenset[tuple[Kind, str]] = frozenset()


def snapshot_log(commits: Commits, limit: int | None, listed: int | None) -> Iterator[SnapshotCommit]:
    """Yield the commits that touched a snapshot, newest first.

    Args:
        commits: where to look.
        limit: how many commits; None for all.
        listed: how many items of each; None for all. Only of these the contents are read.

    Raises:
        GitError: git could not be asked, or the snapshot was never committed.
    """
    repository = commits.repository
    revisions = [*repository.history(commits.folder, commits.start, limit=limit)]
    if not revisions:
        raise GitError(f"{commits.folder} was never committed", "`lightdash-sync backup` commits it")
    prefix = f"{repository.inside(commits.folder)}/"
    waiting: list[_Touched] = []
    for revision in revisions:
        waiting.append(_touched(revision, prefix, listed))
        if sum(len(one.ids) for one in waiting) >= _AT_ONCE:
            yield from _read(repository, waiting)
            waiting = []
    yield from _read(repository, waiting)


@dataclass(frozen=True, slots=True)
class _Touched:
    """What a commit changed, not read yet.

    Attributes:
        revision: the commit.
        before: path in the snapshot -> id of the content, of the items to be listed.
        after: the same of the other side.
        more: how many items are not to be listed.
        begins: whether it is of the first backup.
        maps: ids of the maps of identities before and after, where its message tells of items made anew.
    """

    revision: Revision
    before: Mapping[str, str]
    after: Mapping[str, str]
    more: int
    begins: bool
    maps: tuple[str, ...] = ()

    @property
    def ids(self) -> set[str]:
        return {*self.before.values(), *self.after.values(), *self.maps}


def _touched(revision: Revision, prefix: str, listed: int | None) -> _Touched:
    names = [path.removeprefix(prefix) for path in revision.before.keys() | revision.after.keys()]
    places = [(place, name) for name in names if (place := parse_path(name)) and not place.version]
    items = [name for _, name in sorted(places, key=lambda one: (_ORDER[one[0].kind], one[0].key))]
    chosen = items[:listed]
    before, after = (
        {name: side[prefix + name] for name in chosen if prefix + name in side}
        for side in (revision.before, revision.after)
    )
    is_first = prefix + MANIFEST in revision.after and prefix + MANIFEST not in revision.before
    begins = is_first or BACKFILLED in revision.message.splitlines()
    maps = [side.get(prefix + IDENTITY, "") for side in (revision.before, revision.after)]
    tells = MADE_ANEW in revision.message and all(maps)
    return _Touched(revision, before, after, len(items) - len(chosen), begins, tuple(maps) if tells else ())


def _read(repository: Repository, waiting: list[_Touched]) -> Iterator[SnapshotCommit]:
    ids = sorted({name for one in waiting for name in one.ids})
    contents = dict(zip(ids, repository.blobs(ids), strict=True))
    for one in waiting:
        before, after = (
            {path: contents[name] for path, name in side.items()} for side in (one.before, one.after)
        )
        anew = _made_anew(*(contents[name] for name in one.maps)) if one.maps else frozenset()
        yield SnapshotCommit(one.revision, compare(before, after), one.more, one.begins, anew)


def _made_anew(before: bytes, after: bytes) -> frozenset[tuple[Kind, str]]:
    """Return what was deleted and put back between two maps of identities; nothing if one cannot be read."""
    try:
        return frozenset(made_anew(Identity.from_bytes(before), Identity.from_bytes(after)))
    except SnapshotError:
        return frozenset()
