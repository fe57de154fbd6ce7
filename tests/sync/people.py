"""What people do in the browser to the small project, field by field, in either environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightdash_sync.content.kinds import Kind
from tests.dialects import is_private, privacy
from tests.sync.desk import SOURCE, TARGET, Desk


class People:
    """Edit one environment; its items are found by the names that they had at first.

    Args:
        desk: both environments.
        where: the environment.
    """

    def __init__(self, desk: Desk, where: str = TARGET) -> None:
        self._desk = desk
        self._project = desk.projects[where]
        self._is_source = where == SOURCE
        self.chart = desk.uuid(Kind.CHART, "Orders, again", where)
        self.inside = desk.uuid(Kind.CHART, "Inside", where)
        self.dashboard = desk.uuid(Kind.DASHBOARD, "Overview", where)
        self.sales = desk.uuid(Kind.SPACE, "Sales", where)
        self.board = desk.uuid(Kind.SPACE, "Board", where)
        (self.sql,) = desk.uuids(Kind.SQL_CHART, "Orders per shop (SQL)", where)
        self.tag = desk.uuid(Kind.TAG, "core", where)
        self.scheduler = desk.scheduler(where)
        self._count = 0

    def fresh(self) -> int:
        """Return another number each time, so that an edit is a change."""
        self._count += 1
        return self._count

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Do something."""
        return self._desk.send(method, path, body)

    def chart_name(self) -> None:
        self.send("PATCH", f"/saved/{self.chart}", {"name": f"Renamed {self.fresh()}"})

    def chart_description(self) -> None:
        self.send("PATCH", f"/saved/{self.chart}", {"description": f"Described {self.fresh()}"})

    def chart_space(self) -> None:
        now = self.send("GET", f"/saved/{self.chart}")["spaceUuid"]
        other = self.sales if now == self.board else self.board
        self.send("PATCH", f"/saved/{self.chart}", {"spaceUuid": other})

    def chart_query(self) -> None:
        now = self.send("GET", f"/saved/{self.chart}")
        body = {name: now[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
        body["metricQuery"] = body["metricQuery"] | {"limit": 40 + self.fresh()}
        self.send("POST", f"/saved/{self.chart}/version", body)

    def inside_name(self) -> None:
        self.send("PATCH", f"/saved/{self.inside}", {"name": f"Inside {self.fresh()}"})

    def dashboard_name(self) -> None:
        self.send("PATCH", f"/dashboards/{self.dashboard}", {"name": f"Overview {self.fresh()}"})

    def dashboard_tile(self) -> None:
        self._dashboard(lambda now: now["tiles"][0].update(y=20 + self.fresh()))

    def dashboard_filter(self) -> None:
        self._dashboard(lambda now: now["filters"]["dimensions"][0].update(values=[f"v{self.fresh()}"]))

    def dashboard_tab(self) -> None:
        self._dashboard(lambda now: now["tabs"][1].update(name=f"Later {self.fresh()}"))

    def space_name(self) -> None:
        private = is_private(self._space())
        self.send("PATCH", self._sales(), {"name": f"Sales {self.fresh()}", **privacy(private)})

    def space_privacy(self) -> None:
        now = self._space()
        self.send("PATCH", self._sales(), {"name": now["name"], **privacy(not is_private(now))})

    def space_grant(self) -> None:
        people = {person.email: uuid for uuid, person in self._desk.world.people.items()}
        granted = {one["userUuid"] for one in self._space()["access"] if one.get("hasDirectAccess")}
        who = next(uuid for _, uuid in sorted(people.items()) if uuid not in granted)
        self.send("POST", self._sales("/share"), {"userUuid": who, "spaceRole": "viewer"})

    def sql_text(self) -> None:
        config = self.send("GET", self._sql())["config"]
        body = {"versionedData": {"sql": f"select {self.fresh()}", "limit": 10, "config": config}}
        self.send("PATCH", self._sql(), body)

    def sql_name(self) -> None:
        body = {"name": f"SQL {self.fresh()}", "description": None, "spaceUuid": self.sales}
        self.send("PATCH", self._sql(), {"unversionedData": body})

    def tag_colour(self) -> None:
        tag = self._desk.world.tags[self.tag]
        body = {"name": tag.name, "color": f"#0000{self.fresh():02x}"}
        self.send("PATCH", f"/projects/{self._project}/tags/{self.tag}", body)

    def tag_metric(self) -> None:
        fields = self._desk.world.project_rows[self._project].catalog
        metrics = [uuid for uuid, one in fields.items() if self._is_metric(one)]
        free = next(uuid for uuid in metrics if self.tag not in fields[uuid].categories)
        path = f"/projects/{self._project}/dataCatalog/{free}/categories"
        self.send("POST", path, {"tagUuid": self.tag})

    def metric_icon(self) -> None:
        fields = self._desk.world.project_rows[self._project].catalog
        free = next(uuid for uuid, one in fields.items() if self._is_metric(one) and one.icon is None)
        path = f"/projects/{self._project}/dataCatalog/{free}/icon"
        self.send("PATCH", path, {"icon": {"unicode": "1f600"}})

    def pin(self) -> None:
        """Pin something, another thing in each environment."""
        self.send("PATCH", f"/saved/{self.chart}/pinning" if self._is_source else self._sales("/pinning"))

    def scheduler_cron(self) -> None:
        self._scheduler(cron=f"{self.fresh()} 4 * * 1")

    def scheduler_target(self) -> None:
        self._scheduler(targets=[{"recipient": f"person{self.fresh()}@kettle.example"}])

    def _dashboard(self, change: Callable[[Any], Any]) -> None:
        now = self.send("GET", f"/dashboards/{self.dashboard}")
        change(now)
        body = {name: now[name] for name in ("tiles", "tabs", "filters")}
        self.send("PATCH", f"/dashboards/{self.dashboard}", body)

    def _scheduler(self, **fields: object) -> None:
        now = self.send("GET", f"/schedulers/{self.scheduler}")
        names = ("name", "format", "cron", "options", "message", "selectedTabs", "filters", "includeLinks")
        body = {name: now[name] for name in names if name in now}
        body["targets"] = [{"recipient": one["recipient"]} for one in now["targets"]]
        self.send("PATCH", f"/schedulers/{self.scheduler}", body | fields)

    def _space(self) -> Any:
        return self.send("GET", self._sales())

    def _sales(self, rest: str = "") -> str:
        return f"/projects/{self._project}/spaces/{self.sales}{rest}"

    def _sql(self) -> str:
        return f"/projects/{self._project}/sqlRunner/saved/{self.sql}"

    @staticmethod
    def _is_metric(field: Any) -> bool:
        return bool(field.definition["fieldType"] == "metric")


# What people do -> the item that it changes.
EDITS: dict[str, tuple[Callable[[People], None], str]] = {
    "chart name": (People.chart_name, "chart:orders-again"),
    "chart description": (People.chart_description, "chart:orders-again"),
    "chart space": (People.chart_space, "chart:orders-again"),
    "chart query": (People.chart_query, "chart:orders-again"),
    "name of a chart inside": (People.inside_name, "chart:inside"),
    "dashboard name": (People.dashboard_name, "dashboard:overview"),
    "dashboard tile": (People.dashboard_tile, "dashboard:overview"),
    "dashboard filter": (People.dashboard_filter, "dashboard:overview"),
    "dashboard tab": (People.dashboard_tab, "dashboard:overview"),
    "space name": (People.space_name, "space:sales"),
    "space privacy": (People.space_privacy, "space:sales"),
    "space grant": (People.space_grant, "space:sales"),
    "SQL text": (People.sql_text, "sql_chart:orders-per-shop-sql"),
    "SQL chart name": (People.sql_name, "sql_chart:orders-per-shop-sql"),
    "tag colour": (People.tag_colour, "tag:core"),
    "tag on a metric": (People.tag_metric, "tag:core"),
    "metric icon": (People.metric_icon, "metric_icons"),
    "pin": (People.pin, "pins"),
    "scheduler cron": (People.scheduler_cron, "scheduler:overview-each-hour"),
    "scheduler target": (People.scheduler_target, "scheduler:overview-each-hour"),
}
