"""Charts by the hundred: current servers give pages, and the snapshot has the bytes of single reading."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from lightdash_standin.charts import add_version, create_chart, delete_chart, move_chart
from lightdash_standin.faults import Fault, Faults
from lightdash_standin.seed import demo_world, generated_world
from lightdash_standin.server import Server
from lightdash_sync.content.kinds import Kind
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import Depth, ExportSelection
from lightdash_sync.lightdash.as_code import CodePages, portions
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.export.editing import Editors
from tests.exporting import export_world, lightdash_at, tree, undated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightdash_standin.state import Chart, World
    from lightdash_sync.export.run import ExportResult

CURRENT = "0.2904.5"
BARE = ExportSelection(depth=Depth.CONTENT)
_SINGLY = Faults(
    rule=lambda _n, _method, path: Fault.status(403) if "/code?" in path and "ids=" in path else None
)


def _export(
    server: Server,
    target: Path,
    *,
    faults: Faults | None = None,
    chosen: ExportSelection = BARE,
    full: bool = False,
) -> ExportResult:
    world = server.world
    server.app.faults = faults or Faults()
    lightdash = lightdash_at(server.url, world.tokens["admin"])
    reading = Reading(full=full, full_every=999, accept_shrink=True)
    with lightdash.session:
        return export_project(lightdash, world.projects["production"], target, chosen, reading)


def _charts(world: World) -> list[Chart]:
    """The explore charts of the production project that stand in a space."""
    spaces = {
        space.uuid for space in world.spaces.values() if space.project_uuid == world.projects["production"]
    }
    return [chart for chart in world.charts.values() if chart.space_uuid in spaces]


def _make_ugly(world: World) -> None:
    """Two charts with one slug, a slug that looks like a uuid, no description, later versions, a palette."""
    twins, odd, bare, saved = _charts(world)[:2], *_charts(world)[2:5]
    twins[1].slug = twins[0].slug
    odd.slug = odd.uuid
    bare.description = None
    add_version(world, saved, _as_sent(saved), next(iter(world.people.values())))
    saved.color_palette_uuid = next(iter(world.new_uuid() for _ in range(1)))


def _as_sent(chart: Chart) -> dict[str, Any]:
    version = chart.version
    return {
        "tableName": version.table_name,
        "metricQuery": version.metric_query,
        "chartConfig": version.chart_config,
        "tableConfig": {"columnOrder": version.column_order},
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_pages_and_single_reading_give_the_same_bytes(tmp_path: Path, seed: int) -> None:
    """Whatever people did to a project, and whatever order the pages come in."""
    world = demo_world(CURRENT)
    _make_ugly(world)
    world.shuffle = random.Random(seed)
    with Server(world) as server, closing(Editors(server.url, world, random.Random(seed))) as editors:
        for _ in range(4):
            edits = [editors.edit() for _ in range(8)]
            pages = _export(server, tmp_path / "pages")
            single = _export(server, tmp_path / "single", faults=_SINGLY)
            assert tree(tmp_path / "pages") == tree(tmp_path / "single"), edits
            assert pages.requests < single.requests
            assert verify(tmp_path / "pages").damages == []
            shutil.rmtree(tmp_path / "pages")
            shutil.rmtree(tmp_path / "single")
        assert world.crashes == []


def test_a_token_that_may_not_read_pages_loses_nothing(tmp_path: Path) -> None:
    """Where content as code is forbidden, charts are read one by one, into the same bytes."""
    forbidden = Faults(rule=lambda _n, _method, path: Fault.status(403) if "/code?" in path else None)
    export_world(demo_world(CURRENT), tmp_path / "pages", chosen=BARE)
    export_world(demo_world(CURRENT), tmp_path / "single", chosen=BARE, faults=forbidden)
    assert tree(tmp_path / "pages") == tree(tmp_path / "single")


def test_what_charts_cost_in_pages(tmp_path: Path) -> None:
    """No request for a chart in a space; one for each hundred of them."""
    small = generated_world(charts=50, dashboards=3, spaces=2, version=CURRENT)
    large = generated_world(charts=250, dashboards=3, spaces=2, version=CURRENT)
    few, many = (
        export_world(world, tmp_path / name, chosen=BARE).requests
        for name, world in (("small", small), ("large", large))
    )
    inside = sum(chart.dashboard_uuid is not None for chart in large.charts.values())
    assert many - few <= 2 + inside  # who saved a chart inside a dashboard, only its history tells


def _without_some(rows: list[Any]) -> list[Any]:
    return rows[::2]


def _twice(rows: list[Any]) -> list[Any]:
    return [*rows, *rows[:3]]


def _renamed(rows: list[Any]) -> list[Any]:
    return [
        (row.model_copy(update={"name": f"{row.name}!"}), raw | {"name": f"{row.name}!"}) for row, raw in rows
    ]


def _of_later(rows: list[Any]) -> list[Any]:
    later = {"updatedAt": "2999-01-01T00:00:00.000Z"}
    return [(row.model_copy(update=later), raw | later) for row, raw in rows]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The files of an export whose pages say all."""
    path = tmp_path_factory.mktemp("right") / "p"
    export_world(demo_world(CURRENT), path, chosen=BARE)
    return tree(path)


