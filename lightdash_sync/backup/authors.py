"""Who changed what between two snapshots, as far as Lightdash tells.

It tells the author of a version of a chart, SQL chart or dashboard, and the owner of a new scheduler. It
does not tell who renamed, moved, deleted, shared or tagged something: that is nobody's by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.authorship import version_stamp
from lightdash_sync.model.identity import made_anew
from lightdash_sync.model.kinds import Kind
from lightdash_sync.snapshot.layout import item_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from lightdash_sync.model.identity import Identity
    from lightdash_sync.snapshot.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Share:
    """What one person changed.

    Attributes:
        person: key of the person in the identity map, or None for what is nobody's by name.
        others: who made versions in between that these replace.
        time: of the last of these changes; None if it is nobody's.
        paths: files that were added, changed or removed.
    """

    person: str | None
    time: datetime | None
    paths: frozenset[str]
    others: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who has a part in it, the one who made the last change last."""
        return (*self.others, self.person) if self.person else self.others


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
        New spaces, if people did something too; one share for each person, by the time of the last
        change; then what else is nobody's, if anything.
    """
    by_person: dict[str, list[tuple[datetime, str]]] = {}
    nobodys: set[str] = set()
    anew = {item_path(*item) for item in made_anew(known, identity)} & old.files.keys() & new.files.keys()
    for path in changed_paths(old, new) | anew:
        found = _author(path, known, identity) if path in new.files else None
        if found is None:
            nobodys.add(path)
        else:
            by_person.setdefault(found[0], []).append((found[1], path))
    told = []
    for person, changes in by_person.items():
        paths = frozenset(path for _, path in changes)
        others = _between(paths - old.files.keys(), known, identity) - {person}
        told.append(Share(person, max(time for time, _ in changes), paths, tuple(sorted(others))))
    told.sort(key=lambda share: (share.time, share.person))
    spaces = {path for path in nobodys if told and _is_new_space(path, old, new)}
    early, rest = (Share(None, None, frozenset(paths)) for paths in (spaces, nobodys - spaces))
    return [share for share in (early, *told, rest) if share.paths]


def _between(paths: Iterable[str], known: Identity, identity: Identity) -> set[str]:
    """Return who made the new earlier versions of charts that some files hold."""
    found = set()
    for path in paths:
        place = parse_path(path)
        if place is None or not place.version:
            continue
        versions = identity.facts(place.kind, place.key).get("versions")
        facts = versions.get(place.version) if isinstance(versions, dict) else None
        told = known.facts(place.kind, place.key).get("version")  # by the last backup, as the current one
        if isinstance(facts, dict) and facts.get("uuid") != told and isinstance(facts.get("createdBy"), str):
            found.add(str(facts["createdBy"]))
    return found


def _is_new_space(path: str, old: Manifest, new: Manifest) -> bool:
    place = parse_path(path)
    return place is not None and place.kind is Kind.SPACE and path in new.files and path not in old.files


def _author(path: str, known: Identity, identity: Identity) -> tuple[str, datetime] | None:
    """Return who made the current version of an item, and when, if that version is new."""
    place = parse_path(path)
    if place is None:
        return None
    facts, before = identity.facts(place.kind, place.key), known.facts(place.kind, place.key)
    now, was = version_stamp(place.kind, facts), version_stamp(place.kind, before)
    is_same = was and now and was.version == now.version and facts.get("uuid") == before.get("uuid")
    return None if now is None or now.person is None or is_same else (now.person, now.time)
