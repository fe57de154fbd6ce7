"""Comparing two sides that are open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.changes.items import Status
from lightdash_sync.comparison import Difference, Only, difference, parse_only
from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.errors import ConfigError, SnapshotError
from lightdash_sync.snapshot.manifest import SnapshotSelection
from lightdash_sync.sources import Side, SideKind
from tests.content.changes.samples import demo
from tests.snapshot.small import manifest_of, small_files

if TYPE_CHECKING:
    from collections.abc import Mapping


def _side(files: Mapping[str, Any], label: str = "side", selection: SnapshotSelection | None = None) -> Side:
    tree = Tree.of({path: canonical(content) for path, content in files.items() if content is not None})
    manifest = manifest_of(dict(tree.digests), {})
    if selection is not None:
        manifest = manifest.model_copy(update={"selection": selection})
    return Side(label, SideKind.DIRECTORY, tree, manifest, Path())


def _labels(found: Difference) -> list[str]:
    return [f"{item.status} {item.kind}:{item.key}" for item in found.items]


_FILES = st.dictionaries(
    st.sampled_from(sorted(small_files())),
    st.sampled_from([None, *small_files().values()]),
    max_size=4,
).map(lambda changed: small_files() | changed)


@given(_FILES)
def test_nothing_differs_from_itself(files: dict[str, Any]) -> None:
    """Whatever is in it."""
    found = difference(_side(files), _side(files), every=True)
    assert (found.items, found.quiet, found.notes) == ([], 0, ())


@given(_FILES, _FILES)
def test_swapping_the_sides_swaps_created_and_deleted(old: dict[str, Any], new: dict[str, Any]) -> None:
    """And what changed, changed both ways."""
    there, back = difference(_side(old), _side(new)), difference(_side(new), _side(old))
    swap = {Status.CREATED: Status.DELETED, Status.DELETED: Status.CREATED, Status.CHANGED: Status.CHANGED}
    turned = [(item.path, swap[item.status]) for item in there.items]
    assert turned == [(item.path, item.status) for item in back.items]
    assert there.quiet == back.quiet


def test_what_users_do_not_see_is_counted() -> None:
    """An item that differs only in that is told if all are asked for."""
    chart = small_files()["charts/weekly-revenue.json"]
    new = small_files() | {"charts/weekly-revenue.json": {**chart, "fresh": None}}
    old, new_side = _side(small_files()), _side(new)
    assert (_labels(difference(old, new_side)), difference(old, new_side).quiet) == ([], 1)
    assert _labels(difference(old, new_side, every=True)) == ["changed chart:weekly-revenue"]


def test_settings_and_comments_are_compared() -> None:
    """Not only what has a page of its own in Lightdash."""
    new = small_files() | {"project.json": {"name": "Other"}, "comments/kpis.json": None}
    assert _labels(difference(_side(small_files()), _side(new))) == [
        "deleted comments:kpis",
        "changed project:",
    ]


def test_only_what_was_asked_for() -> None:
    """A kind, or one item; an item that is on neither side is wrong usage."""
    old = _side(small_files())
    new = _side({path: content for path, content in small_files().items() if path.startswith("spaces/")})
    assert {item.kind for item in difference(old, new, [Only(Kind.CHART)]).items} == {Kind.CHART}
    one = difference(old, new, [Only(Kind.CHART, "in-dashboard"), Only(Kind.PINS)])
    assert _labels(one) == ["deleted chart:in-dashboard", "deleted pins:"]
    for key in ("nothing", "../../etc/passwd"):
        with pytest.raises(ConfigError, match="on either side"):
            difference(old, new, [Only(Kind.CHART, key)])


@pytest.mark.parametrize(
    ("said", "only"),
    [
        ("chart", Only(Kind.CHART)),
        ("SQL charts:raw", Only(Kind.SQL_CHART, "raw")),
        ("dashboards", Only(Kind.DASHBOARD)),
        ("pins", Only(Kind.PINS)),
    ],
)
def test_kinds_have_the_names_that_people_use(said: str, only: Only) -> None:
    """Singular, plural, or the name of the folder."""
    assert parse_only(said) == only


@pytest.mark.parametrize("said", ["", "charty", "chart:", "pins:x", ":x"])
def test_what_is_no_selection_is_wrong_usage(said: str) -> None:
    """With a hint."""
    with pytest.raises(ConfigError) as caught:
        parse_only(said)
    assert caught.value.hint


def test_a_part_is_compared_with_its_part() -> None:
    """What a snapshot was not asked to hold is not missing from it; that is said."""
    charts = {path: content for path, content in small_files().items() if path.startswith("charts/")}
    part = _side(charts, "part", SnapshotSelection(kinds=["chart"]))
    found = difference(part, _side(small_files()))
    assert found.items == []
    assert found.notes == ("part holds a part (chart): nothing else is compared",)
    less = _side(
        {"charts/in-dashboard.json": charts["charts/in-dashboard.json"]},
        "less",
        SnapshotSelection(kinds=["chart"]),
    )
    assert _labels(difference(less, _side(small_files()))) == ["created chart:weekly-revenue"]


def test_a_space_is_compared_with_its_space() -> None:
    """Also what belongs to a dashboard of the space; tags and pins belong to none."""
    part = _side({}, "part", SnapshotSelection(spaces=["campaigns"]))
    found = difference(part, _side(small_files()))
    assert _labels(found) == ["created space:campaigns", "created sql_chart:raw"]


def test_items_under_another_key_are_pointed_out() -> None:
    """Lightdash numbers the slug of a copy: what is deleted here and created there may be one item."""
    files = small_files()
    chart = files.pop("charts/weekly-revenue.json")
    found = difference(_side(small_files()), _side(files | {"charts/weekly-revenue-1.json": chart}))
    assert found.notes == (
        "1 item has the same name on both sides and another key, such as chart:weekly-revenue and"
        " chart:weekly-revenue-1: told as deleted and created",
    )


def test_a_file_that_is_no_json_is_damage() -> None:
    """Even where its hash is right: somebody wrote a manifest for it."""
    files = {path: canonical(content) for path, content in small_files().items()}
    broken = Tree.of(files | {"charts/weekly-revenue.json": b"{nonsense"}, Identity())
    side = _side(small_files())
    with pytest.raises(SnapshotError, match="no JSON"):
        difference(side, Side("broken", side.kind, broken, side.manifest, side.root))


def test_equal_files_are_never_read() -> None:
    """A comparison of two large projects reads what differs, and the spaces it names."""
    files = {f"charts/c{number}.json": canonical(demo()[1][1]) for number in range(50)}
    read: list[str] = []

    def noted(path: str) -> bytes:
        read.append(path)
        return files[path]

    old = Tree(Tree.of(files).digests, noted)
    new = Tree.of(files | {"charts/c7.json": canonical({"name": "Other"})})
    side = _side({})
    one, other = (Side("side", side.kind, tree, side.manifest, side.root) for tree in (old, new))
    assert _labels(difference(one, other)) == ["changed chart:c7"]
    assert set(read) <= {"charts/c7.json"}
