"""Who changed what between two snapshots, as far as Lightdash tells.

It tells the author of a version of a chart, SQL chart or dashboard, and the owner of a new scheduler. It
does not tell who renamed, moved, deleted, shared or tagged something: that is nobody's by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lightdash_sync.model.kinds import Kind
from lightdash_sync.snapshot.layout import parse_path

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.snapshot.manifest import Manifest

# Kind -> (fact that changes with a version, who made it, when).
_VERSIONED = {
    Kind.CHART: ("version", "updatedBy", "updatedAt"),
    Kind.DASHBOARD: ("updatedAt", "updatedBy", "updatedAt"),
    Kind.SQL_CHART: ("lastUpdatedAt", "lastUpdatedBy", "lastUpdatedAt"),
}


@dataclass(frozen=True, slots=True)
class Share:
    """What one person changed.

    Attributes:
        person: key of the person in the identity map, or None for what is nobody's by name.
        time: of the last of these changes; None if it is nobody's.
        paths: files that were added, changed or removed.
    """

    person: str | None
    time: datetime | None
    paths: frozenset[str]


def changed_paths(old: Manifest, new: Manifest) -> set[str]:
    """Return the content files that differ between two snapshots, without the sidecars."""
    paths = set(old.files) | set(new.files)
    return {path for path in paths if parse_path(path) and old.files.get(path) != new.files.get(path)}


def shares(old: Manifest, known: Identity, new: Manifest, identity: Identity) -> list[Share]:
    """Divide the changes between two snapshots among their authors.

    Args:
        old: manifest of the older snapshot.
        known: its identity map.
        new: manifest of the newer one.
        identity: its identity map.

    Returns:
        One share for each person, by the time of the last change; then what is nobody's, if anything.
    """
    by_person: dict[str, list[tuple[datetime, str]]] = {}
    nobodys: set[str] = set()
    for path in changed_paths(old, new):
        found = _author(path, known, identity) if path in new.files else None
        if found is None:
            nobodys.add(path)
        else:
            by_person.setdefault(found[0], []).append((found[1], path))
    told = [
        Share(person, max(time for time, _ in changes), frozenset(path for _, path in changes))
        for person, changes in by_person.items()
    ]
    told.sort(key=lambda share: (share.time, share.person))
    return [*told, Share(None, None, frozenset(nobodys))] if nobodys else told


def signature(kind: Kind, facts: JsonObject) -> tuple[str | None, datetime | None]:
    """Return who made the current version of an item and when, as far as Lightdash tells."""
    if kind not in _VERSIONED:
        return None, None
    _, who, when = _VERSIONED[kind]
    person = facts.get(who)
    return person if isinstance(person, str) else None, moment(facts.get(when))


def moment(text: Json) -> datetime | None:
    """Return a time that Lightdash gave, in UTC; None if it is none."""
    try:
        found = datetime.fromisoformat(str(text))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _author(path: str, known: Identity, identity: Identity) -> tuple[str, datetime] | None:
    """Return who made the current version of an item, and when, if that version is new."""
    place = parse_path(path)
    if place is None or place.kind not in _VERSIONED:
        return None
    changes, *_ = _VERSIONED[place.kind]
    facts, before = identity.facts(place.kind, place.key), known.facts(place.kind, place.key)
    if facts.get(changes) == before.get(changes) and facts.get("uuid") == before.get("uuid"):
        return None
    person, time = signature(place.kind, facts)
    return None if person is None or time is None else (person, time)
