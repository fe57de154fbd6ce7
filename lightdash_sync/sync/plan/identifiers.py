"""Which slug a new item shall have: the source's, if the target can give it and nothing there has it.

By the slug Lightdash's own promotion and its command line know an item again (spaces by their path, the
last part of which is taken for the slug here). What has the slug already is somebody's, whatever it is, so
the new item gets the next one that is free, and the plan says which. A slug that an item of the target had
before it was renamed is taken, too: Lightdash still finds that item by it. Pure; what was taken since the
plan was made is looked for when the item is created.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import get_str
from lightdash_sync.content.keys import slugify
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.parts import FILTERS, PARTS, elements, names_of
from lightdash_sync.sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.sync.plan.options import TargetFacts

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

    def __init__(self, existing: Identity, facts: TargetFacts, source: Identity) -> None:
        self._facts = facts
        self._wanted = {
            kind: {known_by(kind, row) for row in source.items.get(kind, {}).values()} for kind in CHOOSES
        }
        self._taken = {
            kind: {known_by(kind, row) for row in existing.items.get(kind, {}).values()}
            | {*facts.aliases.get(kind, {})}
            for kind in CHOOSES
        }

    def choose(self, item: ItemKey, source: JsonObject, name: str) -> tuple[str, tuple[Problem, ...]]:
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
    path = get_str(facts, "path") if kind is Kind.SPACE else ""
    return path.rpartition(".")[2].replace("_", "-") if path else get_str(facts, "slug")


def _can_be_given(kind: Kind, slug: str) -> bool:
    if kind is Kind.SPACE:  # made of a name, so it must be one that a name can give
        return bool(slug) and slugify(slug) == slug
    if kind is Kind.SCHEDULER:
        return len(slug) <= _MAX_OF_DELIVERY and bool(_OF_DELIVERY.fullmatch(slug))
    return bool(_USABLE.fullmatch(slug)) and not _UUID.fullmatch(slug)


def _problem(item: ItemKey, what: str) -> Problem:
    return Problem(f"{item[0]}:{item[1]}", "slug_not_kept", what, Gravity.WARNS)


# The ids of a dashboard's parts on the target: tiles, tabs and rules of filters.
#
# Lightdash stores the ids that it is given for them. A tile that the target has keeps its uuid, because
# comments and filters of deliveries hang on it, and a rule its id, by which deliveries replace it; one of
# a dashboard that is put back into its own project gets the one it had, so that comments come back; when
# a run is taken back, always, because promotion takes the source's ids over. All others get new ones,
# made of their names, so that a second try makes the same. Those of another project are not taken over:
# comments hang on the uuid of a tile alone, and two dashboards of one server would share them.


def layout(key: str, content: JsonObject, known: tuple[JsonObject, JsonObject], project: str) -> JsonObject:
    """Choose the ids of all parts.

    Args:
        key: of the dashboard.
        content: as it is to be written.
        known: facts of the target's dashboard ({} if there is none), and what of the desired ones may be
            taken over (`taken_over`); what the first of them knows counts.
        project: uuid of the target project.

    Returns:
        `{part: {name: id}}`, with all parts.
    """
    return {part: {**_named(part, key, content, known, project)} for part in PARTS}


def taken_over(desired: Identity, key: str, *, same_project: bool) -> JsonObject:
    """Return the facts of a desired dashboard whose ids the target takes over.

    Those of its own project; of documents, which are of no project, the ids of rules: they say them.
    """
    facts = desired.facts(Kind.DASHBOARD, key)
    if same_project:
        return facts
    return {FILTERS: facts.get(FILTERS)} if desired.project.get("uuid") is None else {}


def _named(
    part: str, key: str, content: JsonObject, known: tuple[JsonObject, JsonObject], project: str
) -> dict[str, str]:
    first, second = (names_of(facts, part) for facts in known)
    names = [get_str(element, "id") for element in elements(content, part)]
    return {
        name: first.get(name)
        or second.get(name)
        or str(uuid.uuid5(uuid.UUID(project), f"{part}/{key}/{name}"))
        for name in names
        if name  # a rule may have none
    }
