"""A project over several nights: people edit through the API, and every night a backup is made."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from lightdash_standin.server import Server
from lightdash_sync.backup.commits import Manner, commit_snapshot
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.git import Repository
from lightdash_sync.history.log import time_line
from lightdash_sync.history.past import parse_item, read_past
from lightdash_sync.history.sources import open_sources
from tests.exporting import export_world
from tests.worlds import can, demo_world

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import Chart, Dashboard
    from lightdash_sync.backup.commits import CreatedCommits
    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.history.log import LogEntry
    from lightdash_sync.history.past import ItemHistory

ADA, INES = "ada.kovac@kettle.example", "ines.marchetti@kettle.example"
# The demo's chart "Weekly revenue" is verified where the server can do that. Saving it ends that, which is no
# part of a version: the commit tells it, as nobody's.
ENDED: list[tuple[str, str | None, str]] = (
    [("changed", None, "verification removed")] if can("verification") else []
)
# The chart's versions before the demo's last days, which older servers do not list.
OLDEST: list[tuple[str, str | None, str]] = (
    [
        ("changed", "lena.brandt@kettle.example", "limit: 104 → 52"),
        ("changed", "tom.okafor@kettle.example", "limit: 500 → 104"),
        ("first_version", INES, ""),
    ]
    if can("whole_history")
    else [("first_version", "lena.brandt@kettle.example", "")]
)
UGLY = "[/foo] \x1b[31mred\x1b[0m 🚀\nnew\u202eline"


@dataclass(frozen=True)
class Told:
    """What a story left behind.

    Attributes:
        root: top of the repository.
        folder: of the snapshot.
        commits: what each night made, by the name of the night.
        repository: the same.
    """

    root: Path
    folder: Path
    commits: dict[str, list[str]]
    repository: Repository

    def git(self, *words: str) -> str:
        """Run plain git as a person would."""
        command = ["git", "-C", str(self.root), "-c", "user.name=Hand", "-c", "user.email=hand@example.com"]
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def content(self, path: str) -> JsonObject:
        """Return what is in a file of the snapshot on disk."""
        found = parse((self.folder / path).read_bytes())
        assert isinstance(found, dict)
        return found

    def change(self, path: str, fields: JsonObject) -> None:
        """Change some fields of a file by hand."""
        self.write(path, canonical(self.content(path) | fields))

    def write(self, path: str, content: bytes) -> None:
        """Write a file of the snapshot, whatever it should be."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def by_hand(self, message: str = "By hand") -> str:
        """Commit all there is; return the commit."""
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD")

    def line(self, item: str) -> list[LogEntry]:
        """Return the time line of an item."""
        return time_line(self.past(item))

    def past(self, item: str) -> ItemHistory:
        """Return what is remembered of an item."""
        return read_past(open_sources(self.folder), parse_item(item))


