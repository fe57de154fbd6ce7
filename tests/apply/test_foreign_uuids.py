"""No uuid of the source's parts and items is sent to another project, wherever it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_standin.seed import demo_world
from lightdash_sync.content.json import Json, JsonObject, canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.parts import PARTS, TOKENS, by_id
from lightdash_sync.content.portable import to_portable, to_server, with_copied_parts
from lightdash_sync.content.tree import Tree
from lightdash_sync.sync.plan.preflight import foreign_findings, parts_of_all
from lightdash_sync.sync.plan.values import Gravity
from tests.apply.edits import edited
from tests.apply.moving import Move, moving
from tests.content.generated import FEWER, build_world, made_uuid

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VERSIONS = ("0.1372.1", "0.2904.5", "1.219.0")
OUTSIDE = made_uuid("an app")


def own_uuids(tree: Tree) -> set[str]:
    """The uuids of a project's items and of the parts of its dashboards."""
    items = tree.identity.items
    found = {str(facts["uuid"]) for entries in items.values() for facts in entries.values()}
    for facts in items.get(Kind.DASHBOARD, {}).values():
        found |= {uuid for part in PARTS for uuid in by_id(facts, part)}
    return {uuid for uuid in found if UUID.fullmatch(uuid)}


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is sent, path and body, but for what only reads."""
    sent: list[str] = []
    send = httpx.Client.send

    def noting(client: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
        if request.method != "GET":
            sent.append(f"{request.method} {request.url} {request.read().decode()}")
        return send(client, request, **how)

    monkeypatch.setattr(httpx.Client, "send", noting)
    return sent


def board_with_links(move: Move) -> None:
    """Let a dashboard speak of its own tabs and tiles in Markdown and in settings that nobody knows."""
    (uuid,) = (row.uuid for row in move.lightdash.dashboards(move.source) if row.name == "Channels")
    raw: Any = move.lightdash.session.get(f"/api/v1/dashboards/{uuid}")
    tab, tile = raw["tabs"][1]["uuid"], raw["tiles"][0]["uuid"]
    link = f"[second](/projects/{move.source}/dashboards/{uuid}/view/tabs/{tab}#{tile})"
    note = {
        "type": "markdown", "x": 0, "y": 20, "w": 6, "h": 3, "tabUuid": tab,
        "properties": {"title": "", "content": link},
    }  # fmt: skip
    config = raw["config"] | {"laterKnown": {tile: [{"on": tab}]}}
    kept = {name: raw[name] for name in ("tabs", "filters", "parameters") if name in raw}
    body: JsonObject = kept | {"tiles": [*raw["tiles"], note], "config": config}
    move.lightdash.session.write("PATCH", f"/api/v1/dashboards/{uuid}", body)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_whole_replay_names_nothing_of_the_source(version: str, tmp_path: Path, bodies: list[str]) -> None:
    """Date zoom, locks of filters and links to tabs arrive in the target's."""
    with moving(demo_world(version), tmp_path) as move:
        if version == VERSIONS[-1]:
            board_with_links(move)
        desired = move.read(move.source)
        bodies.clear()
        assert move.apply(*move.plan(desired)).is_complete
        assert len(bodies) > 20
        mine = own_uuids(desired)
        assert [body for body in bodies if mine & {*UUID.findall(body)}] == []
        if version != VERSIONS[-1]:
            return
        there, _ = move.existing(desired)
        path = "dashboards/channels.json"
        board: Any = parse(desired[path])
        del board["config"]["laterKnown"]  # the target does not have it anywhere, so it is not sent
        assert parse(there[path]) == board
        written: Any = to_server(Kind.DASHBOARD, "channels", parse(there[path]), there.identity)  # type: ignore[arg-type]
        tiles = [tile["uuid"] for tile in written["tiles"]]
        assert [*written["config"]["dateZoomConfig"]["tileTargets"]] == [tiles[0]]
        assert written["filters"]["dimensions"][0]["lockedTabUuids"] == [written["tabs"][0]["uuid"]]


def test_a_copy_may_hold_the_ids_of_its_original(tmp_path: Path) -> None:
    """As previews do in the locks of filters: nothing differs, unless the copy has no such tab."""
    path = "dashboards/channels.json"
    with moving(demo_world("1.219.0"), tmp_path) as move:
        desired = move.read(move.source)
        move.apply(*move.plan(desired))
        there, _ = move.existing(desired)
        facts = there.identity.facts(Kind.DASHBOARD, "channels")
        board: Any = parse(desired[path])
        (first, second) = (tab["id"] for tab in board["tabs"])
        (uuid,) = (uuid for uuid, name in by_id(facts, "tabs").items() if name == first)
        board["filters"]["dimensions"][0]["lockedTabUuids"] = [uuid]
        plan, _ = move.plan(edited(desired, {"dashboards/channels": board}))
        assert plan.unchanged[path] == there.digests[path]
        assert [one for one in plan.problems if "uuid" in one.code] == []
        assert with_copied_parts(Kind.DASHBOARD, board, {"tabs": {second: "x"}}, facts) == board
        delivery: JsonObject = {"dashboard": "channels", "selectedTabs": [uuid, "another"]}
        mine = desired.identity.facts(Kind.DASHBOARD, "channels")
        named = with_copied_parts(Kind.SCHEDULER, delivery, mine, facts)
        assert named == delivery | {"selectedTabs": [first, "another"]}
        lacks = with_copied_parts(Kind.SCHEDULER, delivery, {"tabs": {second: "x"}}, facts)
        assert lacks == delivery


