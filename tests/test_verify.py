"""`verify` finds all damage, names each file, and never cries wolf."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.portable import to_portable
from lightdash_sync.disk import Disk
from lightdash_sync.errors import SnapshotError
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, item_path
from lightdash_sync.snapshot.manifest import Manifest, SnapshotSelection
from lightdash_sync.snapshot.verify import Damage, Differences, differences, verify
from tests.content.content import normal_forms
from tests.content.generated import KEYED, World, worlds

from .snapshot.attacks import CHART, edit, replace
from .snapshot.small import (
    BOARD_VERSION_PATH,
    VERSION_PATH,
    manifest_of,
    small_files,
    tree,
    write_files,
    write_small_snapshot,
)

Harm: TypeAlias = Callable[[Path, str], None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A whole snapshot of every kind."""
    write_small_snapshot(tmp_path / "snapshot")
    return tmp_path / "snapshot"


def _flip(root: Path, path: str) -> None:
    """Turn one bit in the middle of the file."""
    data = bytearray((root / path).read_bytes())
    data[len(data) // 2] ^= 4
    (root / path).write_bytes(data)


def _truncate(root: Path, path: str) -> None:
    (root / path).write_bytes((root / path).read_bytes()[:-2])


def _empty(root: Path, path: str) -> None:
    (root / path).write_bytes(b"")


def _append(root: Path, path: str) -> None:
    (root / path).write_bytes((root / path).read_bytes() + b"\n")


def _delete(root: Path, path: str) -> None:
    (root / path).unlink()


def _add(root: Path, path: str) -> None:
    """Add a file beside it, with its content."""
    (root / path).with_name("added.json").write_bytes((root / path).read_bytes())


def _rename(root: Path, path: str) -> None:
    (root / path).rename((root / path).with_name("renamed.json"))


def _swap(root: Path, path: str) -> None:
    """Swap it with the file after it."""
    paths = sorted(tree(root))
    other = paths[(paths.index(path) + 1) % len(paths)]
    (root / path).rename(root / "between")
    (root / other).rename(root / path)
    (root / "between").rename(root / other)


def _link(root: Path, path: str) -> None:
    """Put a link to a copy in its place."""
    (root / path).rename(root.parent / "copy")
    (root / path).symlink_to(root.parent / "copy")


def _rehash(root: Path, path: str) -> None:
    """Change its hash in the manifest, or a count."""
    if path == MANIFEST:
        edit(root, lambda manifest: manifest["counts"].update(chart=manifest["counts"]["chart"] + 1))
    else:
        edit(root, lambda manifest: manifest["files"].update({path: manifest["files"][path][::-1]}))


def _unlist(root: Path, path: str) -> None:
    """Take it out of the manifest, or a kind out of its counts."""
    edit(
        root,
        lambda manifest: manifest["counts" if path == MANIFEST else "files"].pop(
            "tag" if path == MANIFEST else path
        ),
    )


HARMS: list[Harm] = [
    _flip,
    _truncate,
    _empty,
    _append,
    _delete,
    _add,
    _rename,
    _swap,
    _link,
    _rehash,
    _unlist,
]
PATHS = sorted([*small_files(), IDENTITY, MANIFEST])


def _found(root: Path) -> list[Damage]:
    """What is wrong; a manifest that cannot be read counts too."""
    try:
        return verify(root).damages
    except SnapshotError as error:
        return [Damage(MANIFEST, error.message)]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize(
    "path", [CHART, VERSION_PATH, IDENTITY, MANIFEST, "pins.json", "spaces/campaigns.json"]
)
def test_damage_is_found(root: Path, path: str, harm: Harm) -> None:
    """Whatever happens to a file is found, and the file is named; for a hash in the manifest, whose it is."""
    harm(root, path)
    named = {damage.path for damage in _found(root)}
    if path == MANIFEST and harm is _flip:
        named &= {MANIFEST, *PATHS}
        path = min(named)
    assert named & {path, ".", MANIFEST, Path(path).with_name("added.json").as_posix()}


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARMS)
def test_any_damage_to_any_file_is_found(tmp_path: Path, harm: Harm) -> None:
    """Whatever happens to whichever file is found."""
    for n, path in enumerate(PATHS):
        root = tmp_path / str(n) / "snapshot"
        write_small_snapshot(root)
        harm(root, path)
        assert _found(root), path


@pytest.mark.slow
def test_any_bit_that_turns_is_found(root: Path) -> None:
    """Any bit that turns is found; in the manifest, any of those that say what the snapshot holds."""
    for path, data in tree(root).items():
        says = range(len(data))
        if path == MANIFEST:  # its words about the source and what was left out are not vouched for
            says = range(data.index(b'"counts"'), data.index(b'"leftOut"'))
        for place in says:
            damaged = data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :]
            (root / path).write_bytes(damaged)
            assert _found(root), (path, place)
        (root / path).write_bytes(data)
    assert verify(root).damages == []


