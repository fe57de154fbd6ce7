"""Which items a plan is about: what the user chose, and what that needs.

What a chosen item *shows* or *stands in the way of* comes along and is brought up to date with it: the
charts on a dashboard's tiles, the charts inside it, and for a new chart inside a dashboard that dashboard.
What it only *refers to* (its space, a link in a text) must exist: it comes along if the target lacks it,
and is left as it is if not, so that moving one chart changes no grants. Nothing is chosen by what uses it.

Putting deleted items back is another matter: what is alive is left as it is now, also what a chosen dashboard
shows, and deliveries come along with what they deliver, because Lightdash deleted them with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects, parse
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.keys import EXTERNAL
from lightdash_sync.model.kinds import PERSONAL, Kind
from lightdash_sync.model.links import links
from lightdash_sync.model.rekey import file_of
from lightdash_sync.model.shown import shown
from lightdash_sync.model.tree import place_of
from lightdash_sync.plan.fields import explores_of
from lightdash_sync.plan.personal import WHY
from lightdash_sync.plan.values import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.options import Choice, Item

# Carried by a plan, in the order in which people read them.
PLANNED = (
    Kind.SPACE,
    Kind.VIRTUAL_VIEW,
    Kind.CHART,
    Kind.SQL_CHART,
    Kind.DASHBOARD,
    Kind.TAG,
    Kind.METRIC_ICONS,
    Kind.PINS,
    Kind.SCHEDULER,
)
_REFERRED = frozenset(map(str, PLANNED))
# In no space, and they need nothing.
_LISTS = frozenset({Kind.VIRTUAL_VIEW, Kind.TAG, Kind.METRIC_ICONS, Kind.PINS})
_OWNERS = (("dashboard", Kind.DASHBOARD), ("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART))
_FARTHEST = 4  # a scheduler of a chart of a dashboard in a space


@dataclass(frozen=True)
class Scope:
    """The items a plan is about.

    Attributes:
        chosen: what the user chose.
        brought: what comes along and is brought up to date.
        present: what comes along if the target lacks it.
        missing: (who needs it, what): items that the desired side does not have.
        unwanted: (who needs it, what): items that would have to come along, and may not.
        alive: what a chosen item shows, or what delivers it, and the target has, where only what was deleted
            comes along.
        personal: (who needs it, what): items that would have to come along, and are in a personal space.
        left: what would be chosen, and is left out because it is in a personal space.
    """

    chosen: frozenset[Item]
    brought: frozenset[Item] = frozenset()
    present: frozenset[Item] = frozenset()
    missing: tuple[tuple[Item, Item], ...] = ()
    unwanted: tuple[tuple[Item, Item], ...] = ()
    alive: frozenset[Item] = frozenset()
    personal: tuple[tuple[Item, Item], ...] = ()
    left: frozenset[Item] = frozenset()

    @property
    def items(self) -> frozenset[Item]:
        """All of them."""
        return self.chosen | self.brought | self.present


class Contents:
    """The contents of a tree's items, parsed once each, and how they hang together."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._parsed: dict[Item, JsonObject] = {}
        self.there = planned_items(tree)

    def of(self, item: Item) -> JsonObject:
        """Return the content of an item; {} if the tree has none, or it is a list."""
        if item not in self._parsed:
            data = self._tree.get(file_of(*item))
            found = None if data is None else parse(data)
            self._parsed[item] = found if isinstance(found, dict) else {}
        return self._parsed[item]

    def look(self, kind: Kind, key: str) -> Json:
        """Return the content of an item, None if the tree has none."""
        return self.of((kind, key)) or None

    def uuid(self, item: Item) -> str:
        """Return the uuid of an item, "" if it has none."""
        return self._tree.identity.uuid(*item) or ""

    def is_personal(self, space: str) -> bool:
        """Whether a space is a personal one, by its facts: no content is read for that."""
        return self._tree.identity.facts(Kind.SPACE, space).get(PERSONAL) is True

    def saved(self, item: Item) -> str:
        """Return when the version of an item was saved, "" where that is not known."""
        return text(self._tree.identity.facts(*item), "updatedAt")

    @cached_property
    def views(self) -> dict[str, Item]:
        """Name of an explore -> the virtual view that it is."""
        views = (item for item in self.there if item[0] is Kind.VIRTUAL_VIEW)
        return {text(self.of(item), "name"): item for item in sorted(views)}

    @cached_property
    def inside(self) -> dict[str, set[Item]]:
        """Dashboard -> the charts that live in it, whether a tile shows them or not."""
        found: dict[str, set[Item]] = {}
        for item in self.there:
            if item[0] is Kind.CHART and (dashboard := text(self.of(item), "dashboard")):
                found.setdefault(dashboard, set()).add(item)
        return found

    @cached_property
    def delivering(self) -> dict[Item, set[Item]]:
        """Dashboard, chart or SQL chart -> the schedulers that deliver it."""
        found: dict[Item, set[Item]] = {}
        for item in self.there:
            if item[0] is Kind.SCHEDULER and (owner := self.owner_of(item)):
                found.setdefault(owner, set()).add(item)
        return found

    def space_of(self, item: Item) -> str:
        """Return the key of the space that an item is in, by way of what it belongs to; "" for none."""
        for _ in range(_FARTHEST):
            if item[0] is Kind.SPACE:
                return item[1]
            content = self.of(item)
            if space := text(content, "space"):
                return space
            owner = self.owner_of(item)
            if owner is None:
                break
            item = owner
        return ""

    def owner_of(self, item: Item) -> Item | None:
        """Return what an item belongs to and is in no space without: a dashboard, or a scheduler's chart."""
        owners = ((kind, text(self.of(item), name)) for name, kind in _OWNERS)
        return next((owner for owner in owners if owner in self.there), None)

    def spaces_of(self, item: Item) -> list[str]:
        """Return the keys of the space that an item is in, and of those above it."""
        found: list[str] = []
        space = self.space_of(item)
        while space and space not in found:
            found.append(space)
            space = text(self.of((Kind.SPACE, space)), "parent")
        return found


