"""What a person does in the browser to a project, by the names of things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lightdash_standin.demo_charts import simple_chart, sql_charts
from lightdash_sync.content.kinds import Kind
from tests.dialects import privacy
from tests.sync.desk import Desk

Tiles = list[dict[str, Any]]
_VERSION = ("tableName", "metricQuery", "chartConfig", "tableConfig")
_PLACES = {Kind.CHART: "/saved", Kind.DASHBOARD: "/dashboards"}


class Hands:
    """Hands at the browser of one environment; every name is of one item there.

    Args:
        desk: with the environment.
        where: its name.
    """

    def __init__(self, desk: Desk, where: str) -> None:
        self.desk = desk
        self.where = where
        self.project = f"/projects/{desk.projects[where]}"

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Do something, an hour later."""
        return self.desk.send(method, path, body)

    def uuid(self, kind: Kind, name: str) -> str:
        """Return the uuid of the item of a name."""
        return self.desk.uuid(kind, name, self.where)

    # --- spaces

    def space(self, name: str, *, private: bool = False) -> str:
        """Make a space; return its uuid."""
        body = {"name": name, **privacy(private)}
        return str(self.send("POST", f"{self.project}/spaces", body)["uuid"])

    def rename_space(self, name: str, to: str) -> None:
        """Give a space another name."""
        space = self.desk.space(name, self.where)
        body = {"name": to, **privacy(space.is_private)}
        self.send("PATCH", f"{self.project}/spaces/{space.uuid}", body)

    def share(self, name: str, email: str, role: str) -> None:
        """Grant a space to somebody."""
        (person,) = [uuid for uuid, one in self.desk.world.people.items() if one.email == email]
        path = f"{self.project}/spaces/{self.uuid(Kind.SPACE, name)}/share"
        self.send("POST", path, {"userUuid": person, "spaceRole": role})

    def share_with_group(self, name: str, group: str, role: str) -> None:
        """Grant a space to a group."""
        (found,) = [uuid for uuid, one in self.desk.world.groups.items() if one.name == group]
        path = f"{self.project}/spaces/{self.uuid(Kind.SPACE, name)}/group/share"
        self.send("POST", path, {"groupUuid": found, "spaceRole": role})

    # --- charts

    def chart(self, name: str, *, space: str = "", dashboard: str = "") -> str:
        """Make a chart in a space, or inside a dashboard; return its uuid."""
        place = (
            {"dashboardUuid": self.uuid(Kind.DASHBOARD, dashboard)}
            if dashboard
            else {"spaceUuid": self.uuid(Kind.SPACE, space)}
        )
        return str(self.send("POST", f"{self.project}/saved", simple_chart(name) | place)["uuid"])

    def edit(self, name: str, limit: int) -> None:
        """Let a chart show so many rows."""
        path = f"/saved/{self.uuid(Kind.CHART, name)}"
        now = self.send("GET", path)
        body = {field: now[field] for field in _VERSION}
        self.send("POST", f"{path}/version", body | {"metricQuery": now["metricQuery"] | {"limit": limit}})

    def change(self, kind: Kind, name: str, /, **fields: object) -> None:
        """Change name, description or space of a chart or a dashboard."""
        path = f"{_PLACES[kind]}/{self.uuid(kind, name)}"
        self.send("PATCH", path, ({} if kind is Kind.CHART else {"name": name}) | fields)

    def delete(self, kind: Kind, name: str) -> None:
        """Delete a chart or a dashboard."""
        self.send("DELETE", f"{_PLACES[kind]}/{self.uuid(kind, name)}")

    def sql_chart(self, name: str, space: str) -> str:
        """Make a SQL chart; return its uuid."""
        body = sql_charts()[0] | {"name": name, "spaceUuid": self.uuid(Kind.SPACE, space)}
        return str(self.send("POST", f"{self.project}/sqlRunner/saved", body)["savedSqlUuid"])

    def edit_sql(self, name: str, sql: str) -> None:
        """Let a SQL chart ask something else."""
        path = f"{self.project}/sqlRunner/saved/{self.uuid(Kind.SQL_CHART, name)}"
        now = self.send("GET", path)
        body = {"sql": sql, "limit": now["limit"], "config": now["config"]}
        self.send("PATCH", path, {"versionedData": body})

    # --- dashboards

    def dashboard(self, name: str, space: str, *tiles: dict[str, Any], tabs: Tiles | None = None) -> str:
        """Make a dashboard with tiles; return its uuid."""
        body = {"name": name, "spaceUuid": self.uuid(Kind.SPACE, space), "tiles": [], "tabs": []}
        uuid = str(self.send("POST", f"{self.project}/dashboards", body)["uuid"])
        self.send("PATCH", f"/dashboards/{uuid}", _layout(list(tiles), tabs or []))
        return uuid

    def arrange(self, name: str, change: Callable[[Tiles], Tiles]) -> None:
        """Let a dashboard have other tiles."""
        path = f"/dashboards/{self.uuid(Kind.DASHBOARD, name)}"
        now = self.send("GET", path)
        tiles = sorted(now["tiles"], key=lambda tile: (tile["y"], tile["x"]))
        self.send("PATCH", path, _layout(change(tiles), now["tabs"], now["filters"]))

    def add(self, name: str, *tiles: dict[str, Any]) -> None:
        """Put tiles below the others of a dashboard."""
        self.arrange(name, lambda now: now + [tile | {"y": 90 + n} for n, tile in enumerate(tiles)])

    def chart_tile(self, name: str, row: int = 0) -> dict[str, Any]:
        """A tile that shows a chart of this environment."""
        return self._tile("saved_chart", row, {"savedChartUuid": self.uuid(Kind.CHART, name)})

    def sql_tile(self, name: str, row: int = 0) -> dict[str, Any]:
        """A tile that shows a SQL chart of this environment."""
        return self._tile("sql_chart", row, {"savedSqlUuid": self.uuid(Kind.SQL_CHART, name)})

    def text(self, content: str, row: int = 0) -> dict[str, Any]:
        """A tile with Markdown."""
        return self._tile("markdown", row, {"content": content})

    def comment(self, dashboard: str, row: int, text: str) -> None:
        """Say something about the tile of a dashboard that is in a row."""
        path = f"/dashboards/{self.uuid(Kind.DASHBOARD, dashboard)}"
        tile = sorted(self.send("GET", path)["tiles"], key=lambda one: one["y"])[row]["uuid"]
        body = {"text": text, "textHtml": text, "mentions": []}
        self.send("POST", f"/comments{path}/{tile}", body)

    def _tile(self, kind: str, row: int, properties: dict[str, Any]) -> dict[str, Any]:
        place = {"x": 0, "y": 9 * row, "w": 36, "h": 9, "tabUuid": None}
        uuid = self.desk.world.new_uuid()  # as browsers do: the server takes what comes
        return {"uuid": uuid, "type": kind, **place, "properties": {"title": "", **properties}}

    # --- what no promotion carries

    def deliver(self, dashboard: str, name: str, cron: str) -> None:
        """Have a dashboard sent."""
        body = {
            "name": name,
            "format": "csv",
            "cron": cron,
            "options": {"formatted": True, "limit": "table"},
            "targets": [{"recipient": "someone@kettle.example"}],
        }
        self.send("POST", f"/dashboards/{self.uuid(Kind.DASHBOARD, dashboard)}/schedulers", body)

    def tag(self, name: str, color: str) -> None:
        """Make a tag."""
        self.send("POST", f"{self.project}/tags", {"name": name, "color": color})

    def pin(self, kind: Kind, name: str) -> None:
        """Pin a chart or a dashboard."""
        self.send("PATCH", f"{_PLACES[kind]}/{self.uuid(kind, name)}/pinning")


def _layout(tiles: Tiles, tabs: Tiles, filters: object = None) -> dict[str, Any]:
    nothing: dict[str, Any] = {"dimensions": [], "metrics": [], "tableCalculations": []}
    return {"tiles": tiles, "tabs": tabs, "filters": filters or nothing}