def test_a_whole_snapshot_is_whole(root: Path) -> None:
    """A snapshot of every kind, with references of every sort, has no damage, and all of it is looked at."""
    verdict = verify(root)
    assert verdict.damages == []
    assert (verdict.root, verdict.files) == (root, len(tree(root)))
    assert set(verdict.manifest.counts) == {*Kind, "chart_version", "dashboard_version"}


_REQUIRED: dict[Kind, dict[str, Any]] = {
    Kind.SPACE: {"inheritsAccess": True, "parentSpaceUuid": None, "access": {"users": [], "groups": []}},
    Kind.CHART: {"tableName": "t", "metricQuery": {}, "chartConfig": {}},
    Kind.SQL_CHART: {"sql": "select 1", "config": {}},
    Kind.VIRTUAL_VIEW: {"label": "View", "sql": "select 1", "columns": []},
    Kind.SCHEDULER: {"cron": "0 8 * * *", "format": "csv", "enabled": True, "targets": []},
    Kind.TAG: {"metrics": []},
}


@st.composite
def _projects(draw: st.DrawFn) -> tuple[dict[str, bytes], Identity]:
    """The files and the identity map of a generated project, as an export makes them."""
    world: World = draw(worlds())
    identity, files = world.identity, {}
    for kind in KEYED:
        for key in identity.items[kind]:
            normal = draw(normal_forms(world, kind, key)) | {"name": key} | _REQUIRED.get(kind, {})
            if kind is Kind.DASHBOARD:
                tiles: list[Any] = [{"uuid": tile} for tile in world.parts(key, "tiles")]
                normal |= {
                    "spaceUuid": draw(st.sampled_from(world.of(Kind.SPACE))),
                    "tiles": tiles,
                    "tabs": [],
                }
            portable = to_portable(kind, key, normal, identity)
            identity = identity.extended({}, portable.external)
            files[item_path(kind, key)] = canonical(portable.content)
    return files, identity


