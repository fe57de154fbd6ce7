"""What is promoted: one call for each dashboard, and for each chart that is on no such dashboard.

A dashboard takes the charts on its tiles with it, so these are not asked for twice. A chart inside a
dashboard can only be promoted with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.promote.pairs import shown_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.plan.options import Item
    from lightdash_sync.plan.scope import Contents
    from lightdash_sync.promote.foresight import Foresight
    from lightdash_sync.promote.values import Selection

_ORDER = (Kind.SQL_CHART, Kind.CHART, Kind.DASHBOARD)
_MEANT = {Kind.CHART: (Kind.CHART, Kind.SQL_CHART)}
_TILES = (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART))


@dataclass(frozen=True)
class Chosen:
    """What a selection comes to.

    Attributes:
        calls: what is promoted by a call of its own, in order.
        inside: charts that were named and cannot be promoted by themselves: they live in a dashboard, or
            are SQL charts, which this server does not promote.
    """

    calls: tuple[Item, ...]
    inside: tuple[Item, ...] = ()


def chosen(selection: Selection, foresight: Foresight) -> Chosen:
    """Return what a selection comes to; if nothing is selected, everything that differs.

    Args:
        selection: of the user.
        foresight: both projects.

    Raises:
        ConfigError: the source has no such item.
    """
    contents = foresight.source
    named = [*_named(selection, contents)]
    if named:
        found = {item for item in named if _is_whole(item, contents, foresight)}
        inside = tuple(sorted({*named} - found))
    else:
        found, inside = {item for item in contents.there if _is_whole(item, contents, foresight)}, ()
        if not selection.all:
            found = {item for item in found if any(map(foresight.differs, _own(item, foresight)))}
    shown = {one for item in found if item[0] is Kind.DASHBOARD for one in concerned(item, foresight)[:-1]}
    calls = sorted(found - shown, key=lambda item: (_ORDER.index(item[0]), item[1]))
    return Chosen(tuple(calls), tuple(item for item in inside if item not in shown))


def concerned(item: Item, foresight: Foresight) -> list[Item]:
    """Return what a call writes: spaces, parents first; charts; at the end the item itself.

    Args:
        item: what is promoted.
        foresight: both projects.
    """
    contents = foresight.source
    shown: list[Item] = []
    if item[0] is Kind.DASHBOARD:
        kinds = [*_TILES] if foresight.server.can("promotes_sql_charts") else [_TILES[0]]
        there = [(kind, key) for field, kind in kinds for key in shown_on(contents.of(item), field)]
        shown = [one for one in dict.fromkeys(there) if one in contents.there]
    spaces: list[Item] = []
    for one in (item, *shown):
        above = contents.spaces_of(one)
        if not foresight.server.can("promotes_by_path"):
            above = above[:1]
        spaces += [(Kind.SPACE, key) for key in reversed(above)]
    return [*dict.fromkeys(spaces), *shown, item]


def _own(item: Item, foresight: Foresight) -> Iterator[Item]:
    """Yield what of a call no smaller one could promote: charts of spaces have calls of their own."""
    for one in concerned(item, foresight):
        if one == item or one[0] is Kind.SPACE or text(foresight.source.of(one), "dashboard"):
            yield one


def _named(selection: Selection, contents: Contents) -> Iterator[Item]:
    """Yield what was named. A key among the charts is a SQL chart's if no chart has it.

    Raises:
        ConfigError: the source does not have it.
    """
    for kind, keys in (
        (Kind.DASHBOARD, selection.dashboards),
        (Kind.CHART, selection.charts),
        (Kind.SPACE, selection.spaces),
    ):
        for key in keys:
            found = [(one, key) for one in _MEANT.get(kind, (kind,)) if (one, key) in contents.there]
            if not found:
                raise ConfigError(
                    f"the source has no {kind}:{key}",
                    hint="A key is the name of the item's file in a snapshot.",
                )
            if kind is not Kind.SPACE:
                yield found[0]
    yield from _in_spaces({*selection.spaces}, contents)


def _in_spaces(spaces: set[str], contents: Contents) -> Iterable[Item]:
    if not spaces:
        return
    for item in contents.there:
        is_free = item[0] in _ORDER and not text(contents.of(item), "dashboard")
        if is_free and not spaces.isdisjoint(contents.spaces_of(item)):
            yield item


def _is_whole(item: Item, contents: Contents, foresight: Foresight) -> bool:
    """Whether an item is promoted by a call of its own."""
    if item[0] is Kind.SQL_CHART:
        return foresight.server.can("promotes_sql_charts")
    return item[0] is Kind.DASHBOARD or (item[0] is Kind.CHART and not text(contents.of(item), "dashboard"))
