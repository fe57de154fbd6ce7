"""An export over an older snapshot reads only what changed, and ends in the bytes of a full one."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from contextlib import closing
from dataclasses import replace
from functools import partialmethod
from typing import TYPE_CHECKING

import pytest

from lightdash_standin.catalog import create_tag
from lightdash_standin.comments import create_comment
from lightdash_standin.server import Server
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import Refused
from lightdash_sync.export.reuse import SEEN
from lightdash_sync.export.run import Reading, export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.snapshot.layout import item_path
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.verify import verify
from tests.export.editing import Editors
from tests.exporting import lightdash_at, tree, undated
from tests.worlds import can, demo_world, generated_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lightdash_standin.accounts import Person
    from lightdash_standin.state import World
    from lightdash_sync.export.run import ExportResult
    from lightdash_sync.lightdash.schemas import ContentRow


def _export(server: Server, target: Path, *, full: bool = False, accept_shrink: bool = False) -> ExportResult:
    lightdash = lightdash_at(server.url, server.world.tokens["admin"])
    project = server.world.projects["production"]
    with lightdash.session:
        return export_project(
            lightdash,
            project,
            target,
            ExportSelection(),
            Reading(full, full_every=999, accept_shrink=accept_shrink),
        )


def _export_whatever_is_left(server: Server, target: Path) -> None:
    """As a person does who has seen that much was deleted on purpose."""
    try:
        _export(server, target)
    except Refused:
        _export(server, target, accept_shrink=True)


def _live_through(tmp_path: Path, seed: int | str, steps: int) -> None:
    """Edit at random, and compare both ways of reading after each step."""
    world = demo_world()
    with (
        Server(world) as server,
        closing(Editors(server.url, world, random.Random(seed))) as editors,
    ):
        editors.comment_everywhere()
        _export(server, tmp_path / "quick")
        edits = []
        for _ in range(steps):
            edits.append(editors.edit())
            shutil.copytree(tmp_path / "quick", tmp_path / "full")
            _export(server, tmp_path / "full", full=True, accept_shrink=True)
            _export_whatever_is_left(server, tmp_path / "quick")
            assert undated(tmp_path / "quick") == undated(tmp_path / "full"), edits
            assert verify(tmp_path / "quick").damages == [], edits
            shutil.rmtree(tmp_path / "full")
        assert world.crashes == []


@pytest.mark.parametrize("seed", [3, 12])
def test_after_any_edit_both_ways_of_reading_agree(tmp_path: Path, seed: int) -> None:
    """Whatever people do, reading only what changed gives the bytes of reading everything."""
    _live_through(tmp_path, seed, 15)


@pytest.mark.slow
@pytest.mark.parametrize("case", range(16))
def test_after_many_edits_both_ways_of_reading_agree(tmp_path: Path, run_seed: str, case: int) -> None:
    """The same, for longer, and each time with other edits."""
    _live_through(tmp_path, f"{run_seed} {case}", 60)


@pytest.mark.parametrize("charts", [20, 200])
def test_an_unchanged_project_costs_the_lists_and_one_request_a_space_and_dashboard(
    tmp_path: Path, charts: int
) -> None:
    """However many charts there are, a quiet night costs the server next to nothing."""
    world = generated_world(charts=charts, dashboards=5, spaces=4)
    with Server(world) as server:
        _export(server, tmp_path / "p")
        before = tree(tmp_path / "p")
        report = _export(server, tmp_path / "p")
    spaces = sum(space.project_uuid == world.projects["production"] for space in world.spaces.values())
    lists = 12 + can("chart_palettes") + can("space_member_role")
    assert report.requests <= lists + spaces + 5
    assert before == tree(tmp_path / "p")


def test_a_quiet_night_reads_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken over is looked at once on the disk, however much of it there is."""
    world = demo_world()
    reads: Counter[str] = Counter()
    read = Snapshot.read

    def counted(snapshot: Snapshot, path: str) -> bytes:
        reads[path] += 1
        return read(snapshot, path)

    with Server(world) as server:
        _export(server, tmp_path / "p")
        items = Snapshot(tmp_path / "p").identity().items
        monkeypatch.setattr(Snapshot, "read", counted)
        _export(server, tmp_path / "p")
    listed = {
        item_path(kind, key) for kind, entries in items.items() for key in entries if SEEN in entries[key]
    }
    assert listed
    assert listed <= set(reads)
    assert set(reads.values()) == {1}, reads.most_common(3)