def planned_items(tree: Tree) -> frozenset[Item]:
    """Return every item of a tree that a plan can be about."""
    places = (place_of(path) for path in tree)
    return frozenset(place for place in places if place and place[0] in PLANNED)


def choose(
    desired: Contents,
    choice: Choice,
    exists: Callable[[Item], bool],
    *,
    deleted_only: bool = False,
    without: frozenset[Item] = frozenset(),
) -> Scope:
    """Return what a plan is about, on the desired side.

    Args:
        desired: content.
        choice: of the user.
        exists: whether the target has an item that is linked with a desired one.
        deleted_only: whether only what the target has no more comes along, with its deliveries.
        without: items that are neither chosen nor come along.
    """
    meant = frozenset(item for item in desired.there if is_chosen(item, choice, desired))
    left, chosen = meant & without, meant - without
    if choice.is_all:
        pairs = ((item, need) for item in chosen if left for need, _ in _needs(item, desired, exists))
        lacking = sorted((item, need) for item, need in pairs if need in left and not exists(need))
        return Scope(chosen, personal=tuple(lacking), left=left)
    brought: set[Item] = {*(choice.unfinished & desired.there) - meant}
    present: set[Item] = set()
    missing: dict[tuple[Item, Item], None] = {}
    unwanted: dict[tuple[Item, Item], None] = {}
    personal: dict[tuple[Item, Item], None] = {}
    alive: set[Item] = set()
    waiting = sorted(chosen | brought)
    while waiting:
        item = waiting.pop()
        if deleted_only and choice.dependencies:
            delivering = desired.delivering.get(item, set()) - chosen - brought
            lost = {one for one in delivering if not exists(one)}
            alive |= delivering - lost
            brought |= lost
            waiting += sorted(lost)
        for need, on_tile in _needs(item, desired, exists):
            if need not in desired.there:
                missing[item, need] = None
            elif deleted_only and need not in chosen and exists(need):
                alive |= {need} if on_tile else set()
            elif need in chosen or need in brought or not (on_tile or not exists(need)):
                continue
            elif need in without:
                if not exists(need):
                    personal[item, need] = None
            elif not choice.dependencies:
                if not exists(need):
                    unwanted[item, need] = None
            else:
                group = brought if on_tile else present
                if need not in group:
                    group.add(need)
                    waiting.append(need)
    return Scope(
        chosen,
        frozenset(brought),
        frozenset(present - brought),
        tuple(sorted(missing)),
        tuple(sorted(unwanted)),
        frozenset(alive),
        tuple(sorted(personal)),
        left,
    )


def scope_problems(scope: Scope, exists: Callable[[Item], bool]) -> Iterator[Problem]:
    """Yield what a chosen item needs and cannot have.

    Args:
        scope: what a plan is about.
        exists: whether the target has an item.
    """
    for pairs, code, why in (
        (scope.missing, "missing_item", "which the source does not have"),
        (scope.unwanted, "not_selected", "which is not selected and not on the target"),
        (scope.personal, "personal", f"which the target does not have: it {WHY}"),
    ):
        for (kind, key), needed in pairs:
            if not exists(needed):
                what = f"refers to {shown(f'{needed[0]}:{needed[1]}')}, {why}"
                yield Problem(f"{kind}:{key}", code, what)


def is_chosen(item: Item, choice: Choice, contents: Contents) -> bool:
    """Whether the user chose an item by what it is, or by the space it is in."""
    if choice.is_all or item in choice.items or item[0] in choice.kinds:
        return True
    if choice.paths is not None and file_of(*item) in choice.paths:
        return True
    if not choice.spaces or item[0] in _LISTS:
        return False
    return not choice.spaces.isdisjoint(contents.spaces_of(item))


def _needs(item: Item, contents: Contents, exists: Callable[[Item], bool]) -> Iterator[tuple[Item, bool]]:
    """Yield what an item needs, and whether it is shown, and hence brought up to date with it."""
    kind, key = item
    if kind in _LISTS:
        return
    content = contents.of(item)
    shown = set(_shown(content)) | contents.inside.get(key, set()) if kind is Kind.DASHBOARD else set()
    views = {contents.views[name] for name in explores_of(content) if name in contents.views}
    for need in sorted(_referred(kind, content) | shown | (views if kind is Kind.CHART else set())):
        inside = kind is Kind.CHART and need == (Kind.DASHBOARD, text(content, "dashboard"))
        yield need, need in shown or (inside and not exists(item))


def _referred(kind: Kind, content: JsonObject) -> set[Item]:
    return {
        (Kind(link.to), link.key)
        for link in links(kind, content)
        if link.to in _REFERRED and link.key and not link.key.startswith(EXTERNAL)
    }


def _shown(dashboard: JsonObject) -> Iterable[Item]:
    for tile in objects(dashboard.get("tiles")):
        for name, kind in (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART)):
            key = text(tile, "properties", name)
            if key and not key.startswith(EXTERNAL):
                yield kind, key