@pytest.mark.parametrize("wrong", [_without_some, _twice, _renamed, _of_later])
def test_a_page_that_does_not_fit_the_lists_changes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    right: dict[str, str],
    wrong: Callable[[list[Any]], list[Any]],
) -> None:
    """What a page leaves out, tells twice or tells otherwise than the lists is read from the chart itself."""
    read = CodePages.charts
    monkeypatch.setattr(CodePages, "charts", lambda pages, slugs: wrong(read(pages, slugs)))
    export_world(demo_world(CURRENT), tmp_path / "wrong", chosen=BARE)
    assert tree(tmp_path / "wrong") == right


def _rename(world: World, chart: Chart) -> None:
    chart.name = "Renamed while it was read"


def _save(world: World, chart: Chart) -> None:
    body = _as_sent(chart)
    body["metricQuery"] = {**body["metricQuery"], "limit": 7}
    add_version(world, chart, body, list(world.people.values())[-1])


def _move(world: World, chart: Chart) -> None:
    move_chart(world, chart, next(space for space in reversed(world.spaces) if space != chart.space_uuid))


def _create(world: World, chart: Chart) -> None:
    create_chart(
        world,
        {"name": "New", **_as_sent(chart)},
        next(iter(world.people.values())),
        "New",
        chart.space_uuid,
        None,
    )


@pytest.mark.parametrize(
    "edit", [_rename, _save, _move, _create, lambda world, chart: delete_chart(world, chart)]
)
def test_an_edit_while_pages_are_read_is_not_lost(
    tmp_path: Path, edit: Callable[[World, Chart], None]
) -> None:
    """It is in this snapshot or in the next one, which is then that of a full reading."""
    world = generated_world(charts=12, dashboards=2, spaces=2, version=CURRENT)
    chart = _charts(world)[3]
    done: list[str] = []

    def meanwhile(_number: int, _method: str, path: str) -> Fault | None:
        if "/charts/code?" in path and "ids=" in path and not done:
            done.append(path)
            world.clock.advance(seconds=5)
            edit(world, chart)
        return None

    with Server(world) as server:
        _export(server, tmp_path / "p", faults=Faults(rule=meanwhile))
        assert done
        assert verify(tmp_path / "p").damages == []
        _export(server, tmp_path / "p")
        shutil.copytree(tmp_path / "p", tmp_path / "full")
        _export(server, tmp_path / "full", full=True)
    assert undated(tmp_path / "p") == undated(tmp_path / "full")


def _hide(world: World, name: str) -> Chart:
    """Make a chart in a dashboard that no tile ever shows, and that uses no metric."""
    like = _charts(world)[0]
    dashboard = next(
        one for one in world.dashboards.values()
        if world.spaces[one.space_uuid].project_uuid == world.projects["production"]
    )  # fmt: skip
    body = {"name": name, **_as_sent(like)}
    body["metricQuery"] = {**body["metricQuery"], "metrics": [], "sorts": []}
    return create_chart(world, body, next(iter(world.people.values())), name, None, dashboard.uuid)


@pytest.mark.parametrize("chosen", [BARE, ExportSelection()])
def test_every_chart_that_nothing_refers_to_is_found(tmp_path: Path, chosen: ExportSelection) -> None:
    """A chart that no list names, no tile shows and that uses no metric is kept from the first one on."""
    world = demo_world(CURRENT)
    lost = _hide(world, "Nobody knows me")
    with Server(world) as server:
        _export(server, tmp_path / "p", chosen=chosen)
        facts = Snapshot(tmp_path / "p").identity().items[Kind.CHART]
        assert lost.uuid in {facts[key]["uuid"] for key in facts}
        assert lost.views == 1  # to learn its uuid; never again
        before = tree(tmp_path / "p")
        _export(server, tmp_path / "p", chosen=chosen)
        assert (lost.views, tree(tmp_path / "p")) == (1, before)
        _hide(world, "Nor me")
        report = _export(server, tmp_path / "p", chosen=chosen)
    assert [path for path in report.added if path.startswith("charts/")] == ["charts/nor-me.json"]


def test_hidden_charts_that_cannot_be_told_apart_are_named(tmp_path: Path) -> None:
    """Nothing tells the uuid of a hidden chart if another has its slug: the manifest says what is missing."""
    world = demo_world(CURRENT)
    _hide(world, "One").slug = _hide(world, "Other").slug = "same"
    report = export_world(world, tmp_path / "p", chosen=BARE)
    assert [item.what for item in report.manifest.leftOut if "'same'" in item.what]


def test_slugs_are_divided_into_queries_that_a_server_reads() -> None:
    """At most a hundred at once, and never a longer query than proxies take."""
    slugs = [f"{'long-' * 20}{number}" for number in range(230)] + ["short"] * 230
    found = [*portions(slugs)]
    assert [slug for portion in found for slug in portion] == slugs
    assert max(map(len, found)) == 100
    assert max(sum(len(slug) + 5 for slug in portion) for portion in found) <= 6_000