def test_a_full_read_asks_for_everything_again(tmp_path: Path) -> None:
    """`--full` trusts no list."""
    world = demo_world()
    with Server(world) as server:
        first = _export(server, tmp_path / "p")
        world.requests.clear()
        _export(server, tmp_path / "p", full=True)
    read = {path for _, path in world.requests if path.startswith("/api/v1/saved/")}
    assert len(read) >= 2 * first.manifest.counts["chart"]


def test_another_version_of_the_server_means_a_full_read(tmp_path: Path) -> None:
    """After an upgrade of Lightdash the same item may be said otherwise, so everything is read."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "p")
    world.version = "0.1372.2"
    with Server(world) as server:
        assert _export(server, tmp_path / "p").requests > 60


def test_a_damaged_content_file_is_read_again(tmp_path: Path) -> None:
    """What can be had from the server again is no reason to fail, nor to be trusted."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "p")
        before = tree(tmp_path / "p")
        (tmp_path / "p/charts/weekly-revenue.json").write_text("{}\n")
        _export(server, tmp_path / "p")
    assert before == tree(tmp_path / "p")


def test_a_deleted_chart_empties_its_tile_though_no_list_of_dashboards_tells(tmp_path: Path) -> None:
    """The server changes no row of a dashboard when a chart on it is deleted; the snapshot follows."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "p")
        before = (tmp_path / "p/dashboards/sales-overview.json").read_bytes()
        chart = next(
            str(tile["properties"]["savedChartUuid"])
            for dashboard in world.dashboards.values()
            if dashboard.slug == "sales-overview"
            for tile in dashboard.version.tiles
            if tile["properties"].get("savedChartUuid")
            and world.charts[tile["properties"]["savedChartUuid"]].space_uuid
        )
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            lightdash.session.answer("DELETE", f"/api/v1/saved/{chart}")
        _export(server, tmp_path / "p")
    assert (tmp_path / "p/dashboards/sales-overview.json").read_bytes() != before
    assert verify(tmp_path / "p").damages == []


def _comment(world: World, text: str, mentions: list[str]) -> None:
    """Say something on the first tile of the sales overview."""
    overview = next(one for one in world.dashboards.values() if one.slug == "sales-overview")
    body = {"text": text, "textHtml": f"<p>{text}</p>", "mentions": mentions}
    create_comment(world, overview, overview.version.tiles[0]["uuid"], body, overview.created_by)


def _known_nowhere(world: World, root: Path) -> Person:
    """Return a member of the organisation whom nothing in a snapshot names."""
    named = {facts["uuid"] for facts in Snapshot(root).identity().people.values()}
    home = world.people[world.token_rows[world.tokens["admin"]].person_uuid].org_uuid
    return next(
        person for person in world.people.values() if person.uuid not in named and person.org_uuid == home
    )


def test_who_is_mentioned_only_in_a_comment_stays_known(tmp_path: Path) -> None:
    """Comments that are taken over name people too; the next export must not forget them."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "p")
        _comment(world, "What do you think?", [_known_nowhere(world, tmp_path / "p").uuid])
        _export(server, tmp_path / "p", full=True)
        before = tree(tmp_path / "p")
        _export(server, tmp_path / "p")
    assert verify(tmp_path / "p").damages == []
    assert tree(tmp_path / "p") == before


