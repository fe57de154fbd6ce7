"""Who is behind where: what a plan would do, told for all environments at once, before anybody plans."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lightdash_sync.content.kinds import Kind
from tests.apply.small_world import small_world
from tests.dialects import preview_of
from tests.sync.desk import FROM_TO, SOURCE, TARGET, Desk, desk_at
from tests.sync.people import EDITS, People
from tests.worlds import can, demo_world

OTHER = "other"
COPIES = ("--adopt-by-name", "--allow-twins=all")


def told(desk: Desk, *more: str, code: int = 0) -> dict[str, Any]:
    """Return what machines are told."""
    return desk.do("status", "--json", *more, code=code).json


def pair(said: dict[str, Any], source: str = SOURCE, target: str = TARGET) -> dict[str, Any]:
    """Return one pair of what was told."""
    (found,) = [one for one in said["pairs"] if (one["from"], one["to"]) == (source, target)]
    assert isinstance(found, dict)
    return found


def items(said: dict[str, Any], source: str = SOURCE, target: str = TARGET) -> list[str]:
    """Return the items of a pair, oldest first."""
    return [f"{one['kind']}:{one['key']}".rstrip(":") for one in pair(said, source, target)["items"]]


def third(desk: Desk) -> None:
    """Add another empty project to the settings."""
    body = {"name": "Other", "copyContent": False}
    made = desk.send("POST", f"/projects/{desk.projects[SOURCE]}/createPreview", body)
    desk.settle(**{OTHER: preview_of(made, desk.world)})


# --- the law: it is what a plan says ---


def test_whatever_people_do_is_counted_as_a_plan_would_find_it(desk: Desk) -> None:
    """After each edit of the source, item for item; and nothing more once the plan was applied."""
    desk.apply(*COPIES)
    people = People(desk, SOURCE)
    for number, (edit, item) in enumerate(EDITS.values(), 1):
        edit(people)
        if number % 4 and number < len(EDITS):
            continue
        steps = desk.plan("--delete")["steps"]
        planned = {f"{one['kind']}:{one['key']}".rstrip(":") for one in steps}
        said = told(desk, "--live", "--exit-code", code=6)
        assert item in planned
        assert set(items(said)) == planned == set(items(said, TARGET, SOURCE))
        desk.apply()
        assert items(told(desk, "--live", "--exit-code")) == []


FIRST = {item: edit for edit, (_, item) in reversed(EDITS.items())}


@pytest.mark.parametrize(
    "edit", [edit if edit in FIRST.values() else pytest.param(edit, marks=pytest.mark.slow) for edit in EDITS]
)
def test_one_edit_of_the_target_is_one_item_both_ways(desk: Desk, edit: str) -> None:
    """Also where the plan would refuse to overwrite it."""
    desk.apply(*COPIES)
    change, item = EDITS[edit]
    change(People(desk, TARGET))
    said = told(desk, "--live")
    assert items(said) == items(said, TARGET, SOURCE) == [item]
    assert [one["item"] for one in desk.plan("--delete", code=4)["drift"]] == [item]


def test_a_whole_project_and_its_copy_are_the_same(tmp_path: Path) -> None:
    """What no plan carries does not count, and is said: paused schedulers, grants of roles nobody shows.

    The other way, a plan would take such a grant away, and that counts. Newer servers show all roles.
    """
    with desk_at(demo_world(), tmp_path / "work") as desk:
        desk.apply(*COPIES)
        for name in (SOURCE, TARGET):
            desk.export(name)
        with desk.nothing_is_written():
            said = told(desk)
        assert (pair(said)["same"], pair(said)["not_counted"]) == (True, 1)
        assert items(said, TARGET, SOURCE) == ([] if can("own_access_only") else ["space:roastery-floor"])
        assert any("1 item is in one of them only, and not counted" in note for note in said["warnings"])
        assert desk.do("plan", *FROM_TO, "--delete", "--exit-code").code == 0


def test_what_the_server_made_of_what_was_written_is_the_same(desk: Desk) -> None:
    """Lightdash adds columns to the order of a chart's; the sync that wrote it remembers that."""
    uuid = desk.uuid(Kind.CHART, "Orders, again", SOURCE)
    order = desk.world.charts[uuid].version.column_order
    order[:] = ["orders_gone", *order[:1]]
    desk.apply(*COPIES)
    assert desk.do("diff", SOURCE, TARGET, "--only", "chart", "--json").json["different"]
    assert items(told(desk, "--live")) == []
    assert desk.plan("--delete")["empty"]


# --- which item is which ---


