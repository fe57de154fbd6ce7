"""What of the desired content nobody here understands: it is sent only to a server that says the same itself.

Newer servers have fields and values that this tool has not heard of. Within one project they are sent as they
came. Between projects a field goes along if the target has it in some item of that kind, and is left out
else; an item with a value that the target has nowhere (a new type of chart or tile) is left as it is, or not
made. Each is named in the plan. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.model.known import is_field, unknown_in, without_unknown
from lightdash_sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.scope import Contents

_NAMED = 5  # in a sentence


@dataclass(frozen=True)
class Understood:
    """A desired content, as far as it may be sent.

    Attributes:
        content: without what the target does not know.
        problems: what was left out.
        why_not: why the item cannot be written, in words; "" if it can.
    """

    content: JsonObject
    problems: tuple[Problem, ...] = ()
    why_not: str = ""


@dataclass
class Unknowns:
    """Knows what the target has that this tool does not understand.

    Attributes:
        existing: content of the target.
    """

    existing: Contents
    _there: dict[Kind, frozenset[str]] = field(default_factory=dict)

    def adapt(self, item: Item, wanted: JsonObject) -> Understood:
        """Return what of a desired content may be sent to another project.

        Args:
            item: kind and key.
            wanted: its content.
        """
        kind, key = item
        strange = frozenset(unknown_in(kind, wanted))
        if not strange or not (strange := strange - self._of_target(kind)):
            return Understood(wanted)
        values = sorted(what for what in strange if not is_field(what))
        if values:
            why = f"nobody here knows {_listed(values)}, and the target has nothing like it"
            return Understood(wanted, why_not=f"{why}: look for a newer lightdash-sync")
        what = f"carried without {_listed(sorted(strange))}: not known here, and in no {kind} of the target"
        problem = Problem(f"{kind}:{key}", "unknown_left_out", what, Gravity.WARNS)
        return Understood(without_unknown(kind, wanted, self._of_target(kind)), (problem,))

    def _of_target(self, kind: Kind) -> frozenset[str]:
        if kind not in self._there:
            self._there[kind] = _all_unknown(kind, self.existing)
        return self._there[kind]


def _all_unknown(kind: Kind, contents: Contents) -> frozenset[str]:
    items = [item for item in contents.there if item[0] is kind and item[1]]
    return frozenset(what for item in items for what in unknown_in(kind, contents.of(item)))


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
