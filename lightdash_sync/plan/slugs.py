"""Which slug a new item shall have: the source's, if the target can give it and nothing there has it.

By the slug Lightdash's own promotion and its command line know an item again (spaces by their path, the
last part of which is taken for the slug here). What has the slug already is somebody's, whatever it is, so
the new item gets the next one that is free, and the plan says which. A slug that an item of the target had
before it was renamed is taken, too: Lightdash still finds that item by it. Pure; what was taken since the
plan was made is looked for when the item is created.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.keys import slugify
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.options import Facts, Item

# What it takes to choose the slug of an item: the name of a server's capability.
CHOOSES = {
    Kind.SPACE: "promotes_by_path",  # which came with slugs that are unique in a project only
    Kind.CHART: "chosen_slugs",
    Kind.DASHBOARD: "chosen_slugs",
    Kind.SQL_CHART: "chosen_slugs",
    Kind.SCHEDULER: "delivery_slugs",
}
_BY_CODE = (Kind.CHART, Kind.DASHBOARD)
_USABLE = re.compile(r"[A-Za-z0-9_-]{1,1000}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAX_OF_DELIVERY = 240
_OF_DELIVERY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LOST = "Lightdash's promotion and its command line will not take it for the source's"
_UNNAMED = "Lightdash's command line will not take it for the source's"  # no promotion carries deliveries


class Slugs:
    """The slugs of a target, to which those are added that a plan gives away.

    Args:
        existing: the target's map.
        facts: of the target.
        source: the source's map: what an item of it has is not given to another one.
    """

    def __init__(self, existing: Identity, facts: Facts, source: Identity) -> None:
        self._facts = facts
        self._wanted = {
            kind: {known_by(kind, row) for row in source.items.get(kind, {}).values()} for kind in CHOOSES
        }
        self._taken = {
            kind: {known_by(kind, row) for row in existing.items.get(kind, {}).values()}
            | {*facts.aliases.get(kind, {})}
            for kind in CHOOSES
        }

    def choose(self, item: Item, source: JsonObject, name: str) -> tuple[str, tuple[Problem, ...]]:
        """Return the slug that a new item shall be given, and what is to be known of that.

        Args:
            item: kind and key.
            source: what the source's map says of it.
            name: what it is called.

        Returns:
            The slug; "" if it will be what the server makes of the name.
        """
        kind, wanted = item[0], known_by(item[0], source)
        if kind not in CHOOSES or not self._facts.can(CHOOSES[kind]) or not source:
            return "", ()
        if kind is Kind.SCHEDULER and not wanted:
            return "", ()  # the source's Lightdash knows none
        noun, lost = KINDS[kind].noun[0], _UNNAMED if kind is Kind.SCHEDULER else _LOST
        if kind in _BY_CODE and not self._facts.may_write_code:
            what = f"its slug may not be the source's: it takes the role developer to choose one; {lost}"
            return "", (_problem(item, what),) if wanted else ()
        if not _can_be_given(kind, wanted):
            made = shown(slugify(name)) if slugify(name) else "one of its making"
            what = f"its slug cannot be {shown(wanted) or 'empty'}; Lightdash gives it {made}, so {lost}"
            return "", (_problem(item, what),)
        slug, number = wanted, 0
        while slug in self._taken[kind] or (number and slug in self._wanted[kind]):
            number += 1
            slug = f"{wanted}-{number}"
        self._taken[kind].add(slug)
        if slug == wanted:
            return slug, ()
        now = self._facts.aliases.get(kind, {}).get(wanted)
        has = f"has {wanted}" if now is None else f"had {wanted} before it was renamed to {now}"
        what = f"its slug will be {slug}, because another {noun} there {has}; {lost}"
        return slug, (_problem(item, what),)


def known_by(kind: Kind, facts: JsonObject) -> str:
    """Return what Lightdash knows an item by within its project: the slug; of a space the end of its path."""
    path = text(facts, "path") if kind is Kind.SPACE else ""
    return path.rpartition(".")[2].replace("_", "-") if path else text(facts, "slug")


def _can_be_given(kind: Kind, slug: str) -> bool:
    if kind is Kind.SPACE:  # made of a name, so it must be one that a name can give
        return bool(slug) and slugify(slug) == slug
    if kind is Kind.SCHEDULER:
        return len(slug) <= _MAX_OF_DELIVERY and bool(_OF_DELIVERY.fullmatch(slug))
    return bool(_USABLE.fullmatch(slug)) and not _UUID.fullmatch(slug)


def _problem(item: Item, what: str) -> Problem:
    return Problem(f"{item[0]}:{item[1]}", "slug_not_kept", what, Gravity.WARNS)
