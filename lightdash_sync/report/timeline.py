"""What was, for people and for machines: the history of a snapshot, the time line of an item, one item.

Everything in it may come from anybody who can write to the repository, and is made harmless.
"""

from __future__ import annotations

import sys
from itertools import compress
from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.git import TOOL
from lightdash_sync.model.authorship import full_name
from lightdash_sync.model.changes import Status, summary, words
from lightdash_sync.report.changes import changes_json
from lightdash_sync.report.shown import shown
from lightdash_sync.report.terminal import console, table
from lightdash_sync.timeline import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lightdash_sync.git import Person, Revision
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.changes import ItemChange
    from lightdash_sync.timeline import Entry, Found, Past, SnapshotCommit

LISTED = 12  # items of a commit before "and n more"
_SUBJECT = 100  # characters
_COMMIT = 10  # digits of a commit that are shown
_COLUMNS = ("WHEN (UTC)", "WHO", "VERSION", "COMMIT", "WHAT")
_NARROW = ("WHEN (UTC)", "VERSION", "COMMIT")  # never broken
_NOBODY = "—"
_UNREADABLE = "its content cannot be read"
_STYLES = {Status.CREATED: "green", Status.CHANGED: "", Status.DELETED: "red"}
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


def snapshot_text(commits: Sequence[SnapshotCommit], *, more: bool, every: bool) -> None:
    """Print the history of a snapshot.

    Args:
        commits: newest first.
        more: whether there are older ones.
        every: tell each change in full, also those that mean nothing to users.
    """
    out = console()
    for commit in commits:
        one = commit.revision
        out.print(_head(one))
        for kind, key in sorted(commit.made_anew):
            out.print(Text.assemble("    ", (_EVENTS[Event.RECREATED], "green"), f" {kind}:{key}"))
        for item in commit.items:
            for line in _item_lines(item, begins=commit.begins, every=every):
                out.print(line)
        if commit.more:
            out.print(f"    … and {commit.more} more")
    if more:
        out.print(Text("Older commits are not listed; --limit 0 lists all.", style="dim"))


def _head(one: Revision) -> Text:
    """Return when, which commit, who, and the subject."""
    who = _NOBODY if one.author == TOOL else shown(one.author.name)
    subject = one.message.partition("\n")[0]
    subject = subject if len(subject) <= _SUBJECT else f"{subject[: _SUBJECT - 1]}…"
    when, commit = (f"{_minute(one.time)}  ", "cyan"), (one.id[:_COMMIT], "yellow")
    return Text.assemble(when, commit, f"  {who}  ", (shown(subject), "bold"))


def _item_lines(item: ItemChange, *, begins: bool, every: bool) -> list[Text]:
    """Return what became of an item; nothing for what means nothing to users."""
    label = f"{item.kind}:{item.key}" if item.key else str(item.kind)
    status = "first seen" if begins and item.status is Status.CREATED else item.status.value
    head = Text.assemble("    ", (status, _STYLES[item.status]), f" {label}")
    try:
        if item.name not in (item.key, item.kind):
            head.append(f" ({shown(item.name)})")
        found = item.changes
    except ValueError:
        return [head.append(f": {_UNREADABLE}")]
    if item.status is not Status.CHANGED:
        return [head]
    if every:
        return [head, *(Text(f"        {shown(words(change))}") for change in found)]
    return [head.append(f": {shown(summary(found))}")] if any(not change.quiet for change in found) else []


def snapshot_json(
    path: str, commits: Sequence[SnapshotCommit], notes: Sequence[str], *, more: bool
) -> JsonObject:
    """Return the history of a snapshot, for machines."""
    return {
        "path": path,
        "commits": [_commit_json(commit) for commit in commits],
        "older": more,
        "warnings": [*notes],
    }


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
    said: JsonObject = {"kind": item.kind.value, "key": item.key, "status": item.status.value}
    try:
        return said | {"name": item.name, **changes_json(item.changes)}
    except ValueError:
        return said | {"unreadable": True}


def item_text(past: Past, entries: Sequence[Entry], *, older: int, every: bool) -> None:
    """Print the time line of an item.

    Args:
        past: the item.
        entries: newest first.
        older: how many are not among them.
        every: tell each change in full, also those that mean nothing to users.
    """
    out = console()
    out.print(Text.assemble((str(past.item), "bold"), f"  {shown(past.name)}" if past.name else ""))
    if not entries:
        out.print("Nothing is known of its past.")
        return
    rows = [row for entry in entries for row in _rows(past, entry, every=every)]
    used = [any(row[place] for row in rows) for place in range(len(_COLUMNS))]
    drawn = table([*compress(_COLUMNS, used)], ([*compress(row, used)] for row in rows))
    for column in drawn.columns:
        column.no_wrap = column.header in _NARROW
    out.print(drawn)
    if older:
        out.print(Text(f"{older} older not listed; --limit 0 lists all.", style="dim"))


def _rows(past: Past, entry: Entry, *, every: bool) -> list[tuple[str, str, str, str, str]]:
    told = _EVENTS[entry.event]
    time = "not committed" if entry.time is None else f"{'by ' if entry.seen_by else ''}{_minute(entry.time)}"
    who = full_name(entry.person, past.people.get(entry.person, {})) if entry.person else _NOBODY
    commit = entry.commit.id[:_COMMIT] if entry.commit else ""
    said = [words(change) for change in entry.changes] if every else [summary(entry.changes)]
    lines = [line for line in (told, *said) if line] or ["saved, and nothing changed"]
    if not every:
        lines = [": ".join(lines)]
    return [
        (time, who, entry.version[-8:], commit, lines[0]),
        *(("", "", "", "", line) for line in lines[1:]),
    ]


def item_json(
    path: str, past: Past, entries: Sequence[Entry], notes: Sequence[str], *, older: int
) -> JsonObject:
    """Return the time line of an item, for machines."""
    return {
        "path": path,
        "kind": past.item.kind.value,
        "key": past.item.key,
        "name": past.name,
        "entries": [_entry_json(past, entry) for entry in entries],
        "older": older,
        "warnings": [*notes],
    }


def _entry_json(past: Past, entry: Entry) -> JsonObject:
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


def found_text(found: Found) -> None:
    """Print an item: the bytes of its file; on a terminal without what could act on it."""
    if sys.stdout.isatty():
        sys.stdout.write(_harmless(found.data.decode("utf-8")))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(found.data)
    sys.stdout.flush()


def found_json(path: str, found: Found) -> JsonObject:
    """Return an item with what is known of that version, for machines."""
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


def _harmless(document: str) -> str:
    """Return JSON that says the same with escapes for control characters and what turns text around."""
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in document)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def _person_json(person: Person) -> JsonObject:
    return {"name": person.name, "email": person.email}


def _minute(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}"


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