def test_a_chain_of_environments_is_followed(desk: Desk) -> None:
    """Also if the one in the middle was exported under its own keys before anybody linked it."""
    desk.apply(*COPIES)
    desk.memory.rename(desk.folder / "aside")
    desk.export(TARGET)  # in its own keys, because nothing is remembered
    (desk.folder / "aside").rename(desk.memory)
    third(desk)
    desk.do("apply", "--from", TARGET, "--to", OTHER, *COPIES, "--yes")
    said = told(desk, "--live")
    for source, target in ((SOURCE, TARGET), (TARGET, OTHER)):
        assert items(said, source, target) == []
        assert items(said, target, source) == []
    name = "inside.json" if can("chosen_slugs") else "inside-1.json"
    assert (desk.folder / "snapshots" / TARGET / "charts" / name).exists()


def test_one_source_of_many_targets_is_the_same_in_all(desk: Desk) -> None:
    """The targets are the same as each other, too, though no sync went from one to another."""
    third(desk)
    desk.apply(*COPIES)
    desk.do("apply", "--from", SOURCE, "--to", OTHER, *COPIES, "--yes")
    assert not told(desk, "--live", "--exit-code")["different"]
    People(desk, SOURCE).chart_name()
    desk.apply()
    said = told(desk, "--live", "--exit-code", code=6)
    there = {(one["from"], one["to"]) for one in said["pairs"] if one["different"]}
    assert there == {(SOURCE, OTHER), (TARGET, OTHER), (OTHER, SOURCE), (OTHER, TARGET)}


def test_copies_that_no_sync_knows_are_pointed_out_with_the_way_to_link_them(desk: Desk) -> None:
    """They are counted twice until they are linked; the command of the note is one that works."""
    desk.apply(*COPIES)
    desk.memory.rename(desk.folder / "aside")
    desk.export(SOURCE)
    desk.export(TARGET)
    said = told(desk)
    notes = [one for one in said["warnings"] if "the same name under other keys" in one]
    if can("chosen_slugs"):  # where copies keep their slugs, they have the same keys
        assert (notes, pair(said)["same_named"]) == ([], 0)
        return
    (note,) = notes
    assert pair(said)["same_named"] == 8
    assert "8 items have" in note
    command = note.split("`")[1].split()[1:]
    assert command[:2] == ["link", "adopt"]
    assert desk.do(*command, "--json").json["items"]
    desk.do(*command[:-1])
    after = told(desk)
    assert not any("same name" in one for one in after["warnings"])
    assert len(items(after)) < len(items(said)) / 2


# --- since when ---


def test_an_item_is_behind_since_somebody_last_saved_it(desk: Desk) -> None:
    """The pair since its oldest item; a rename makes no version, so nobody knows when that was."""
    desk.apply(*COPIES)
    people = People(desk, SOURCE)
    people.chart_query()
    first = desk.world.clock.now()[:16]
    people.dashboard_tile()
    people.inside_name()
    people.space_name()
    said = pair(told(desk, "--live"))
    assert [one["kind"] for one in said["items"]] == ["chart", "dashboard", "space", "chart"]
    times = [one["since"] for one in said["items"]]
    assert times == [said["since"], times[1], None, None]
    assert times[0][:16] == first < times[1]
    out = desk.do("status", "--live").out
    assert f"4 since {times[0][:10]}" in out
    assert re.search(r"changed space:sales.*  age unknown", out)


def test_nobody_knows_since_when_names_differ(desk: Desk) -> None:
    desk.apply(*COPIES)
    People(desk, TARGET).chart_name()
    assert pair(told(desk, "--live"))["since"] is None
    assert "1, age unknown" in desk.do("status", "--live").out


# --- what is read ---


def test_snapshots_are_compared_without_a_request_or_a_token(desk: Desk) -> None:
    """How old each is is told; a missing one is no error, and a note says how to make it."""
    desk.apply(*COPIES)
    desk.export(SOURCE)
    desk.env.clear()
    before = len(desk.world.requests)
    said = told(desk, "--exit-code")
    assert len(desk.world.requests) == before
    assert [one["read"] for one in said["environments"]] == ["snapshot", None]
    assert said["environments"][0]["exported"]
    assert pair(said)["same"] is None
    assert "target has no snapshot: `lightdash-sync export --env target` makes one" in said["warnings"][0]
    out = desk.do("status").out
    assert "minutes old" in out
    assert "no snapshot" in out
    desk.export(TARGET)
    before = len(desk.world.requests)
    assert pair(told(desk))["same"]
    assert len(desk.world.requests) == before


def test_a_snapshot_of_unknown_age_is_compared_all_the_same(desk: Desk) -> None:
    """A fresh checkout on another machine does not have the file that says it."""
    for name in (SOURCE, TARGET):
        desk.export(name)
        (desk.folder / "snapshots" / f".{name}.state.json").unlink()
    assert [one["exported"] for one in told(desk)["environments"]] == [None, None]
    assert "age unknown here" in desk.do("status").out


