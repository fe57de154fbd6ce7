"""A first backup with a past: every version a step of its own, and every step a whole snapshot."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightdash_sync.backup.backfill import BUDGET, backfill
from lightdash_sync.content.authorship import moment
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, get_str, parse, sha256
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.references import links
from lightdash_sync.errors import SnapshotError
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.git.series import read
from lightdash_sync.snapshot.layout import (
    IDENTITY,
    MANIFEST,
    history_folder,
    item_path,
    version_name,
    version_path,
)
from lightdash_sync.snapshot.manifest import Manifest
from lightdash_sync.snapshot.verify import verify
from tests.exporting import export_world, tree
from tests.snapshot.small import VERSION_PATH, uuid, write_small_snapshot
from tests.worlds import demo_world

from .pasts import Past, make_past, write_past

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lightdash_sync.backup.steps import BackupStep
    from lightdash_sync.git import Content

NOBODY: dict[str, list[str]] = {"users": [], "groups": []}
SEEDS = st.integers(0, 2**32)
FEWER = settings(max_examples=settings().max_examples // 3)


def data_of(content: Content) -> bytes:
    """What is in a file of a step."""
    if isinstance(content, bytes):
        return content
    return content() if callable(content) else read(content)


def on_disk(steps: Iterator[BackupStep], root: Path) -> Iterator[BackupStep]:
    """Write each step as it comes, over the one before."""
    before: dict[str, bytes] = {}
    for step in steps:
        after = {path: data_of(content) for path, content in step.files.items()}
        for path in before.keys() - after.keys():
            (root / path).unlink()
        for path, data in after.items():
            if before.get(path) != data:
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(data)
        before = after
        yield step


@dataclass(frozen=True)
class Told:
    """What a step tells of one item with a history."""

    version: object
    versions: list[str]
    content: object
    step: BackupStep


def told_of(item: tuple[Kind, str], steps: list[BackupStep]) -> list[Told]:
    """Each version of an item that is told, in the step that brought it."""
    found: list[Told] = []
    for step in steps:
        path = item_path(*item)
        if path in step.files:
            facts = Identity.from_bytes(data_of(step.files[IDENTITY])).facts(*item)
            if "version" in facts and (not found or facts["version"] != found[-1].version):
                earlier = sorted(one for one in step.files if one.startswith(f"{history_folder(*item)}/"))
                names = [one.rsplit("/", 1)[1].removesuffix(".json") for one in earlier]
                known = facts.get("versions", {})
                assert isinstance(known, dict)
                assert names == sorted(known)
                found.append(Told(facts["version"], names, parse(data_of(step.files[path])), step))
    return found


@given(SEEDS, st.sampled_from([BUDGET, 50_000, 0]))
@FEWER
def test_every_step_is_a_whole_snapshot_and_the_last_one_the_exported(
    tmp_path_factory: pytest.TempPathFactory, seed: int, budget: int
) -> None:
    """Whatever the project, and however much is gathered: each passes verify, the last is the export."""
    root = tmp_path_factory.mktemp("past")
    write_past(root / "new", make_past(random.Random(seed)))
    assert verify(root / "new").damages == []
    for _ in on_disk(backfill(root / "new", budget), root / "step"):
        assert verify(root / "step").damages == []
    assert tree(root / "step") == tree(root / "new")


@given(SEEDS, st.sampled_from([BUDGET, 0]))
@FEWER
def test_each_version_is_told_once_in_order_by_its_author_at_its_time(
    tmp_path_factory: pytest.TempPathFactory, seed: int, budget: int
) -> None:
    """An item goes through all its versions, gathered or not, and its author is among those of the step."""
    root, past = tmp_path_factory.mktemp("past"), make_past(random.Random(seed))
    write_past(root, past)
    steps = [*backfill(root, budget)]
    for (kind, key), versions in past.versions.items():
        told = told_of((kind, key), steps)
        assert [one.version for one in told] == versions
        now, facts = past.files[item_path(kind, key)], past.facts[kind][key]
        saved = {facts["version"]: (now, facts["updatedAt"], facts["updatedBy"])}
        for name, about in facts.get("versions", {}).items():
            file = past.files[version_path(kind, key, name)]
            then = file[kind.value]
            as_it_was = {field: now[field] for field in now if field not in then} | then
            saved[about["uuid"]] = (as_it_was, file["createdAt"], file["createdBy"])
        for one in told:
            content, when, author = saved[str(one.version)]
            assert one.content == content
            time = moment(when)
            if time is not None:
                assert one.step.time is not None
                assert one.step.time >= time
                assert author is None or author in one.step.people
            if time is not None and budget != 0 and len(one.step.happened) == 1:
                assert one.step.time == time
                assert one.step.people == ((author,) if author else ())


@given(SEEDS)
@FEWER
def test_nothing_is_made_up(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """What is there once stays, and only charts and dashboards ever change.

    A dashboard is empty, or what somebody saved; if its history is not known, empty and then full.
    """
    root, past = tmp_path_factory.mktemp("past"), make_past(random.Random(seed))
    write_past(root, past)
    before: dict[str, bytes] = {}
    for step in backfill(root):
        after = {path: data_of(content) for path, content in step.files.items() if "/" in path}
        assert before.keys() <= after.keys()
        for path, data in after.items():
            final = canonical(past.files[path])
            if path.startswith("dashboards/") and data != final:
                content = parse(data)
                assert isinstance(content, dict)
                assert content["name"] == past.files[path]["name"]
                folder = path.replace(".json", ".history/")
                saved = [past.files[one]["dashboard"] for one in past.files if one.startswith(folder)]
                if {name: content[name] for name in ("tiles", "tabs", "filters")} not in saved:
                    assert content["tiles"] == content["tabs"] == []
                    assert before.get(path, data) == data
            elif not (path.startswith("charts/") and path.count("/") == 1):
                assert data == final
        before = after


@given(SEEDS)
@FEWER
def test_only_what_refers_to_something_younger_waits(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """A step that is older than the one before it needed something that came just then."""
    root = tmp_path_factory.mktemp("past")
    write_past(root, make_past(random.Random(seed)))
    steps = [*backfill(root)]
    for before, step in pairwise(steps):
        if before.time and step.time and step.time < before.time:
            needed: set[tuple[str, str]] = {(one.kind, one.key) for one in step.happened}
            for one in step.happened:
                content = parse(data_of(step.files[item_path(one.kind, one.key)]))
                needed |= {(link.to, link.key) for link in links(one.kind, content)}
            assert needed & {(one.kind, one.key) for one in before.happened}


@given(SEEDS)
@FEWER
def test_a_chart_keeps_its_author_wherever_it_is_saved(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """A chart in a dashboard is no less its author's: the dashboard stands there before it, empty."""
    root, past = tmp_path_factory.mktemp("past"), make_past(random.Random(seed))
    for path in past.files:  # no references in texts: what is left are tiles, and charts in dashboards
        past.files[path] = parse(canonical(past.files[path]).replace(b"@{", b"@{}{"))
    write_past(root, past)
    for step in backfill(root):
        dated = [one for one in step.happened if one.kind in (Kind.CHART, Kind.DASHBOARD, Kind.SQL_CHART)]
        assert step.time is None or len(dated) == len(step.happened) == 1


