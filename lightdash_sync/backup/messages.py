"""Writes the messages of backup commits.

The subject names the changes and the environment; the body lists the items by space, each with its event and
its address. Names come from Lightdash and are untrusted: they cannot add lines to a message.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.authorship import MADE_ANEW
from lightdash_sync.content.display import shown
from lightdash_sync.content.identity import Identity, former_uuids
from lightdash_sync.content.json import Json, JsonObject, parse
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.snapshot.layout import ContentPath, item_path, parse_path
from lightdash_sync.snapshot.read import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from lightdash_sync.snapshot.manifest import NotExported, Older

_SUBJECT = 72
_LISTED = 200  # items that a body lists
_NAMED = 2  # kinds that a subject names
_MAIN = (Kind.CHART, Kind.DASHBOARD, Kind.SQL_CHART, Kind.SPACE, Kind.SCHEDULER, Kind.TAG)
_NAME = 100  # characters of a name
_WORDS = {
    Kind.COMMENTS: "comments on dashboard",
    Kind.PINS: "the pinned items",
    Kind.METRIC_ICONS: "the icons of metrics",
    Kind.PROJECT: "the settings of project",
}
_PAGES = {Kind.CHART: "saved/{}", Kind.DASHBOARD: "dashboards/{}/view"}


@dataclass(frozen=True, slots=True)
class Happened:
    """The event of one item between two snapshots.

    Attributes:
        kind: of the item.
        key: of the item.
        verb: created, updated, renamed, moved or deleted; made anew, if it was deleted and created again;
            first seen, if the time of its creation is unknown.
        name: current (or last) name of the item.
        space: name of its space, or "".
        url: its address in Lightdash, or "".
    """

    kind: Kind
    key: str
    verb: str
    name: str
    space: str
    url: str


def happened(paths: Iterable[str], old: Path | None, new: Path) -> list[Happened]:
    """Return the events of the items in some files, in a stable order.

    Args:
        paths: the files that differ.
        old: directory of the snapshot before, or None if there was none.
        new: directory of the snapshot after.
    """
    after = Snapshot(new)
    before = Snapshot(old) if old is not None else None
    identity = after.identity()
    base = f"{after.manifest.source.url}/projects/{identity.project.get('uuid')}"
    known = before.identity() if before is not None else Identity()
    found: list[Happened] = []
    for place in sorted({_item(path) for path in paths}, key=lambda place: (place.kind, place.key)):
        was, now = _content(before, place), _content(after, place)
        at = after if now else before
        content = now or was or {}
        named = content if place.kind is not Kind.COMMENTS else _content(at, _board(place)) or {}
        uuid = identity.uuid(place.kind, place.key) if now and place.key else None
        former = former_uuids(identity.facts(place.kind, place.key)) if uuid else []
        is_anew = bool(former) and (was is None or known.uuid(place.kind, place.key) in former)
        found.append(
            Happened(
                place.kind,
                place.key,
                MADE_ANEW if is_anew else _verb(was, now),
                _cut(str(named.get("name") or place.key)),
                _cut(_space(at, named)),
                f"{base}/{_PAGES[place.kind].format(uuid)}" if uuid and place.kind in _PAGES else "",
            )
        )
    return found


def message(
    label: str,
    items: list[Happened],
    *,
    first: bool = False,
    renewed: bool = False,
    older: Sequence[Older] = (),
    unread: Sequence[NotExported] = (),
    prefix: str = "",
) -> str:
    """Return subject and body of the commit message for an environment.

    Args:
        label: name of the environment.
        items: from `happened`.
        first: whether it is the first backup.
        renewed: whether everything was read again and nothing changed.
        older: parts of the snapshot that were not read this time.
        unread: items that the server did not give.
        prefix: of the subject; rules of some remotes ask for one.
    """
    spaces = {item.space for item in items}
    verbs = {item.verb for item in items}
    into = "to" if verbs == {"moved"} else "in"
    where = f" {into} {shown(next(iter(spaces)))}" if len(spaces) == 1 and spaces != {""} else ""
    verb = next(iter(verbs)) if len(verbs) == 1 else "changed"
    what = f"first backup of {_what(items)}" if first else f"{_what(items)} {verb}"
    what = "everything read again, nothing changed" if renewed else what
    subject = f"{prefix}{shown(label)}: {what}{where}"
    lines = [subject if len(subject) <= _SUBJECT else subject[: _SUBJECT - 1] + "…"]
    for space in sorted(spaces):
        lines += ["", shown(space) or "Project"]
        lines += [_line(item) for item in items[:_LISTED] if item.space == space]
    if len(items) > _LISTED:
        lines += ["", f"and {len(items) - _LISTED} more"]
    if unread:
        lines += ["", "Not read:"]
        lines += [f"- {shown(one.what)}: {shown(one.why)}" for one in unread]
    if older:
        lines += ["", "Not read this time:"]
        lines += [f"- {shown(one.what)}, as of {one.asOf}" for one in older]
    return "\n".join(lines) + "\n"


def _what(items: list[Happened]) -> str:
    """Return the topic of a subject: the name of the only item, or the counts of the main kinds."""
    if not items:
        return "facts of the server"
    if len(items) == 1:
        return _called(items[0])
    counts = Counter(item.kind for item in items)
    kinds = [kind for kind in _MAIN if counts[kind]][:_NAMED] or [items[0].kind]
    nouns = [f"{counts[kind]} {KINDS[kind].noun[counts[kind] > 1]}" for kind in kinds]
    if others := len(items) - sum(counts[kind] for kind in kinds):
        nouns.append(f"{others} other item{'s' if others > 1 else ''}")
    return nouns[0] if len(nouns) == 1 else f"{', '.join(nouns[:-1])} and {nouns[-1]}"


def _line(item: Happened) -> str:
    address = f" {item.url}" if item.url else ""
    return f"- {item.verb} {_called(item)}{address}"


def _called(item: Happened) -> str:
    return f"{_WORDS.get(item.kind, KINDS[item.kind].noun[0])} {shown(item.name)}".rstrip()


def _cut(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1] + "…"


def _board(place: ContentPath) -> ContentPath:
    return ContentPath(Kind.DASHBOARD, place.key)


def _item(path: str) -> ContentPath:
    place = parse_path(path)
    if place is None:
        raise ValueError(f"{path} is no file of a snapshot")
    return ContentPath(place.kind, place.key)


def _content(snapshot: Snapshot | None, place: ContentPath) -> JsonObject | None:
    path = item_path(place.kind, place.key)
    if snapshot is None or path not in snapshot.manifest.files:
        return None
    content = parse(snapshot.read(path))
    return content if isinstance(content, dict) else {}


def _verb(was: JsonObject | None, now: JsonObject | None) -> str:
    if was is None:
        return "created"
    if now is None:
        return "deleted"
    differ = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    if differ == {"name"}:
        return "renamed"
    return "moved" if differ and differ <= {"space", "dashboard"} else "updated"


def _space(snapshot: Snapshot | None, content: JsonObject) -> str:
    """Return the name of an item's space; an item of a chart or dashboard has the space of that."""
    key: Json = content.get("space")
    if snapshot is None:
        return ""
    for field, kind in (("chart", Kind.CHART), ("dashboard", Kind.DASHBOARD)):
        if not isinstance(key, str) and isinstance(owner := content.get(field), str):
            inner = _content(snapshot, ContentPath(kind, owner))
            return _space(snapshot, inner) if inner else ""
    space = _content(snapshot, ContentPath(Kind.SPACE, key)) if isinstance(key, str) else None
    return str(space.get("name")) if space else ""
