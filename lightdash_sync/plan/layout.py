"""The uuids of a dashboard's tiles and tabs on the target.

Lightdash stores the uuids that it is given for them. A tile that the target has keeps its uuid, because
comments and filters of deliveries hang on it; one of a dashboard that is put back into its own project
gets the one it had, so that comments come back; when a run is taken back, always, because promotion takes
the source's uuids over. All others get new ones, made of their names, so that a second try makes the same.
Those of another project are not taken over: comments hang on the uuid of a tile alone, and two dashboards
of one server would share them.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.look import text

PARTS = ("tiles", "tabs")

if TYPE_CHECKING:
    from collections.abc import Mapping


def layout(key: str, content: JsonObject, known: tuple[JsonObject, JsonObject], project: str) -> JsonObject:
    """Choose the uuids of all tiles and tabs.

    Args:
        key: of the dashboard.
        content: as it is to be written.
        known: facts of the target's dashboard ({} if there is none), and of the same dashboard in the desired
            content, if that is of the same project (else {}); what the first of them knows counts.
        project: uuid of the target project.

    Returns:
        `{"tiles": {name: uuid}, "tabs": {name: uuid}}`.
    """
    return {part: {**_named(part, key, content, known, project)} for part in PARTS}


def _named(
    part: str, key: str, content: JsonObject, known: tuple[JsonObject, JsonObject], project: str
) -> Mapping[str, str]:
    first, second = (_names(facts.get(part)) for facts in known)
    names = [text(element, "id") for element in objects(content.get(part))]
    return {
        name: first.get(name)
        or second.get(name)
        or str(uuid.uuid5(uuid.UUID(project), f"{part}/{key}/{name}"))
        for name in names
    }


def _names(value: Json) -> dict[str, str]:
    return {name: str(uuid) for name, uuid in value.items()} if isinstance(value, dict) else {}
