"""Whether linked items that the target's lists no longer name are really deleted.

Else a plan would make everything a second time, when a list came back short or the token sees less than
the last one did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import Incomplete
from lightdash_sync.export.deleted import ASKED, Unlisted, confirm_deleted
from lightdash_sync.export.readings import Readings
from lightdash_sync.export.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.plan.keys import Linked
    from lightdash_sync.plan.options import Item
    from lightdash_sync.sync.target import Place

_NAMED = 10  # items that an error names


def require_deleted(
    place: Place,
    found: Linked,
    links: Mapping[Kind, Mapping[str, JsonObject]],
    is_planned: Callable[[Item], bool],
) -> None:
    """Ask for every linked item that no list names.

    Args:
        place: the target.
        found: what its lists name, and what they do not.
        links: kind -> key -> facts with the uuid.
        is_planned: whether a plan would make an item.

    Raises:
        Refused: the token may not see an item, which may be there all the same.
        Incomplete: an item is there, so a list came back short; or nobody can tell.
    """
    unlisted = [
        Unlisted(kind, key, str(facts["uuid"]), str(facts.get("slug") or ""))
        for kind in ASKED
        for key, facts in links.get(kind, {}).items()
        if key in found.gone.get(kind, ()) and is_planned((kind, key))
    ]
    if not unlisted:
        return
    session = place.lightdash.session
    workers = Workers(session.connection.concurrency, session.pacer.stopped, place.progress)
    readings = Readings(workers)
    try:
        there = confirm_deleted(
            place.lightdash,
            place.project,
            unlisted,
            readings,
            seen="when they were linked",
            hint="Use the token of a project admin; with another one, items would be made a second time.",
        )
    finally:
        workers.close()
    if readings.unread:
        first = readings.unread[0]
        raise Incomplete(
            f"{first.what}: it is not known whether the target still has it: {first.error.message}",
            hint="Plan again.",
        )
    left = [one.item for one in unlisted if one.uuid in there.charts] + [one.item for one in there.others]
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        are, them = ("is", "it") if len(left) == 1 else ("are", "them")
        raise Incomplete(
            f"{', '.join(left[:_NAMED])}{more} {are} on the target, and its lists do not name {them}",
            hint="Plan again; if it stays so, use the token of a project admin: lists may show others less.",
        )
