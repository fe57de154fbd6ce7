"""Slugs that charts had before they were renamed (since 1.183.0): Lightdash finds the charts by them, too."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightdash_standin.demo_charts import simple_chart
from lightdash_standin.organisation import found_company
from lightdash_standin.state import World
from lightdash_standin.studio import Studio
from lightdash_sync.content.kinds import Kind
from lightdash_sync.snapshot.read import Snapshot
from tests.sync.desk import SOURCE, TARGET, Desk, desk_at

CURRENT = "1.219.0"
BRAND = ("--only", "chart:brand")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A project with the chart `brand`, and an empty one beside it, on a current Lightdash."""
    world = World(seed="aliases", version=CURRENT)
    company = found_company(world)
    studio = Studio(world, company.production, company.people)
    space = studio.space("Sales", owner="admin")
    studio.chart(simple_chart("Brand"), space)
    studio.chart(simple_chart("Other"), space)
    with desk_at(world, tmp_path / "work") as desk:
        yield desk


def make(desk: Desk, name: str, where: str) -> str:
    """Let somebody make a chart; return its uuid."""
    space = next(iter(desk.world.project_rows[desk.projects[where]].spaces))
    made = desk.send(
        "POST", f"/projects/{desk.projects[where]}/saved", simple_chart(name) | {"spaceUuid": space}
    )
    return str(made["uuid"])


def rename(desk: Desk, old: str, new: str, where: str) -> None:
    """Let somebody rename the slug of a chart."""
    path = f"/projects/{desk.projects[where]}/slugs/rename"
    desk.send("POST", path, {"resourceType": "chart", "from": old, "to": new})


def slugs(desk: Desk, name: str, where: str = TARGET) -> list[str]:
    """The slugs of the charts of a name."""
    return sorted(desk.world.charts[uuid].slug for uuid in desk.uuids(Kind.CHART, name, where))


def test_a_slug_that_is_an_alias_of_another_chart_is_taken_and_the_plan_says_so(desk: Desk) -> None:
    theirs = make(desk, "Brand", TARGET)
    desk.send("PATCH", f"/saved/{theirs}", {"name": "Theirs"})
    rename(desk, "brand", "brand-of-old", TARGET)
    make(desk, "Brand 1", TARGET)  # has the next one
    plan = desk.plan(*BRAND)
    (said,) = [one["what"] for one in plan["problems"] if one["code"] == "slug_not_kept"]
    assert "its slug will be brand-2" in said
    assert "had brand before it was renamed to brand-of-old" in said
    desk.apply(*BRAND)
    assert slugs(desk, "Brand") == ["brand-2"]
    chart = desk.world.charts[theirs]
    assert (chart.name, chart.slug, len(chart.versions)) == ("Theirs", "brand-of-old", 1)
    assert [step["action"] for step in desk.plan(*BRAND)["steps"]] == []


def test_the_next_free_slug_may_be_an_alias_itself(desk: Desk) -> None:
    make(desk, "Brand", TARGET)
    rename(desk, "brand", "first", TARGET)
    make(desk, "Brand 1", TARGET)
    rename(desk, "brand-1", "second", TARGET)
    (said,) = [one["what"] for one in desk.plan(*BRAND)["problems"] if one["code"] == "slug_not_kept"]
    assert "its slug will be brand-2" in said


def test_a_chart_that_is_renamed_after_the_plan_keeps_what_it_has(desk: Desk) -> None:
    desk.do("plan", "--from", SOURCE, "--to", TARGET, *BRAND, "--output", "p.json")
    theirs = make(desk, "Brand", TARGET)
    rename(desk, "brand", "elsewhere", TARGET)
    before = desk.world.charts[theirs].current
    done = desk.do("apply", "p.json", "--yes", may=(3, 5))
    assert desk.world.charts[theirs].current == before
    assert "new plan" in done.err + done.out
    desk.apply(*BRAND)
    assert len(desk.uuids(Kind.CHART, "Brand", TARGET)) == 2


