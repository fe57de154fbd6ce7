"""Trees as the official tool of a version downloads them: what a server answers as code, one file an item."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lightdash_standin.seed import demo_world
from lightdash_sync.ascode.yaml import from_yaml, to_yaml
from lightdash_sync.content.json import canonical, parse
from tests.sync.desk import SOURCE, TARGET, TO, Desk, desk_at

FROM = ("--from", "official")
VERSIONS = ("0.2904.5", "1.219.0")
ADDED = ("virtual-views", "scheduled-deliveries", "alerts", "google-sheets")
ADDED_TYPES = ("virtual_view", "scheduled_delivery", "alert", "google_sheets_sync")
LEFT_OUT = (
    "verification",
    "uuid",
    "downloadedAt",
)  # times; and of custom metrics what is made anew with each write
DELIVERIES = {
    "scheduledDeliveries": ("scheduledDeliveries", "scheduled-deliveries"),
    "alerts": ("alerts", "alerts"),
    "googleSheets": ("googleSheetsSyncs", "google-sheets"),
}
KINDS = {"charts": "{}.yml", "sqlCharts": "{}.sql.yml", "dashboards": "{}.yml"}


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """Open a desk with the demo of a version; its target is an empty project."""
    opened: list[Any] = []

    def of(version: str) -> Desk:
        opened.append(desk_at(demo_world(version), tmp_path / version))
        desk: Desk = opened[-1].__enter__()
        return desk

    yield of
    for one in reversed(opened):
        one.__exit__(None, None, None)


def rows(desk: Desk, kind: str, project: str) -> list[Any]:
    """All items of a kind as code."""
    newer = desk.world.can("code_paths")
    path = f"/projects/{desk.projects[project]}/" + (f"code/{kind}" if newer else f"{kind}/code")
    found: list[Any] = []
    while True:
        page: Any = desk.send("GET", f"{path}?offset={len(found)}")
        found += page[kind]
        if len(found) >= page["total"]:
            return found


def download(desk: Desk, *, nested: bool = False, project: str = SOURCE) -> None:
    """Write what the official tool writes."""
    root = Path("official")
    shutil.rmtree(root, ignore_errors=True)
    times: dict[str, Any] = {"version": 1, "charts": {}, "dashboards": {}}
    for kind, name in KINDS.items():
        for row in rows(desk, kind, project):
            folder = root / "project" / row["spaceSlug"] if nested else root
            where = "dashboards" if kind == "dashboards" else "charts"
            times[where][row["slug"]] = row.pop("downloadedAt", None) or row.pop("updatedAt")
            row.pop("updatedAt", None)
            write(folder / where / name.format(row["slug"]), row)
    (root / ".lightdash-metadata.json").write_bytes(canonical(times))
    if not desk.world.can("spaces_as_code"):
        return
    for number, space in enumerate(rows_of_spaces(desk)):
        folder = root / "project" / space["slug"] if nested else root / "spaces"
        write(folder / f"space-{number}.space.yml", space)
    code = f"/projects/{desk.projects[project]}/code"
    for view in got(desk, f"{code}/virtualViews")["virtualViews"]:
        write(root / "virtual-views" / f"{view['slug']}.yml", view)
    for kind, (key, name) in DELIVERIES.items():
        for row in got(desk, f"{code}/{kind}")[key]:
            of = row["resource"]
            write(root / name / f"{of['type']}s" / of["slug"] / f"{row['slug']}.yml", row)
    (root / "apps" / "shop" / "src").mkdir(parents=True)
    (root / "apps" / "shop" / "src" / "app.ts").write_text("export {}")


def got(desk: Desk, path: str) -> Any:
    """An answer."""
    return desk.send("GET", path)


def fill(desk: Desk) -> None:
    """Make a virtual view, and a delivery that names each part of its dashboard."""
    desk.send(
        "POST", f"/projects/{desk.projects[SOURCE]}/sqlRunner/virtual-view",
        {"name": "shop_view", "sql": "select current_date as b, 2 as a",
         "columns": [{"reference": "b", "type": "date"}, {"reference": "a", "type": "number"}]},
    )  # fmt: skip
    (uuid,) = (one.uuid for one in desk.world.dashboards.values() if one.slug == "channels")
    board = got(desk, f"/dashboards/{uuid}")
    rule = board["filters"]["dimensions"][0]
    other = {
        "id": "of the delivery", "target": rule["target"], "operator": "notNull", "values": [],
        "label": "Its own", "tileTargets": {board["tiles"][0]["uuid"]: False},
    }  # fmt: skip
    desk.send(
        "POST", f"/dashboards/{uuid}/schedulers",
        {"name": "Parts", "message": "", "cron": "0 9 1 1 *", "format": "image", "enabled": True,
         "options": {"withPdf": False}, "targets": [{"recipient": "z@kettle.example"}, {"channel": "C1"}],
         "includeLinks": True, "filters": [rule | {"values": ["wholesale"]}, other],
         "selectedTabs": [board["tabs"][1]["uuid"]], "customViewportWidth": 1400},
    )  # fmt: skip


def write(path: Path, document: Any) -> None:
    """Write a document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_yaml(document))


