"""Rules of a dashboard's filters are known by name: ids are each project's own, and deliveries follow."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from lightdash_sync.ascode.yaml import from_yaml, to_yaml
from lightdash_sync.content.json import canonical, get_list, get_str, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import in_order
from lightdash_sync.content.parts import FILTERS, without_parts
from lightdash_sync.content.portable import to_portable, to_server
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sync.state import store
from tests.apply.small_world import FILTER
from tests.sync.desk import FROM_TO, SOURCE, TARGET, TO, Desk, read
from tests.sync.people import People

Rows = list[dict[str, Any]]


def rules(desk: Desk, where: str) -> Rows:
    """The rules on dimensions that the server has."""
    version = desk.world.dashboards[desk.uuid(Kind.DASHBOARD, "Overview", where)].version
    found: Rows = version.filters["dimensions"]
    return found


def replaced(desk: Desk, where: str) -> Rows:
    """The rules of the delivery."""
    found: Rows = desk.world.schedulers[desk.scheduler(where)].fields["filters"]
    return found


def save(desk: Desk, where: str, *wanted: dict[str, Any]) -> None:
    """Give the dashboard rules, as the browser does, and its delivery a value of its own for each."""
    people, saved = People(desk, where), [{"tileTargets": {}, **rule} for rule in wanted]
    now = desk.send("GET", f"/dashboards/{people.dashboard}")
    filters = now["filters"] | {"dimensions": saved}
    body = {"tiles": now["tiles"], "tabs": now["tabs"], "filters": filters}
    desk.send("PATCH", f"/dashboards/{people.dashboard}", body)
    overrides = [
        {name: value for name, value in rule.items() if name != "tileTargets"} | {"values": [f"own {number}"]}
        for number, rule in enumerate(saved)
    ]
    people._scheduler(filters=overrides)


def rule(name: str, *values: str, **more: Any) -> dict[str, Any]:
    """A rule on the field that the dashboard has a rule on."""
    target = FILTER["target"]
    return {"id": name, "target": target, "operator": "equals", "values": [*values], "label": "Shop", **more}


def test_equal_dashboards_have_equal_files_and_deliveries_replace_their_own_rules(desk: Desk) -> None:
    """New rules get new ids on the target, old ones keep theirs, and the next plan is empty."""
    desk.do("export", "--env", SOURCE)
    desk.apply("--adopt-by-name")
    first = rules(desk, TARGET)[0]["id"]
    assert first != rules(desk, SOURCE)[0]["id"]
    save(desk, SOURCE, rules(desk, SOURCE)[0], rule("north", "a"), rule("my own id", "a"))
    assert desk.apply()["complete"]
    mine, theirs = rules(desk, SOURCE), rules(desk, TARGET)
    assert theirs[0]["id"] == first
    assert not {one["id"] for one in mine} & {one["id"] for one in theirs}
    assert [one["id"] for one in replaced(desk, SOURCE)] == [one["id"] for one in mine]
    assert [one["id"] for one in replaced(desk, TARGET)] == [one["id"] for one in theirs]
    with desk.nothing_is_written():
        assert desk.apply()["steps"] == []
    shutil.rmtree(desk.memory)  # read as two projects of which nobody knows anything
    said = [_said(desk.export(name)) for name in (SOURCE, TARGET)]
    assert said[0] == said[1]
    assert len(set(said[0])) == 3


def _said(files: dict[str, bytes]) -> list[str]:
    """The ids of the rules of the only delivery, once they are found to be those of the dashboard."""
    delivery, board = (
        next(read(files, path) for path in files if path.startswith(folder))
        for folder in ("schedulers/overview", "dashboards/overview")
    )
    ids = [get_str(rule, "id") for rule in get_list(delivery, "filters")]
    assert ids == [get_str(rule, "id") for rule in get_list(board, "filters", "dimensions")]
    return ids


def test_a_rule_keeps_its_name_and_gets_its_old_id_back(desk: Desk) -> None:
    """Whatever becomes of those beside it; an undo brings the old ids back, in deliveries too."""
    desk.apply("--adopt-by-name")
    save(desk, SOURCE, rule("one", "a"), rule("two", "b"))
    desk.do("export", "--env", SOURCE)
    save(desk, SOURCE, rule("two", "c"))  # named when there were two
    assert desk.apply()["complete"]
    (named,) = _names(desk, SOURCE)
    assert named.startswith("orders-status-")
    assert desk.plan()["steps"] == []
    before, had = rules(desk, TARGET), replaced(desk, TARGET)
    save(desk, SOURCE, rule("three", "d"), rule("two", "c", disabled=True))
    desk.apply()
    kept, new = rules(desk, TARGET)[1], rules(desk, TARGET)[0]
    assert (kept["id"], kept["disabled"]) == (before[0]["id"], True)
    assert [one["id"] for one in replaced(desk, TARGET)] == [new["id"], kept["id"]]
    desk.do("undo", *TO, "--yes")
    assert (rules(desk, TARGET), replaced(desk, TARGET)) == (before, had)


def _names(desk: Desk, where: str) -> dict[str, Any]:
    desk.do("export", "--env", where)
    identity = Snapshot(desk.folder / "snapshots" / where).identity()
    named = identity.facts(Kind.DASHBOARD, "overview")[FILTERS]
    assert isinstance(named, dict)
    return named


def _make_older(folder: Path) -> None:
    """Write a snapshot as it was before rules had names: by the ids of the server."""
    snapshot = Snapshot(folder)
    tree = snapshot.tree()
    boards = {
        key: without_parts(facts, [FILTERS]) for key, facts in tree.identity.items[Kind.DASHBOARD].items()
    }
    identity = replace(tree.identity, items={**tree.identity.items, Kind.DASHBOARD: boards})
    files = {path: tree[path] for path in tree if not path.startswith("charts/") or path.count("/") == 1}
    for kind, key in [(Kind.DASHBOARD, "overview"), (Kind.SCHEDULER, "overview-each-hour")]:
        path = f"{kind}s/{key}.json"
        normal = to_server(kind, key, parse(files[path]), tree.identity)  # type: ignore[arg-type]
        files[path] = canonical(in_order(kind, to_portable(kind, key, normal, identity).content))
        assert files[path] != tree[path]
    store(folder, files.items(), identity, snapshot.manifest.source)


def test_a_snapshot_and_a_memory_from_before_rules_had_names(desk: Desk) -> None:
    """Both are read as if they had been written today: nothing to do, no drift, no difference."""
    desk.apply("--adopt-by-name")
    save(desk, SOURCE, rules(desk, SOURCE)[0], rule("north", "a"))
    desk.apply()
    desk.do("export", "--env", SOURCE, "--no-history")
    older = desk.folder / "snapshots" / SOURCE
    for folder in (older, desk.memory):
        _make_older(folder)
    from_older = ("--from", str(older), *TO)
    with desk.nothing_is_written():
        told = desk.do("plan", *from_older, "--json").json
        assert (told["steps"], told["drift"]) == ([], [])
        differ = desk.do("diff", str(older), f"env:{SOURCE}", "--json").json["items"]
        assert differ == []
    people = People(desk, SOURCE)
    people.dashboard_filter()
    told = desk.do("plan", *FROM_TO, "--json").json
    assert [step["key"] for step in told["steps"]] == ["overview"]
    assert told["drift"] == []


def test_a_document_says_the_ids_of_rules_on_metrics(desk: Desk) -> None:
    """What comes of a tree of documents gives the same documents again."""
    desk.do("export", "--format", "lightdash-yaml", "--env", SOURCE)
    file = Path("lightdash/dashboards/overview.yml")
    board: Any = from_yaml(file.read_bytes())
    board["filters"]["metrics"] = [
        {**rule("chosen by hand", "1"), "target": {"fieldId": "orders_total_revenue"}}
    ]
    file.write_bytes(to_yaml(board))
    desk.do("apply", "--from", "lightdash", "--to", SOURCE, "--yes", "--allow-broken=all")
    uuid = desk.uuid(Kind.DASHBOARD, "Overview", SOURCE)
    (metric,) = desk.world.dashboards[uuid].version.filters["metrics"]
    assert metric["id"] == "chosen by hand"
    desk.do("export", "--format", "lightdash-yaml", "--env", SOURCE, "--overwrite")
    again: Any = from_yaml(file.read_bytes())
    assert again["filters"]["metrics"][0]["id"] == "chosen by hand"