@settings(max_examples=settings().max_examples // 5)
@given(_projects())
def test_there_are_no_false_alarms(project: tuple[dict[str, bytes], Identity]) -> None:
    """Whatever a project holds, and whatever its people and groups are called, its snapshot is whole."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "snapshot"
        write_files(root, *project, Disk())
        assert verify(root).damages == []


def _rewritten(path: str, **fields: Any) -> dict[str, Any]:
    return {path: small_files()[path] | fields}


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        (
            _rewritten(CHART, space="gone"),
            Damage(CHART, "refers to space gone, which is not in the snapshot"),
        ),
        (
            _rewritten(CHART, text="@{dashboard:gone}"),
            Damage(CHART, "refers to dashboard gone, which is not in the snapshot"),
        ),
        (
            _rewritten("schedulers/kpis-monday.json", owner="gone@x"),
            Damage("schedulers/kpis-monday.json", "refers to user gone@x, which is not in the snapshot"),
        ),
        (
            _rewritten("schedulers/kpis-monday.json", owner="@{chart:gone}"),
            Damage(
                "schedulers/kpis-monday.json", "refers to user @{chart:gone}, which is not in the snapshot"
            ),
        ),
        (
            {"pins.json": [{"kind": "robot", "key": "x"}]},
            Damage("pins.json", "refers to robot x, which is not in the snapshot"),
        ),
        (_rewritten(CHART, tableName=1), Damage(CHART, "tableName: Input should be a valid string")),
        ({"pins.json": ["x"]}, Damage("pins.json", "a list of objects was expected")),
        ({VERSION_PATH: {"chart": None}}, Damage(VERSION_PATH, "is not an earlier version of a chart")),
        ({VERSION_PATH: ["x"]}, Damage(VERSION_PATH, "is not an earlier version of a chart")),
        ({VERSION_PATH: None}, Damage(VERSION_PATH, "is missing, though identity.json names it")),
        (
            {BOARD_VERSION_PATH: {"chart": {}}},
            Damage(BOARD_VERSION_PATH, "is not an earlier version of a dashboard"),
        ),
        ({BOARD_VERSION_PATH: None}, Damage(BOARD_VERSION_PATH, "is missing, though identity.json names it")),
        ({"tags/core.json": None}, Damage("tags/core.json", "is missing, though identity.json names it")),
        (
            {"tags/new.json": {"name": "n", "metrics": []}},
            Damage("tags/new.json", "has no entry in identity.json"),
        ),
        ({"comments/x.json": {"tiles": {}}}, Damage("comments/x.json", "has no entry in identity.json")),
        (
            {"charts/in-dashboard.history/1-00000000.json": {"chart": {}}},
            Damage("charts/in-dashboard.history/1-00000000.json", "belongs to no chart in identity.json"),
        ),
        (
            {"charts/weekly-revenue.history/1-00000000.json": {"chart": {}}},
            Damage("charts/weekly-revenue.history/1-00000000.json", "belongs to no chart in identity.json"),
        ),
    ],
    ids=lambda value: value.problem if isinstance(value, Damage) else "",
)
def test_what_does_not_fit_together_is_found(tmp_path: Path, change: dict[str, Any], damage: Damage) -> None:
    """Files with the right hashes that do not fit together are damage, and are named."""
    write_small_snapshot(tmp_path / "snapshot", change=change)
    found = verify(tmp_path / "snapshot").damages
    assert damage in found
    assert {problem.path for problem in found} <= {damage.path, MANIFEST}


def test_wrong_counts_are_said_in_numbers(root: Path) -> None:
    """The manifest's counts are compared with what is there, of every kind."""
    edit(root, lambda manifest: manifest["counts"].update(chart=7, robot=1, tag=0))
    assert [damage.problem for damage in verify(root).damages] == [
        "says 0 of tag, and there are 1",
        "says 1 of robot, and there are 0",
        "says 7 of chart, and there are 2",
    ]


def test_every_damage_is_reported(root: Path) -> None:
    """The check does not stop at the first find, and says them in the order of paths."""
    _delete(root, CHART)
    _truncate(root, "project.json")
    _add(root, "tags/core.json")
    paths = [damage.path for damage in verify(root).damages]
    assert paths == sorted(paths)
    assert {CHART, "project.json", "tags/added.json", MANIFEST} == set(paths)


def test_a_manifest_without_identity_is_told(root: Path) -> None:
    """The identity map is part of the snapshot: a manifest that does not vouch for it is damaged."""
    edit(root, lambda manifest: manifest["files"].pop(IDENTITY))
    found = verify(root).damages
    assert Damage(IDENTITY, "is not listed in snapshot.json") in found
    assert Damage(IDENTITY, "is not part of the snapshot") in found


def test_a_partial_snapshot_may_lack_items(tmp_path: Path) -> None:
    """Where the user chose some kinds, the others may lack their files, but what is listed must be there."""
    root = tmp_path / "snapshot"
    write_small_snapshot(root, change={"tags/core.json": None})
    assert {damage.path for damage in verify(root).damages} == {"tags/core.json"}
    edit(root, lambda manifest: manifest.update(selection=SnapshotSelection(kinds=["chart"]).model_dump()))
    assert verify(root).damages == []
    _delete(root, CHART)
    assert CHART in {damage.path for damage in verify(root).damages}


def test_looking_does_not_touch(root: Path) -> None:
    """Verifying a snapshot, whole or damaged, changes nothing in it or beside it."""
    before = tree(root.parent)
    verify(root)
    _empty(root, CHART)
    verify(root)
    assert tree(root.parent) == before | {f"snapshot/{CHART}": b""}


def test_a_name_in_the_manifest_that_is_not_canonical_is_damage(root: Path) -> None:
    """A file that says the same in another form is damage: an export would not write it."""
    replace(root, CHART, canonical(parse((root / CHART).read_bytes())).replace(b"  ", b" "))
    assert verify(root).damages == [Damage(CHART, "is not in canonical form")]


def _manifest(**changes: str | None) -> Manifest:
    files = {"charts/a.json": "0" * 64, "pins.json": "1" * 64, IDENTITY: "2" * 64, VERSION_PATH: "3" * 64}
    given = {path.replace("__", "/") + ".json": sha for path, sha in changes.items()}
    return manifest_of({path: sha for path, sha in (files | given).items() if sha is not None}, {})


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (_manifest(), Differences([], [], [])),
        (_manifest(charts__b="4" * 64), Differences(["chart:b"], [], [])),
        (_manifest(charts__a="4" * 64, pins="5" * 64), Differences([], ["chart:a", "pins"], [])),
        (_manifest(charts__a=None, pins=None), Differences([], [], ["chart:a", "pins"])),
        (_manifest(identity="6" * 64), Differences([], [], [])),
    ],
)
def test_differences_are_named_by_item(live: Manifest, expected: Differences) -> None:
    """What differs is named by item; volatile facts and earlier versions are no differences."""
    assert differences(_manifest(), live) == expected


def test_a_snapshot_does_not_differ_from_itself(root: Path) -> None:
    """A snapshot compared with the same content, written elsewhere, shows no difference."""
    other = write_small_snapshot(root.parent / "other")
    assert differences(verify(root).manifest, other) == Differences([], [], [])
    changed = write_small_snapshot(root.parent / "other", title="New", charts=1)
    assert differences(verify(root).manifest, changed) == Differences(
        ["chart:more-0"], ["chart:weekly-revenue"], []
    )
