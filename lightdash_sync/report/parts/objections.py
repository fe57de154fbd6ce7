"""What speaks against a plan or a promotion, by reason, and what allows it: values that renderers read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject


@dataclass(frozen=True)
class Objection:
    """One thing that speaks against what is to be done.

    Attributes:
        code: stays the same from version to version.
        item: `kind:key`, or "" for all of it.
        name: what the item is called, or "".
        what: in words.
        details: heading and lines of what is to be known of it.
        hints: options that allow it, or resolve it, each with what it does.
    """

    code: str
    item: str
    name: str
    what: str
    details: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hints: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Objections:
    """All that speaks against it for one reason.

    Attributes:
        code: of the reason; stays the same from version to version.
        title: the reason in words.
        found: what does.
    """

    code: str
    title: str
    found: tuple[Objection, ...]


def objection_json(reason: str, one: Objection) -> JsonObject:
    """Return an objection for machines.

    Args:
        reason: the code of its reason.
        one: the objection.
    """
    return {
        "reason": reason,
        "code": one.code,
        "item": one.item or None,
        "name": one.name or None,
        "what": one.what,
        "hints": [{"option": option, "does": does} for option, does in one.hints],
    }
