"""Who made the version that an item is in, and when, as far as Lightdash tells.

Lightdash tells the author of a version of a chart, SQL chart or dashboard, and when a scheduler was last
saved. A version has no name, description or place: a rename or a move makes none, and is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json, JsonObject

# Kind -> (fact that changes with a version, who made it, when).
_VERSION = {
    Kind.CHART: ("updatedAt", "updatedBy", "updatedAt"),  # of its version; renames and moves leave it
    Kind.DASHBOARD: ("updatedAt", "updatedBy", "updatedAt"),
    Kind.SQL_CHART: ("lastUpdatedAt", "lastUpdatedBy", "lastUpdatedAt"),
    Kind.SCHEDULER: ("updatedAt", "", "updatedAt"),
}

BACKFILLED = "Lightdash-Sync: backfill"
"""Line in the message of a commit that tells of a time before the first backup: what it adds is not new."""

MADE_ANEW = "made anew"
"""What the message of a commit says of an item that was deleted and put back."""

# Fields of content files that belong to no version. (Whoever saves a scheduler saves all of it.)
_UNVERSIONED = frozenset({"name", "description", "space", "dashboard", "verification", "palette"})


@dataclass(frozen=True, slots=True)
class Stamp:
    """One moment in the life of an item, by the server's own account.

    Attributes:
        version: what tells it from others of the same item.
        time: when, in UTC.
        person: key of who it was in the identity map; None if Lightdash does not say.
    """

    version: str
    time: datetime
    person: str | None


def version_stamp(kind: Kind, facts: JsonObject) -> Stamp | None:
    """Return which version an item is in; None for kinds without, or facts that do not say.

    Args:
        kind: of the item.
        facts: what the identity map knows of it.
    """
    if kind not in _VERSION:
        return None
    version, who, when = _VERSION[kind]
    time, said = moment(facts.get(when)), facts.get(version)
    return None if time is None or not isinstance(said, str) else Stamp(said, time, _text(facts.get(who)))


def creation_stamp(kind: Kind, facts: JsonObject, content: Json) -> Stamp | None:
    """Return when an item was made and by whom; None for kinds of which Lightdash does not say.

    Args:
        kind: of the item.
        facts: what the identity map knows of it.
        content: as it was first seen; the first owner of a scheduler is who made it.
    """
    time = moment(facts.get("createdAt"))
    if time is None:
        return None
    owner = content.get("owner") if kind is Kind.SCHEDULER and isinstance(content, dict) else None
    return Stamp("", time, _text(facts.get("createdBy")) or _text(owner))


def of_version(kind: Kind, content: Json) -> Json:
    """Return what of a content file belongs to a version of the item."""
    if kind is Kind.SCHEDULER or not isinstance(content, dict):
        return content
    return {name: value for name, value in content.items() if name not in _UNVERSIONED}


def of_no_version(kind: Kind, content: Json) -> Json:
    """Return the rest of it."""
    if kind is Kind.SCHEDULER or not isinstance(content, dict):
        return {}
    return {name: value for name, value in content.items() if name in _UNVERSIONED}


def moment(said: Json) -> datetime | None:
    """Read a time as Lightdash writes it; None for anything else."""
    try:
        time = datetime.fromisoformat(said) if isinstance(said, str) else None
        if time is None:
            return None
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def full_name(key: str, facts: JsonObject) -> str:
    """Return what a person is called; their key (an e-mail) where nobody said.

    Args:
        key: of the person in the identity map.
        facts: what it knows of them.
    """
    return " ".join(name for part in ("firstName", "lastName") if (name := _text(facts.get(part)))) or key


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def version_fields(kind: Kind, time: str) -> JsonObject:
    """Return facts that say when an item was saved, and nothing else: `version_stamp` reads them.

    Args:
        kind: of the item.
        time: as Lightdash writes it.
    """
    version, _, when = _VERSION[kind]
    return {version: time, when: time}
