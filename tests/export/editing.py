"""People at work: random edits of a project through the API, as they are made on a real server.

Edits go over HTTP with the tokens of several people, so that the embedded Lightdash applies its own rules
(versions, cascades, orphans). What an edit answers does not matter: a refusal leaves the project as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from lightdash_standin.scheduler_rows import project_of_scheduler
from tests.dialects import OF_NO_APP, privacy

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from lightdash_standin.state import World

WHO = ("admin", "second_admin", "editor")


class Editors:
    """Make random edits in the production project of a served world.

    Args:
        url: of the server.
        world: what is served.
        chance: decides what is edited, and how.

    Attributes:
        people: uuids of those with whom spaces are shared, or not any more; everybody, if there are none.
    """

    def __init__(self, url: str, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self.project = world.projects["production"]
        self.people: list[str] = []
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=10, trust_env=False, verify=False)
        self._made = 0

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def edit(self) -> str:
        """Make one edit, and return its name."""
        edits: list[Callable[[], None]] = [
            self.rename_chart, self.describe_chart, self.move_chart, self.change_chart, self.roll_chart_back,
            self.delete_chart, self.create_chart, self.create_chart_inside, self.rename_dashboard,
            self.move_tile, self.remove_tile, self.add_tile, self.filter_dashboard, self.delete_dashboard,
            self.rename_space, self.toggle_space, self.share_space, self.unshare_space, self.create_space,
            self.delete_space, self.create_scheduler, self.change_scheduler, self.delete_scheduler,
            self.create_tag, self.recolour_tag, self.delete_tag, self.tag_metric, self.pin, self.change_sql,
            self.create_sql, self.delete_sql, self.move_dashboard, self.make_icon,
        ]  # fmt: skip
        if self.world.can("dashboard_history"):
            edits.append(self.roll_dashboard_back)
        edit = self.chance.choice(edits)
        self.world.clock.advance(hours=1)
        edit()
        return edit.__name__

    def comment_everywhere(self) -> None:
        """Comment on every tile, with links and mentions. Later comments alone show in no list."""
        for dashboard in self._dashboards():
            for tile in self.world.dashboards[dashboard].version.tiles:
                text = f"{self._link()}, {self._person()}"
                body = {"text": text, "textHtml": f"<p>{text}</p>", "mentions": [self._person()]}
                self._send("POST", f"/comments/dashboards/{dashboard}/{tile['uuid']}", body)

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        token = self.world.tokens[self.chance.choice(WHO)]
        answer = self._http.request(method, path, json=body, headers={"Authorization": f"ApiKey {token}"})
        try:
            return answer.json().get("results")
        except ValueError:
            return None

    def _new_name(self) -> str:
        self._made += 1
        return (
            self.chance.choice(("Ideas", "Weekly numbers", "🚀", "Ünï", "../../x", "Sales"))
            + f" {self._made % 7}"
        )

    def _spaces(self) -> list[str]:
        return sorted(uuid for uuid, space in self.world.spaces.items() if space.project_uuid == self.project)

    def _dashboards(self) -> list[str]:
        spaces = set(self._spaces())
        return sorted(uuid for uuid, one in self.world.dashboards.items() if one.space_uuid in spaces)

    def _charts(self) -> list[str]:
        """Charts that a list names: what is hidden cannot be edited by people."""
        spaces = set(self._spaces())
        shown = {
            tile["properties"].get("savedChartUuid")
            for uuid in self._dashboards()
            for tile in self.world.dashboards[uuid].version.tiles
        }
        return sorted(
            uuid for uuid, chart in self.world.charts.items() if chart.space_uuid in spaces or uuid in shown
        )

    def _sql_charts(self) -> list[str]:
        spaces = set(self._spaces())
        return sorted(uuid for uuid, chart in self.world.sql_charts.items() if chart.space_uuid in spaces)

    def _one(self, uuids: list[str]) -> str:
        return self.chance.choice(uuids) if uuids else "00000000-0000-4000-8000-000000000000"

    def rename_chart(self) -> None:
        self._send("PATCH", f"/saved/{self._one(self._charts())}", {"name": self._new_name()})

    def describe_chart(self) -> None:
        self._send("PATCH", f"/saved/{self._one(self._charts())}", {"description": self._new_name()})

    def move_chart(self) -> None:
        self._send("PATCH", f"/saved/{self._one(self._charts())}", {"spaceUuid": self._one(self._spaces())})

    def _query(self) -> dict[str, Any]:
        explore = self.chance.choice(sorted(self.world.project_rows[self.project].explores))
        limit = self.chance.randrange(1, 5000)
        return {
            "tableName": explore,
            "metricQuery": {
                "exploreName": explore, "dimensions": [], "metrics": [], "filters": {}, "sorts": [],
                "limit": limit, "tableCalculations": [],
            },
            "chartConfig": {"type": "table", "config": {"seen": limit % 3}},
            "tableConfig": {"columnOrder": []},
        }  # fmt: skip

    def change_chart(self) -> None:
        self._send("POST", f"/saved/{self._one(self._charts())}/version", self._query())

    def roll_chart_back(self) -> None:
        chart = self._one(self._charts())
        history = (self._send("GET", f"/saved/{chart}/history") or {}).get("history") or [
            {"versionUuid": chart}
        ]
        self._send("POST", f"/saved/{chart}/rollback/{self.chance.choice(history)['versionUuid']}")

    def roll_dashboard_back(self) -> None:
        dashboard = self._one(self._dashboards())
        history = (self._send("GET", f"/dashboards/{dashboard}/history") or {}).get("history") or [
            {"versionUuid": dashboard}
        ]
        version = self.chance.choice(history)["versionUuid"]
        self._send("POST", f"/dashboards/{dashboard}/rollback/{version}")

    def delete_chart(self) -> None:
        self._send("DELETE", f"/saved/{self._one(self._charts())}")

    def create_chart(self) -> None:
        body = self._query() | {"name": self._new_name(), "spaceUuid": self._one(self._spaces())}
        self._send("POST", f"/projects/{self.project}/saved", body)

    def create_chart_inside(self) -> None:
        dashboard = self._one(self._dashboards())
        body = self._query() | {"name": self._new_name(), "dashboardUuid": dashboard}
        chart = self._send("POST", f"/projects/{self.project}/saved", body)
        if chart:
            self._patch_tiles(dashboard, lambda tiles: [*tiles, self._tile(chart["uuid"])])

    def _tile(self, chart: str) -> dict[str, Any]:
        where = {"x": self.chance.randrange(0, 30), "y": self.chance.randrange(0, 99), "w": 6, "h": 6}
        return {"type": "saved_chart", **where, "properties": {"savedChartUuid": chart}}

    def _patch_tiles(self, dashboard: str, change: Callable[[list[Any]], list[Any]]) -> None:
        now = self._send("GET", f"/dashboards/{dashboard}")
        if now:
            body = {"tiles": change(now["tiles"]), "tabs": now["tabs"], "filters": now["filters"]}
            self._send("PATCH", f"/dashboards/{dashboard}", body)

    def rename_dashboard(self) -> None:
        self._send("PATCH", f"/dashboards/{self._one(self._dashboards())}", {"name": self._new_name()})

    def move_dashboard(self) -> None:
        body = {"spaceUuid": self._one(self._spaces())}
        self._send("PATCH", f"/dashboards/{self._one(self._dashboards())}", body)

    def move_tile(self) -> None:
        def moved(tiles: list[Any]) -> list[Any]:
            return [tile | {"y": self.chance.randrange(0, 50)} for tile in tiles]

        self._patch_tiles(self._one(self._dashboards()), moved)

    def remove_tile(self) -> None:
        self._patch_tiles(self._one(self._dashboards()), lambda tiles: tiles[1:])

    def add_tile(self) -> None:
        chart = self._tile(self._one(self._charts()))
        text = {
            "type": "markdown",
            "x": 0,
            "y": 0,
            "w": 6,
            "h": 3,
            "properties": {"title": "t", "content": self._link()},
        }
        self._patch_tiles(self._one(self._dashboards()), lambda tiles: [*tiles, chart, text])

    def _link(self) -> str:
        return f"[see](/projects/{self.project}/saved/{self._one(self._charts())}), @{self._person()}"

    def filter_dashboard(self) -> None:
        dashboard = self._one(self._dashboards())
        now = self._send("GET", f"/dashboards/{dashboard}")
        if now:
            rule = {
                "id": "a-rule", "operator": "equals", "values": [self.chance.randrange(9)],
                "target": {"fieldId": "orders_status", "tableName": "orders"},
                "tileTargets": {tile["uuid"]: False for tile in now["tiles"][:2]},
            }  # fmt: skip
            filters = {"dimensions": [rule], "metrics": [], "tableCalculations": []}
            self._send(
                "PATCH",
                f"/dashboards/{dashboard}",
                {"tiles": now["tiles"], "tabs": now["tabs"], "filters": filters},
            )

    def delete_dashboard(self) -> None:
        self._send("DELETE", f"/dashboards/{self._one(self._dashboards())}")

    def _space(self, rest: str = "") -> str:
        return f"/projects/{self.project}/spaces/{self._one(self._spaces())}{rest}"

    def rename_space(self) -> None:
        self._send("PATCH", self._space(), {"name": self._new_name(), **privacy(False)})

    def toggle_space(self) -> None:
        self._send("PATCH", self._space(), {"name": self._new_name(), **privacy(self.chance.random() < 0.5)})

    def _person(self) -> str:
        return self.chance.choice(self.people or sorted(self.world.people))

    def share_space(self) -> None:
        role = self.chance.choice(("viewer", "editor", "admin"))
        self._send("POST", self._space("/share"), {"userUuid": self._person(), "spaceRole": role})

    def unshare_space(self) -> None:
        self._send("DELETE", self._space(f"/share/{self._person()}"))

    def create_space(self) -> None:
        self._send("POST", f"/projects/{self.project}/spaces", {"name": self._new_name(), **privacy(False)})

    def delete_space(self) -> None:
        if len(self._spaces()) > 3:
            self._send("DELETE", self._space())

    def create_scheduler(self) -> None:
        body = {
            "name": self._new_name(), "format": "csv", "cron": "0 9 * * 1",
            "options": {"formatted": True, "limit": "table"},
            "targets": [{"recipient": "someone@example.com"}], "enabled": True, "includeLinks": True,
            **OF_NO_APP,
        }  # fmt: skip
        where = self.chance.choice(
            (f"/saved/{self._one(self._charts())}", f"/dashboards/{self._one(self._dashboards())}")
        )
        self._send("POST", f"{where}/schedulers", body)

    def _schedulers(self) -> list[str]:
        return sorted(
            uuid
            for uuid, one in self.world.schedulers.items()
            if project_of_scheduler(self.world, one).uuid == self.project
        )

    def change_scheduler(self) -> None:
        uuid = self._one(self._schedulers())
        self._send("PATCH", f"/schedulers/{uuid}/enabled", {"enabled": self.chance.random() < 0.5})

    def delete_scheduler(self) -> None:
        self._send("DELETE", f"/schedulers/{self._one(self._schedulers())}")

    def _tags(self) -> list[str]:
        return sorted(self.world.project_rows[self.project].tags)

    def create_tag(self) -> None:
        self._send("POST", f"/projects/{self.project}/tags", {"name": self._new_name(), "color": "#123456"})

    def recolour_tag(self) -> None:
        body = {"name": self._new_name(), "color": "#654321"}
        self._send("PATCH", f"/projects/{self.project}/tags/{self._one(self._tags())}", body)

    def delete_tag(self) -> None:
        self._send("DELETE", f"/projects/{self.project}/tags/{self._one(self._tags())}")

    def _metric(self) -> str:
        return self._one(sorted(self.world.project_rows[self.project].catalog))

    def tag_metric(self) -> None:
        path = f"/projects/{self.project}/dataCatalog/{self._metric()}/categories"
        self._send("POST", path, {"tagUuid": self._one(self._tags())})

    def make_icon(self) -> None:
        path = f"/projects/{self.project}/dataCatalog/{self._metric()}/icon"
        self._send("PATCH", path, {"icon": {"unicode": "1f600"}})

    def pin(self) -> None:
        places = (
            f"/saved/{self._one(self._charts())}", f"/dashboards/{self._one(self._dashboards())}",
            self._space(),
        )  # fmt: skip
        self._send("PATCH", f"{self.chance.choice(places)}/pinning")

    def _sql(self) -> dict[str, Any]:
        config = {"type": "table", "columns": {}, "metadata": {"version": 1}, "display": {}}
        return {"sql": f"select {self.chance.randrange(99)}", "limit": 10, "config": config}

    def create_sql(self) -> None:
        body = self._sql() | {
            "name": self._new_name(),
            "description": None,
            "spaceUuid": self._one(self._spaces()),
        }
        self._send("POST", f"/projects/{self.project}/sqlRunner/saved", body)

    def change_sql(self) -> None:
        moved = {"name": self._new_name(), "description": None, "spaceUuid": self._one(self._spaces())}
        body = self.chance.choice(({"unversionedData": moved}, {"versionedData": self._sql()}))
        self._send("PATCH", f"/projects/{self.project}/sqlRunner/saved/{self._one(self._sql_charts())}", body)

    def delete_sql(self) -> None:
        self._send("DELETE", f"/projects/{self.project}/sqlRunner/saved/{self._one(self._sql_charts())}")
