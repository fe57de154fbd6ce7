"""Resolves a selection to the calls of a promotion: one for each dashboard, and for each other chart.

The call of a dashboard also promotes the charts on its tiles, so these need no call of their own. A chart
inside a dashboard can only be promoted with it.

The sections: the selection, copies that an earlier promotion made, and the effect on each item with the calls
that are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.changes.differ import changes
from lightdash_sync.content.json import get_list, get_str
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ConfigError
from lightdash_sync.promotion.server_model import shown_on
from lightdash_sync.promotion.values import Call
from lightdash_sync.sync.plan.managed import same_content
from lightdash_sync.sync.plan.options import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.promotion.reading import Answers
    from lightdash_sync.promotion.server_model import Foresight
    from lightdash_sync.promotion.values import PromotionSelection

_ORDER = (Kind.SQL_CHART, Kind.CHART, Kind.DASHBOARD)
_MEANT = {Kind.CHART: (Kind.CHART, Kind.SQL_CHART)}
_TILES = (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART))


@dataclass(frozen=True)
class PromotedItems:
    """The result of resolving a selection.

    Attributes:
        calls: the items that are promoted by a call of their own, in order.
        inside: charts that were named but cannot be promoted by themselves: they are inside a dashboard, or
            are SQL charts, which this server does not promote.
    """

    calls: tuple[ItemKey, ...]
    inside: tuple[ItemKey, ...] = ()


def chosen(selection: PromotionSelection, foresight: Foresight) -> PromotedItems:
    """Resolve a selection; if nothing is selected, it means everything that differs.

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
    return PromotedItems(tuple(calls), tuple(item for item in inside if item not in shown))


def concerned(item: ItemKey, foresight: Foresight) -> list[ItemKey]:
    """Return the items that a call writes: spaces (parents first), charts, and the item itself at the end.

    Args:
        item: the promoted item.
        foresight: both projects.
    """
    contents = foresight.source
    shown: list[ItemKey] = []
    if item[0] is Kind.DASHBOARD:
        kinds = [*_TILES] if foresight.server.can("promotes_sql_charts") else [_TILES[0]]
        there = [(kind, key) for field, kind in kinds for key in shown_on(contents.of(item), field)]
        shown = [one for one in dict.fromkeys(there) if one in contents.there]
    spaces: list[ItemKey] = []
    for one in (item, *shown):
        above = contents.spaces_of(one)
        if not foresight.server.can("promotes_by_path"):
            above = above[:1]
        spaces += [(Kind.SPACE, key) for key in reversed(above)]
    return [*dict.fromkeys(spaces), *shown, item]


def _own(item: ItemKey, foresight: Foresight) -> Iterator[ItemKey]:
    """Yield the items that only this call can promote: charts in spaces could have calls of their own."""
    for one in concerned(item, foresight):
        if one == item or one[0] is Kind.SPACE or get_str(foresight.source.of(one), "dashboard"):
            yield one


