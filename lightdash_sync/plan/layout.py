"""The ids of a dashboard's parts on the target: tiles, tabs and rules of filters.

Lightdash stores the ids that it is given for them. A tile that the target has keeps its uuid, because
comments and filters of deliveries hang on it, and a rule its id, by which deliveries replace it; one of a
dashboard that is put back into its own project gets the one it had, so that comments come back; when a run
is taken back, always, because promotion takes the source's ids over. All others get new ones, made of their
names, so that a second try makes the same.
Those of another project are not taken over: comments hang on the uuid of a tile alone, and two dashboards
of one server would share them.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.parts import FILTERS, PARTS, elements, names_of

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity


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
    names = [text(element, "id") for element in elements(content, part)]
    return {
        name: first.get(name)
        or second.get(name)
        or str(uuid.uuid5(uuid.UUID(project), f"{part}/{key}/{name}"))
        for name in names
        if name  # a rule may have none
    }
