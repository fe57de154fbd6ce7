"""What a promotion would need and does not find: permissions, explores, fields.

`promoteDiff` checks neither, and the promotion itself only permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.managed import same_content
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.preflight import needed_tables, reference_problems
from lightdash_sync.plan.values import Action, Gravity, Step
from lightdash_sync.sync.planning import facts_for, fields_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Item
    from lightdash_sync.promote.foresight import Foresight
    from lightdash_sync.sync.target import Place

_OPTIONS = Options()
_LACKING = frozenset({"missing_explore", "missing_field", "missing_table"})


class Permissions(Protocol):
    """What the token's owner may do in both projects."""

    def missing(
        self, kind: Kind, source_space: str, upstream_space: str | None, *, exists: bool, name: str
    ) -> str:
        """Return which permission the owner lacks to promote an item, in words; "" for none.

        Args:
            kind: of the item.
            source_space: uuid of the space that it is in.
            upstream_space: uuid of the space that it goes to; None if that will be made.
            exists: whether the server finds the item upstream.
            name: what it is called.
        """

    def doubts(self) -> tuple[str, ...]:
        """Return what could not be told, in words."""


def missing_permissions(
    items: Iterable[Item], foresight: Foresight, permissions: Permissions | None
) -> dict[Item, str]:
    """Return which permission is missing for what, in words.

    Args:
        items: of the source.
        foresight: both projects.
        permissions: of the token's owner; None if another one is going to promote.

    Raises:
        ApiError: the server failed.
    """
    found: dict[Item, str] = {}
    if permissions is None:
        return found
    for item in items:
        if item[0] is Kind.SPACE:  # the right to its spaces is asked for with what is in them
            continue
        space = (Kind.SPACE, foresight.source.space_of(item))
        lacks = permissions.missing(
            item[0],
            foresight.here.uuid(*space) or "",
            foresight.pairs.upstream(space),
            exists=foresight.before(item) is not None,
            name=text(foresight.source.of(item), "name"),
        )
        if lacks:
            found[item] = lacks
    return found


def broken(place: Place, foresight: Foresight, after: Mapping[Item, Json]) -> dict[Item, tuple[str, ...]]:
    """Return which explores and fields the upstream project lacks for what would be written there, in words.

    Args:
        place: the upstream project.
        foresight: both projects.
        after: item -> the content that it will have.

    Raises:
        ApiError: the server failed.
    """
    steps = [step for item, content in after.items() if (step := _step(item, content, foresight))]
    if not steps:
        return {}
    facts = facts_for(place, foresight.here)
    if tables := needed_tables(steps, foresight.upstream.look):
        facts = fields_for(place, facts, tables)
    found: dict[str, list[str]] = {}
    for problem in reference_problems(
        steps, facts, _OPTIONS, foresight.upstream.there, (), foresight.upstream.look
    ):
        if problem.code in _LACKING and problem.gravity is Gravity.BLOCKS:
            found.setdefault(problem.item, []).append(problem.what)
    return {item: tuple(found[name]) for item in after if (name := f"{item[0]}:{item[1]}") in found}


def _step(item: Item, after: Json, foresight: Foresight) -> Step | None:
    """Return what is written, as the checks of a plan look at it; None if nothing is."""
    before = foresight.before(item)
    if item[0] not in (Kind.CHART, Kind.DASHBOARD) or same_content(item[0], before, after, _OPTIONS):
        return None
    return Step(Action.CREATE if before is None else Action.UPDATE, *item, before=before, after=after)
