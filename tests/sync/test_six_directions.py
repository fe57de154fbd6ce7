"""Content goes from each of three versions to each other: what cannot be held is told, and no more is lost.

What both sides have is compared by a reader that shares no code with the tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import httpx
import pytest

from lightdash_standin import seed
from lightdash_standin.server import Server
from lightdash_sync.content.kinds import KINDS, Kind
from tests.cli.running import Done, run
from tests.dialects import preview_of
from tests.independent.reader import Content, Reader, differences

CURRENT = "1.219.0"
VERSIONS = ("0.1372.1", "0.2904.5", CURRENT)
PAIRS = [*permutations(VERSIONS, 2)]
# What versions say of what is not set, each in its own way, or of something that is told elsewhere.
UNSET: tuple[Any, ...] = (None, False, "", [], {}, "project_timezone")
# Of palettes each organisation has its own.
ELSEWHERE = {"dashboardSlug", "appUuid", "appName", "colorPaletteUuid"}


@dataclass
class Both:
    """Two servers of different versions, one full, one empty.

    Attributes:
        source: the full one.
        target: the empty one.
        projects: the uuids of both projects.
    """

    source: Server
    target: Server
    projects: tuple[str, str]

    def do(self, *arguments: str, may: tuple[int, ...] = (0,)) -> Done:
        """Run the command."""
        env = {"HERE": self.source.world.tokens["admin"], "THERE": self.target.world.tokens["admin"]}
        done = run(*arguments, env=env)
        assert done.code in may, (done.code, done.out, done.err)
        return done

    def writes(self) -> int:
        """How many requests the target has met that change something."""
        return sum(method != "GET" for method, _ in self.target.world.requests)

    def read(self) -> tuple[Content, Content]:
        """Both projects, as a stranger sees them."""
        found = []
        for server, project in zip((self.source, self.target), self.projects, strict=True):
            with Reader(server.url, server.world.tokens["admin"]) as reader:
                found.append(reader.project(project))
        return found[0], found[1]


@contextmanager
def both(older: str, newer: str, folder: Path) -> Iterator[Both]:
    """The demo of one version, and an empty project of another."""
    here, there = seed.demo_world(older), seed.demo_world(newer)
    with Server(here) as source, Server(there) as target, chdir(folder):
        production = there.projects["production"]
        made = httpx.post(
            f"{target.url}/api/v1/projects/{production}/createPreview",
            json={"name": "Empty", "copyContent": False},
            headers={"Authorization": f"ApiKey {there.tokens['admin']}"},
            trust_env=False, verify=False,
        ).json()["results"]  # fmt: skip
        projects = here.projects["production"], preview_of(made, there)
        said = (
            f'[env.{name}]\nurl = "{server.url}"\nproject = "{uuid}"\ntoken_env = "{token}"\n'
            for name, server, uuid, token in zip(
                ("source", "target"), (source, target), projects, ("HERE", "THERE"), strict=True
            )
        )
        (folder / "lightdash-sync.toml").write_text("\n".join(said), "utf-8")
        yield Both(source, target, projects)
        assert here.crashes == there.crashes == []


def _said(value: Any) -> Any:
    """A reading without what is not set, however it is said."""
    if isinstance(value, list):
        return [_said(one) for one in value]
    if not isinstance(value, dict):
        return value
    value = _without_sql_columns(value)
    kept = {name: _said(one) for name, one in value.items() if name not in ELSEWHERE}
    return {name: one for name, one in kept.items() if one not in UNSET}


def _without_sql_columns(chart: dict[str, Any]) -> dict[str, Any]:
    """0.1372.1 says names of SQL dimensions among the columns, newer versions do not."""
    if "metricQuery" not in chart or "tableConfig" not in chart:
        return chart
    sql = {one["name"] for one in chart["metricQuery"]["customDimensions"] if one["type"] == "sql"}
    order = [name for name in chart["tableConfig"]["columnOrder"] if name not in sql]
    return {**chart, "tableConfig": {"columnOrder": order}}


def _compared(content: Content, flat: bool) -> Content:
    """A reading as it is compared: deliveries by name, and no space inside another if one side has none."""
    schedulers = {f"scheduler: {one['name']}": one for one in content["schedulers"]}
    said = json.dumps({**{name: one for name, one in content.items() if name != "schedulers"}, **schedulers})
    if flat:
        said = re.sub(
            r"space: / Sales(?: #1)? / Regions( / North)?",
            lambda one: "space: / North" if one[1] else "space: / Regions",
            said,
        )
    # A role for all members of the project stands in the list of grants of some versions.
    spaces = {
        name: {part: one for part, one in space.items() if part != "people"}
        if name.startswith("space:") and name.endswith("/ Regions") else space
        for name, space in json.loads(said).items()
    }  # fmt: skip
    found: Content = _said(spaces)
    return found


def _named(plan: dict[str, Any], folder: Path) -> set[str]:
    """The names of what the plan says that it cannot be held, or not whole."""
    names = set()
    for one in (*plan["problems"], *plan["left_out"]):
        kind, _, key = one["item"].partition(":")
        files = [*folder.glob(f"{KINDS[Kind(kind)].folder}/{key}.json")] if key else []
        names |= {json.loads(file.read_text("utf-8"))["name"] for file in files}
    return names


@pytest.mark.parametrize(("older", "newer"), PAIRS, ids=[" to ".join(pair) for pair in PAIRS])
def test_what_another_version_cannot_hold_is_told_and_all_else_arrives(
    tmp_path: Path, older: str, newer: str
) -> None:
    """What would be lost stops the plan; allowed, it is left out, and the next apply sends no write."""
    with both(older, newer, tmp_path) as sides:
        sides.do("export", "--env", "source")
        arguments = ("--from", "./snapshots/source", "--to", "target", "--adopt-by-name")
        before = sides.writes()
        plan = sides.do("plan", *arguments, "--json", may=(0, 4)).json
        refused = {one["item"] for one in plan["refusals"]}
        assert ("chart:channels-merged" in refused) == (older == CURRENT)
        if refused:
            sides.do("apply", *arguments, "--yes", may=(4,))
        assert sides.writes() == before
        allowed = ("--allow-broken", "all") if refused else ()
        plan = sides.do("plan", *arguments, *allowed, "--json").json
        done = sides.do("apply", *arguments, *allowed, "--yes", "--json").json
        assert (done["failed"], done["complete"]) == ([], True)
        assert done["mismatches"] == []
        before = sides.writes()
        assert sides.do("apply", *arguments, *allowed, "--yes", "--json").json["empty"]
        assert sides.writes() == before
        flat = "0.1372.1" in (older, newer)
        here, there = (_compared(one, flat) for one in sides.read())
        told = _named(plan, tmp_path / "snapshots" / "source")
        unlike = [
            one for one in differences(here, there)
            if not any(f"/ {name}" in one or f": {name}" in one for name in told)
        ]  # fmt: skip
        assert unlike == []