@pytest.mark.parametrize("full", [False, True])
def test_who_is_named_only_in_an_earlier_version_stays_known(tmp_path: Path, full: bool) -> None:
    """Earlier versions are never read again, and yet the next export must not forget whom they name."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "before")
        identity = Snapshot(tmp_path / "before").identity()
        facts = next(facts for facts in identity.items[Kind.CHART].values() if facts.get("versions"))
        earlier = [*world.charts[str(facts["uuid"])].versions.values()][-2]
        who = _known_nowhere(world, tmp_path / "before").uuid
        rule = {"id": "r", "target": {"fieldId": "orders_owner"}, "operator": "equals", "values": [who]}
        earlier.metric_query = earlier.metric_query | {"filters": {"dimensions": {"id": "f", "and": [rule]}}}
        _export(server, tmp_path / "p")
        before = tree(tmp_path / "p")
        assert who in (tmp_path / "p/identity.json").read_text()
        _export(server, tmp_path / "p", full=full)
    assert tree(tmp_path / "p") == before


def _makes_a_tag(world: World, person: str) -> None:
    project = world.project_rows[world.projects["production"]]
    create_tag(world, project, "new", "#123456", person)


def _edits_a_hidden_chart(world: World, person: str) -> None:
    chart = next(chart for chart in world.charts.values() if chart.slug == "why-people-leave")
    world.clock.advance(hours=1)
    fresh = replace(chart.version, uuid=world.new_uuid(), created_at=world.clock.tick(), created_by=person)
    chart.versions[fresh.uuid] = chart.current = fresh
    chart.last_updated_at, chart.last_updated_by = fresh.created_at, person


@pytest.mark.parametrize("change", [_makes_a_tag, _edits_a_hidden_chart])
def test_an_author_who_lost_all_access_is_named_by_address(
    tmp_path: Path, change: Callable[[World, str], None]
) -> None:
    """Whoever did something new is looked up, also if no space shows them any more."""
    world = demo_world()
    like = next(person for person in world.people.values() if person.role == "member")
    nora = replace(like, uuid=world.new_uuid(), email="nora@kettle.example")
    world.people[nora.uuid] = nora
    with Server(world) as server:
        _export(server, tmp_path / "p")
        change(world, nora.uuid)
        shutil.copytree(tmp_path / "p", tmp_path / "full")
        _export(server, tmp_path / "full", full=True)
        _export(server, tmp_path / "p")
    assert nora.email in (tmp_path / "full/identity.json").read_text()
    assert undated(tmp_path / "p") == undated(tmp_path / "full")


def _named_in_a_chart(world: World, uuid: str) -> None:
    """Let a chart filter by a uuid."""
    chart = next(chart for chart in world.charts.values() if chart.slug == "weekly-revenue")
    rule = {"id": "r", "target": {"fieldId": "orders_owner"}, "operator": "equals", "values": [uuid]}
    query = chart.version.metric_query
    chart.version.metric_query = query | {"filters": {"dimensions": {"id": "f", "and": [rule]}}}


def _has_another_address(world: World) -> str:
    person = next(person for person in world.people.values() if person.first_name == "Omar")
    person.email = "omar@new.example"
    return person.uuid


def _has_another_name(world: World) -> str:
    group = next(group for group in world.groups.values() if group.name == "Finance")
    group.name = "Money"
    return group.uuid


def _is_granted_nothing(world: World) -> str:
    group = next(group for group in world.groups.values() if group.name == "Finance")
    for space in world.spaces.values():
        space.group_access.pop(group.uuid, None)
    return group.uuid


@pytest.mark.parametrize("change", [_has_another_address, _has_another_name, _is_granted_nothing])
def test_whoever_a_file_names_is_known_under_that_name(
    tmp_path: Path, change: Callable[[World], str]
) -> None:
    """A file that is taken over names people and groups as they were called, and can still be read."""
    world = demo_world()
    _named_in_a_chart(world, change(demo_world()))
    with Server(world) as server:
        _export(server, tmp_path / "p")
        assert "@{" in (tmp_path / "p/charts/weekly-revenue.json").read_text()
        change(world)
        _export(server, tmp_path / "p")
        assert verify(tmp_path / "p").damages == []
        _export(server, tmp_path / "p", full=True)
        assert verify(tmp_path / "p").damages == []


def test_a_comment_that_links_to_a_deleted_chart_is_read_again(tmp_path: Path) -> None:
    """A chart that vanishes vanishes from the comments that link to it too."""
    world = demo_world()
    chart = next(uuid for uuid, one in world.charts.items() if one.slug == "cupping-scores-by-origin")
    project = world.projects["production"]
    _comment(world, f"Rather look at /projects/{project}/saved/{chart}", [])
    with Server(world) as server:
        _export(server, tmp_path / "p")
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            lightdash.session.answer("DELETE", f"/api/v1/saved/{chart}")
        _export(server, tmp_path / "p")
        assert verify(tmp_path / "p").damages == []
        before = undated(tmp_path / "p")
        _export(server, tmp_path / "p", full=True)
    assert undated(tmp_path / "p") == before


def test_damaged_comments_are_read_again(tmp_path: Path) -> None:
    """Comments can be had from the server again, as any content can."""
    world = demo_world()
    with Server(world) as server:
        _export(server, tmp_path / "p")
        before = tree(tmp_path / "p")
        (tmp_path / "p/comments/sales-overview.json").write_text("{}\n")
        _export(server, tmp_path / "p")
    assert tree(tmp_path / "p") == before


def test_a_chart_that_came_and_was_hidden_between_two_exports_is_found(tmp_path: Path) -> None:
    """Made inside a dashboard, shown on a tile and taken off it again: no list names it, a backup has it."""
    world = demo_world()
    with (
        Server(world) as server,
        closing(Editors(server.url, world, random.Random(1))) as editors,
    ):
        _export(server, tmp_path / "p")
        model = next(one for one in world.charts.values() if one.slug == "weekly-revenue").current
        assert model is not None
        dashboard = editors._dashboards()[0]
        made = editors._send(
            "POST",
            f"/projects/{editors.project}/saved",
            {
                "name": "Hidden soon", "dashboardUuid": dashboard, "tableName": model.table_name,
                "metricQuery": model.metric_query, "chartConfig": model.chart_config,
                "tableConfig": {"columnOrder": []},
            },
        )  # fmt: skip
        editors._patch_tiles(dashboard, lambda tiles: [*tiles, editors._tile(made["uuid"])])
        editors._patch_tiles(dashboard, lambda tiles: tiles[:-1])
        shutil.copytree(tmp_path / "p", tmp_path / "full")
        assert not _export(server, tmp_path / "p").full
        _export(server, tmp_path / "full", full=True)
    assert made["uuid"] in Snapshot(tmp_path / "p").identity().known_keys(Kind.CHART)
    assert undated(tmp_path / "p") == undated(tmp_path / "full")


def _with_verification(
    lightdash: Lightdash,
    content: Callable[[Lightdash, str], list[ContentRow]],
    uuid: str,
    by: str | None,
    project: str,
) -> list[ContentRow]:
    """The list of content of a newer server."""
    told = {"verifiedBy": by} if by else None
    rows = content(lightdash, project)
    return [row.model_copy(update={"verification": told}) if row.uuid == uuid else row for row in rows]


def test_who_verified_an_item_is_in_the_list_of_content_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On servers that know of it, verifying a chart, and taking that back, has it read again."""
    world = demo_world()
    chart = next(one for one in world.charts.values() if one.slug == "weekly-revenue")
    content = Lightdash.content
    with Server(world) as server:
        _export(server, tmp_path / "p")
        for by, reads in (("Ann", 1), ("Ann", 0), ("Ben", 1), (None, 1), (None, 0)):
            newer = partialmethod(_with_verification, content, chart.uuid, by)
            monkeypatch.setattr(Lightdash, "content", newer)
            world.requests.clear()
            _export(server, tmp_path / "p")
            assert sum(f"/saved/{chart.uuid}/version" in path for _, path in world.requests) == reads, by