def edit(path: str, change: Callable[[Any], Any]) -> None:
    """Change a document by hand."""
    file = Path("official") / path
    document = from_yaml(file.read_bytes())
    change(document)
    file.write_bytes(to_yaml(document))


def steps(done: Any) -> list[str]:
    """What a plan does."""
    return [f"{step['action']} {step['kind']}:{step['key']}" for step in done.json["steps"]]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("nested", [False, True])
def test_right_after_a_download_there_is_nothing_to_do(
    at: Callable[[str], Desk], version: str, nested: bool
) -> None:
    """Kinds that a tree is not read for are counted, each by its folder."""
    desk = at(version)
    if desk.world.can("deliveries_as_code"):
        fill(desk)
    download(desk, nested=nested)
    done = desk.do("plan", *FROM, "--to", SOURCE, "--json")
    assert steps(done) == []
    said = " ".join(done.err.split())
    assert ("what a tree is not read for are passed over: apps (1)" in said) == (version == VERSIONS[1])
    with desk.nothing_is_written():
        assert desk.do("diff", "official", SOURCE, "--json").json["items"] == []
        assert steps(desk.do("plan", *FROM, "--to", SOURCE, "--json", "--delete")) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_what_we_write_is_what_it_downloads(at: Callable[[str], Desk], version: str) -> None:
    """So that tool finds nothing to do when it uploads ours."""
    desk = at(version)
    if desk.world.can("deliveries_as_code"):
        fill(desk)
    download(desk)
    told = desk.do("export", "--format", "lightdash-yaml", "--env", SOURCE, "--json").json

    def documents(root: str) -> dict[str, Any]:
        found = [from_yaml(file.read_bytes()) for file in Path(root).rglob("*.yml") if known(file)]
        return {f"{one['contentType']} {one['slug']}": one for one in found}

    def known(file: Path) -> bool:
        return file.parts[1] in ("charts", "dashboards", "spaces", *ADDED)

    official, ours = documents("official"), documents("lightdash")
    spaces = {name for name in official if name.startswith("space ")}
    assert sorted({*ours} - spaces) == sorted({*official} - spaces)
    different = [name for name in official if in_any_order(official[name]) != in_any_order(ours[name])]
    assert different == []
    unsaid = sum(one["count"] for one in told["not_held"] if one["code"] in ("scheduler", "virtual_view"))
    snapshot = desk.export(SOURCE)
    carried = sum(path.startswith(("schedulers/", "virtual_views/")) for path in snapshot)
    written = sum(name.split()[0] in ADDED_TYPES for name in ours)
    assert (written > 0) == (version == VERSIONS[1])
    assert written + unsaid == carried


def test_an_upload_of_ours_finds_nothing_to_do(at: Callable[[str], Desk]) -> None:
    """By the server's own word; it writes what has filters of a dashboard even of its own download."""
    desk = at("1.219.0")
    fill(desk)
    desk.do("export", "--format", "lightdash-yaml", "--env", SOURCE)
    code = f"/projects/{desk.projects[SOURCE]}/code"
    done: dict[str, str] = {}
    again: set[str] = set()
    routes = {name: kind for kind, (_, name) in DELIVERIES.items()} | {"virtual-views": "virtualViews"}
    for name, route in routes.items():
        for file in Path("lightdash", name).rglob("*.yml"):
            document = from_yaml(file.read_bytes())
            answer: Any = desk.send("POST", f"{code}/{route}/{document['slug']}?force=false", document)
            done[str(document["slug"])] = answer["action"]
            again |= {str(document["slug"])} if isinstance(document.get("filters"), list) else set()
    assert len(done) > 5
    assert {slug for slug, action in done.items() if action != "no changes"} == again >= {"parts"}
    spaces = [from_yaml(file.read_bytes()) for file in Path("lightdash/spaces").iterdir()]
    answers: list[Any] = [desk.send("POST", f"{code}/spaces", space) for space in spaces]
    assert {answer["action"] for answer in answers} == {"NO_CHANGES"}


