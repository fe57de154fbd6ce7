"""Lists differences that no promotion carries, and what upstream lacks for one.

The first section compares schedulers, tags, pins, verification and access of spaces: those of the promoted
items, and all tags. A promotion never changes the access of a space that exists upstream; it does set that of
a new one (see `server_model`). The second section finds missing permissions, explores and fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lightdash_sync.content.json import get_str, objects
from lightdash_sync.content.kinds import VERIFIABLE, VERIFICATION, Kind
from lightdash_sync.promotion.server_model import shown_on
from lightdash_sync.promotion.values import Compared
from lightdash_sync.sync.plan.managed import completed, is_verified, same_content
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.preflight import needed_tables, reference_problems
from lightdash_sync.sync.plan.values import Action, Gravity, Step
from lightdash_sync.sync.planning import facts_for, fields_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.promotion.server_model import Foresight
    from lightdash_sync.sync.target import TargetEnvironment

_OPTIONS = PlanOptions()
_DELIVERED = (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART), ("dashboard", Kind.DASHBOARD))
_ACCESS = ("inheritsAccess", "access")


def left_behind(foresight: Foresight, items: Collection[ItemKey], pins: tuple[Json, Json]) -> list[Compared]:
    """Return the differences that the promotion of some items does not carry.

    Args:
        foresight: both projects; matching schedulers and tags have the source's keys upstream.
        items: the promoted items.
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


def _spaces(foresight: Foresight, items: Collection[ItemKey]) -> Iterator[Compared]:
    for item in sorted(one for one in items if one[0] is Kind.SPACE):
        before, content = foresight.before(item), foresight.source.of(item)
        if isinstance(before, dict):
            after = before | {name: content[name] for name in _ACCESS if name in content}
            yield from _if_other(item, before, after, item[1])


def _sql_charts(foresight: Foresight, items: Collection[ItemKey]) -> Iterator[Compared]:
    """Yield the SQL charts on promoted dashboards that the server does not promote with them."""
    if foresight.server.can("promotes_sql_charts"):
        return
    dashboards = [foresight.source.of(item) for item in items if item[0] is Kind.DASHBOARD]
    for key in sorted({key for content in dashboards for key in shown_on(content, "sqlChart")}):
        item = (Kind.SQL_CHART, key)
        if item in foresight.source.there:
            wanted = foresight.wanted(item)
            yield from _if_other(item, foresight.before(item), wanted, get_str(wanted, "space"))


def _schedulers(foresight: Foresight, items: Collection[ItemKey]) -> Iterator[Compared]:
    for item in sorted(one for one in foresight.source.there if one[0] is Kind.SCHEDULER):
        content = foresight.source.of(item)
        if any((kind, get_str(content, name)) in items for name, kind in _DELIVERED):
            before = foresight.upstream.look(*item)
            wanted = completed(Kind.SCHEDULER, content, before, _OPTIONS)
            yield from _if_other(item, before, wanted, foresight.source.space_of(item))


def _tags(foresight: Foresight) -> Iterator[Compared]:
    for item in sorted(one for one in foresight.source.there if one[0] is Kind.TAG):
        yield from _if_other(item, foresight.upstream.look(*item), foresight.source.of(item))


def _pins(items: Collection[ItemKey], upstream: Json, source: Json) -> Iterator[Compared]:
    """Yield the pins of promoted items, if they differ."""
    before, after = (
        [pin for pin in objects(side) if (get_str(pin, "kind"), get_str(pin, "key")) in {*_names(items)}]
        for side in (upstream, source)
    )
    yield from _if_other((Kind.PINS, ""), [*before], [*after])


def _verified(foresight: Foresight, items: Collection[ItemKey]) -> Iterator[Compared]:
    """Yield the items whose verification differs. Promotion does not change the mark upstream."""
    for item in sorted(one for one in items if one[0] in VERIFIABLE):
        before, content = foresight.before(item), foresight.source.of(item)
        knows = isinstance(before, dict) and VERIFICATION in content
        if isinstance(before, dict) and knows and is_verified(before) != is_verified(content):
            after = before | {VERIFICATION: content[VERIFICATION]}
            yield Compared(item[0], item[1], before, after, foresight.source.space_of(item))


def _names(items: Collection[ItemKey]) -> Iterator[tuple[str, str]]:
    return ((str(kind), key) for kind, key in items)


def _if_other(item: ItemKey, before: Json, after: Json | JsonObject, space: str = "") -> Iterator[Compared]:
    if not same_content(item[0], before, after, _OPTIONS):
        yield Compared(item[0], item[1], before, after, space)


# Missing permissions, explores and fields.
#
# `promoteDiff` checks none of them; the promotion itself checks only permissions.

_PLAN_OPTIONS = PlanOptions()
_LACKING = frozenset({"missing_explore", "missing_field", "missing_table"})


class NeededPermissions(Protocol):
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
            name: of the item.
        """

    def doubts(self) -> tuple[str, ...]:
        """Return what could not be determined, in words."""


def missing_permissions(
    items: Iterable[ItemKey], foresight: Foresight, permissions: NeededPermissions | None
) -> dict[ItemKey, str]:
    """Return the missing permission of each item that has one, in words.

    Args:
        items: of the source.
        foresight: both projects.
        permissions: of the token's owner; None if another user will promote.

    Raises:
        ApiError: the server failed.
    """
    found: dict[ItemKey, str] = {}
    if permissions is None:
        return found
    for item in items:
        if item[0] is Kind.SPACE:  # the permission for a space is checked with the items in it
            continue
        space = (Kind.SPACE, foresight.source.space_of(item))
        lacks = permissions.missing(
            item[0],
            foresight.here.uuid(*space) or "",
            foresight.pairs.upstream(space),
            exists=foresight.before(item) is not None,
            name=get_str(foresight.source.of(item), "name"),
        )
        if lacks:
            found[item] = lacks
    return found


def broken(
    place: TargetEnvironment, foresight: Foresight, after: Mapping[ItemKey, Json]
) -> dict[ItemKey, tuple[str, ...]]:
    """Return the explores and fields that the upstream project lacks for each written item, in words.

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
        steps, facts, _PLAN_OPTIONS, foresight.upstream.there, (), foresight.upstream.look
    ):
        if problem.code in _LACKING and problem.gravity is Gravity.BLOCKS:
            found.setdefault(problem.item, []).append(problem.what)
    return {item: tuple(found[name]) for item in after if (name := f"{item[0]}:{item[1]}") in found}


def _step(item: ItemKey, after: Json, foresight: Foresight) -> Step | None:
    """Return the write of an item as a step that the checks of a plan accept; None if nothing is written."""
    before = foresight.before(item)
    if item[0] not in (Kind.CHART, Kind.DASHBOARD) or same_content(item[0], before, after, _PLAN_OPTIONS):
        return None
    return Step(Action.CREATE if before is None else Action.UPDATE, *item, before=before, after=after)
