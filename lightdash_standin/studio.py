"""Short ways to create demo content: a project, its people, and functions for each kind of content.

It uses the functions that serve requests, so that the content is the same as if it was created by requests.
"""

from __future__ import annotations

from dataclasses import dataclass

from lightdash_standin.accounts import Person
from lightdash_standin.charts import add_version, create_chart, read_chart
from lightdash_standin.dashboards import add_dashboard_version, create_dashboard, delete_orphans
from lightdash_standin.spaces import create_space
from lightdash_standin.state import Chart, Dashboard, Json, Project, Space, SqlChart, World

NO_FILTERS: Json = {"dimensions": [], "metrics": [], "tableCalculations": []}


@dataclass
class Studio:
    """A project of a world, and the people who create content in it."""

    world: World
    project: Project
    people: dict[str, Person]

    def space(
        self,
        name: str,
        *,
        private: bool = False,
        owner: str = "admin",
        above: Space | None = None,
        grants: dict[str, str] | None = None,
        **more: str,
    ) -> Space:
        """Create a space of the owner, with direct grants by nickname."""
        space = create_space(
            self.world, self.project.uuid, name, None,
            is_private=private, above=above, creator=self.people[owner],
        )  # fmt: skip
        space.access[self.people[owner].uuid] = "admin"
        for nickname, role in {**(grants or {}), **more}.items():
            space.access[self.people[nickname].uuid] = role
        return space

    def grant_group(self, space: Space, name: str, role: str) -> None:
        """Grant a role in a space to a group."""
        group = next(one for one in self.world.groups.values() if one.name == name)
        space.group_access[group.uuid] = role

    def chart(self, body: Json, home: Space | Dashboard, author: str = "editor") -> Chart:
        """Create a chart in a space, or inside a dashboard."""
        inside = home.uuid if isinstance(home, Dashboard) else None
        space = None if inside else home.uuid
        return create_chart(self.world, body, self.people[author], body["name"], space, inside)

    def sql_chart(self, body: Json, space: Space, author: str = "developer") -> SqlChart:
        """Create a SQL chart."""
        moment, person = self.world.clock.tick(), self.people[author].uuid
        slug = self.world.slugs.claim("sql_charts", body["name"], self.project.uuid)
        chart = SqlChart(
            self.world.new_uuid(), slug, body["name"],
            body["description"], self.project.uuid, space.uuid, body["sql"], body["limit"], body["config"],
            moment, person, self.world.clock.tick(), person,
        )  # fmt: skip
        self.world.sql_charts[chart.uuid] = chart
        space.sql_charts[chart.uuid] = None
        return chart

    def edit(self, chart: Chart, author: str, **query: object) -> None:
        """Add a version with another limit, sorting or the like."""
        body = read_chart(self.world, chart)
        add_version(
            self.world, chart, {**body, "metricQuery": {**body["metricQuery"], **query}}, self.people[author]
        )

    def dashboard(
        self, name: str, space: Space, description: str | None = None, author: str = "editor"
    ) -> Dashboard:
        """Create an empty dashboard."""
        body: Json = {"name": name, "description": description, "tiles": [], "tabs": []}
        return create_dashboard(self.world, body, self.people[author], name, space.uuid)

    def arrange(
        self,
        dashboard: Dashboard,
        tiles: list[Json],
        tabs: list[Json],
        filters: Json,
        author: str = "editor",
        **more: Json,
    ) -> None:
        """Add a version of a dashboard; `more` has fields of newer versions."""
        body = {"tiles": tiles, "tabs": tabs, "filters": filters, **more}
        add_dashboard_version(self.world, dashboard, body, self.people[author])
        delete_orphans(self.world, dashboard)

    def tile(
        self, kind: str, spot: tuple[int, int, int, int], properties: Json, tab: Json | None = None
    ) -> Json:
        """Return a tile at x, y with width and height."""
        x, y, w, h = spot
        place = {"x": x, "y": y, "w": w, "h": h, "tabUuid": tab["uuid"] if tab else None}
        return {"uuid": self.world.new_uuid(), "type": kind, **place, "properties": properties}

    def chart_tile(
        self, chart: Chart, spot: tuple[int, int, int, int], tab: Json | None = None, title: str | None = None
    ) -> Json:
        """Return a tile that shows a chart."""
        properties: Json = {"savedChartUuid": chart.uuid, "hideTitle": False}
        return self.tile("saved_chart", spot, {**properties, "title": title} if title else properties, tab)

    def tabs(self, *names: str) -> list[Json]:
        """Return tabs in order."""
        return [
            {"uuid": self.world.new_uuid(), "name": name, "order": order} for order, name in enumerate(names)
        ]