def test_an_edit_of_a_delivery_or_view_changes_just_that(at: Callable[[str], Desk]) -> None:
    """Its owner, and the ids of its filters, stay; a file that is gone deletes nothing."""
    desk = at("1.219.0")
    fill(desk)
    download(desk)
    edit("scheduled-deliveries/dashboards/channels/parts.yml", lambda one: one.update(cron="0 7 * * 1"))
    edit("alerts/charts/weekly-revenue/revenue-is-low.yml", lambda one: one["targets"].pop())
    edit("google-sheets/charts/margin-by-category/sheet-for-finance.yml", _elsewhere)
    edit("virtual-views/shop_view.yml", lambda one: one.update(name="The shop"))
    shutil.rmtree("official/scheduled-deliveries/charts")
    before = desk.export(SOURCE)
    made = steps(desk.do("plan", *FROM, "--to", SOURCE, "--json", "--delete"))
    assert {step.partition(":")[0] for step in made} == {"update scheduler", "update virtual_view"}
    assert len(made) == 4
    desk.do("apply", *FROM, "--to", SOURCE, "--yes", "--delete")
    after = desk.export(SOURCE)
    changed = {
        path: (parse(before[path]), parse(after[path])) for path in before if after[path] != before[path]
    }
    fields = {
        path: {name for name in was | now if was.get(name) != now.get(name)}  # type: ignore[union-attr, operator]
        for path, (was, now) in changed.items()
    }
    assert sorted(map(sorted, fields.values())) == [["cron"], ["label"], ["options"], ["targets"]]
    assert steps(desk.do("plan", *FROM, "--to", SOURCE, "--json")) == []


def _elsewhere(sheet: Any) -> None:
    sheet["destination"]["tabName"] = "Second"


def test_deliveries_and_views_come_into_an_empty_project(at: Callable[[str], Desk]) -> None:
    """Named as what is there names its parts; a second plan finds nothing to do."""
    desk = at("1.219.0")
    fill(desk)
    download(desk)
    desk.do("apply", *FROM, *TO, "--yes", "--enable-schedulers", may=(0, 3))
    assert steps(desk.do("plan", *FROM, *TO, "--json")) == []
    mine, there = desk.content(SOURCE), desk.content(TARGET)
    assert mine["virtual_views/shop_view.json"] == there["virtual_views/shop_view.json"]
    view: Any = parse(mine["virtual_views/shop_view.json"])
    assert [column["reference"] for column in view["columns"]] == ["a", "b"], "not what the server adds"

    def parts(content: dict[str, bytes]) -> Any:
        found: list[Any] = [parse(data) for path, data in content.items() if path.startswith("schedulers/")]
        return next(one for one in found if one["name"] == "Parts")

    was, now = parts(mine), parts(there)
    assert now["selectedTabs"] == was["selectedTabs"]
    assert now["targets"] == was["targets"]
    assert [one.get("tileTargets") for one in now["filters"]] == [
        one.get("tileTargets") for one in was["filters"]
    ]
    assert now["filters"][0]["id"] == was["filters"][0]["id"]


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("alerts/charts/weekly-revenue/revenue-is-low.yml", {"thresholds": []}, "no `thresholds`"),
        ("scheduled-deliveries/dashboards/channels/parts.yml", {"format": None}, "no `format`"),
        ("google-sheets/charts/margin-by-category/sheet-for-finance.yml", {"destination": None}, "no `desti"),
        ("virtual-views/shop_view.yml", {"columns": []}, "columns"),
        (
            "scheduled-deliveries/dashboards/channels/parts.yml",
            {"targets": [{"type": "email", "channel": "C1"}]},
            "has no address",
        ),
    ],
)
def test_a_delivery_or_view_that_cannot_be_understood_is_refused(
    at: Callable[[str], Desk], file: str, change: dict[str, Any], said: str
) -> None:
    desk = at("1.219.0")
    fill(desk)
    download(desk)
    edit(file, lambda one: one.update(change))
    assert said in " ".join(desk.do("plan", *FROM, "--to", SOURCE, code=10).err.split())