def _named(selection: PromotionSelection, contents: Contents) -> Iterator[ItemKey]:
    """Yield the named items. A key among the charts means a SQL chart if no chart has it.

    Raises:
        ConfigError: the source does not have an item.
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


def _in_spaces(spaces: set[str], contents: Contents) -> Iterable[ItemKey]:
    if not spaces:
        return
    for item in contents.there:
        is_free = item[0] in _ORDER and not get_str(contents.of(item), "dashboard")
        if is_free and not spaces.isdisjoint(contents.spaces_of(item)):
            yield item


def _is_whole(item: ItemKey, contents: Contents, foresight: Foresight) -> bool:
    """Whether an item is promoted by a call of its own."""
    if item[0] is Kind.SQL_CHART:
        return foresight.server.can("promotes_sql_charts")
    return item[0] is Kind.DASHBOARD or (
        item[0] is Kind.CHART and not get_str(contents.of(item), "dashboard")
    )


# Copies that an earlier promotion made upstream, and that the server does not match again. Pure.
#
# Before 0.1505.2 a copy gets a slug of its own, so that each promotion creates another copy. A copy whose
# content is up to date needs no promotion: running an interrupted promotion again does the rest, and creates
# nothing twice.


def standing(
    calls: Iterable[ItemKey],
    after: Mapping[ItemKey, Json],
    foresight: Foresight,
    links: Mapping[ItemKey, str],
) -> dict[ItemKey, str]:
    """Return the items that already have an up-to-date copy upstream, and need no call.

    A call with other work creates all its copies again; its items are not returned.

    Args:
        calls: items that would be promoted by a call.
        after: item -> the content that it has after its promotion.
        foresight: both projects.
        links: item -> uuid of the upstream item that this tool linked it with.

    Returns:
        Item -> key of its copy upstream.
    """
    found = {item: key for item in after if (key := linked_copy(item, foresight, links)) is not None}
    same = {item for item, key in found.items() if _is_as_made(item, key, after[item], foresight, found)}
    anew: set[ItemKey] = set()
    for call in calls:
        items = concerned(call, foresight)
        if any(item not in same and _is_written(item, after[item], foresight, found) for item in items):
            anew |= {*items}
    return {item: found[item] for item in sorted(same - anew)}


def linked_copy(item: ItemKey, foresight: Foresight, links: Mapping[ItemKey, str]) -> str | None:
    """Return the key of the upstream item that this tool linked an item with, if the server does not find it.

    Args:
        item: of the source.
        foresight: both projects.
        links: item -> uuid of the upstream item that this tool linked it with.
    """
    if item in foresight.pairs.found or foresight.server.can("promotion_keeps_slugs"):
        return None
    return foresight.there.known_keys(item[0]).get(links.get(item, ""))


def with_copies(item: ItemKey, after: Json, copies: Mapping[ItemKey, str]) -> Json:
    """Return the content of an item upstream, with references to existing copies instead of new items.

    Args:
        item: of the source.
        after: its content, in which new items have the source's keys.
        copies: item -> key of its copy upstream.
    """
    if not isinstance(after, dict):
        return after
    said: JsonObject = dict(after)
    for field, kind in (("space", Kind.SPACE), ("dashboard", Kind.DASHBOARD)):
        if field in said:
            said[field] = copies.get((kind, get_str(said, field)), said[field])
    if item[0] is Kind.DASHBOARD:
        said["tiles"] = [_shown(tile, copies) for tile in get_list(said, "tiles")]
    return said


def _is_written(item: ItemKey, after: Json, foresight: Foresight, copies: Mapping[ItemKey, str]) -> bool:
    if foresight.pairs.is_ambiguous(item):
        return True
    before = foresight.before(item)
    return before is None or not same_content(item[0], before, with_copies(item, after, copies), _OPTIONS)


def _is_as_made(
    item: ItemKey, key: str, after: Json, foresight: Foresight, copies: Mapping[ItemKey, str]
) -> bool:
    """Whether a copy equals the result of a promotion, with the copies of its charts put in."""
    there = foresight.upstream.look(item[0], key)
    return same_content(item[0], there, with_copies(item, after, copies), _OPTIONS)


def _shown(tile: JsonObject, copies: Mapping[ItemKey, str]) -> JsonObject:
    key = get_str(tile, "properties", "chart")
    properties = tile.get("properties")
    if not isinstance(properties, dict) or (Kind.CHART, key) not in copies:
        return tile
    return tile | {"properties": properties | {"chart": copies[Kind.CHART, key]}}


# The effect of a promotion on each item, and the calls that are needed for it. Pure.

_OPTIONS = PlanOptions()


@dataclass(frozen=True)
class PromotionEffect:
    """The effect of a promotion on an item upstream.

    Attributes:
        before: its content upstream; None if the server finds none.
        after: the content that it will have.
        effective: whether it changes for users.
        refused: whether the server refuses to promote it, so that the effect is unknown.
    """

    before: Json
    after: Json
    effective: bool
    refused: bool


def outcomes_of(
    items: Iterable[ItemKey],
    calls: Sequence[ItemKey],
    foresight: Foresight,
    answers: Answers,
    links: Mapping[ItemKey, str],
) -> tuple[dict[ItemKey, PromotionEffect], dict[ItemKey, str]]:
    """Return the effect on each item, and the up-to-date copies (item -> key of its copy upstream).

    Args:
        items: the items that the promotion concerns.
        calls: items that would be promoted by a call.
        foresight: both projects.
        answers: the server's answers.
        links: item -> uuid of the upstream item that this tool linked it with.
    """
    after = {item: foresight.after(item, answers.words.get(item) or foresight.word(item)) for item in items}
    copies = standing(calls, after, foresight, links)
    return {item: _outcome(item, made, foresight, answers, copies) for item, made in after.items()}, copies


def _outcome(
    item: ItemKey, made: Json, foresight: Foresight, answers: Answers, copies: Mapping[ItemKey, str]
) -> PromotionEffect:
    """Return the effect on an item, with references to existing copies instead of new items."""
    if item in copies:
        stands = foresight.upstream.look(item[0], copies[item])
        return PromotionEffect(stands, stands, effective=False, refused=False)
    before = foresight.before(item)
    if item in answers.refused or foresight.pairs.is_ambiguous(item):
        told = foresight.wanted(item) if before is None else before
        return PromotionEffect(before, told, effective=False, refused=True)
    after = with_copies(item, made, copies)
    is_same = same_content(item[0], before, after, _OPTIONS)
    loud = before is None or any(not change.quiet for change in changes(item[0], before, after))
    return PromotionEffect(before, after, effective=loud and not is_same, refused=False)


def calls_of(
    calls: Iterable[ItemKey], foresight: Foresight, outcomes: Mapping[ItemKey, PromotionEffect]
) -> list[Call]:
    """Return the calls in order; a call is needed if it changes an item that no earlier call changes.

    A call that the server refuses to describe counts as needed, because its effect is unknown.

    Args:
        calls: items that would be promoted by a call.
        foresight: both projects.
        outcomes: the effect on each item.
    """
    effective = {item for item, outcome in outcomes.items() if outcome.effective or outcome.refused}
    made: list[Call] = []
    covered: set[ItemKey] = set()
    for call in calls:
        items = concerned(call, foresight)
        needed = bool((effective & {*items}) - covered)
        covered |= {*items} if needed else set()
        names = tuple(f"{kind}:{key}" for kind, key in items)
        made.append(Call(*call, foresight.here.uuid(*call) or "", names, needed))
    return made
