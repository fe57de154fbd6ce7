"""Two trees of content files, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.items import ItemChange, Status, compare
from lightdash_sync.changes.wording import words
from lightdash_sync.content.json import Json, canonical
from lightdash_sync.content.kinds import KINDS, Kind
from tests.content.changes.samples import sample, tree

if TYPE_CHECKING:
    from collections.abc import Mapping


def _tree(contents: Mapping[str, Json]) -> dict[str, bytes]:
    return {path: canonical(content) for path, content in contents.items()}


def test_equal_trees() -> None:
    """A tree does not differ from itself."""
    assert compare(tree(), tree()) == []


def test_what_became_of_each_item() -> None:
    """An item is created, deleted or changed, and its changes are those of its contents."""
    chart = sample(Kind.CHART)
    old = _tree({"charts/a.json": chart, "charts/b.json": chart})
    new = _tree({"charts/b.json": chart | {"name": "B"}, "charts/c.json": chart})
    deleted, changed, created = compare(old, new)
    assert [(item.key, item.status) for item in (deleted, changed, created)] == [
        ("a", Status.DELETED),
        ("b", Status.CHANGED),
        ("c", Status.CREATED),
    ]
    assert (deleted.before, deleted.after) == (chart, None)
    assert changed.changes == changes(Kind.CHART, chart, chart | {"name": "B"})
    assert [words(change) for change in (*deleted.changes, *created.changes)] == [
        "deleted: Weekly revenue",
        "created: Weekly revenue",
    ]
    assert [item.name for item in (deleted, changed, created)] == ["Weekly revenue", "B", "Weekly revenue"]


def test_every_content_file_is_an_item_and_no_other_file_is() -> None:
    """All items of a snapshot are compared; manifest, identities and earlier versions are none."""
    found = compare({}, tree())
    others = {path for path in tree() if ".history/" in path} | {"snapshot.json", "identity.json"}
    assert {item.path for item in found} == tree().keys() - others
    assert {item.kind for item in found} == set(KINDS) - {Kind.VIRTUAL_VIEW}  # the demo has none


@pytest.mark.parametrize(
    "path",
    [
        *("", "x.json", "charts", "charts/a", "charts/a.history/b.json", "charts/CON.json", "other/a.json"),
        *("charts/../spaces/a.json", "space.json", "chart.json"),
    ],
)
def test_paths_that_no_snapshot_has(path: str) -> None:
    """What is no content file is passed over, whatever it holds."""
    assert compare({}, {path: b"{}"}) == []


def test_items_come_in_one_order() -> None:
    """Items are told by kind, then by key, whatever order the files came in."""
    paths = list(tree().items())
    forward, backward = compare({}, dict(paths)), compare({}, dict(reversed(paths)))
    assert [item.path for item in forward] == [item.path for item in backward]
    kinds = [item.kind for item in forward]
    assert kinds == sorted(kinds, key=list(KINDS).index)


def test_the_space_of_an_item() -> None:
    """An item is listed under its space, found by way of what it belongs to, in the tree it is in."""
    content: dict[str, Json] = {
        "spaces/sales.json": {"name": "Sales"},
        "dashboards/kpis.json": {"space": "sales"},
        "charts/inside.json": {"dashboard": "kpis"},
        "charts/free.json": {"space": "finance"},
        "charts/lost.json": {"dashboard": "gone"},
        "sql_charts/raw.json": {"space": "finance"},
        "schedulers/a.json": {"chart": "inside"},
        "schedulers/b.json": {"sqlChart": "raw"},
        "schedulers/c.json": {"chart": "free"},
        "comments/kpis.json": {"tiles": {}},
        "tags/core.json": {"name": "core"},
        "pins.json": [],
    }
    expected = {
        "sales": "sales",
        "kpis": "sales",
        "inside": "sales",
        "free": "finance",
        "lost": "",
        "raw": "finance",
        "a": "sales",
        "b": "finance",
        "c": "finance",
        "core": "",
        "": "",
    }
    for old, new in (({}, _tree(content)), (_tree(content), {})):
        assert {item.key: item.space for item in compare(old, new)} == expected


def test_items_that_hold_each_other() -> None:
    """Two items that name each other as their place, as only a hand-made tree has them, end somewhere."""
    content: dict[str, Json] = {
        "dashboards/a.json": {"dashboard": "b"},
        "dashboards/b.json": {"dashboard": "a"},
    }
    assert [item.space for item in compare({}, _tree(content))] == ["", ""]


def test_an_item_without_a_name_is_called_by_its_key() -> None:
    """Comments and single files have no name of their own."""
    found = compare({}, _tree({"comments/kpis.json": {"tiles": {}}, "pins.json": []}))
    assert [item.name for item in found] == ["kpis", "pins"]


def test_nothing_is_parsed_before_it_is_asked_for() -> None:
    """Equal files are never parsed; a damaged one is told when its content is asked for."""
    damaged = {"charts/a.json": b"{", "charts/b.json": b"{"}
    (item,) = compare(damaged, damaged | {"charts/b.json": b"[}"})
    assert (item.kind, item.key, item.status) == (Kind.CHART, "b", Status.CHANGED)
    with pytest.raises(ValueError):
        _ = item.changes


def test_changes_are_worked_out_once() -> None:
    """Asking twice gives the same list, not a second comparison."""
    (item,) = compare({}, {"tags/a.json": canonical(sample(Kind.TAG))})
    assert item.changes is item.changes


def test_items_are_values() -> None:
    """Two comparisons of the same trees give equal items, which nobody can alter."""
    (one,), (two,) = (compare({}, {"tags/a.json": b"{}"}) for _ in range(2))
    assert one == two
    assert isinstance(one, ItemChange)
    with pytest.raises(AttributeError):
        one.key = "b"  # type: ignore[misc]


def test_equal_files_are_not_looked_into() -> None:
    """Equal trees are compared by their bytes alone, even where these are no JSON."""
    old = {f"charts/c-{n}.json": b"no JSON %d" % n for n in range(10_000)}
    assert compare(old, {path: bytes(bytearray(data)) for path, data in old.items()}) == []
