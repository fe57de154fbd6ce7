"""Content of a server from the future goes to another project: nothing is sent that the target never said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from lightdash_standin.demo_charts import simple_chart
from lightdash_standin.organisation import found_company
from lightdash_standin.server import Server
from lightdash_standin.state import World
from lightdash_standin.studio import NO_FILTERS, Studio
from lightdash_sync.content.kinds import Kind
from tests.cli.running import Done, run
from tests.future.server import Future, Novelty, served

NEWEST = "1.219.0"
FIELDS = [
    Novelty(Kind.CHART, (), "newTop", {"newInner": 1}),
    Novelty(Kind.CHART, ("metricQuery",), "newDeep", ["newText"]),
    Novelty(Kind.DASHBOARD, (), "newBoard", "newText"),
    Novelty(Kind.DASHBOARD, ("tiles", "[]"), "newTile", True),
]
CHOSEN = ("--only", "chart", "--only", "dashboard", "--allow-twins", "all")


class Bench:
    """Two servers: one from the future with content, and another whose project is to get it.

    Args:
        folder: where `lightdash-sync.toml` is.
        there: what is new on the target's server, too.
        version: of the target's server.
    """

    def __init__(self, folder: Path, there: Future, version: str) -> None:
        self.here, self.there = Future(), there
        self._stack = ExitStack()
        self._stack.enter_context(pytest.MonkeyPatch.context()).chdir(folder)
        source, target = _world("here", "Brand", "Other"), _world("there", "Theirs")
        self.source = self._stack.enter_context(served(source, self.here))
        self.target = self._stack.enter_context(served(target, there, version))
        self.env = {"HERE": source.tokens["admin"], "THERE": target.tokens["admin"]}
        said = (
            f'[env.{name}]\nurl = "{server.url}"\nproject = "{server.world.projects["production"]}"\n'
            f'token_env = "{name.upper()}"\n'
            for name, server in (("here", self.source), ("there", self.target))
        )
        Path("lightdash-sync.toml").write_text("\n".join(said), "utf-8")

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def do(self, *arguments: str, may: tuple[int, ...] = (0,)) -> Done:
        """Run the command."""
        done = run(*arguments, env=self.env)
        assert done.code in may, (done.code, done.out, done.err)
        assert "Traceback" not in done.err
        return done

    def plan(self) -> dict[str, Any]:
        """Plan from here to there."""
        return self.do("plan", "--from", "here", "--to", "there", *CHOSEN, "--json").json

    def apply(self, *more: str, may: tuple[int, ...] = (0,)) -> str:
        """Apply from here to there; return everything that was sent."""
        self.there.sent.clear()
        self.do("apply", "--from", "here", "--to", "there", *CHOSEN, *more, "--yes", may=may)
        return json.dumps(self.there.sent)


def _world(seed: str, *charts: str) -> World:
    world = World(seed=seed, version=NEWEST)
    company = found_company(world)
    studio = Studio(world, company.production, company.people)
    space = studio.space("Sales", owner="admin")
    made = [studio.chart(simple_chart(name), space) for name in charts]
    dashboard = studio.dashboard(f"Board of {seed}", space)
    studio.arrange(dashboard, [studio.chart_tile(one, (0, 0, 9, 9)) for one in made[:1]], [], NO_FILTERS)
    return world


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """The target's server is one that is known."""
    with Bench(tmp_path, Future(), NEWEST) as bench:
        yield bench


def problems(plan: dict[str, Any], code: str) -> dict[str, str]:
    """Item -> what a plan says of it, of problems with a code."""
    return {one["item"]: one["what"] for one in plan["problems"] if one["code"] == code}


def names(server: Server) -> set[str]:
    """The names of all charts of a world."""
    return {one.name for one in server.world.charts.values()}


def test_a_field_that_the_target_never_said_is_named_and_left_out(bench: Bench) -> None:
    bench.here.novelties = FIELDS
    said = problems(bench.plan(), "unknown_left_out")
    assert "field metricQuery.newDeep" in said["chart:brand"]
    assert "field newTop" in said["chart:brand"]
    assert "field tiles[].newTile" in said["dashboard:board-of-here"]
    sent = bench.apply()
    assert bench.there.sent
    assert "new" not in sent.replace("newest", "")
    assert names(bench.target) >= {"Brand", "Other"}
    assert bench.plan()["steps"] == []  # nor does it come back as a difference
    assert bench.apply() == "[]"


def test_a_field_that_the_target_says_itself_goes_along(tmp_path: Path) -> None:
    """The stand-in does not keep it, so that is told after the write: the plan says nothing against it."""
    with Bench(tmp_path, Future(FIELDS), "7.1.0") as bench:
        bench.here.novelties = FIELDS
        assert problems(bench.plan(), "unknown_left_out") == {}
        sent = bench.apply(may=(0, 3))
        assert '"newDeep": ["newText"]' in sent
        assert '"newTile": true' in sent


def test_a_field_that_the_server_adds_by_itself_is_no_deviation(tmp_path: Path) -> None:
    """It was not sent, and nobody here knows it: it is named once, and the next plan is empty."""
    with Bench(tmp_path, Future(FIELDS), "7.1.0") as bench:
        done = bench.do("apply", "--from", "here", "--to", "there", *CHOSEN, "--yes", "--json").json
        assert (done["complete"], done["mismatches"]) == (True, [])
        assert done["added_by_server"]["chart: field newTop"] == 2
        assert done["added_by_server"]["dashboard: field tiles[].newTile"] == 1
        assert "new" not in json.dumps(bench.there.sent).replace("newest", "")
        assert bench.plan()["steps"] == []


@pytest.mark.parametrize(
    ("novelty", "item"),
    [
        (Novelty(Kind.CHART, ("chartConfig",), "type", "newHologram", only="Other"), "chart:other"),
        (Novelty(Kind.DASHBOARD, ("tiles", "[]"), "type", "newTile"), "dashboard:board-of-here"),
    ],
)
def test_what_has_a_value_that_the_target_never_said_is_not_made(
    bench: Bench, novelty: Novelty, item: str
) -> None:
    bench.here.novelties = [novelty]
    left_out = {one["item"]: one["why"] for one in bench.plan()["left_out"]}
    assert novelty.value in left_out[item]
    assert "newer lightdash-sync" in left_out[item]
    sent = bench.apply(may=(0, 3))
    assert novelty.value not in sent
    assert "Brand" in names(bench.target)  # the rest is carried


def test_within_one_project_everything_goes_back_as_it_came(bench: Bench) -> None:
    """A restore says what the server itself has said."""
    bench.here.novelties = FIELDS
    bench.do("export", "--env", "here")
    chart = next(uuid for uuid, one in bench.source.world.charts.items() if one.name == "Other")
    headers = {"Authorization": f"ApiKey {bench.env['HERE']}"}
    gone = httpx.delete(f"{bench.source.url}/api/v1/saved/{chart}", headers=headers, trust_env=False)
    assert gone.status_code == 200
    plan = bench.do("plan", "--from", "snapshots/here", "--to", "here", "--json", may=(0, 4)).json
    assert problems(plan, "unknown_left_out") == {}