def in_any_order(value: Any) -> Any:
    """A document whose lists of objects are in one order, without what is not compared."""
    if isinstance(value, dict):
        return {name: in_any_order(one) for name, one in value.items() if name not in LEFT_OUT}
    if isinstance(value, list):
        return sorted(map(in_any_order, value), key=canonical)
    return value


def test_an_edit_of_a_newer_tree_changes_what_was_edited(at: Callable[[str], Desk]) -> None:
    """A tile moved to another tab, a governed tile, and somebody's access; nothing else."""
    desk = at("1.219.0")
    download(desk)

    def moved(board: Any) -> None:
        for tile in board["tiles"]:
            tile["tabSlug"] = "second"

    edit("dashboards/channels.yml", moved)
    before = desk.export(SOURCE)
    assert steps(desk.do("plan", *FROM, "--to", SOURCE, "--json")) == ["update dashboard:channels"]
    desk.do("apply", *FROM, "--to", SOURCE, "--yes")
    after = desk.export(SOURCE)
    assert [path for path in after if after[path] != before.get(path)] == ["dashboards/channels.json"]
    was, now = board_in(before), board_in(after)
    assert {name for name in now if now[name] != was[name]} == {"tiles"}
    assert {tile["tab"] for tile in now["tiles"]} == {"second"}
    assert sorted(tile["id"] for tile in now["tiles"]) == sorted(tile["id"] for tile in was["tiles"])


def board_in(content: dict[str, bytes]) -> Any:
    """The dashboard with tabs, date zoom and locks."""
    return parse(content["dashboards/channels.json"])


def test_who_may_see_a_space_comes_from_its_document(at: Callable[[str], Desk]) -> None:
    desk = at("1.219.0")
    download(desk)
    files = {str(from_yaml(file.read_bytes())["slug"]): file for file in Path("official/spaces").iterdir()}
    slug, file = next((slug, file) for slug, file in files.items() if b"- email: " in file.read_bytes())
    wanted: list[Any] = []

    def closed(space: Any) -> None:
        holder = space["access"]["users"][0]
        wanted.append(holder | {"role": "viewer" if holder["role"] != "viewer" else "editor"})
        space["access"] |= {"inheritParentPermissions": False, "users": wanted, "groups": []}

    edit(str(file.relative_to("official")), closed)
    (step,) = steps(desk.do("plan", *FROM, "--to", SOURCE, "--json"))
    assert step.startswith("update space:")
    desk.do("apply", *FROM, "--to", SOURCE, "--yes")
    (space,) = (one for one in rows_of_spaces(desk) if one["slug"] == slug)
    assert space["access"]["inheritParentPermissions"] is False
    assert (space["access"]["users"], space["access"]["groups"]) == (wanted, [])


def rows_of_spaces(desk: Desk) -> list[Any]:
    """The spaces of the source as code."""
    answer: Any = desk.send("GET", f"/projects/{desk.projects[SOURCE]}/code/spaces")
    return list(answer["spaces"])


def test_a_newer_tree_makes_an_empty_project_the_same(at: Callable[[str], Desk]) -> None:
    """As far as it holds it; a lock by the uuid of a tab of elsewhere is left out, and told."""
    desk = at("1.219.0")
    download(desk)
    told = desk.do("apply", *FROM, *TO, "--yes", may=(0, 3))
    assert "that are not known here" in " ".join(told.err.split())
    with desk.nothing_is_written():
        assert steps(desk.do("plan", *FROM, *TO, "--json", may=(0, 4))) == []
    mine, there = desk.content(SOURCE), desk.content(TARGET)
    was, now = board_in(mine), board_in(there)
    assert now["config"] == was["config"]
    assert [tile["tab"] for tile in now["tiles"]] == [tile["tab"] for tile in was["tiles"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda board: board["tiles"][0].update(tabSlug="gone"),
            "is on the tab gone, which is not in `tabs`",
        ),
        (lambda board: board["tabs"][1].update(slug="first"), "two tabs have the slug 'first'"),
    ],
)
def test_a_tree_that_contradicts_itself_is_refused(
    at: Callable[[str], Desk], change: Callable[[Any], Any], said: str
) -> None:
    desk = at("1.219.0")
    download(desk)
    edit("dashboards/channels.yml", change)
    assert said in " ".join(desk.do("plan", *FROM, "--to", SOURCE, code=10).err.split())
