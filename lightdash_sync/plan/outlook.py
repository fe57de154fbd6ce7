"""The target's content before a plan and after it, for checks that look at more than one item.

A plan holds what it changes; the rest of the content stays as it is and is looked up where a check needs
it, such as the explore of an unchanged chart on a changed dashboard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.values import Step

Look: TypeAlias = Callable[[Kind, str], "Json"]


def nothing(_kind: Kind, _key: str) -> Json:
    """Know no content besides that of the plan."""
    return None


@dataclass(frozen=True)
class Outlook:
    """Content by kind and key, before and after.

    Attributes:
        steps: of the plan, by kind and key.
        look: the content of an item of the target that the plan leaves alone; None if there is none.
    """

    steps: Mapping[Item, Step] = field(default_factory=dict)
    look: Look = nothing

    @classmethod
    def of(cls, steps: Sequence[Step], look: Look = nothing) -> Outlook:
        """Return the outlook of a plan."""
        return cls({(step.kind, step.key): step for step in steps}, look)

    def before(self, kind: Kind, key: str) -> Json:
        """Return an item as the target has it, or None."""
        step = self.steps.get((kind, key))
        return self.look(kind, key) if step is None else step.before

    def after(self, kind: Kind, key: str) -> Json:
        """Return an item as the target will have it, or None."""
        step = self.steps.get((kind, key))
        return self.look(kind, key) if step is None else step.after