def test_a_file_says_date_zoom_and_locks_by_names(tmp_path: Path) -> None:
    with moving(demo_world("1.219.0"), tmp_path) as move:
        board: Any = parse(move.read(move.source)["dashboards/channels.json"])
    names = [tile["id"] for tile in board["tiles"]]
    assert [*board["config"]["dateZoomConfig"]["tileTargets"]] == [names[0]]
    assert board["filters"]["dimensions"][0]["lockedTabUuids"] == [board["tabs"][0]["id"]]


def test_a_data_app_that_the_target_does_not_show_is_refused_before_the_first_write(tmp_path: Path) -> None:
    with moving(demo_world("1.219.0"), tmp_path) as move:
        desired = move.read(move.source)
        board: Any = parse(desired["dashboards/channels.json"])
        tile = {
            "id": "app", "type": "data_app", "x": 0, "y": 30, "w": 6, "h": 3, "tab": board["tabs"][0]["id"],
            "properties": {"title": "Shop floor", "app": "~000000000001", "appSlug": "shop-floor"},
        }  # fmt: skip
        plan, _ = move.plan(edited(desired, {"dashboards/channels": {"tiles": [*board["tiles"], tile]}}))
        (problem,) = [one for one in plan.problems if one.code == "missing_app"]
        assert (problem.item, problem.gravity) == ("dashboard:channels", Gravity.BLOCKS)
        assert "shop-floor" in problem.what


def test_a_data_app_is_kept_as_what_lies_outside() -> None:
    raw: JsonObject = {"tiles": [{"uuid": made_uuid("t"), "properties": {"appUuid": OUTSIDE}}]}
    identity = build_world(["a"], [], []).identity
    portable = to_portable(Kind.DASHBOARD, "a", raw, identity)
    (key,) = portable.external
    assert portable.content["tiles"] == [{"id": made_uuid("t"), "properties": {"app": key}}]
    assert to_server(Kind.DASHBOARD, "a", portable.content, identity.extended({}, portable.external)) == raw


SOURCE, TARGET = (build_world(["a", "b"], ["ann@example.com"], ["Ops"], salt) for salt in ("s", "t"))
OWN = sorted(
    [*SOURCE.known(), *(uuid for part in PARTS for uuid in SOURCE.parts("a", part) if UUID.fullmatch(uuid))]
)
BOARD: JsonObject = {
    "name": "A", "spaceUuid": SOURCE.of(Kind.SPACE)[0],
    "tiles": [
        {"uuid": uuid, "tabUuid": tab, "properties": {"savedChartUuid": SOURCE.of(Kind.CHART)[0]}}
        for uuid, tab in zip(SOURCE.parts("a", "tiles"), SOURCE.parts("a", "tabs"), strict=True)
    ],
    "tabs": [{"uuid": uuid, "name": "T", "order": 0} for uuid in SOURCE.parts("a", "tabs")],
    "filters": {"dimensions": [{"id": SOURCE.parts("a", "filters")[0], "values": []}]},
    "config": {"dateZoomConfig": {"tileTargets": {}}},
}  # fmt: skip


@st.composite
def boards(draw: st.DrawFn, uuids: list[str]) -> JsonObject:
    """A dashboard with unknown fields at random places that hold uuids, in text, as names and as values."""
    board = parse(canonical(BOARD))
    assert isinstance(board, dict)
    for number in range(draw(st.integers(1, 4))):
        uuid = draw(st.sampled_from(uuids))
        values: list[Json] = [uuid, f"see /x/{uuid}?y", [uuid], {uuid: {"of": uuid}}]
        value = draw(st.sampled_from(values))
        places: list[JsonObject] = [board, *(found for found in _objects(board) if found is not board)]
        draw(st.sampled_from(places))[f"later{number}"] = value
    return board


def _objects(value: Json) -> list[JsonObject]:
    if isinstance(value, list):
        return [one for item in value for one in _objects(item)]
    if isinstance(value, dict):
        return [value, *(one for item in value.values() for one in _objects(item))]
    return []


@FEWER
@given(board=boards(OWN))
def test_wherever_an_unknown_field_holds_a_uuid_it_is_said_by_name(board: JsonObject) -> None:
    said = to_portable(Kind.DASHBOARD, "a", board, SOURCE.identity).content
    sent = to_server(Kind.DASHBOARD, "a", said, TARGET.identity)
    for text in (canonical(said).decode(), canonical(sent).decode()):
        assert {*OWN} & {*UUID.findall(text)} == set()
    assert to_server(Kind.DASHBOARD, "a", said, SOURCE.identity) == board


OTHERS = sorted(uuid for part in ("tiles", "tabs") for uuid in SOURCE.parts("b", part))


@FEWER
@given(board=boards([*OTHERS, OUTSIDE]))
def test_a_uuid_that_has_no_name_is_in_the_plan(board: JsonObject) -> None:
    """Of a part of another dashboard it is refused; of what nobody knows it is named, with the field."""
    said = to_portable(Kind.DASHBOARD, "a", board, SOURCE.identity).content
    found = [*foreign_findings(said, parts_of_all(SOURCE.identity))]
    left = {*UUID.findall(canonical(said).decode())}
    refused = {one.subject.rpartition(" ")[2] for one in found if one.gravity is Gravity.BLOCKS}
    assert refused == left & {*OTHERS}
    alone = {text for text in _texts(said) if text == OUTSIDE}
    named = [one for one in found if one.code == "unknown_uuid"]
    assert bool(named) == bool(alone)
    assert all("later" in one.subject for one in found)


def _texts(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for one in value.values() for text in _texts(one))]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def test_words_for_parts_are_not_names_of_kinds() -> None:
    """A token of a part is told from one of an item by its first word."""
    assert {*TOKENS} & {*map(str, Kind)} == set()
