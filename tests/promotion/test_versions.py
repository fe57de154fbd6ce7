"""How promotion differs between versions: slugs, charts on several tiles, SQL charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError, NotAuthorised
from lightdash_sync.lightdash.promotion import PromotionDiff
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.promotion.permission import PromotionPermissions
from tests.exporting import lightdash_at
from tests.promotion.hands import Hands
from tests.promotion.worlds import PREVIEW, PRODUCTION, STAGED, STAGING, STATES, promotion_desk
from tests.sync.desk import Desk

NEW, BEFORE = "0.2462.0", "0.2461.9"


def _diff(desk: Desk, kind: Kind, name: str, where: str = PREVIEW) -> PromotionDiff:
    at = lightdash_at(desk.server.url, desk.world.tokens["admin"])
    with at.session:
        return at.promotion_diff(kind, desk.uuid(kind, name, where), desk.projects[where])


def _promote(desk: Desk, kind: Kind, name: str, where: str = PREVIEW, who: str = "admin") -> Any:
    at = lightdash_at(desk.server.url, desk.world.tokens[who])
    with at.session:
        writer = Writer(at.session, at.server)
        return writer.promote(kind, desk.uuid(kind, name, where), desk.projects[where])


def _shown(desk: Desk, dashboard: str) -> list[Any]:
    """The names of the SQL charts on a dashboard's tiles, and the projects that they are in."""
    charts = [desk.world.sql_charts[tile["properties"]["savedSqlUuid"]]
              for tile in desk.world.dashboards[dashboard].version.tiles]  # fmt: skip
    return [(chart.name, chart.project_uuid) for chart in charts]


@pytest.mark.parametrize(("version", "finds"), [("0.1505.1", "create"), ("0.1505.2", "no changes")])
def test_what_was_promoted_before(version: str, finds: str, tmp_path: Path) -> None:
    """Since 0.1505.2 what staging promoted before is found again; before, it would be another copy."""
    with promotion_desk(tmp_path, version) as desk:
        (chart,) = _diff(desk, *STAGED["promoted before"], STAGING).charts
        assert chart.action == finds
        copies = desk.uuids(Kind.CHART, "Staged before", PRODUCTION)
        assert len(copies) == (1 if finds == "no changes" else 2)


@pytest.mark.parametrize(("version", "refused"), [("0.2213.2", True), ("0.2213.3", False)])
def test_a_chart_inside_on_two_tiles(version: str, refused: bool, tmp_path: Path) -> None:
    """Before 0.2213.3 a chart inside an upstream dashboard that two tiles show is in its own way."""
    with promotion_desk(tmp_path, version) as desk:
        item = STATES["dashboard with a chart inside on two tiles"]
        if refused:
            with pytest.raises(ApiError, match="There are multiple charts"):
                _promote(desk, *item)
        else:
            assert [chart.action for chart in _diff(desk, *item).charts] == ["no changes"] * 2
            _promote(desk, *item)


@pytest.mark.parametrize(("version", "copies"), [(BEFORE, 2), (NEW, 1)])
def test_a_new_chart_on_two_tiles(version: str, copies: int, tmp_path: Path) -> None:
    """Before 0.2462.0 each tile gets a copy of a new chart; since, there is one."""
    with promotion_desk(tmp_path, version) as desk:
        item = STATES["dashboard with a chart on two tiles"]
        assert len(_diff(desk, *item).charts) == copies
        _promote(desk, *item)
        assert len(desk.uuids(Kind.CHART, "Shown twice", PRODUCTION)) == copies


@pytest.mark.parametrize(("version", "home"), [(BEFORE, PREVIEW), (NEW, PRODUCTION)])
def test_sql_tiles(version: str, home: str, tmp_path: Path) -> None:
    """Before 0.2462.0 the upstream dashboard shows the source's SQL chart; since, its own, promoted."""
    with promotion_desk(tmp_path, version) as desk:
        item = STATES["dashboard with an SQL tile"]
        said = [chart.action for chart in _diff(desk, *item).sqlCharts]
        assert said == (["update"] if home == PRODUCTION else [])
        promoted = _promote(desk, *item)["uuid"]
        assert _shown(desk, promoted) == [("SQL, changed", desk.projects[home])]
        upstream = desk.world.sql_charts[desk.uuid(Kind.SQL_CHART, "SQL, changed", PRODUCTION)]
        assert (upstream.sql == "select 2") == (home == PRODUCTION)


