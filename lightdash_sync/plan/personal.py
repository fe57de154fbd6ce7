"""Personal spaces, which Lightdash makes for each person: drafts of one person that nobody else sees.

Another project does not get them, unless that is asked for: neither the space nor what is in it. Somebody
who names such a space, or an item in one, asks for that. In their own project they are like any other.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.values import Action, Gravity, LeftOut, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.plan.options import Choice, Item
    from lightdash_sync.plan.scope import Contents
    from lightdash_sync.plan.values import Step

WHY = "is in a personal space, which another project does not get unless you say --personal-spaces"


def personal_items(contents: Contents) -> frozenset[Item]:
    """Return the personal spaces, all that is in them, and spaces that hold nothing but such spaces."""
    personal = {key for kind, key in contents.there if kind is Kind.SPACE and contents.is_personal(key)}
    if not personal:
        return frozenset()
    spaces = {item: contents.spaces_of(item) for item in contents.there}
    items = {item for item, keys in spaces.items() if not personal.isdisjoint(keys)}
    above = {key for item in items for key in spaces[item]} - personal
    for key in sorted(above, key=lambda one: -len(contents.spaces_of((Kind.SPACE, one)))):
        inside = {item for item, keys in spaces.items() if key in keys and item != (Kind.SPACE, key)}
        if inside <= items:
            items.add((Kind.SPACE, key))
    return frozenset(items)


def asked_for(personal: Iterable[Item], choice: Choice, contents: Contents) -> Iterator[Item]:
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


def left_behind(items: Iterable[Item], contents: Contents) -> Iterator[LeftOut]:
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
        owner = text(contents.of((Kind.SPACE, key)), "name")
        yield LeftOut(
            f"{Kind.SPACE}:{key}",
            f"a personal space ({shown(owner)}): {what} in the source, because another project does not get "
            "what people keep to themselves; --personal-spaces takes it along, as an ordinary private space",
        )