def test_the_steps_of_a_project_in_words(tmp_path: Path) -> None:
    """First what is nobody's, then what people made, each at its time, then what is put on top of it."""
    past = Past(random.Random(1))
    past.add(Kind.SPACE, "sales", {"name": "Sales", "inheritsAccess": True, "parent": None, "access": NOBODY})
    past.files["project.json"] = {"name": "Production"}
    query = {"tableName": "orders", "metricQuery": {}, "chartConfig": {}}
    early = {**query, "metricQuery": {"limit": 5}}
    named = version_name("2026-03-02T07:00:00.000Z", uuid(50))
    past.files[version_path(Kind.CHART, "weekly", named)] = {
        "chart": early, "createdAt": "2026-03-02T07:00:00.000Z", "createdBy": "bob@example.com",
    }  # fmt: skip
    past.add(
        Kind.CHART, "weekly", {"name": "Weekly", "space": "sales", **query}, version=uuid(51), seen="f00d",
        updatedAt="2026-03-03T07:00:00.000Z", updatedBy="ann@example.com",
        versions={named: {"uuid": uuid(50), "createdBy": "bob@example.com"}},
    )  # fmt: skip
    past.add(
        Kind.CHART, "inside", {"name": "Inside", "dashboard": "kpis", **query}, version=uuid(52),
        updatedAt="2026-03-02T09:00:00.000Z", updatedBy=None,
    )  # fmt: skip
    tiles = [{"id": key, "properties": {"chart": key}} for key in ("weekly", "inside")]
    shown = {"tiles": tiles, "filters": {"metrics": [{}]}, "config": {"a": 1}}
    past.add(
        Kind.DASHBOARD, "kpis", {"name": "KPIs", "space": "sales", **shown},
        updatedAt="2026-03-02T11:00:00.000Z", updatedBy="ann@example.com", tiles={"weekly": uuid(60)},
    )  # fmt: skip
    past.add(
        Kind.DASHBOARD, "alone", {"name": "Alone", "space": "sales", "tiles": []},
        updatedAt="2026-03-02T12:00:00.000Z", updatedBy="bob@example.com",
    )  # fmt: skip
    past.files["comments/alone.json"] = {"tiles": {}}
    past.files["pins.json"] = [{"kind": "dashboard", "key": "alone", "order": 0}]
    write_past(tmp_path, past)
    steps = [*backfill(tmp_path)]
    said = [
        (step.people, step.time and f"{step.time:%d %H}", [f"{one.verb} {one.key}" for one in step.happened])
        for step in steps
    ]
    assert said == [
        ((), None, ["first seen kpis", "first seen ", "first seen sales"]),
        (("bob@example.com",), "02 07", ["first seen weekly"]),
        ((), "02 09", ["first seen inside"]),
        (("ann@example.com",), "02 11", ["updated kpis"]),
        (("bob@example.com",), "02 12", ["first seen alone"]),
        (("ann@example.com",), "03 07", ["updated weekly"]),
        ((), None, ["first seen alone", "first seen "]),
    ]
    manifest = Manifest.from_bytes(data_of(steps[3].files[MANIFEST]))
    assert manifest.files[IDENTITY] == sha256(data_of(steps[3].files[IDENTITY]))
    assert manifest.counts == {"project": 1, "space": 1, "chart": 2, "dashboard": 1}
    first, second = (Identity.from_bytes(data_of(step.files[IDENTITY])) for step in steps[:2])
    assert parse(data_of(steps[0].files["dashboards/kpis.json"])) == {
        "name": "KPIs", "space": "sales", "tiles": [], "tabs": [], "filters": {"metrics": []},
    }  # fmt: skip
    empty = {"uuid": past.facts[Kind.DASHBOARD]["kpis"]["uuid"], "slug": "kpis"}
    empty |= {part: {} for part in ("tiles", "tabs", "filters")}
    assert first.facts(Kind.DASHBOARD, "kpis") == empty
    assert second.facts(Kind.CHART, "weekly") == {
        "uuid": past.facts[Kind.CHART]["weekly"]["uuid"], "slug": "weekly", "version": uuid(50),
        "updatedAt": "2026-03-02T07:00:00.000Z", "updatedBy": "bob@example.com",
    }  # fmt: skip


