"""What a server answers and this tool does not know: counted over a snapshot, and named once each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.export.convert import UNKNOWN
from lightdash_sync.model.kinds import KINDS
from lightdash_sync.model.known import is_known_by_now
from lightdash_sync.snapshot.manifest import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.model.identity import Identity

_NAMED = 12  # in a warning; the manifest has all


def unknown_things(identity: Identity) -> list[Unknown]:
    """Return what is not known of the items of a map, as their facts name it."""
    times: Counter[tuple[str, str]] = Counter()
    for kind, entries in identity.items.items():
        for facts in entries.values():
            said = facts.get(UNKNOWN)
            times.update(
                (kind.value, what)
                for what in (said if isinstance(said, list) else ())
                if isinstance(what, str) and not is_known_by_now(kind, what)
            )
    return [Unknown(kind=kind, what=what, items=count) for (kind, what), count in sorted(times.items())]


def unknown_warnings(found: Sequence[Unknown]) -> list[str]:
    """Return one warning that names what is not known; none if everything is."""
    if not found:
        return []
    nouns = {kind.value: spec.noun for kind, spec in KINDS.items()}
    named = [f"{one.what} ({one.items} {nouns[one.kind][one.items != 1]})" for one in found[:_NAMED]]
    more = f", and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return [
        f"Not known to this version of lightdash-sync, and kept as it came: {', '.join(named)}{more}. "
        "snapshot.json names all of it (`unknown`); what changes there is said field by field."
    ]
