"""Lists without an order of their own: the same rows give the same file, however they came."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import in_order, normalise
from lightdash_sync.export.convert import Converter, Findings
from tests.content.changes.samples import demo
from tests.content.generated import FEWER, WORLDS, build_world, values

_TEXTS = st.sampled_from(["", "a", "b", "B", "é", "10", "9"])
_ROWS: Any = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("name", "id", "table", "metric", "email", "group", "role"), _TEXTS)
)
_LISTS: Any = st.lists(_ROWS | st.none() | st.integers(0, 2), max_size=4)
_SPOTS = st.integers(0, 1) | st.just(0.5) | st.none()
_TABS: Any = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from("tu"), "order": _SPOTS}),
    max_size=2,
    unique_by=lambda tab: tab["id"],
)
_TILES: Any = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from("abcd"), "tab": st.sampled_from([*"tuv", None]), "x": _SPOTS, "y": _SPOTS}
    ),
    max_size=4,
    unique_by=lambda tile: tile["id"],
)
_QUERY_LISTS = ("tableCalculations", "customDimensions", "additionalMetrics")
_QUERY: Any = st.fixed_dictionaries({}, optional=dict.fromkeys((*_QUERY_LISTS, "other"), _LISTS))
_CONTENTS: dict[Kind, Any] = {
    Kind.DASHBOARD: st.fixed_dictionaries({"tiles": _TILES, "tabs": _TABS}),
    Kind.CHART: st.fixed_dictionaries({"metricQuery": _QUERY}),
    Kind.SCHEDULER: st.fixed_dictionaries({"targets": _LISTS}),
    Kind.VIRTUAL_VIEW: st.fixed_dictionaries({"columns": _LISTS}),
    Kind.TAG: st.fixed_dictionaries({"metrics": _LISTS}),
    Kind.SPACE: st.fixed_dictionaries(
        {"access": st.fixed_dictionaries({}, optional={"users": _LISTS, "groups": _LISTS})}
    ),
}
# Where the lists are that have no order.
_UNORDERED = {
    Kind.DASHBOARD: (("tiles",), ("tabs",)),
    Kind.CHART: tuple(("metricQuery", name) for name in _QUERY_LISTS),
    Kind.SCHEDULER: (("targets",),),
    Kind.VIRTUAL_VIEW: (("columns",),),
    Kind.TAG: (("metrics",),),
    Kind.SPACE: (("access", "users"), ("access", "groups")),
}  # fmt: skip


def _shuffled(kind: Kind, content: Any, data: st.DataObject) -> Any:
    result = copy.deepcopy(content)
    for *above, name in _UNORDERED[kind]:
        holder = result
        for step in above:
            holder = holder.get(step, {})
        if name in holder:
            holder[name] = data.draw(st.permutations(holder[name]))
    return result


@pytest.mark.parametrize("kind", sorted(_CONTENTS))
@FEWER
@given(st.data())
def test_rows_in_any_order_give_the_same_content(kind: Kind, data: st.DataObject) -> None:
    """Nothing is added, lost or changed, and what is in order stays as it is."""
    content = data.draw(_CONTENTS[kind])
    ordered = in_order(kind, content)
    assert canonical(in_order(kind, _shuffled(kind, content, data))) == canonical(ordered)
    assert canonical(in_order(kind, ordered)) == canonical(ordered)
    assert sorted(canonical(ordered)) == sorted(canonical(content))


@pytest.mark.parametrize("kind", list(Kind))
@FEWER
@given(st.data())
def test_content_of_any_shape_is_put_in_order_without_loss(kind: Kind, data: st.DataObject) -> None:
    """Unknown fields, and lists that are none."""
    content = data.draw(st.dictionaries(st.sampled_from(["tiles", "tabs", "access", "x"]), values(WORLDS[1])))
    before = canonical(content)
    assert sorted(canonical(in_order(kind, content))) == sorted(before)
    assert canonical(content) == before


def test_lists_with_an_order_keep_it() -> None:
    """Dimensions, sorts and the filters of a dashboard are as their author left them."""
    query: Any = {"dimensions": ["b", "a"], "sorts": [{"fieldId": "b"}, {"fieldId": "a"}]}
    assert in_order(Kind.CHART, {"metricQuery": query}) == {"metricQuery": query}
    rules: Any = {"filters": {"dimensions": [{"id": "b"}, {"id": "a"}]}, "tiles": [], "tabs": []}
    assert in_order(Kind.DASHBOARD, rules) == rules


def test_an_export_is_in_order() -> None:
    """So editing a file by hand and exporting anew move no rows."""
    contents = [(kind, content) for kind, content in demo() if isinstance(content, dict)]
    assert len(contents) > 20
    for kind, content in contents:
        assert canonical(in_order(kind, content)) == canonical(content)


@FEWER
@given(st.permutations(range(3)), st.permutations(range(3)), st.lists(_SPOTS, min_size=3, max_size=3))
def test_an_export_has_the_same_order_in_every_environment(one: Any, other: Any, rows: Any) -> None:
    """Tiles at one place come in the order of their names, which are alike everywhere, not of their uuids."""
    written = []
    for salt, order in (("", one), ("other", other)):
        world = build_world(["kpis"], ["ann@example.com"], ["Ops"], salt)
        tiles, tabs = world.parts("kpis", "tiles"), world.parts("kpis", "tabs")
        raw: Any = {
            "name": "KPIs",
            "tiles": [{"uuid": tiles[n], "tabUuid": tabs[n % 2], "x": 0, "y": rows[n]} for n in order],
            "tabs": [{"uuid": tabs[n], "order": n // 2, "name": str(n)} for n in order],
        }
        converter = Converter(world.identity, Identity(), Findings())
        written.append(converter.item(Kind.DASHBOARD, "kpis", normalise(Kind.DASHBOARD, raw)))
    assert written[0] == written[1]
    content: Any = parse(written[0])
    assert canonical(in_order(Kind.DASHBOARD, content)) == written[0]
