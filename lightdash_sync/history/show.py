"""Finds one item on disk, in a commit, or as a version that somebody saved in Lightdash."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import version_stamp
from lightdash_sync.content.json import Json, JsonObject, digest, parse, sha256
from lightdash_sync.content.kinds import KINDS
from lightdash_sync.errors import ConfigError, GitError, SnapshotError, SyncError
from lightdash_sync.history.past import (
    HistoryItem,
    all_paths,
    facts_in,
    is_possible,
    read_past,
    unknown_item,
    version_in,
)
from lightdash_sync.snapshot.layout import IDENTITY, is_version_name

if TYPE_CHECKING:
    from datetime import datetime

    from lightdash_sync.git import Revision
    from lightdash_sync.history.sources import Sources

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORT = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Found:
    """An item at one time.

    Attributes:
        item: the item.
        data: bytes of the file.
        content: the parsed file.
        revision: id of the commit; None for the disk.
        version: name of the version; "" for kinds without versions, or if it is unknown.
        created_at: when the version was saved in Lightdash; None if Lightdash does not report it.
        created_by: key of the person who saved it.
        notes: for the user.
    """

    item: HistoryItem
    data: bytes
    content: Json
    revision: str | None
    version: str
    created_at: datetime | None
    created_by: str | None
    notes: tuple[str, ...] = ()


def find_one(sources: Sources, item: HistoryItem, at: str) -> Found:
    """Find an item.

    Args:
        sources: where to look.
        item: the item.
        at: a version of it (its name, the last eight digits of that, or its uuid), or a revision of git; ""
            for the disk. A text that fits both means the version.

    Raises:
        ConfigError: there is no such item, version or revision.
        SnapshotError: the file is not JSON, or cannot be read; or there is no snapshot on disk.
        GitError: git failed.
    """
    if not is_possible(item):
        raise _unknown(sources, item)
    if not at:
        return _on_disk(sources, item)
    return _version(sources, item, at) or _at_revision(sources, item, at)


def _on_disk(sources: Sources, item: HistoryItem) -> Found:
    snapshot = sources.snapshot
    if snapshot is None or item.path not in snapshot.manifest.files:
        last = _last_commit(sources, item)
        raise _unknown(sources, item) if last is None else _gone(sources, item, last)
    data = sources.read(item.path)
    notes = []
    if sha256(data) != snapshot.manifest.files[item.path]:
        notes.append(f"{snapshot.root}/{item.path} is not as it was written")
    return _found(item, data, sources.read(IDENTITY), None, notes)


def _version(sources: Sources, item: HistoryItem, at: str) -> Found | None:
    """Return the version that `at` names; None if it names none."""
    ending = _ending(at)
    if KINDS[item.kind].history is None or not ending:
        return None
    past = read_past(sources, item)
    meant = sorted(name for name in past.versions if name.endswith(ending))
    if len(meant) > 1:
        raise ConfigError(f"{at!r} may be several versions of {item}", hint=f"There are: {', '.join(meant)}.")
    if not meant:
        return None
    version = past.versions[meant[0]]
    revision, path = version.source
    commit = revision.id if revision else None
    data = sources.read(path, commit)
    content = _parsed(data, f"{item}@{at}")
    return Found(item, data, content, commit, meant[0], version.stamp.time, version.stamp.person)


def _ending(at: str) -> str:
    """Return the end of the name of the version that `at` may name; "" if it cannot name one."""
    if is_version_name(at):
        return at
    if _UUID.fullmatch(at):
        return f"-{digest(at, 8)}"
    return f"-{at}" if _SHORT.fullmatch(at) else ""


def _at_revision(sources: Sources, item: HistoryItem, at: str) -> Found:
    commits = sources.commits
    if commits is None:
        raise ConfigError(f"{item} has no version {at!r}, and no commits", hint="; ".join(sources.notes))
    try:
        revision = commits.resolve(at)
    except GitError as error:
        if not _is_known(sources, item):
            raise _unknown(sources, item) from error
        hint = error.hint or f"`lightdash-sync log {item}` lists both."
        raise ConfigError(f"{at!r} is neither a version of {item} nor a revision", hint=hint) from error
    places = [(revision, commits.file(path)) for path in (item.path, IDENTITY)]
    content, identity = commits.find(places)
    if content is None:
        last = _last_commit(sources, item) if revision == commits.start else None
        if last is not None:
            raise _gone(sources, item, last)
        if not _is_known(sources, item):
            raise _unknown(sources, item)
        hint = f"`lightdash-sync log {item}` tells when it was there."
        raise ConfigError(f"{item} is not in {at} (commit {revision[:10]})", hint=hint)
    data = sources.read(item.path, revision)
    return _found(item, data, sources.read(IDENTITY, revision) if identity else b"{}", revision, [])


def _found(item: HistoryItem, data: bytes, identity: bytes, revision: str | None, notes: list[str]) -> Found:
    content = _parsed(data, f"{item} in commit {revision[:10]}" if revision else str(item))
    facts: JsonObject = {}
    try:
        facts, _ = facts_in(identity, item)
    except ValueError:
        notes.append(f"{IDENTITY} is no JSON, so nobody knows who saved it, and when")
    stamp = version_stamp(item.kind, facts)
    version = version_in(item, facts)
    if not is_version_name(version):  # a kind without versions, or a server that does not list them
        version = ""
    time, person = (stamp.time, stamp.person) if stamp else (None, None)
    return Found(item, data, content, revision, version, time, person, tuple(notes))


def _gone(sources: Sources, item: HistoryItem, last: Revision) -> SyncError:
    """Return the error for an item that no longer exists, with the last commit that touched it."""
    commit = last.id[:10]
    if "D" not in last.changes.values():
        hint = f"`lightdash-sync show {item}@{commit}` shows it as it was committed."
        if sources.missing is not None:
            return SnapshotError(sources.missing.message, hint=hint)
        return ConfigError(f"{item} is not in the snapshot on disk", hint=hint)
    hint = f"`lightdash-sync show {item}@{commit}~1` shows what it was."
    return ConfigError(f"{item} was deleted in commit {commit} of {last.committed:%Y-%m-%d}", hint=hint)


def _is_known(sources: Sources, item: HistoryItem) -> bool:
    """Whether an item is on disk, or was ever committed."""
    on_disk = sources.snapshot is not None and item.path in sources.snapshot.manifest.files
    return on_disk or _last_commit(sources, item) is not None


def _last_commit(sources: Sources, item: HistoryItem) -> Revision | None:
    """Return the last commit that touched an item."""
    if sources.commits is None:
        return None
    return next(sources.commits.history(sources.commits.file(item.path), 1), None)


def _unknown(sources: Sources, item: HistoryItem) -> ConfigError:
    return unknown_item(item, all_paths(sources), str(sources.folder))


def _parsed(data: bytes, what: str) -> Json:
    try:
        return parse(data)
    except ValueError as error:
        raise SnapshotError(f"{what} is no JSON: {error}") from error