class Story:
    """The demo's production project, and the repository that it is backed up to.

    The clock moves only when told to: an edit takes an hour, a night a day.

    Args:
        root: where the repository will be.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.world = demo_world()
        self.repository = Repository.init(root)
        self.folder = root / "snapshots" / "production"

    def chart(self, slug: str) -> Chart:
        """Return a chart of the project."""
        return next(chart for chart in self.world.charts.values() if chart.slug == slug)

    def dashboard(self, slug: str) -> Dashboard:
        """Return a dashboard of the project."""
        return next(one for one in self.world.dashboards.values() if one.slug == slug)

    def space(self, slug: str) -> str:
        """Return the uuid of a space."""
        return next(one.uuid for one in self.world.spaces.values() if one.slug == slug)

    def send(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """Send a request as a person (admin, editor ...), an hour later; it must be granted."""
        self.world.clock.advance(hours=1)
        with Server(self.world) as server:
            token = {"Authorization": f"ApiKey {self.world.tokens[who]}"}
            url = f"{server.url}/api/v1{path}"
            answer = httpx.request(method, url, json=body, headers=token, trust_env=False, verify=False)
        assert answer.is_success, answer.text
        return answer.json().get("results")

    def save(self, slug: str, who: str = "admin", **query: Any) -> None:
        """Save a new version of a chart with another query."""
        uuid = self.chart(slug).uuid
        now = self.send(who, "GET", f"/saved/{uuid}")
        body = {name: now[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
        self.send(who, "POST", f"/saved/{uuid}/version", body | {"metricQuery": now["metricQuery"] | query})

    def rename(self, slug: str, name: str) -> None:
        """Rename a chart."""
        self.send("admin", "PATCH", f"/saved/{self.chart(slug).uuid}", {"name": name})

    def tell(self) -> Told:
        """Live through six nights."""
        made = {"first": self.night()}
        self.save("weekly-revenue", "admin", limit=77)
        self.save("weekly-revenue", "editor", dimensions=["orders_status"])
        made["saved"] = self.night()
        self.rename("weekly-revenue", UGLY)
        uuid = self.chart("weekly-revenue").uuid
        self.send("admin", "PATCH", f"/saved/{uuid}", {"spaceUuid": self.space("customers")})
        self.save("weekly-revenue", "admin", limit=78)
        made["renamed"] = self.night()
        self.create("Fresh")
        self.save("fresh", "admin", limit=2)
        self.rename("fresh", "Fresher")
        made["created"] = self.night()
        self.send("admin", "DELETE", f"/saved/{self.chart('orders-by-shop').uuid}")
        self.edit_dashboard("subscriptions")
        self.pause("value-per-segment")
        made["deleted"] = self.night()
        self.create("Orders by shop")
        made["restored"] = self.night()
        made["quiet"] = self.night()
        commits = {night: [one.id for one in several] for night, several in made.items()}
        return Told(self.repository.root, self.folder, commits, self.repository)

    def create(self, name: str, who: str = "editor") -> None:
        """Save a new chart."""
        explore = next(iter(self.world.project_rows[self.world.projects["production"]].explores))
        query = {
            "exploreName": explore, "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 1,
            "tableCalculations": [],
        }  # fmt: skip
        body = {
            "name": name, "spaceUuid": self.space("sales"), "tableName": explore, "metricQuery": query,
            "chartConfig": {"type": "table", "config": {}}, "tableConfig": {"columnOrder": []},
        }  # fmt: skip
        self.send(who, "POST", f"/projects/{self.world.projects['production']}/saved", body)

    def edit_dashboard(self, slug: str, who: str = "editor") -> None:
        """Take the first tile off a dashboard, and rename it too."""
        uuid = self.dashboard(slug).uuid
        now = self.send(who, "GET", f"/dashboards/{uuid}")
        body = {"tiles": now["tiles"][1:], "tabs": now["tabs"], "filters": now["filters"]}
        self.send(who, "PATCH", f"/dashboards/{uuid}", body)
        self.send(who, "PATCH", f"/dashboards/{uuid}", {"name": "Subscribers"})

    def pause(self, words: str) -> None:
        """Resume or pause a scheduler of a chart."""
        chart = self.chart(words).uuid
        one = next(one for one in self.world.schedulers.values() if one.chart_uuid == chart)
        self.send("admin", "PATCH", f"/schedulers/{one.uuid}/enabled", {"enabled": not one.enabled})

    def export(self, *, history: bool = True) -> None:
        """Export, and commit nothing."""
        chosen = ExportSelection() if history else ExportSelection(depth=Depth.CONTENT)
        export_world(self.world, self.folder, chosen=chosen, accept_shrink=True)

    def night(
        self, *, history: bool = True, single: bool = False, backfill: bool = False
    ) -> list[CreatedCommits]:
        """Export and commit; return the commits."""
        self.world.clock.advance(days=1)
        self.export(history=history)
        os.environ["GIT_COMMITTER_DATE"] = self.world.clock.now()
        try:
            manner = Manner(single=single, backfill=backfill)
            return commit_snapshot(self.repository, self.folder, "production", manner)
        finally:
            del os.environ["GIT_COMMITTER_DATE"]