def test_live_reads_each_project_once_and_writes_nothing(desk: Desk) -> None:
    """However many pairs there are; no snapshot, and nothing else on disk, appears."""
    third(desk)
    desk.apply(*COPIES)
    files = sorted(desk.folder.rglob("*"))
    before = len(desk.world.requests)
    with desk.nothing_is_written():
        told(desk, "--live")
    paths = [path for _, path in desk.world.requests[before:]]
    for project in desk.projects.values():
        assert sum(path.endswith(f"/projects/{project}/spaces") for path in paths) == 1
    assert sorted(desk.folder.rglob("*")) == files


def test_the_upstream_that_lightdash_promotes_to_is_marked(desk: Desk) -> None:
    """A project knows what it is promoted to; the row is the one that goes there."""
    desk.world.project_rows[desk.projects[TARGET]].upstream_uuid = desk.projects[SOURCE]
    said = told(desk, "--live")
    assert [one["upstream"] for one in said["pairs"]] == [False, True]
    out = desk.do("status", "--live").out
    assert "↑ Lightdash promotes from the row to the column." in out
    assert "target → source (its upstream)" in out


def test_a_part_is_compared_with_that_part(desk: Desk) -> None:
    """A snapshot of charts says nothing of dashboards, and a note says so."""
    desk.do("export", "--env", SOURCE, "--only", "chart", "--no-history")
    desk.export(TARGET)
    said = told(desk)
    assert {one["kind"] for one in pair(said)["items"]} == {"chart"}
    assert "source holds a part (chart): nothing else is compared" in said["warnings"]


def test_a_damaged_snapshot_is_an_error(desk: Desk) -> None:
    for name in (SOURCE, TARGET):
        desk.export(name)
    (desk.folder / "snapshots" / SOURCE / "charts" / "inside.json").write_text("{}")
    assert "charts/inside.json is not as it was written" in desk.do("status", code=10).err
    (desk.folder / "snapshots" / TARGET / "snapshot.json").unlink()
    desk.do("status", code=10)


# --- the command ---


def test_only_some_environments(desk: Desk) -> None:
    """In the order of the settings; one alone, or none of that name, is wrong usage."""
    third(desk)
    said = told(desk, "--live", "--env", OTHER, "--env", SOURCE)
    assert [one["name"] for one in said["environments"]] == [SOURCE, OTHER]
    assert len(said["pairs"]) == 2
    assert "nothing to compare source with" in desk.do("status", "--env", SOURCE, code=2).err
    desk.do("status", "--env", "nobody", code=2)
    desk.do("status", "--json", "--format", "markdown", code=2)
    (desk.folder / "lightdash-sync.toml").unlink()
    desk.do("status", code=2)


def test_the_oldest_items_are_listed_and_all_if_asked(desk: Desk) -> None:
    """Three of each pair, with how many more there are."""
    out = desk.do("status", "--live").out
    assert "source → target: 12 since " in out
    assert "… and 9 more (--all lists everything)" in out
    assert out.count("  created ") == 3
    assert desk.do("status", "--live", "--all").out.count("  created ") == 12
    markdown = desk.do("status", "--live", "--format", "markdown").out
    assert "| source | — | 12 since " in markdown
    assert markdown.count("➕") == 3
    assert desk.do("status", "--live", "--format", "markdown", "--all").out.count("➕") == 12


def test_hostile_names_are_shown_harmlessly(tmp_path: Path) -> None:
    """Of items, projects and environments, in every format; a table of Markdown keeps its shape."""
    world = small_world()
    ugly = ["\x1b[2Jgone", "a|b\r", "\u202eabc", "<b>@octocat</b>"]
    for number, chart in enumerate(world.charts.values()):
        chart.name = f"{ugly[number % 4]} {number}"
    for number, space in enumerate(world.spaces.values()):
        space.name = f"{ugly[number % 4]} {number}"
    for project in world.project_rows.values():
        project.name = f"\x1b[31m|{project.name}"
    with desk_at(world, tmp_path / "work") as desk:
        path = desk.folder / "lightdash-sync.toml"
        path.write_text(path.read_text().replace(f"[env.{SOURCE}]", '[env."so\\u001b[2J|`x` <b>"]'))
        for form in ("text", "json", "markdown"):
            done = desk.do("status", "--live", "--all", "--format", form)
            for text in (done.out, done.err):
                assert {char for char in text if not char.isprintable()} <= {"\n"}
        markdown = desk.do("status", "--live", "--all", "--format", "markdown").out
        table = [line for line in markdown.splitlines() if line.startswith("|")]
        assert [line.count("|") for line in table] == [4, 4, 4, 4]
        assert "<b>" not in markdown
        assert "@octocat" not in markdown
