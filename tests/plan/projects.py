"""Generated whole projects, in the keys of content files, each consistent in itself.

Spaces in spaces, charts in spaces and in dashboards, tiles on tabs, filters that name tiles, schedulers,
tags, pins and icons; hostile names, unknown fields, and texts that refer to anything, in circles too. All
projects draw their keys from one small pool, so that two of them have much in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical
from lightdash_sync.content.keys import key_from
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import in_order
from lightdash_sync.content.parts import PARTS, elements
from lightdash_sync.content.tree import Tree, file_of
from tests.content.generated import made_uuid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import ItemKey

Project = dict[tuple[Kind, str], Any]

PEOPLE = ("ann@example.com", "o'hara+x@example.com")
GROUPS = ("Ops", "Sales & Ops")
_KEYS = {
    Kind.SPACE: ("sales", "ops", "x-1"),
    Kind.CHART: ("revenue", "a-1", key_from("../../x"), "late"),
    Kind.SQL_CHART: ("raw",),
    Kind.DASHBOARD: ("kpis", "board"),
    Kind.SCHEDULER: ("monday", "daily"),
    Kind.TAG: ("core",),
}
_NAMES = st.sampled_from(
    ["Revenue", "revenue", "", "[/foo]", "\x1b[31mred", "a\u202eb", "../../x", "Umsatz €", "@{}{"]
)
_VALUES: Any = st.sampled_from([None, True, 1, 1.0, "x", [], [1, "a"], {"deep": {"er": [None]}}])
_UNKNOWN: Any = st.dictionaries(st.sampled_from(["later", "colour", "server:server:id"]), _VALUES, max_size=1)
_ROLES = st.sampled_from(["viewer", "editor", "admin"])


@st.composite
def projects(draw: st.DrawFn, kinds: frozenset[Kind] = frozenset(Kind)) -> Project:
    """A project: kind and key -> content."""
    there = {kind: _some(draw, keys) if kind in kinds else [] for kind, keys in _KEYS.items()}
    there[Kind.SPACE] = there[Kind.SPACE] or ["sales"]
    if not any(there[kind] for kind in (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)):
        there[Kind.SCHEDULER] = []  # it would have nothing to deliver
    items = [(kind, key) for kind, keys in there.items() for key in keys]
    texts = st.sampled_from(
        ["", "plain", "@{}{chart:none}", *(f"see @{{{kind}:{key}}}!" for kind, key in items)]
    )
    make = _Make(draw, there, texts)
    project: Project = {(Kind.SPACE, key): make.space(n) for n, key in enumerate(there[Kind.SPACE])}
    project |= {(Kind.CHART, key): make.chart() for key in there[Kind.CHART]}
    project |= {(Kind.SQL_CHART, key): make.sql_chart() for key in there[Kind.SQL_CHART]}
    project |= {(Kind.DASHBOARD, key): make.dashboard(key, project) for key in there[Kind.DASHBOARD]}
    project |= {(Kind.SCHEDULER, key): make.scheduler() for key in there[Kind.SCHEDULER]}
    project |= {(Kind.TAG, key): make.tag() for key in there[Kind.TAG]}
    return project | make.lists(kinds)


class _Make:
    """Contents of one project.

    Args:
        draw: of hypothesis.
        there: the keys of its items.
        texts: that may refer to them.
    """

    def __init__(
        self, draw: st.DrawFn, there: Mapping[Kind, list[str]], texts: st.SearchStrategy[str]
    ) -> None:
        self.draw, self.there, self.texts = draw, there, texts

    def _described(self) -> dict[str, Any]:
        return {"name": self.draw(_NAMES), "description": self.draw(self.texts), **self.draw(_UNKNOWN)}

    def _of(self, *kinds: Kind) -> tuple[Kind, str]:
        return self.draw(st.sampled_from([(kind, key) for kind in kinds for key in self.there[kind]]))

    def _space(self) -> dict[str, Any]:
        return {"space": self._of(Kind.SPACE)[1]}

    def space(self, number: int) -> Any:
        above = self.there[Kind.SPACE][:number]
        access = {
            who: [{field: name, "role": self.draw(_ROLES)} for name in sorted(_some(self.draw, names))]
            for who, field, names in (("users", "email", PEOPLE), ("groups", "group", GROUPS))
        }
        parent = self.draw(st.sampled_from([None, *above]))
        said = {"name": self.draw(_NAMES), "inheritsAccess": self.draw(st.booleans()), "parent": parent}
        return {**said, "access": access, **self.draw(_UNKNOWN)}

    def chart(self) -> Any:
        inside = bool(self.there[Kind.DASHBOARD]) and self.draw(st.booleans())
        place = {"dashboard": self._of(Kind.DASHBOARD)[1]} if inside else self._space()
        calculations = [{"name": name, "sql": self.draw(self.texts)} for name in _some(self.draw, ("a", "b"))]
        query = {
            "dimensions": _some(self.draw, ("orders_week", "orders_status")),
            "tableCalculations": calculations,
        }
        verified = {"verification": {"by": "ann"}} if self.draw(st.booleans()) else {}
        return {
            **self._described(),
            **place,
            "tableName": "orders",
            "metricQuery": query,
            "chartConfig": {},
            **verified,
        }

    def sql_chart(self) -> Any:
        return {**self._described(), **self._space(), "sql": "select 1", "config": self.draw(_UNKNOWN)}

    def dashboard(self, key: str, project: Project) -> Any:
        """Every chart that is inside is shown, but for one that only old versions show."""
        tabs = [
            {"id": name, "name": self.draw(_NAMES), "order": order}
            for order, name in enumerate(_some(self.draw, ("first", "second")))
        ]
        inside = [
            item for item, content in project.items() if content.get("dashboard") == key and item[1] != "late"
        ]
        shown = inside + [self._of(Kind.CHART, Kind.SQL_CHART) for _ in self._shown()]
        shown = [item for item in dict.fromkeys(shown) if item in inside or "dashboard" not in project[item]]
        fields = {Kind.CHART: "chart", Kind.SQL_CHART: "sqlChart"}
        tiles = [self._tile(f"{item[1]}-tile", {fields[item[0]]: item[1]}, tabs) for item in shown]
        tiles.append(self._tile("text", {"title": "", "content": self.draw(self.texts)}, tabs))
        targets = {tile["id"]: self.draw(_VALUES) for tile in tiles if self.draw(st.booleans())}
        rule = {"id": "r1", "target": {"fieldId": "orders_status"}, "tileTargets": targets}
        filters: Any = {"dimensions": [rule], "metrics": [], "tableCalculations": []}
        return {**self._described(), **self._space(), "tiles": tiles, "tabs": tabs, "filters": filters}

    def _shown(self) -> range:
        some = bool(self.there[Kind.CHART] or self.there[Kind.SQL_CHART])
        return range(self.draw(st.integers(0, 2)) if some else 0)

    def _tile(self, name: str, shows: dict[str, Any], tabs: list[Any]) -> Any:
        tab = self.draw(st.sampled_from([None, *(tab["id"] for tab in tabs)]))
        place = {"x": 0, "y": self.draw(st.integers(0, 1)), "w": 6, "h": 3}
        return {
            "id": name,
            "type": "saved_chart",
            "tab": tab,
            **place,
            "properties": {**shows, **self.draw(_UNKNOWN)},
        }

    def scheduler(self) -> Any:
        kind, key = self._of(Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD)
        field = {Kind.CHART: "chart", Kind.SQL_CHART: "sqlChart", Kind.DASHBOARD: "dashboard"}[kind]
        targets = [{"recipient": email} for email in _some(self.draw, PEOPLE)]
        told: dict[str, Any] = {"cron": "0 9 * * 1", "format": "csv", "owner": PEOPLE[0]}
        told["enabled"] = self.draw(st.booleans())
        if kind is Kind.DASHBOARD and self.draw(st.booleans()):
            told["filters"] = [{"id": self.draw(st.sampled_from(["r1", "gone"])), "values": [1]}]
        return {**self._described(), **told, field: key, "targets": targets}

    def tag(self) -> Any:
        metrics = [{"table": "orders", "metric": name} for name in _some(self.draw, ("count", "total"))]
        return {
            "name": self.draw(_NAMES),
            "color": self.draw(st.sampled_from(["red", "blue"])),
            "metrics": metrics,
        }

    def lists(self, kinds: frozenset[Kind]) -> Project:
        """Pins, with numbers that leave gaps, and icons."""
        pinnable = [
            (kind, key) for kind in (Kind.SPACE, Kind.CHART, Kind.DASHBOARD) for key in self.there[kind]
        ]
        pins = self.draw(st.lists(st.sampled_from(pinnable), unique=True, max_size=3))
        icons = [
            {"table": "orders", "metric": name, "icon": {"unicode": "1f4b6"}}
            for name in _some(self.draw, ("a", "b"))
        ]
        found: Project = {}
        if pins and Kind.PINS in kinds:
            rows = [
                {"kind": str(kind), "key": key, "order": 10 * n + 1} for n, (kind, key) in enumerate(pins)
            ]
            found[Kind.PINS, ""] = rows
        if icons and Kind.METRIC_ICONS in kinds:
            found[Kind.METRIC_ICONS, ""] = icons
        return found


def _some(draw: st.DrawFn, names: Iterable[str]) -> list[str]:
    return [name for name in names if draw(st.booleans())]


def identity_of(project: Mapping[ItemKey, Json], salt: str = "") -> Identity:
    """The map of a project on a server; another salt is another server with other uuids."""
    items: dict[Kind, dict[str, JsonObject]] = {}
    for (kind, key), content in project.items():
        if not key:
            continue
        facts: JsonObject = {"uuid": made_uuid(f"{salt}/{kind}/{key}"), "version": f"v-{salt}-{key}"}
        if kind is Kind.DASHBOARD and isinstance(content, dict):
            for part in PARTS:
                names = [str(one["id"]) for one in elements(content, part) if "id" in one]
                facts[part] = {name: made_uuid(f"{salt}/{key}/{part}/{name}") for name in names}
        items.setdefault(kind, {})[key] = facts
    return Identity(
        items=items,
        people={email: {"uuid": made_uuid(f"{salt}/user/{email}")} for email in PEOPLE},
        groups={name: {"uuid": made_uuid(f"{salt}/group/{name}")} for name in GROUPS},
        project={"uuid": project_uuid(salt), "organizationUuid": made_uuid(f"{salt}/organization")},
    )


def project_uuid(salt: str) -> str:
    """The uuid of the project on a server."""
    return made_uuid(f"{salt}/project")


def tree_of(project: Mapping[ItemKey, Json], salt: str = "") -> Tree:
    """The content files of a project, as an export writes them."""
    files = {
        file_of(*item): canonical(in_order(item[0], content) if isinstance(content, dict) else content)
        for item, content in project.items()
    }
    return Tree.of(files, identity_of(project, salt))
