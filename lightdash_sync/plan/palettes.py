"""Colour palettes of spaces, dashboards and charts: the organisation has them, others know the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from lightdash_sync.plan.options import Facts

_FIELD = "palette"
_WITH_PALETTE = frozenset({Kind.SPACE, Kind.CHART, Kind.DASHBOARD})


def adapted_palette(
    kind: Kind, key: str, wanted: JsonObject, now: Json, facts: Facts
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return an item with the palette that the target can give it, and what was left out.

    A source without palettes says nothing of them, and the target keeps its own.

    Args:
        kind: of the item.
        key: of the item.
        wanted: as the source has it.
        now: as the target has it, or None.
        facts: `palettes` of the target; None where items have none.
    """
    if kind not in _WITH_PALETTE:
        return wanted, ()
    said = wanted.get(_FIELD)
    if facts.palettes is None:
        kept = {name: value for name, value in wanted.items() if name != _FIELD}
        what = f"carried without its colour palette {shown(str(said))}: this Lightdash has none for it"
        return kept, () if said is None else (_problem(kind, key, "no_palettes", what),)
    own = now.get(_FIELD) if isinstance(now, dict) else None
    if _FIELD not in wanted:
        silent = isinstance(now, dict) and _FIELD not in now
        return wanted if silent else wanted | {_FIELD: own}, ()
    if said in (None, own) or str(said).replace("@{}{", "@{") in facts.palettes:
        return wanted, ()
    what = f"its colour palette stays as it is: the target's organisation has none called {shown(str(said))}"
    return wanted | {_FIELD: own}, (_problem(kind, key, "missing_palette", what),)


def _problem(kind: Kind, key: str, code: str, what: str) -> Problem:
    return Problem(f"{kind}:{key}", code, what, Gravity.WARNS)