def test_a_new_sql_chart_on_a_tile(tmp_path: Path) -> None:
    """A SQL chart that upstream has not is made with the dashboard that shows it, with its slug."""
    with promotion_desk(tmp_path, NEW) as desk:
        item = STAGED["dashboard with an SQL tile"]
        assert [chart.action for chart in _diff(desk, *item, STAGING).sqlCharts] == ["create"]
        promoted = _promote(desk, *item, STAGING)["uuid"]
        assert _shown(desk, promoted) == [("Staged SQL", desk.projects[PRODUCTION])]
        assert [chart.action for chart in _diff(desk, *item, STAGING).sqlCharts] == ["no changes"]


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("SQL chart unchanged", "no changes"),
        ("SQL chart changed", "update"),
        ("SQL chart changed upstream", "no changes"),
        ("SQL chart new", "create"),
        ("SQL chart hostile", "update"),
    ],
)
def test_sql_charts_by_themselves(state: str, word: str, tmp_path: Path) -> None:
    """Each is promoted by its own endpoint, which finds it the next time; only what changed is written."""
    with promotion_desk(tmp_path, NEW) as desk:
        kind, name = STATES[state]
        diff = _diff(desk, kind, name)
        (chart,) = diff.sqlCharts
        assert (chart.action, chart.data.name) == (word, name)
        assert [space.action for space in diff.spaces] == ["no changes"]
        before = {uuid: vars(one).copy() for uuid, one in desk.world.sql_charts.items()}
        uuid = _promote(desk, kind, name)["savedSqlUuid"]
        after = {uuid: vars(one) for uuid, one in desk.world.sql_charts.items()}
        assert {one for one in after if after[one] != before.get(one)} == (
            set() if word == "no changes" else {uuid}
        )
        if word != "no changes":
            assert after[uuid]["sql"] == before[desk.uuid(kind, name, PREVIEW)]["sql"]
        assert _diff(desk, kind, name).sqlCharts[0].action == "no changes"
        assert _diff(desk, kind, name).sqlCharts[0].data.uuid == uuid


def test_sql_charts_of_older_versions(tmp_path: Path) -> None:
    """Before 0.2462.0 there is no such endpoint."""
    with promotion_desk(tmp_path, BEFORE) as desk:
        kind, name = STATES["SQL chart changed"]
        path = f"/projects/{desk.projects[PREVIEW]}/sqlRunner/saved/{desk.uuid(kind, name, PREVIEW)}"
        headers = {"Authorization": f"ApiKey {desk.world.tokens['admin']}"}
        url = f"{desk.server.url}/api/v1{path}/promoteDiff"
        answer = httpx.get(url, headers=headers, trust_env=False, verify=False)
        assert (answer.status_code, answer.json()["error"]["message"]) == (404, "API endpoint not found")


def test_sql_charts_of_several_slugs_and_of_nobody(tmp_path: Path) -> None:
    """Two SQL charts of one slug upstream are a 409, an editor without the space a 403, foreseen and said."""
    with promotion_desk(tmp_path, NEW) as desk:
        item = STATES["SQL chart changed"]
        at = lightdash_at(desk.server.url, desk.world.tokens["viewer"])
        with at.session:
            permissions = PromotionPermissions(at, desk.projects[PREVIEW], desk.projects[PRODUCTION])
            spaces = [desk.uuid(Kind.SPACE, "Sales", where) for where in (PREVIEW, PRODUCTION)]
            assert permissions.missing(item[0], *spaces, exists=True, name=item[1])
        with pytest.raises(NotAuthorised, match="Failed to promote SQL chart: you don't have access"):
            _promote(desk, *item, who="viewer")
        Hands(desk, PRODUCTION).sql_chart("Another", "Sales")
        desk.world.sql_charts[desk.uuid(Kind.SQL_CHART, "Another", PRODUCTION)].slug = "sql-changed"
        with pytest.raises(ApiError, match="There are multiple SQL charts"):
            _diff(desk, *item)


@pytest.mark.parametrize("version", ["0.1505.2", NEW, "0.2853.1"])
def test_projects_of_newer_versions_can_be_read(version: str, tmp_path: Path) -> None:
    """Worlds that promote as newer versions do can be exported."""
    with promotion_desk(tmp_path, version) as desk:
        assert desk.export(PREVIEW).keys() & desk.export(PRODUCTION).keys()


def test_what_is_verified_upstream_and_stays_so_is_told(tmp_path: Path) -> None:
    """Lightdash promotes past the mark: people would go on trusting what nobody has looked at."""
    with promotion_desk(tmp_path, "0.2904.5") as desk:
        kind, name = STATES["changed"]
        upstream = desk.uuid(kind, name, PRODUCTION)
        desk.send("POST", f"/saved/{upstream}/verification")
        done = desk.do("promote", "review", "--env", PREVIEW, "--json", "--changed", may=(0, 4)).json
        (item,) = [one for one in done["items"] if (one["kind"], one["name"]) == (str(kind), name)]
        assert {one["code"]: one["weight"] for one in item["verdicts"]}["stays_verified"] == "warns"
        _promote(desk, kind, name)
        assert desk.world.charts[upstream].verification is not None
