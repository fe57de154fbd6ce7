"""Personal spaces, which Lightdash makes for each person: kept in backups, in other projects if asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightdash_standin.demo_charts import simple_chart
from lightdash_standin.organisation import found_company
from lightdash_standin.state import World
from lightdash_standin.studio import NO_FILTERS, Studio
from lightdash_sync.content.kinds import Kind
from tests.sync.desk import SOURCE, TARGET, Desk, desk_at

CURRENT = "1.219.0"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A project with a chart for everybody and one in the editor's personal space; an empty one beside it."""
    world = World(seed="personal", version=CURRENT)
    company = found_company(world)
    studio = Studio(world, company.production, company.people)
    sales = studio.space("Sales", owner="admin")
    shown = studio.chart(simple_chart("For everybody"), sales)
    board = studio.dashboard("Board", sales, None)
    studio.arrange(board, [studio.chart_tile(shown, (0, 0, 18, 9))], [], NO_FILTERS)
    with desk_at(world, tmp_path / "work") as desk:
        project = desk.projects[SOURCE]
        desk.send("PATCH", f"/projects/{project}/hasDefaultUserSpaces", {"hasDefaultUserSpaces": True})
        body = simple_chart("Draft") | {"spaceUuid": personal(desk)}
        desk.send("POST", f"/projects/{project}/saved", body)
        yield desk


def personal(desk: Desk, where: str = SOURCE) -> str:
    """The uuid of the editor's personal space."""
    editor = desk.world.token_rows[desk.world.tokens["editor"]].person_uuid
    spaces = map(desk.world.spaces.__getitem__, desk.world.project_rows[desk.projects[where]].spaces)
    return next(
        one.uuid for one in spaces if one.path.startswith("default_user_spaces.") and editor in one.access
    )


def names(desk: Desk, where: str = TARGET) -> set[str]:
    """The names of all spaces of a project."""
    return {desk.world.spaces[uuid].name for uuid in desk.world.project_rows[desk.projects[where]].spaces}


def test_a_backup_has_personal_spaces_and_says_of_them_that_they_are_such(desk: Desk) -> None:
    desk.do("export", "--env", SOURCE, "--no-history")
    root = desk.folder / "snapshots" / SOURCE / "spaces"
    spaces = [json.loads(path.read_text()) for path in root.iterdir()]
    marked = {space["name"] for space in spaces if space.get("personal")}
    assert desk.world.spaces[personal(desk)].name in marked
    assert "Sales" not in marked
    assert "Default User Spaces" not in marked


def test_another_project_gets_no_personal_space_and_the_plan_says_so(desk: Desk) -> None:
    """Neither the space nor what is in it, nor the space above that holds nothing else."""
    plan = desk.plan("--adopt-by-name")
    said = {one["item"]: one["why"] for one in plan["left_out"]}
    key = f"space:{desk.world.spaces[personal(desk)].slug}"
    assert "1 chart" in said[key]
    assert "--personal-spaces" in said[key]
    desk.apply("--adopt-by-name")
    assert "Default User Spaces" not in names(desk)
    assert desk.world.spaces[personal(desk)].name not in names(desk)
    assert desk.uuids(Kind.CHART, "Draft", TARGET) == []
    assert len(desk.uuids(Kind.CHART, "For everybody", TARGET)) == 1
    assert desk.plan()["steps"] == []


def test_who_asks_for_personal_spaces_gets_private_ones_for_the_same_people(desk: Desk) -> None:
    source = desk.world.spaces[personal(desk)]
    plan = desk.plan("--adopt-by-name", "--personal-spaces")
    assert [one for one in plan["problems"] if one["code"] == "personal"]
    desk.apply("--adopt-by-name", "--personal-spaces")
    (chart,) = desk.uuids(Kind.CHART, "Draft", TARGET)
    made = desk.world.spaces[str(desk.world.charts[chart].space_uuid)]
    assert (made.name, made.is_private) == (source.name, True)
    assert source.access.items() <= made.access.items()
    assert desk.plan("--personal-spaces")["steps"] == []


def test_what_everybody_sees_is_not_written_without_the_draft_that_it_shows(desk: Desk) -> None:
    """The plan names the tile's chart and the option, and is refused before the first write."""
    (draft,) = desk.uuids(Kind.CHART, "Draft", SOURCE)
    (board,) = desk.uuids(Kind.DASHBOARD, "Board", SOURCE)
    now = desk.send("GET", f"/dashboards/{board}")
    tile = {"type": "saved_chart", "x": 0, "y": 30, "w": 9, "h": 9, "properties": {"savedChartUuid": draft}}
    body = {"tiles": [*now["tiles"], tile], "tabs": [], "filters": now["filters"]}
    desk.send("PATCH", f"/dashboards/{board}", body)
    with desk.nothing_is_written():
        plan = desk.plan("--adopt-by-name", code=4)
        desk.apply("--adopt-by-name", code=4)
    (said,) = {one["what"] for one in plan["problems"] if one["code"] == "personal"}
    assert "chart:draft" in said
    assert "--personal-spaces" in said
    desk.apply("--adopt-by-name", "--personal-spaces")


def test_who_names_an_item_in_a_personal_space_gets_it(desk: Desk) -> None:
    desk.apply("--only", "chart:draft")
    assert len(desk.uuids(Kind.CHART, "Draft", TARGET)) == 1


