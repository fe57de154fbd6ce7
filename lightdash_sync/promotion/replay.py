"""Promotion by replay: makes a plan for the selected items, which this tool applies with its own writes.

The server's promotion matches items by slug and has one upstream project. A replay matches them by the links
in the target's state, so it works between any two environments and creates no duplicates. It carries the
selected spaces, charts, SQL charts and dashboards, and those that they depend on. A space that exists on the
target is not changed, unless the extra `spaces` is given. Content that the server never promotes
(schedulers, tags, pins, icons) needs an extra, too; schedulers arrive switched off.

If the target is the source's upstream project, items with equal slugs are matched, as Lightdash does it.
The state has no base for such an item, so where it differs, the plan is refused as for drift: it might
overwrite the work of others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.content.contents import Contents
from lightdash_sync.content.display import shown
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ConfigError
from lightdash_sync.promotion.reading import with_tokens
from lightdash_sync.promotion.values import PromotionSelection
from lightdash_sync.sync.plan.options import ItemSelection, PlanOptions
from lightdash_sync.sync.plan.scope import choose
from lightdash_sync.sync.planning import PlanRequest, plan_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.sources import Side
    from lightdash_sync.sync.planning import Planned
    from lightdash_sync.sync.target import TargetEnvironment

_SPACES, _SCHEDULERS, _VERIFICATION = "spaces", "schedulers", "verification"
_LISTS = {"virtual-views": Kind.VIRTUAL_VIEW, "tags": Kind.TAG, "pins": Kind.PINS, "icons": Kind.METRIC_ICONS}
EXTRAS = (_SCHEDULERS, *_LISTS, _SPACES, _VERIFICATION)
"""Content that is carried only if the user asks for it."""

_CONTENT = frozenset({Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD})


@dataclass(frozen=True)
class Replay:
    """The options of a promotion by replay.

    Attributes:
        source: name of an environment, a directory, or git:REV.
        target: name of another environment.
        selection: the items to promote.
        extras: further content to carry, of `EXTRAS`.
        options: what the plan may do; its item selection is derived from `selection`.
        adopt: kind -> key -> uuid facts of items of the target to link.
        adopt_by: `name`, `slug` or "": the property by which to link items that are unique on both sides.
            With "", items are linked by slug if the target is the source's upstream project.
    """

    source: str
    target: str
    selection: PromotionSelection = field(default_factory=PromotionSelection)
    extras: frozenset[str] = frozenset()
    options: PlanOptions = field(default_factory=PlanOptions)
    adopt: Mapping[Kind, Mapping[str, JsonObject]] = field(default_factory=dict)
    adopt_by: str = ""


def plan_replay(
    wanted: Replay,
    side: Side,
    place: TargetEnvironment,
    *,
    also: frozenset[ItemKey] = frozenset(),
    full: bool = False,
) -> Planned:
    """Make the plan of a replay; only reads.

    Args:
        wanted: the options.
        side: the source, as it is now.
        place: the target; the caller must hold its lock.
        also: further items to include if the source has them: approved ones that may be half done.
        full: read the whole target.

    Raises:
        ConfigError: source and target are one project, or the source lacks a selected item.
        Incomplete: something could not be read.
        Refused: an item cannot be adopted.
    """
    project = side.tree.identity.project
    if project.get("uuid") == place.project:
        raise ConfigError(f"{wanted.source} and {wanted.target} are one project: there is nothing to promote")
    by_slug = not wanted.adopt_by and project.get("upstreamProjectUuid") == place.project
    choice = choice_of(wanted.selection, wanted.extras, side.tree)
    choice = replace(choice, items=choice.items | also)
    request = PlanRequest(
        source=side.label,
        desired=side.tree,
        options=replace(
            wanted.options,
            choice=choice,
            verification=_VERIFICATION in wanted.extras,
        ),
        adopt=wanted.adopt,
        adopt_by="slug" if by_slug else wanted.adopt_by,
        full=full,
        source_lacks=side.lacks(),
        notes=side.untold(),
        unseen=side.manifest.unseen(),
        adapt=partial(with_tokens, side.tree),
    )
    return plan_for(place, request)


def choice_of(selection: PromotionSelection, extras: frozenset[str], tree: Tree) -> ItemSelection:
    """Resolve a selection to items; an empty selection means everything.

    A key among the charts means a SQL chart if no chart has it.

    Args:
        selection: of the user.
        extras: further content to carry, of `EXTRAS`.
        tree: content of the source.

    Raises:
        ConfigError: the source lacks a selected item.
    """
    contents = Contents(tree)
    items = set(_content(selection, contents, spaces=_SPACES in extras))
    if _SCHEDULERS in extras:
        items |= set(_schedulers(items, contents))
    kinds = frozenset(kind for extra, kind in _LISTS.items() if extra in extras)
    # An empty set of paths, because an empty selection would mean everything.
    return ItemSelection(
        items=frozenset(items), kinds=kinds, paths=frozenset(), named=frozenset(_named(selection, contents))
    )


def _named(selection: PromotionSelection, contents: Contents) -> Iterator[ItemKey]:
    """Yield the items that a selection names, without those that are only in a selected space."""
    yield from ((Kind.DASHBOARD, key) for key in selection.dashboards)
    yield from (_chart(key, contents) for key in selection.charts)
    yield from ((Kind.SPACE, key) for key in selection.spaces)


def _chart(key: str, contents: Contents) -> ItemKey:
    """Return the chart that a key means: a SQL chart if no other chart has it."""
    chart, sql = (Kind.CHART, key), (Kind.SQL_CHART, key)
    return sql if sql in contents.there and chart not in contents.there else _known(chart, contents)


def _content(selection: PromotionSelection, contents: Contents, *, spaces: bool) -> Iterator[ItemKey]:
    """Yield the items of a selection; each must exist in the source."""
    kinds = _CONTENT | {Kind.SPACE} if spaces else _CONTENT
    if not (selection.dashboards or selection.charts or selection.spaces):
        yield from (item for item in contents.there if item[0] in kinds)
        return
    for key in selection.dashboards:
        yield _known((Kind.DASHBOARD, key), contents)
    for key in selection.charts:
        yield _chart(key, contents)
    chosen = {_known((Kind.SPACE, key), contents)[1] for key in selection.spaces}
    for item in contents.there:
        if item[0] in kinds and not chosen.isdisjoint(contents.spaces_of(item)):
            yield item


def _known(item: ItemKey, contents: Contents) -> ItemKey:
    if item not in contents.there:
        raise ConfigError(
            f"the source has no {item[0]}:{shown(item[1])}",
            hint="A key is the name of the item's file in a snapshot.",
        )
    return item


def _schedulers(items: set[ItemKey], contents: Contents) -> Iterator[ItemKey]:
    """Yield the schedulers of items, and of the charts that come along because the items show them."""
    scope = choose(contents, ItemSelection(items=frozenset(items), paths=frozenset()), lambda _: True)
    for item in contents.there:
        if item[0] is Kind.SCHEDULER and contents.owner_of(item) in scope.items:
            yield item
