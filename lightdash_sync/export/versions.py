"""Which earlier versions an item has, and which of them an older snapshot holds already.

Versions that an older snapshot holds do not change, and are never asked for again. Before 0.3007.0 the server
lists those of the last days only, but gives one of any age to who knows its uuid: so the version that was
current in the older snapshot is known too, however long ago that was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from lightdash_sync.model.authorship import of_version
from lightdash_sync.model.canonical import canonical
from lightdash_sync.model.kinds import KINDS
from lightdash_sync.model.parts import parts_in
from lightdash_sync.snapshot.layout import item_path, version_name, version_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.client import views
    from lightdash_sync.export.old import Old
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.kinds import Kind


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
    listed: Iterable[views.Version],
    since: str | None = None,
) -> Earlier:
    """Find out which earlier versions of an item there are.

    Args:
        old: the older snapshot, or None.
        kind: of the item.
        uuid: of the item.
        current: name of the current version, which is none of them.
        listed: what the server lists.
        since: the day from which on versions are wanted; None for all. What the older snapshot holds, or had
            as the current version, is wanted however old it is.
    """
    facts, known = old_facts(old, kind, uuid), known_versions(old, kind, uuid)
    names = {name: str(version["uuid"]) for name, version in known.items()}
    if old is not None and uuid in old.made_anew:  # the server knows none of them by this uuid
        names = {name: one for name, one in names.items() if _is_there(old, kind, uuid, name)}
    elif isinstance(version := facts.get("version"), str):
        names[version_name(str(facts.get("updatedAt")), version)] = version
    wanted = (one for one in listed if since is None or one.createdAt >= since)
    names |= {version_name(one.createdAt, one.versionUuid): one.versionUuid for one in wanted}
    names.pop(current, None)
    held = {name: known[name] for name in names if name in known and _is_there(old, kind, uuid, name)}
    return Earlier(dict(sorted(names.items())), held)


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
