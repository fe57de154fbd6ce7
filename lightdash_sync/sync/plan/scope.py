"""Which items a plan is about: what the user chose, and what that needs.

What a chosen item *shows* or *stands in the way of* comes along and is brought up to date with it: the
charts on a dashboard's tiles, the charts inside it, and for a new chart inside a dashboard that dashboard.
What it only *refers to* (its space, a link in a text) must exist: it comes along if the target lacks it,
and is left as it is if not, so that moving one chart changes no grants. Nothing is chosen by what uses it.

Putting deleted items back is another matter: what is alive is left as it is now, also what a chosen dashboard
shows, and deliveries come along with what they deliver, because Lightdash deleted them with it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.content.contents import PLANNED, Contents
from lightdash_sync.content.display import shown
from lightdash_sync.content.json import JsonObject, get_str, objects
from lightdash_sync.content.keys import EXTERNAL
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.references import links
from lightdash_sync.content.tree import file_of
from lightdash_sync.sync.plan.fields import explores_of
from lightdash_sync.sync.plan.values import Action, Gravity, NotPlanned, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import ItemSelection
    from lightdash_sync.sync.plan.values import Step


# Personal spaces, which Lightdash makes for each person: drafts of one person that nobody else sees.
#
# Another project does not get them, unless that is asked for: neither the space nor what is in it. Somebody
# who names such a space, or an item in one, asks for that. In their own project they are like any other.

WHY = "is in a personal space, which another project does not get unless you say --personal-spaces"


def asked_for(personal: Iterable[ItemKey], choice: ItemSelection, contents: Contents) -> Iterator[ItemKey]:
    """Yield those items that somebody named, or whose space they named, with the spaces that these are in."""
    named = choice.items if choice.named is None else choice.named
    for item in personal:
        spaces = {
            key for key in contents.spaces_of(item) if (Kind.SPACE, key) in named or key in choice.spaces
        }
        if not named.isdisjoint((item, contents.owner_of(item))) or any(
            contents.is_personal(key) for key in spaces
        ):
            yield item
            yield from ((Kind.SPACE, key) for key in contents.spaces_of(item))


def made_ordinary(steps: Iterable[Step], contents: Contents) -> Iterator[Problem]:
    """Yield a warning for each personal space that a plan makes: only Lightdash makes real ones."""
    for step in steps:
        makes = step.kind is Kind.SPACE and step.action is Action.CREATE
        if makes and contents.is_personal(step.key):
            what = (
                "is a personal space of the source, and becomes an ordinary private one for the same people; "
                "Lightdash may make its owner another personal one"
            )
            yield Problem(f"{step.kind}:{step.key}", "personal", what, Gravity.WARNS)


def left_behind(items: Iterable[ItemKey], contents: Contents) -> Iterator[NotPlanned]:
    """Yield what is said of the personal spaces that a plan leaves out, each with what is in it.

    Args:
        items: what is left out.
        contents: of the source.
    """
    held: dict[str, Counter[Kind]] = {}
    for item in items:
        keys = [key for key in contents.spaces_of(item) if contents.is_personal(key)]
        if not keys:
            continue
        numbers = held.setdefault(keys[-1], Counter())
        if item != (Kind.SPACE, keys[-1]):
            numbers[item[0]] += 1
    for key, numbers in held.items():
        named = [f"{number} {KINDS[kind].noun[number > 1]}" for kind, number in sorted(numbers.items())]
        what = f"it and what is in it ({', '.join(named)}) stay" if named else "it stays"
        owner = get_str(contents.of((Kind.SPACE, key)), "name")
        yield NotPlanned(
            f"{Kind.SPACE}:{key}",
            f"a personal space ({shown(owner)}): {what} in the source, because another project does not get "
            "what people keep to themselves; --personal-spaces takes it along, as an ordinary private space",
        )


_REFERRED = frozenset(map(str, PLANNED))
# In no space, and they need nothing.
_LISTS = frozenset({Kind.VIRTUAL_VIEW, Kind.TAG, Kind.METRIC_ICONS, Kind.PINS})


@dataclass(frozen=True)
class PlanScope:
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

    chosen: frozenset[ItemKey]
    brought: frozenset[ItemKey] = frozenset()
    present: frozenset[ItemKey] = frozenset()
    missing: tuple[tuple[ItemKey, ItemKey], ...] = ()
    unwanted: tuple[tuple[ItemKey, ItemKey], ...] = ()
    alive: frozenset[ItemKey] = frozenset()
    personal: tuple[tuple[ItemKey, ItemKey], ...] = ()
    left: frozenset[ItemKey] = frozenset()

    @property
    def items(self) -> frozenset[ItemKey]:
        """All of them."""
        return self.chosen | self.brought | self.present


def choose(
    desired: Contents,
    choice: ItemSelection,
    exists: Callable[[ItemKey], bool],
    *,
    deleted_only: bool = False,
    without: frozenset[ItemKey] = frozenset(),
) -> PlanScope:
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
        return PlanScope(chosen, personal=tuple(lacking), left=left)
    brought: set[ItemKey] = {*(choice.unfinished & desired.there) - meant}
    present: set[ItemKey] = set()
    missing: dict[tuple[ItemKey, ItemKey], None] = {}
    unwanted: dict[tuple[ItemKey, ItemKey], None] = {}
    personal: dict[tuple[ItemKey, ItemKey], None] = {}
    alive: set[ItemKey] = set()
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
    return PlanScope(
        chosen,
        frozenset(brought),
        frozenset(present - brought),
        tuple(sorted(missing)),
        tuple(sorted(unwanted)),
        frozenset(alive),
        tuple(sorted(personal)),
        left,
    )


def scope_problems(scope: PlanScope, exists: Callable[[ItemKey], bool]) -> Iterator[Problem]:
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


def is_chosen(item: ItemKey, choice: ItemSelection, contents: Contents) -> bool:
    """Whether the user chose an item by what it is, or by the space it is in."""
    if choice.is_all or item in choice.items or item[0] in choice.kinds:
        return True
    if choice.paths is not None and file_of(*item) in choice.paths:
        return True
    if not choice.spaces or item[0] in _LISTS:
        return False
    return not choice.spaces.isdisjoint(contents.spaces_of(item))


def _needs(
    item: ItemKey, contents: Contents, exists: Callable[[ItemKey], bool]
) -> Iterator[tuple[ItemKey, bool]]:
    """Yield what an item needs, and whether it is shown, and hence brought up to date with it."""
    kind, key = item
    if kind in _LISTS:
        return
    content = contents.of(item)
    shown = set(_shown(content)) | contents.inside.get(key, set()) if kind is Kind.DASHBOARD else set()
    views = {contents.views[name] for name in explores_of(content) if name in contents.views}
    for need in sorted(_referred(kind, content) | shown | (views if kind is Kind.CHART else set())):
        inside = kind is Kind.CHART and need == (Kind.DASHBOARD, get_str(content, "dashboard"))
        yield need, need in shown or (inside and not exists(item))


def _referred(kind: Kind, content: JsonObject) -> set[ItemKey]:
    return {
        (Kind(link.to), link.key)
        for link in links(kind, content)
        if link.to in _REFERRED and link.key and not link.key.startswith(EXTERNAL)
    }


def _shown(dashboard: JsonObject) -> Iterable[ItemKey]:
    for tile in objects(dashboard.get("tiles")):
        for name, kind in (("chart", Kind.CHART), ("sqlChart", Kind.SQL_CHART)):
            key = get_str(tile, "properties", name)
            if key and not key.startswith(EXTERNAL):
                yield kind, key
