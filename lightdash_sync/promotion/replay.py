"""Promotion by replay: what was chosen becomes a plan of its own, which the tool's own writes carry out.

The server's promotion knows an item by its slug and has one upstream project. A replay knows it by what is
remembered of the target, so it works between any two environments and makes no second copy of anything.
Spaces, charts, SQL charts and dashboards are carried: of what is chosen, and of what that needs. A space
that the target has already stays as it is there, unless `spaces` are asked for. What else the server never
promotes (schedulers, tags, pins, icons) comes only if it is asked for, and schedulers arrive switched off.

The upstream project of the source is a special target: Lightdash takes what has an equal slug there for the
same item, and so does a replay. Of such an item nobody remembers what it was; where it differs, the plan is
refused as for drift, because it may take somebody's work away.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
"""What is carried only if it is asked for."""

_CONTENT = frozenset({Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD})


@dataclass(frozen=True)
class Replay:
    """What somebody wants to be promoted by replay.

    Attributes:
        source: name of an environment.
        target: name of another one.
        selection: which items.
        extras: of `EXTRAS`, what else is carried.
        options: what is allowed; its choice is given by the selection.
        adopt: kind -> key -> uuid facts of items of the target to link.
        adopt_by: `name`, `slug` or "": link what has the same, where there is one here and one there. With
            "", slugs count if the target is the source's upstream project.
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
        wanted: what is to be promoted.
        side: the source, as it is now.
        place: the target; its lock must be held.
        also: further items, as far as the source has them: what was approved, and may be half done.
        full: read the target whole.

    Raises:
        ConfigError: source and target are one project, or the source does not have what was chosen.
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
    )
    planned = plan_for(place, request)
    desired = with_tokens(side.tree, planned.existing.linked)
    if desired is not side.tree:
        planned = plan_for(place, replace(request, desired=desired))
    return planned


def choice_of(selection: PromotionSelection, extras: frozenset[str], tree: Tree) -> ItemSelection:
    """Return the items that are meant by a selection; nothing selected means everything.

    A key among the charts is a SQL chart's if no chart has it.

    Args:
        selection: of the user.
        extras: of `EXTRAS`, what else is carried.
        tree: of the source.

    Raises:
        ConfigError: the source does not have one of them.
    """
    contents = Contents(tree)
    items = set(_content(selection, contents, spaces=_SPACES in extras))
    if _SCHEDULERS in extras:
        items |= set(_schedulers(items, contents))
    kinds = frozenset(kind for extra, kind in _LISTS.items() if extra in extras)
    # An empty set of paths, because a choice of nothing at all would mean everything.
    return ItemSelection(
        items=frozenset(items), kinds=kinds, paths=frozenset(), named=frozenset(_named(selection, contents))
    )


def _named(selection: PromotionSelection, contents: Contents) -> Iterator[ItemKey]:
    """Yield the items that a selection names, without what is only in a space of it."""
    yield from ((Kind.DASHBOARD, key) for key in selection.dashboards)
    yield from (_chart(key, contents) for key in selection.charts)
    yield from ((Kind.SPACE, key) for key in selection.spaces)


def _chart(key: str, contents: Contents) -> ItemKey:
    """Return the chart that a key means: a SQL chart if no other chart has it."""
    chart, sql = (Kind.CHART, key), (Kind.SQL_CHART, key)
    return sql if sql in contents.there and chart not in contents.there else _known(chart, contents)


def _content(selection: PromotionSelection, contents: Contents, *, spaces: bool) -> Iterator[ItemKey]:
    """Yield the items that a selection names, each of which the source has."""
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
    """Yield the schedulers of items, and of what comes along because they show it."""
    scope = choose(contents, ItemSelection(items=frozenset(items), paths=frozenset()), lambda _: True)
    for item in contents.there:
        if item[0] is Kind.SCHEDULER and contents.owner_of(item) in scope.items:
            yield item
