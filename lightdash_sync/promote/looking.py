"""Which upstream item a promotion made: told by the server's answer, or looked for in the project's lists.

An item is taken for ours if it was not there before the run, and has the name and the place that the
review foretold. Tiles keep their uuids when a dashboard is promoted, so that a chart is known by the tile
that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.model.changes.look import held, text
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.values import Step

_TILES = {"chart": (Kind.CHART, "savedChartUuid"), "sqlChart": (Kind.SQL_CHART, "savedSqlUuid")}
_UUIDS = {Kind.SQL_CHART: "savedSqlUuid"}
ORDER = (Kind.SPACE, Kind.DASHBOARD, Kind.SQL_CHART, Kind.CHART)  # places before what is in them


@dataclass
class Upstream:
    """What is known of the upstream project during a run.

    Attributes:
        lightdash: its server.
        project: uuid.
        identity: its map before the run.
        created: kind -> key -> facts of what the run made so far.
    """

    lightdash: Lightdash
    project: str
    identity: Identity
    created: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)

    def uuid(self, kind: Kind, key: str) -> str | None:
        """Return the uuid of an item that was there, or that the run made; None for neither."""
        made = self.created.get(kind, {}).get(key)
        return self.identity.uuid(kind, key) if made is None else text(made, "uuid")

    def is_new(self, kind: Kind, uuid: str) -> bool:
        """Whether an item was not there before the run, and is not known to be made by it."""
        mine = {text(facts, "uuid") for facts in self.created.get(kind, {}).values()}
        return bool(uuid) and uuid not in self.identity.known_keys(kind) and uuid not in mine

    def learn(self, step: Step, uuid: str) -> JsonObject:
        """Note what was made for a step, and return the facts of it."""
        facts: JsonObject = {"uuid": uuid, **step.layout}
        self.created.setdefault(step.kind, {})[step.key] = facts
        return facts

    def candidates(self, step: Step) -> list[str]:
        """Return the uuids of the new items that have the name and the place of what a step makes."""
        rows = self._rows(step)
        return [uuid for uuid, name in rows if name == step.name and self.is_new(step.kind, uuid)]

    def _rows(self, step: Step) -> Iterator[tuple[str, str]]:
        """Yield uuid and name of the items in the place where a step makes one."""
        place = self._place(step.after)
        lightdash, project = self.lightdash, self.project
        match step.kind:
            case Kind.SPACE:
                yield from (
                    (row.uuid, row.name)
                    for row, _ in lightdash.spaces(project)
                    if row.parentSpaceUuid == place
                )
            case Kind.DASHBOARD:
                rows = lightdash.dashboards(project)
                yield from ((row.uuid, row.name) for row in rows if row.spaceUuid == place)
            case Kind.SQL_CHART:
                charts = [row for row in lightdash.charts(project) if row.source == "sql"]
                yield from ((row.uuid, row.name) for row in charts if row.spaceUuid == place)
            case Kind.CHART:
                yield from (
                    (row.uuid, row.name)
                    for row in lightdash.chart_summaries(project)
                    if (row.dashboardUuid or row.spaceUuid) == place
                )
            case _:
                return  # nothing else is promoted

    def _place(self, content: Json) -> str | None:
        """Return the uuid of what an item is in; None for a space at the root, or a place that is unknown."""
        for name, kind in (
            ("dashboard", Kind.DASHBOARD),
            ("space", Kind.SPACE),
            ("parent", Kind.SPACE),
        ):
            if key := text(content, name):
                return self.uuid(kind, key) or ""
        return None


def told(answer: JsonObject, kind: Kind, content: Json, layout: JsonObject) -> dict[tuple[Kind, str], str]:
    """Return the uuids that an answer tells, or a dashboard shows: of itself, of its space, of its charts.

    Args:
        answer: of a promotion, or of the server when it is asked for a dashboard.
        kind: of what was promoted.
        content: that it was to have, in the keys of the source.
        layout: of a dashboard, the uuids of its tiles.

    Returns:
        Kind and key -> uuid; the key of what was promoted is "".
    """
    found = {(kind, ""): text(answer, _UUIDS.get(kind, "uuid"))}
    if space := text(content, "space"):
        found[Kind.SPACE, space] = text(answer, "spaceUuid")
    shown = {text(tile, "uuid"): tile for tile in held(answer, "tiles")}
    for tile in held(content, "tiles"):
        properties = shown.get(text(layout, "tiles", text(tile, "id")), {}).get("properties")
        for name, (of, field_there) in _TILES.items():
            if key := text(tile, "properties", name):
                found[of, key] = text(properties, field_there)
    return {place: uuid for place, uuid in found.items() if uuid}


def by_kind(steps: Mapping[int, Step]) -> list[int]:
    """Return the numbers of steps, places before what is in them, spaces above before those below."""
    return sorted(steps, key=lambda number: (ORDER.index(steps[number].kind), number))
