"""What differs between the two projects and no promotion carries: schedulers, tags, pins, access of spaces.

Only what belongs to the promoted items is told, and all tags. Access of a space that exists upstream is
never touched by a promotion; of a new one it is (see `foresight`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import objects
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.managed import completed, same_content
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.verification import FIELD, VERIFIABLE, is_verified
from lightdash_sync.promote.pairs import shown_on
from lightdash_sync.promote.values import Compared

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.options import Item
    from lightdash_sync.promote.foresight import Foresight

_OPTIONS = Options()
_DELIVERED = (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART), ("dashboard", Kind.DASHBOARD))
_ACCESS = ("inheritsAccess", "access")


def left_behind(foresight: Foresight, items: Collection[Item], pins: tuple[Json, Json]) -> list[Compared]:
    """Return what promotion of some items leaves as it is, though it differs.

    Args:
        foresight: both projects; schedulers and tags that are the same have the source's keys upstream.
        items: that are promoted.
        pins: the pinned items, upstream and of the source.
    """
    return [
        *_spaces(foresight, items),
        *_sql_charts(foresight, items),
        *_schedulers(foresight, items),
        *_tags(foresight),
        *_pins(items, *pins),
        *_verified(foresight, items),
    ]


def _spaces(foresight: Foresight, items: Collection[Item]) -> Iterator[Compared]:
    for item in sorted(one for one in items if one[0] is Kind.SPACE):
        before, content = foresight.before(item), foresight.source.of(item)
        if isinstance(before, dict):
            after = before | {name: content[name] for name in _ACCESS if name in content}
            yield from _if_other(item, before, after, item[1])


def _sql_charts(foresight: Foresight, items: Collection[Item]) -> Iterator[Compared]:
    """Yield the SQL charts on promoted dashboards that the server does not promote with them."""
    if foresight.server.can("promotes_sql_charts"):
        return
    dashboards = [foresight.source.of(item) for item in items if item[0] is Kind.DASHBOARD]
    for key in sorted({key for content in dashboards for key in shown_on(content, "sqlChart")}):
        item = (Kind.SQL_CHART, key)
        if item in foresight.source.there:
            wanted = foresight.wanted(item)
            yield from _if_other(item, foresight.before(item), wanted, text(wanted, "space"))


def _schedulers(foresight: Foresight, items: Collection[Item]) -> Iterator[Compared]:
    for item in sorted(one for one in foresight.source.there if one[0] is Kind.SCHEDULER):
        content = foresight.source.of(item)
        if any((kind, text(content, name)) in items for name, kind in _DELIVERED):
            before = foresight.upstream.look(*item)
            wanted = completed(Kind.SCHEDULER, content, before, _OPTIONS)
            yield from _if_other(item, before, wanted, foresight.source.space_of(item))


def _tags(foresight: Foresight) -> Iterator[Compared]:
    for item in sorted(one for one in foresight.source.there if one[0] is Kind.TAG):
        yield from _if_other(item, foresight.upstream.look(*item), foresight.source.of(item))


def _pins(items: Collection[Item], upstream: Json, source: Json) -> Iterator[Compared]:
    """Yield the pins of promoted items, if they are not the same."""
    before, after = (
        [pin for pin in objects(side) if (text(pin, "kind"), text(pin, "key")) in {*_names(items)}]
        for side in (upstream, source)
    )
    yield from _if_other((Kind.PINS, ""), [*before], [*after])


def _verified(foresight: Foresight, items: Collection[Item]) -> Iterator[Compared]:
    """Yield what is verified on one side only. Promotion leaves the mark upstream as it is."""
    for item in sorted(one for one in items if one[0] in VERIFIABLE):
        before, content = foresight.before(item), foresight.source.of(item)
        knows = isinstance(before, dict) and FIELD in content
        if isinstance(before, dict) and knows and is_verified(before) != is_verified(content):
            after = before | {FIELD: content[FIELD]}
            yield Compared(item[0], item[1], before, after, foresight.source.space_of(item))


def _names(items: Collection[Item]) -> Iterator[tuple[str, str]]:
    return ((str(kind), key) for kind, key in items)


def _if_other(item: Item, before: Json, after: Json | JsonObject, space: str = "") -> Iterator[Compared]:
    if not same_content(item[0], before, after, _OPTIONS):
        yield Compared(item[0], item[1], before, after, space)
