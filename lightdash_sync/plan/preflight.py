"""What would be broken after a plan, known before its first write.

Pure: it asks nobody. What the target has comes in as facts, and what could not be asked is said as a
warning, never taken for granted. A reference that is broken on the target already does not stop an item
from being written; one that this plan would break does, unless the user allows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.plan.outlook import Look, nothing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lightdash_sync.plan.options import Facts, Item, Options
    from lightdash_sync.plan.values import Problem, Step


def needed_tables(steps: Sequence[Step], look: Look = nothing) -> frozenset[str]:
    """Return the explores whose fields must be known to check what a plan creates and updates.

    Args:
        steps: of the plan.
        look: content of charts and dashboards that the plan leaves alone.
    """
    raise NotImplementedError


def reference_problems(
    steps: Sequence[Step],
    facts: Facts,
    options: Options,
    existing: Collection[Item],
    external: Collection[str] = (),
    look: Look = nothing,
) -> tuple[Problem, ...]:
    """Return what the items that a plan writes refer to and would not find.

    Args:
        steps: of the plan.
        facts: what the target has, with the fields of `needed_tables`.
        options: `allow_broken` and `recipients`.
        existing: kind and key of every item of the target.
        external: `~` keys whose uuids are known.
        look: content of charts and dashboards that the plan leaves alone.
    """
    raise NotImplementedError