def test_a_personal_space_is_put_back_in_its_own_project(desk: Desk) -> None:
    """There it is like any other; what is made is an ordinary space, and the plan says that."""
    desk.do("export", "--env", SOURCE, "--no-history")
    space = personal(desk)
    access = dict(desk.world.spaces[space].access)
    desk.send("DELETE", f"/projects/{desk.projects[SOURCE]}/spaces/{space}")
    done = desk.do("apply", "--from", f"snapshots/{SOURCE}", "--to", SOURCE, "--yes", "--json")
    (chart,) = desk.uuids(Kind.CHART, "Draft", SOURCE)
    made = desk.world.spaces[str(desk.world.charts[chart].space_uuid)]
    assert made.is_private
    assert access.items() <= made.access.items()
    assert done.code == 0


def test_deletes_leave_what_people_keep_to_themselves(desk: Desk) -> None:
    """A personal space that came after the backup stays, though it is not in it."""
    desk.do("export", "--env", SOURCE, "--no-history")
    body = simple_chart("Newer draft") | {"spaceUuid": personal(desk)}
    desk.send("POST", f"/projects/{desk.projects[SOURCE]}/saved", body)
    arguments = ("--from", f"snapshots/{SOURCE}", "--to", SOURCE, "--delete")
    plan = desk.do("plan", *arguments, "--json").json
    assert plan["steps"] == []
    assert [one for one in plan["left_out"] if one["item"] == "chart:newer-draft"]
    plan = desk.do("plan", *arguments, "--personal-spaces", "--json").json
    assert [step["key"] for step in plan["steps"]] == ["newer-draft"]


def test_a_personal_space_is_nothing_unknown(desk: Desk) -> None:
    """What this tool says of a space itself is no field that a newer server sent."""
    done = desk.do("export", "--env", SOURCE, "--no-history")
    assert "Not known" not in done.err + done.out
    arguments = ("--personal-spaces", "--adopt-by-name", "--json")
    plan = desk.do("plan", "--from", SOURCE, "--to", TARGET, *arguments).json
    assert [one for one in plan["problems"] if one["code"] == "unknown_left_out"] == []


@pytest.mark.parametrize("form", [(), ("--nested",)])
def test_documents_leave_out_what_people_keep_to_themselves(desk: Desk, form: tuple[str, ...]) -> None:
    """The official upload refuses a document of a personal space, and then uploads nothing at all."""
    done = desk.do("export", "--env", SOURCE, "--format", "lightdash-yaml", "--path", "tree", *form)
    files = {path.name for path in (desk.folder / "tree").rglob("*.yml")}
    assert "for-everybody.yml" in files
    assert "draft.yml" not in files
    slug = desk.world.spaces[personal(desk)].slug
    assert not [name for name in files if name.startswith((slug, "default-user"))]
    assert "personal spaces with 1 chart (--personal-spaces writes these)" in done.err
    with desk.nothing_is_written():
        assert desk.do("plan", "--from", "tree", "--to", SOURCE, "--json").json["steps"] == []


def test_documents_have_what_is_in_personal_spaces_if_asked(desk: Desk) -> None:
    """As the official download has it: the charts, and of such spaces no document."""
    arguments = ("--format", "lightdash-yaml", "--personal-spaces", "--path", "tree")
    desk.do("export", "--env", SOURCE, *arguments)
    files = {path.name for path in (desk.folder / "tree").rglob("*.yml")}
    assert {"draft.yml", "default-user-spaces.space.yml"} <= files
    assert f"{desk.world.spaces[personal(desk)].slug}.space.yml" not in files
    with desk.nothing_is_written():
        assert desk.do("plan", "--from", "tree", "--to", SOURCE, "--json").json["steps"] == []


def test_a_draft_in_a_tree_is_not_shown_to_everybody_in_another_project(desk: Desk) -> None:
    """The official download has drafts, but of the space that keeps them private no document."""
    arguments = ("--format", "lightdash-yaml", "--personal-spaces", "--path", "tree")
    desk.do("export", "--env", SOURCE, *arguments)
    desk.do("apply", "--from", "tree", "--to", TARGET, "--yes")
    assert desk.uuids(Kind.CHART, "For everybody", TARGET)
    assert not desk.uuids(Kind.CHART, "Draft", TARGET)
    plan = desk.do("plan", "--from", "tree", "--to", TARGET, "--json").json
    assert [one["item"] for one in plan["left_out"] if "personal space" in one["why"]]
    desk.do("apply", "--from", "tree", "--to", TARGET, "--personal-spaces", "--yes")
    (draft,) = desk.uuids(Kind.CHART, "Draft", TARGET)
    assert desk.world.spaces[str(desk.world.charts[draft].space_uuid)].is_private


def test_a_promotion_by_replay_leaves_drafts_and_takes_them_if_asked(desk: Desk) -> None:
    """What was approved with them is run with them, without saying it once more."""
    replay = ("--via", "replay", "--env", SOURCE, "--to", TARGET)
    review = desk.do("promote", "review", *replay, "--json").json
    assert "chart:draft" not in {f"{step['kind']}:{step['key']}" for step in review["steps"]}
    assert [one for one in review["left_out"] if "--personal-spaces" in one["why"]]
    review = desk.do("promote", "review", *replay, "--chart", "draft", "--json").json
    assert "chart:draft" in {f"{step['kind']}:{step['key']}" for step in review["steps"]}
    desk.do("promote", "review", *replay, "--personal-spaces", "--format", "json", "-o", "approved.json")
    desk.do("promote", "run", "--approved", "approved.json", "--yes")
    assert len(desk.uuids(Kind.CHART, "Draft", TARGET)) == 1