def test_a_renamed_slug_is_another_fact_and_no_other_item(desk: Desk) -> None:
    """In a backup, and for what is linked: key, history and content stay."""
    desk.apply("--only", "chart")
    before = desk.export(SOURCE)
    rename(desk, "brand", "brand-new", SOURCE)
    desk.do("export", "--env", SOURCE, "--no-history")
    snapshot = Snapshot(desk.folder / "snapshots" / SOURCE)
    assert {path: snapshot.tree()[path] for path in snapshot.tree()} == before
    assert snapshot.tree().identity.facts(Kind.CHART, "brand")["slug"] == "brand-new"
    with desk.nothing_is_written():
        desk.apply("--only", "chart")
    rename(desk, "brand", "brand-there", TARGET)
    with desk.nothing_is_written():
        desk.apply("--only", "chart")


def test_a_document_with_a_former_slug_is_the_chart_that_was_renamed(desk: Desk) -> None:
    """As for the official tool, whose upload updates that chart; a second one is not made."""
    desk.do("export", "--env", SOURCE, "--format", "lightdash-yaml", "--path", "tree")
    rename(desk, "brand", "brand-new", SOURCE)
    done = desk.do("plan", "--from", "tree", "--to", SOURCE, "--json")
    assert done.json["steps"] == []
    assert "chart brand of the tree is brand-new there" in done.err


@pytest.mark.parametrize("side", [SOURCE, TARGET])
def test_a_promotion_that_would_make_a_second_one_of_a_renamed_chart_is_foretold(
    desk: Desk, side: str
) -> None:
    _upstream(desk)
    desk.do("promote", "run", "--env", SOURCE, "--chart", "brand", "--yes")
    forget(desk)
    rename(desk, "brand", "brand-new", side)
    desk.send("PATCH", f"/saved/{desk.uuid(Kind.CHART, 'Brand', SOURCE)}", {"name": "Brand, now"})
    said = _verdicts(desk, "brand-new" if side == SOURCE else "brand")
    assert "promotion does not follow that" in said["would_duplicate"], said


def test_a_promotion_that_would_write_onto_what_has_the_slug_by_now_is_foretold(desk: Desk) -> None:
    _upstream(desk)
    desk.do("promote", "run", "--env", SOURCE, "--chart", "brand", "--yes")
    forget(desk)
    rename(desk, "brand", "taken", SOURCE)
    make(desk, "Taken", TARGET)
    said = _verdicts(desk, "taken")
    assert "before it was renamed" in said["other_item"], said


def _verdicts(desk: Desk, key: str, *more: str) -> dict[str, str]:
    """What a review that is refused says of a chart, by code."""
    review = desk.do("promote", "review", "--env", SOURCE, "--chart", key, *more, "--json", code=4).json
    (item,) = [one for one in review["items"] if one["key"] == key]
    return {one["code"]: one["what"] for one in item["verdicts"]}


def _upstream(desk: Desk) -> None:
    """Make the target the upstream project of the source."""
    project = desk.world.project_rows[desk.projects[SOURCE]]
    project.upstream_uuid = desk.projects[TARGET]


def forget(desk: Desk) -> None:
    """Leave a machine that remembers nothing of what was promoted."""
    shutil.rmtree(desk.memory)
    shutil.rmtree(desk.memory.parent / f".{TARGET}.local", ignore_errors=True)


def test_a_promotion_that_would_write_onto_a_renamed_chart_of_another_is_foretold(desk: Desk) -> None:
    _upstream(desk)
    desk.do("promote", "run", "--env", SOURCE, "--chart", "brand", "--yes")
    forget(desk)
    rename(desk, "brand", "other", TARGET)
    assert "chart:brand, renamed" in _verdicts(desk, "other", "--chart", "brand")["other_item"]