@pytest.mark.parametrize("shows_it", [False, True])
def test_the_oldest_version_of_a_dashboard_is_where_its_charts_are_saved(
    tmp_path: Path, shows_it: bool
) -> None:
    """Where the history of a dashboard is known, nobody makes up that it was empty, but for charts inside it.

    A chart inside it that its oldest known version shows can only come after a dashboard that is empty.
    """
    past = Past(random.Random(1))
    past.add(Kind.SPACE, "sales", {"name": "Sales", "inheritsAccess": True, "parent": None, "access": NOBODY})
    past.add(
        Kind.CHART, "inside", {"name": "Inside", "dashboard": "kpis", "tableName": "orders"}
        | {"metricQuery": {}, "chartConfig": {}}, version=uuid(52), updatedAt="2026-03-02T09:00:00.000Z",
        updatedBy="bob@example.com",
    )  # fmt: skip
    tiles = [{"id": "t", "properties": {"chart": "inside"}}]
    time = "2026-03-02T08:00:00.000Z"
    more: dict[str, object] = {"tabs": [], "filters": {}}
    name = version_name(time, uuid(50))
    past.files[version_path(Kind.DASHBOARD, "kpis", name)] = {
        "dashboard": {"tiles": tiles if shows_it else [], **more}, "createdAt": time,
        "createdBy": "ann@example.com",
    }  # fmt: skip
    known: Any = {"uuid": uuid(50), "createdBy": "ann@example.com", "tiles": {"t": uuid(60)}, "tabs": {}}
    known |= {"filters": {"status": "then"}}
    past.add(
        Kind.DASHBOARD, "kpis", {"name": "KPIs", "space": "sales", "tiles": tiles, **more},
        updatedAt="2026-03-02T11:00:00.000Z", updatedBy="ann@example.com", version=uuid(51),
        tiles={"t": uuid(61)}, tabs={}, filters={"status": "now"}, versions={name: known},
    )  # fmt: skip
    write_past(tmp_path, past)
    steps = [*backfill(tmp_path)]
    said = [
        (step.time and f"{step.time:%H}", [f"{one.verb} {one.key}" for one in step.happened])
        for step in steps
    ]
    facts = [
        Identity.from_bytes(data_of(step.files[IDENTITY])).facts(Kind.DASHBOARD, "kpis")
        for step in steps[-3:]
    ]
    named = [
        (get_str(one, "tiles", "t"), get_str(one, "filters", "status")) for one in facts if one.get("version")
    ]
    assert [*dict.fromkeys(named)] == [(uuid(60), "then"), (uuid(61), "now")]
    inside, saved = ("09", ["first seen inside"]), ("11", ["updated kpis"])
    if shows_it:
        empty = (None, ["first seen kpis", "first seen sales"])
        assert said == [empty, inside, ("08", ["updated kpis"]), saved]
    else:
        assert said == [(None, ["first seen sales"]), ("08", ["first seen kpis"]), inside, saved]


