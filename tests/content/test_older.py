"""Content of an older snapshot is as an export would write it today."""

from __future__ import annotations

import pytest

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import JsonObject, canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import normalise
from lightdash_sync.content.older import as_written_today, item_as_written_today, with_rules_named
from lightdash_sync.content.parts import without_parts
from lightdash_sync.content.tree import Tree, file_of
from lightdash_sync.snapshot.manifest import CONVERSION
from tests.content.generated import build_world, made_uuid

_BOARD, _DELIVERY = file_of(Kind.DASHBOARD, "kpis"), file_of(Kind.SCHEDULER, "kpis")
_RULE: JsonObject = {"target": {"fieldId": "orders_status"}, "label": "see @{chart:kpis}"}


def _tree(facts: JsonObject, rules: list[JsonObject], replaced: str) -> Tree:
    world = build_world(["kpis"], [], [])
    board: JsonObject = {"name": "KPIs", "space": "kpis", "tiles": [], "filters": {"dimensions": [*rules]}}
    delivery: JsonObject = {"name": "Daily", "dashboard": "kpis", "filters": [{"id": replaced}]}
    items = {
        **world.identity.items,
        Kind.DASHBOARD: {"kpis": {**world.identity.facts(Kind.DASHBOARD, "kpis"), **facts}},
    }
    if not facts:
        items[Kind.DASHBOARD] = {"kpis": without_parts(items[Kind.DASHBOARD]["kpis"], ["filters"])}
    files = {_BOARD: canonical(board), _DELIVERY: canonical(delivery), "charts/kpis.json": b"not asked for"}
    return Tree.of(files, Identity(items=items, project=world.identity.project))


def test_rules_of_an_older_snapshot_get_names() -> None:
    """They get the names that an export gives them, and deliveries follow; all else is as it was."""
    older = _tree({}, [_RULE | {"id": "r"}, {"id": "s"}, {}], "r")
    today = _tree(
        {"filters": {"orders-status": "r", "filter": "s"}},
        [_RULE | {"id": "orders-status"}, {"id": "filter"}, {}],
        "orders-status",
    )
    found = with_rules_named(older)
    assert {path: found[path] for path in found} == {path: today[path] for path in today}
    assert found.digests == today.digests
    assert found.identity.items == today.identity.items
    assert with_rules_named(found) is found


@pytest.mark.parametrize("lacks", [(), ("tiles", "filters")])
def test_other_snapshots_stay_as_they_are(lacks: tuple[str, ...]) -> None:
    """One that names rules stays as it is, and so does one whose reading told no ids of tiles either."""
    tree = _tree({"filters": {}}, [{"id": "orders-status"}], "orders-status")
    board = without_parts(tree.identity.facts(Kind.DASHBOARD, "kpis"), lacks)
    items = {**tree.identity.items, Kind.DASHBOARD: {"kpis": board}}
    one = Tree(tree.digests, tree.read, Identity(items=items))
    assert with_rules_named(one) is one


def test_deliveries_of_an_older_snapshot_say_nothing_of_what_is_not_set() -> None:
    """Their slug is a fact, as an export has it today; a snapshot of today is not looked through."""
    today = _tree({"filters": {}}, [], "r")
    unset: JsonObject = {"slug": "daily", "appUuid": None, "timezone": None, "plainTextEmail": False}
    delivery = parse(today[_DELIVERY])
    assert isinstance(delivery, dict)
    files = {path: today[path] for path in today} | {_DELIVERY: canonical(delivery | unset)}
    older = Tree.of(files, today.identity)
    found = as_written_today(older, 4)
    assert {path: found[path] for path in found} == {path: today[path] for path in today}
    assert found.digests == today.digests
    assert found.identity.facts(Kind.SCHEDULER, "kpis")["slug"] == "daily"
    assert as_written_today(older, CONVERSION) is older


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ({}, {"timezone": None}),  # 0.1372.1
        ({}, {"metricOverrides": {}, "dimensionOverrides": {}}),  # 0.2904.5
        (
            {"merge": None, "dashboardSlug": "kpis"},
            {"timezone": "project_timezone", "metricOverrides": {}},
        ),  # 1.219.0
    ],
)
def test_charts_of_older_snapshots_are_alike_whichever_server_they_are_of(
    said: JsonObject, query: JsonObject
) -> None:
    """What is not set is not there: each version of Lightdash says it in another way."""
    today = _tree({"filters": {}}, [], "r")
    plain: JsonObject = {"name": "KPIs", "space": "kpis", "metricQuery": {"limit": 5}}
    old = {**plain, **said, "metricQuery": {"limit": 5, **query}}
    files = {path: today[path] for path in today}
    older = Tree.of(files | {"charts/kpis.json": canonical(old)}, today.identity)
    assert as_written_today(older, 6)["charts/kpis.json"] == canonical(plain)
    assert item_as_written_today(Kind.CHART, old) == plain
    normal = normalise(Kind.CHART, {**old, "dashboardUuid": "d"})
    assert normal.content == {**plain, "dashboardUuid": "d"}


@pytest.mark.parametrize("damaged", [b"{", b"[]", canonical({"space": "gone"})])
def test_what_cannot_be_understood_stays_as_it_is(damaged: bytes) -> None:
    """A file that is damaged, or names what is nowhere, is left to whoever needs it."""
    older = _tree({}, [_RULE | {"id": "r"}], "r")
    files = {path: older[path] for path in older} | {_BOARD: damaged}
    found = with_rules_named(Tree.of(files, older.identity))
    assert {path: found[path] for path in found} == files
    assert parse(found[_DELIVERY]) == parse(older[_DELIVERY])


def test_parts_that_an_older_snapshot_says_by_uuid_get_their_names() -> None:
    """In date zoom, locks of filters, and fields that nobody knows; a data app becomes what lies outside."""
    world = build_world(["kpis"], [], [])
    (tile, *_), (tab, *_) = (world.parts("kpis", part) for part in ("tiles", "tabs"))
    app = made_uuid("an app")

    def files(tile_said: str, tab_said: str, later: str, shows: JsonObject) -> dict[str, bytes]:
        zoom: JsonObject = {"tileTargets": {tile_said: {"fieldId": "x"}}}
        board: JsonObject = {
            "name": "KPIs", "space": "kpis", "tabs": [{"id": "tabs-0"}], "later": later,
            "tiles": [{"id": "tiles-0", "properties": shows}], "config": {"dateZoomConfig": zoom},
            "filters": {"dimensions": [{"id": "rule-0", "lockedTabUuids": [tab_said]}]},
        }  # fmt: skip
        return {_BOARD: canonical(board)}

    older = Tree.of(files(tile, tab, f"see {tab}", {"appUuid": app, "appDeletedAt": None}), world.identity)
    found = as_written_today(older, 7)
    (key,) = found.identity.external
    assert found.identity.external == {key: app}
    assert dict(found) == files("tiles-0", "tabs-0", "see @{tab:tabs-0}", {"app": key})
    assert as_written_today(found, 8) is found
