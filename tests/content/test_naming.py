"""Parts of dashboards, schedulers and tags are called what a person would call them, everywhere alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import Json, JsonObject, digest
from lightdash_sync.content.keys import assign_keys, external_key, is_key
from lightdash_sync.content.naming import layout_names, scheduler_candidate, slug_candidate, tag_candidate
from tests.snapshot.hostile_names import HOSTILE_NAMES
from tests.snapshot.small import GONE, small_identity, uuid

IDENTITY = small_identity()


def _tile(name: str, place: int = 0, **more: Any) -> JsonObject:
    return {"uuid": name, "type": "saved_chart", "x": 0, "y": place, "tabUuid": None, **more}


@pytest.mark.parametrize(
    ("tile", "name"),
    [
        ({"properties": {"savedChartUuid": uuid(3)}}, "weekly-revenue"),
        ({"properties": {"savedSqlUuid": uuid(5)}, "type": "sql_chart"}, "raw"),
        ({"properties": {"savedChartUuid": GONE}}, f"external-{external_key(GONE)[1:]}"),
        ({"type": "markdown", "properties": {"title": "Read me!"}}, "markdown-read-me"),
        ({"type": "markdown", "properties": {"text": "# Notes"}}, "markdown-notes"),
        ({"type": "heading", "properties": {"text": ""}}, "heading"),
        ({"type": "loom", "properties": None}, "loom"),
        ({"type": "", "properties": {}}, f"x-{digest('')}"),
        ({"type": "markdown", "properties": {"title": "x" * 90}}, f"markdown-{'x' * 48}"),
    ],
)
def test_a_tile_is_called_after_what_it_shows(tile: JsonObject, name: str) -> None:
    """A tile has the name of its chart, or of its title, and never a uuid."""
    names = layout_names({"tiles": [_tile("u") | tile]}, IDENTITY, {})
    assert names == {"tiles": {name: "u"}, "tabs": {}, "filters": {}}


def test_tiles_of_one_chart_are_told_apart_by_their_place() -> None:
    """Two tiles with the same chart get names by their place, the same in every environment."""
    shows = {"properties": {"savedChartUuid": uuid(3)}}
    here: Any = layout_names({"tiles": [_tile("a", 0, **shows), _tile("b", 3, **shows)]}, IDENTITY, {})[
        "tiles"
    ]
    there: Any = layout_names({"tiles": [_tile("d", 3, **shows), _tile("c", 0, **shows)]}, IDENTITY, {})[
        "tiles"
    ]
    assert {here[name]: there[name] for name in here} == {"a": "c", "b": "d"}


def test_a_known_name_is_kept() -> None:
    """A tile that moves, a tab that is renamed, or a rule that filters on another field, keeps its name."""
    known: JsonObject = {"tiles": {"first": "a"}, "tabs": {"overview": "t"}, "filters": {"status": "r"}}
    normal: JsonObject = {
        "tiles": [_tile("a"), _tile("b")],
        "tabs": [{"uuid": "t", "name": "Details", "order": 1}],
        "filters": {"dimensions": [_rule("r", "orders_week")]},
    }
    assert layout_names(normal, IDENTITY, known) == {
        "tiles": {"first": "a", "saved-chart": "b"},
        "tabs": {"overview": "t"},
        "filters": {"status": "r"},
    }


def _rule(name: Any, field: str, **more: Any) -> JsonObject:
    return {"id": name, "target": {"fieldId": field, "tableName": "orders"}, "operator": "equals", **more}


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ({"fieldId": "orders_status", "tableName": "orders"}, "orders-status"),
        ({"fieldRef": "orders.total"}, "orders-total"),
        ({"tableName": "orders"}, "orders"),
        ({"fieldId": "😀"}, "filter"),
        ({"fieldId": 7}, "filter"),
        (None, "filter"),
        ({"fieldId": "con"}, f"x-con-{digest('con')}"),
    ],
)
def test_a_rule_is_called_after_its_field(target: Json, name: str) -> None:
    """A rule of a filter has the name of the field that it filters on."""
    normal: JsonObject = {"filters": {"metrics": [{"id": "r", "target": target}]}}
    assert layout_names(normal, IDENTITY, {})["filters"] == {name: "r"}


def test_rules_on_one_field_are_told_apart_by_what_they_say() -> None:
    """Rules of one field differ by group and rule, equal ones by their order, and never by ids or tiles."""

    def names(salt: str) -> Any:
        same = {"tileTargets": {f"{salt}tile": False}}
        rules = [_rule(f"{salt}1", "a", values=[1]), _rule(f"{salt}2", "a", values=[2], **same)]
        more = [_rule(f"{salt}3", "a", values=[2], label=uuid(3)), _rule(f"{salt}4", "a", values=[2])]
        normal: Any = {"dimensions": [*rules, *more], "metrics": [_rule(f"{salt}5", "a", values=[1])]}
        return layout_names({"filters": normal}, IDENTITY, {})["filters"]

    here, there = names("s"), names("p")
    assert len(here) == 5
    assert {name: f"p{rule[1:]}" for name, rule in here.items()} == there


def test_rules_without_an_id_have_no_name() -> None:
    """A rule without an id, or with one that is no text, is passed over; two of one id share a name."""
    normal: JsonObject = {
        "filters": {
            "dimensions": [{"target": {}}, _rule(None, "a"), _rule(7, "b"), _rule("r", "c"), _rule("r", "d")],
            "tableCalculations": "odd",
        }
    }
    assert layout_names(normal, IDENTITY, {"filters": "odd"})["filters"] == {"c": "r"}


def test_tabs_are_called_after_themselves() -> None:
    """A tab has the slug of its name, one without letters is a tab, and twins differ by their order."""
    tabs: Any = [
        {"uuid": "1", "name": "Über uns", "order": 0},
        {"uuid": "2", "name": "😀", "order": 1},
        {"uuid": "3", "name": "Twin", "order": 2},
        {"uuid": "4", "name": "Twin", "order": 3},
        {"name": "without uuid"},
    ]
    names = layout_names({"tabs": tabs}, IDENTITY, {"tabs": "odd"})["tabs"]
    assert names == {"ber-uns": "1", "tab": "2", f"twin-{digest('2', 8)}": "3", f"twin-{digest('3', 8)}": "4"}


@given(st.lists(st.sampled_from(HOSTILE_NAMES), max_size=5), st.data())
def test_layout_names_are_keys_in_any_order(titles: list[str], data: st.DataObject) -> None:
    """Whatever titles say, names are safe and distinct, in whatever order the tiles come."""
    tiles: list[Any] = [
        _tile(f"u{n}", n, type="markdown", properties={"title": title}) for n, title in enumerate(titles)
    ]
    tabs: list[Any] = [{"uuid": f"t{n}", "name": title, "order": n} for n, title in enumerate(titles)]
    names: Any = layout_names({"tiles": tiles, "tabs": tabs}, IDENTITY, {})
    for what in ("tiles", "tabs"):
        assert len(names[what]) == len(titles)
        assert all(is_key(name) for name in names[what])
    shuffled: JsonObject = {
        "tiles": data.draw(st.permutations(tiles)),
        "tabs": data.draw(st.permutations(tabs)),
    }
    assert layout_names(shuffled, IDENTITY, {}) == names


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"savedChartUuid": uuid(3), "name": "Every Monday"}, "weekly-revenue-every-monday"),
        ({"dashboardUuid": uuid(6), "name": "Monday"}, "kpis-monday"),
        ({"savedSqlUuid": uuid(5), "name": "Daily"}, "raw-daily"),
        ({"savedChartUuid": GONE, "name": "Lost"}, f"{external_key(GONE)[1:]}-lost"),
        ({"dashboardUuid": uuid(6), "name": "😀"}, f"kpis-x-{digest('😀')}"),
    ],
)
def test_a_scheduler_is_called_after_what_it_delivers(fields: JsonObject, key: str) -> None:
    """A scheduler has the name of what it sends, and its own."""
    assert assign_keys([scheduler_candidate(fields, "u", IDENTITY)], {}) == {"u": key}


def test_schedulers_of_one_name_are_told_apart_by_time_and_format() -> None:
    """Two schedulers of one dashboard and name differ by when and how they deliver."""
    base: JsonObject = {"dashboardUuid": uuid(6), "name": "Monday", "format": "csv"}
    one, two = (
        scheduler_candidate(base | {"cron": cron}, cron, IDENTITY) for cron in ("0 8 * * 1", "0 9 * * 1")
    )
    assert one.base == two.base
    assert one.natural != two.natural


@pytest.mark.parametrize(("name", "base"), [("Core Metrics", "core-metrics"), ("😀", "😀"), ("", "")])
def test_a_tag_is_called_after_itself(name: str, base: str) -> None:
    """A tag has the slug of its name, or a hash of a name without letters."""
    assert tag_candidate(name, "u") == ("u", base, name)


@pytest.mark.parametrize(
    ("slug", "base"),
    [("sales", "sales"), ("sales-1", "sales-1"), ("", "😀"), ("-1", "😀"), ("-23", "😀"), ("-a", "-a")],
)
def test_an_item_is_called_after_its_slug(slug: str, base: str) -> None:
    """An item has its slug for a key; one whose slug says nothing is called after its name."""
    assert slug_candidate("u", slug, "😀") == ("u", base, f"{slug} 😀")