def test_a_circle_comes_at_the_time_of_its_last_state(tmp_path: Path) -> None:
    """A chart that names its own scheduler brings it along, before what is younger."""
    past = Past(random.Random(1))
    past.add(Kind.SPACE, "sales", {"name": "Sales", "inheritsAccess": True, "parent": None, "access": NOBODY})
    query = {"space": "sales", "tableName": "orders", "metricQuery": {}, "chartConfig": {}}
    for day, says in (("02", "@{scheduler:monday}"), ("03", "plain")):
        content = {"name": "x", "description": says, **query}
        saved = {"version": uuid(int(day)), "updatedAt": f"2026-03-{day}", "updatedBy": "ann@example.com"}
        past.add(Kind.CHART, f"c{day}", content, **saved)
    delivery = {"name": "Monday", "cron": "* * * * *", "format": "csv", "enabled": True, "targets": []}
    past.add(Kind.SCHEDULER, "monday", {**delivery, "chart": "c02"})
    write_past(tmp_path, past)
    told = [[one.key for one in step.happened] for step in backfill(tmp_path)]
    assert told == [["sales"], ["c02", "monday"], ["c03"]]


def test_a_project_without_anything_is_one_step(tmp_path: Path) -> None:
    """An empty snapshot has no past."""
    write_past(tmp_path, Past(random.Random(1)))
    (only,) = backfill(tmp_path)
    assert {path: data_of(content) for path, content in only.files.items()} == {
        path.name: path.read_bytes() for path in tmp_path.iterdir()
    }


def test_a_part_of_a_project_has_a_past_too(tmp_path: Path) -> None:
    """In a snapshot of charts alone the spaces are known by name only, and that is enough."""
    folder = tmp_path / "new"
    export_world(demo_world(), folder, chosen=ExportSelection(kinds=frozenset({Kind.CHART})))
    assert verify(folder).damages == []
    steps = 0
    for _ in on_disk(backfill(folder), tmp_path / "step"):
        assert verify(tmp_path / "step").damages == []
        steps += 1
    assert steps > 20
    assert tree(tmp_path / "step") == tree(folder)


def test_more_is_gathered_the_less_there_is_room(tmp_path: Path) -> None:
    """Steps of one person come together by day, month, year or all, and no version is lost by it."""
    past = Past(random.Random(1))
    past.add(Kind.SPACE, "sales", {"name": "Sales", "inheritsAccess": True, "parent": None, "access": NOBODY})
    for number in range(48):
        content = {"name": "x", "space": "sales", "tableName": "t", "metricQuery": {}, "chartConfig": {}}
        when = f"{2024 + number // 24}-{1 + number // 4 % 6:02}-{1 + number // 2 % 2:02}T00:00:{number:02}Z"
        saved = {"version": uuid(number), "updatedAt": when, "updatedBy": "ann@example.com"}
        past.add(Kind.CHART, f"c{number}", content, **saved)
    write_past(tmp_path, past)
    size = sum((tmp_path / name).stat().st_size for name in ("identity.json", "snapshot.json"))
    counts = [sum(1 for _ in backfill(tmp_path, round(size * room))) for room in (26, 14, 8, 2.5, 0)]
    assert counts == [1 + 48, 1 + 24, 1 + 12, 1 + 2, 1 + 1]


def test_a_file_that_is_not_as_it_was_written_is_an_error(tmp_path: Path) -> None:
    """Nothing is built on a version that somebody changed by hand."""
    write_small_snapshot(tmp_path)
    (tmp_path / VERSION_PATH).write_bytes(b"{}\n")
    with pytest.raises(SnapshotError, match="is not as it was written"):
        [*backfill(tmp_path)]
