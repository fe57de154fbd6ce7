"""A team that works with `lightdash download` and `upload` comes over, and goes back: trees of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lightdash_sync.ascode.yaml import from_yaml, to_yaml
from lightdash_sync.content.json import parse
from lightdash_sync.content.kinds import Kind
from tests.exporting import tree
from tests.git.hands import Hands
from tests.sync.desk import SOURCE, TARGET, TO, Desk
from tests.worlds import can

WRITE = ("export", "--format", "lightdash-yaml", "--env", SOURCE)
FROM = ("--from", "lightdash")
SPACES = "spaces/" if can("tab_slugs") else ""


def edit(path: str, **fields: Any) -> None:
    """Change a document by hand."""
    file = Path("lightdash") / path
    file.write_bytes(to_yaml(from_yaml(file.read_bytes()) | fields))


def steps(plan: dict[str, Any]) -> list[tuple[str, str]]:
    """What a plan does: action and item."""
    return [(step["action"], f"{step['kind']}:{step['key']}") for step in plan["steps"]]


@pytest.mark.parametrize("form", [(), ("--nested",)])
def test_a_tree_of_a_project_changes_nothing_of_it(desk: Desk, form: tuple[str, ...]) -> None:
    """Planned, applied, compared: nothing is written. What a tree cannot hold is told when it is written."""
    written = desk.do(*WRITE, *form, "--json")
    counted = {one["code"]: one["count"] for one in written.json["not_held"]}
    newer = can("tab_slugs")
    assert counted.items() >= {"tag": 1, "pins": 2, "metric_icons": 1}.items()
    assert counted.get("access", 0) == (0 if newer else 4)
    # The only scheduler is in the tree, or is named as what the tree cannot hold.
    deliveries = [path for path in Path("lightdash").rglob("*.yml") if "Each hour" in path.read_text()]
    assert (len(deliveries), counted.get("scheduler", 0)) == ((1, 0) if newer else (0, 1))
    named = "cannot hold: 1 tag" if newer else "cannot hold: 1 scheduler; 1 tag"
    assert named in " ".join(written.err.split())
    with desk.nothing_is_written():
        planned = desk.do("plan", *FROM, "--to", SOURCE, "--json", "--delete")
        assert steps(planned.json) == []
        assert "linked with what has the same slug" in " ".join(planned.err.split())
        assert desk.do("diff", "lightdash", SOURCE, "--json").json["items"] == []
        desk.do("apply", *FROM, "--to", SOURCE, "--yes", "--delete")
    assert "linked with" not in " ".join(desk.do("plan", *FROM, "--to", SOURCE).err.split())


def test_an_edited_tree_changes_what_was_edited(desk: Desk) -> None:
    """And nothing that a tree has no word for: grants, ids of tiles, palettes, deliveries."""
    desk.do(*WRITE)
    edit("charts/inside.yml", name="Inside out", description=None)
    edit("dashboards/overview.yml", name="Overall")
    edit(f"{SPACES}board.space.yml", spaceName="The board")
    before = desk.export(SOURCE)
    told = desk.do("plan", *FROM, "--to", SOURCE, "--json").json
    assert sorted(steps(told)) == [
        ("update", "chart:inside"), ("update", "dashboard:overview"), ("update", "space:board"),
    ]  # fmt: skip
    differ = desk.do("diff", SOURCE, "lightdash", "--json").json["items"]
    assert sorted(f"{item['kind']}:{item['key']}" for item in differ) == sorted(
        item for _, item in steps(told)
    )
    desk.do("apply", *FROM, "--to", SOURCE, "--yes")
    after = desk.export(SOURCE)
    changed = {path for path in before if before[path] != after.get(path)}
    assert changed == {"charts/inside.json", "dashboards/overview.json", "spaces/board.json"}
    assert after["dashboards/overview.json"] == before["dashboards/overview.json"].replace(
        b"Overview", b"Overall"
    )
    assert steps(desk.do("plan", *FROM, "--to", SOURCE, "--json").json) == []


def test_a_tree_makes_an_empty_project_the_same(desk: Desk) -> None:
    """As far as it holds it. A second run finds nothing to do, whatever slugs the server gave."""
    desk.do(*WRITE)
    desk.do("apply", *FROM, *TO, "--yes")
    with desk.nothing_is_written():
        assert steps(desk.do("plan", *FROM, *TO, "--json", "--delete").json) == []
    source, target = desk.content(SOURCE), desk.content(TARGET)
    for path in source:
        if path.split("/")[0] in ("charts", "sql_charts", "dashboards"):
            assert path in target, path
    boards: Any = [parse(data) for path, data in target.items() if path.startswith("spaces/board")]
    assert [board["inheritsAccess"] for board in boards] == [False]


def test_deletes_are_of_what_the_tree_speaks_of(desk: Desk) -> None:
    """A chart whose file is gone goes, once a sync knows it; schedulers, tags and spaces stay."""
    desk.do(*WRITE)
    desk.do("apply", *FROM, *TO, "--yes")
    (Path("lightdash") / "charts/orders-1.yml").unlink()
    (Path("lightdash") / f"{SPACES}board.space.yml").unlink()
    assert steps(desk.do("plan", *FROM, *TO, "--json").json) == []
    told = steps(desk.do("plan", *FROM, *TO, "--delete", "--json", may=(0, 4)).json)
    assert told == [("delete", "chart:orders-1")]


def test_work_that_is_younger_than_the_download_is_not_overwritten(desk: Desk) -> None:
    """Also where no sync remembers anything: the tree says when it was taken."""
    desk.do(*WRITE)
    edit(
        "charts/inside.yml",
        metricQuery={"exploreName": "orders", "dimensions": [], "metrics": ["orders_order_count"]},
    )
    uuid = desk.uuid(Kind.CHART, "Inside", SOURCE)
    chart = desk.send("GET", f"/saved/{uuid}")
    body = {name: chart[name] for name in ("tableName", "metricQuery", "chartConfig", "tableConfig")}
    desk.send("POST", f"/saved/{uuid}/version", body | {"metricQuery": chart["metricQuery"] | {"limit": 3}})
    told = desk.do("plan", *FROM, "--to", SOURCE, "--json", code=4).json
    assert [drift["item"] for drift in told["drift"]] == ["chart:inside"]
    desk.do("plan", *FROM, "--to", SOURCE, "--allow-drift", "chart:inside")


def test_a_snapshot_or_a_commit_becomes_a_tree_without_a_server(desk: Desk) -> None:
    """And a tree of one form becomes one of the other; a tree in git is a side like any other."""
    desk.do("export", "--env", SOURCE)
    hands = Hands(desk.folder)
    hands.git("init", "--quiet", "--initial-branch=main")
    hands.git("add", "-A")
    hands.git("commit", "--quiet", "-m", "x")
    before = len(desk.world.requests)
    for source, path in (("./snapshots/source", "one"), ("git:HEAD:snapshots/source", "two")):
        desk.do("export", "--format", "lightdash-yaml", "--from", source, "--path", path)
    assert tree(Path("one")) == tree(Path("two"))
    desk.do("export", "--format", "lightdash-yaml", "--from", "./one", "--nested", "--path", "three")
    assert desk.do("diff", "./one", "./three", "--json").json["items"] == []
    assert len(desk.world.requests) == before
    hands.git("add", "-A")
    hands.git("commit", "--quiet", "-m", "y")
    assert steps(desk.do("plan", "--from", "git:HEAD:three", "--to", SOURCE, "--json").json) == []


def test_what_makes_no_sense_is_said(desk: Desk) -> None:
    """Options that belong to trees only, and options that trees do not have."""
    assert "--format lightdash-yaml" in desk.do("export", "--env", SOURCE, "--nested", code=2).err
    assert "--env target" in desk.do(*WRITE, "--from", TARGET, code=2).err
    assert "choose what is read" in desk.do(*WRITE, "--from", "./x", "--only", "chart", code=2).err
    desk.do(*WRITE, "--only", "chart,space,dashboard")
    assert "known by their slugs" in desk.do("plan", *FROM, *TO, "--adopt-by-name", code=2).err
    Path("lightdash/charts/inside.yml").write_text("name: [")
    failed = desk.do("plan", *FROM, *TO, code=10)
    assert "lightdash/charts/inside.yml: it is no YAML" in failed.err
