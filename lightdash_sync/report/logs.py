"""Builds the reports of `log` and `show`: the history of a snapshot, the time line of an item, one item."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status
from lightdash_sync.changes.wording import summary, words
from lightdash_sync.content.authorship import full_name
from lightdash_sync.git import TOOL
from lightdash_sync.history.log import Event
from lightdash_sync.report.differences import own_name
from lightdash_sync.report.json import changes_json
from lightdash_sync.report.value import ItemGroup, Items, Notes, Report, ReportItem, Table, TableRow, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from lightdash_sync.changes.items import ItemChange
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.git import Person, Revision
    from lightdash_sync.history.log import LogEntry, SnapshotCommit
    from lightdash_sync.history.past import ItemHistory
    from lightdash_sync.history.show import Found

LISTED = 12  # items of a commit before "and n more"
_SUBJECT = 100  # characters
_COMMIT = 10  # digits of a commit that are shown
_COLUMNS = ("when (UTC)", "who", "version", "commit", "what")
_UNBROKEN = frozenset({"when (UTC)", "version", "commit"})
_NOBODY = "—"
_EVENTS = {
    Event.FIRST_VERSION: "oldest version known",
    Event.FIRST_SEEN: "first seen",
    Event.CREATED: "created",
    Event.CHANGED: "",
    Event.REPLACED: "replaced by another one of this key",
    Event.DELETED: "deleted",
    Event.RESTORED: "restored",
    Event.RECREATED: "made anew",
}


def snapshot_log_report(
    path: str,
    commits: Sequence[SnapshotCommit],
    notes: Sequence[str],
    *,
    has_older: bool,
    every: bool = False,
) -> Report:
    """Return the history of a snapshot.

    Args:
        path: of the snapshot.
        commits: newest first.
        notes: what people should know.
        has_older: whether there are older commits.
        every: show each change in full, also those that mean nothing to users.
    """
    groups = tuple(
        ItemGroup(_heading(commit.revision), tuple(_commit_items(commit, every=every)), more=commit.more)
        for commit in commits
    )
    older = ("Older commits are not listed; --limit 0 lists all.",) if has_older else ()
    data: JsonObject = {
        "path": path,
        "commits": [_commit_json(commit) for commit in commits],
        "older": has_older,
        "warnings": [*notes],
    }
    return Report("History", data, (Items(groups), Notes(older, tone=Tone.QUIET)), is_complete=True)


def item_log_report(
    path: str,
    past: ItemHistory,
    entries: Sequence[LogEntry],
    notes: Sequence[str],
    *,
    older: int,
    every: bool = False,
) -> Report:
    """Return the time line of an item.

    Args:
        path: of the snapshot.
        past: the item.
        entries: newest first.
        notes: what people should know.
        older: number of older entries that are left out.
        every: show each change in full, also those that mean nothing to users.
    """
    rows = [row for entry in entries for row in _rows(past, entry, every=every)]
    used = [any(row[place] for row in rows) for place in range(len(_COLUMNS))]
    table = Table(
        tuple(compress(_COLUMNS, used)),
        tuple(TableRow(tuple(compress(row, used))) for row in rows),
        unbroken=_UNBROKEN,
    )
    hidden = (f"{older} older not listed; --limit 0 lists all.",) if older else ()
    data: JsonObject = {
        "path": path,
        "kind": past.item.kind.value,
        "key": past.item.key,
        "name": past.name,
        "entries": [_entry_json(past, entry) for entry in entries],
        "older": older,
        "warnings": [*notes],
    }
    blocks = (
        table,
        Notes(() if rows else ("Nothing is known of its past.",)),
        Notes(hidden, tone=Tone.QUIET),
    )
    lead = f"{past.item}  {past.name}".strip()
    return Report("Time line", data, blocks, lead=lead, is_complete=True)


def found_json(path: str, found: Found) -> JsonObject:
    """Return an item and its version for JSON."""
    return {
        "path": path,
        "kind": found.item.kind.value,
        "key": found.item.key,
        "revision": found.revision,
        "version": found.version or None,
        "createdAt": _iso(found.created_at),
        "createdBy": found.created_by,
        "content": found.content,
        "warnings": [*found.notes],
    }


# --- a snapshot ---


def _heading(one: Revision) -> str:
    """Return time, id, author and subject of a commit."""
    who = _NOBODY if one.author == TOOL else one.author.name
    subject = one.message.partition("\n")[0]
    subject = subject if len(subject) <= _SUBJECT else f"{subject[: _SUBJECT - 1]}…"
    return f"{_minute(one.time)}  {one.id[:_COMMIT]}  {who}  {subject}"


def _commit_items(commit: SnapshotCommit, *, every: bool) -> Iterator[ReportItem]:
    for kind, key in sorted(commit.made_anew):
        yield ReportItem(kind, key, Status.CREATED, _EVENTS[Event.RECREATED])
    for item in commit.items:
        yield from _commit_item(item, is_first=commit.begins, every=every)


def _commit_item(item: ItemChange, *, is_first: bool, every: bool) -> Iterator[ReportItem]:
    """Yield the changes of an item; nothing if they are of no interest to users."""
    status = item.status
    verb = "first seen" if is_first and status is Status.CREATED else status.value
    try:
        name, changes = own_name(item), tuple(item.changes)
    except ValueError:
        yield ReportItem(item.kind, item.key, status, verb, summary="its content cannot be read")
        return
    if status is not Status.CHANGED:
        yield ReportItem(item.kind, item.key, status, verb, name)
    elif every:
        yield ReportItem(item.kind, item.key, status, verb, name, changes=changes)
    elif any(not change.quiet for change in changes):
        yield ReportItem(item.kind, item.key, status, verb, name, summary=summary(changes))


def _commit_json(commit: SnapshotCommit) -> JsonObject:
    one = commit.revision
    return {
        "commit": one.id,
        "time": _iso(one.time),
        "author": _person_json(one.author),
        "committed": _iso(one.committed),
        "committer": _person_json(one.committer),
        "message": one.message,
        "begins": commit.begins,
        "made_anew": [f"{kind}:{key}" for kind, key in sorted(commit.made_anew)],
        "items": [_item_json(item) for item in commit.items],
    }


def _item_json(item: ItemChange) -> JsonObject:
    found: JsonObject = {"kind": item.kind.value, "key": item.key, "status": item.status.value}
    try:
        return found | {"name": item.name, **changes_json(item.changes)}
    except ValueError:
        return found | {"unreadable": True}


def _person_json(person: Person) -> JsonObject:
    return {"name": person.name, "email": person.email}


# --- an item ---


def _rows(past: ItemHistory, entry: LogEntry, *, every: bool) -> list[tuple[str, str, str, str, str]]:
    event = _EVENTS[entry.event]
    time = "not committed" if entry.time is None else f"{'by ' if entry.seen_by else ''}{_minute(entry.time)}"
    who = full_name(entry.person, past.people.get(entry.person, {})) if entry.person else _NOBODY
    commit = entry.commit.id[:_COMMIT] if entry.commit else ""
    changes = [words(change) for change in entry.changes] if every else [summary(entry.changes)]
    lines = [line for line in (event, *changes) if line] or ["saved, and nothing changed"]
    if not every:
        lines = [": ".join(lines)]
    return [
        (time, who, entry.version[-8:], commit, lines[0]),
        *(("", "", "", "", line) for line in lines[1:]),
    ]


def _entry_json(past: ItemHistory, entry: LogEntry) -> JsonObject:
    who: Json = None
    if entry.person is not None:
        who = {"key": entry.person, "name": full_name(entry.person, past.people.get(entry.person, {}))}
    return {
        "event": entry.event.value,
        "time": _iso(entry.time),
        "seen_by": entry.seen_by,
        "who": who,
        "version": entry.version or None,
        "commit": entry.commit.id if entry.commit else None,
        **changes_json(entry.changes),
    }


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
