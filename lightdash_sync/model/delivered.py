"""What a delivery delivers: a chart, a SQL chart or a dashboard. One of anything else is kept, and no more.

Newer servers deliver data apps, and some day other things that no snapshot holds. Nobody can say on another
server what such a delivery is of, so it stays in the snapshot, is named, and is never written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.portable import DELIVERED

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json

_KNOWN = frozenset({*DELIVERED, *(ours for ours, _ in DELIVERED.values())})
_NO_PLACES = _KNOWN | {"schedulerUuid", "projectUuid", "organizationUuid"}
_APP = "appUuid"


def why_not_replayed(delivery: Json) -> str:
    """Return why a delivery can be kept and not made anew, in words; "" if it can.

    Args:
        delivery: in the words of its file, or in the server's.
    """
    if not isinstance(delivery, dict) or not delivery or any(text(delivery, name) for name in _KNOWN):
        return ""
    if text(delivery, _APP):
        return "it delivers a data app, which no snapshot holds: it is kept, and cannot be replayed"
    unknown = sorted(name for name in delivery if name.endswith("Uuid") and name not in _NO_PLACES)
    named = f" ({', '.join(unknown)})" if unknown else ""
    return f"what it delivers is nothing that this version knows{named}: it is kept, and cannot be replayed"
