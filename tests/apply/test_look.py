"""Looking whether a write happened: what counts as the same content, and when a write is sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError, Unavailable
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.sync.apply.project import TargetProject, same
from lightdash_sync.sync.plan.values import Plan
from tests.apply.moving import TODAY, moving
from tests.worlds import empty_world

SENT: Any = {
    "tableName": "orders",
    "metricQuery": {
        "dimensions": ["a", "b"],
        "filters": {},
        "additionalMetrics": [{"table": "t", "name": "m"}],
    },
    "tableConfig": {"columnOrder": ["a", "b"]},
    "chartConfig": {"type": "table", "config": {"hideTitle": False}},
}


def read(**changes: Any) -> Any:
    """The content as the server gives it back, with what it adds."""
    query = SENT["metricQuery"] | {"timezone": None, "customDimensions": []}
    query["additionalMetrics"] = [{"table": "t", "name": "m", "uuid": "new each time"}]
    more = {"tableConfig": {"columnOrder": ["added", "a", "b"]}, "metricQuery": query, "views": 3}
    return {**SENT, **more, "slug": "orders", "description": None, **changes}


def test_what_the_server_adds_does_not_count() -> None:
    assert same(Kind.CHART, read(), SENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"tableName": "customers"},
        {"tableConfig": {"columnOrder": ["b", "a"]}},
        {"tableConfig": {"columnOrder": ["a"]}},
        {"chartConfig": {"type": "table", "config": {"hideTitle": True}}},
        {"metricQuery": SENT["metricQuery"] | {"dimensions": ["b", "a"]}},
        {"metricQuery": SENT["metricQuery"] | {"limit": 5}},
        {"metricQuery": SENT["metricQuery"] | {"additionalMetrics": []}},
    ],
)
def test_what_somebody_else_wrote_is_not_taken_for_ours(changes: Any) -> None:
    assert not same(Kind.CHART, read(**changes), SENT)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), json, max_size=4), st.sampled_from([Kind.CHART, Kind.SQL_CHART]))
def test_content_is_the_same_as_itself(content: Any, kind: Kind) -> None:
    assert same(kind, content, content)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[TargetProject]:
    """A project that nothing is written to."""
    with moving(empty_world(), tmp_path) as move:
        plan, found = move.plan(move.read(move.source))
        assert isinstance(plan, Plan)
        writer = Writer(move.lightdash.session, move.lightdash.server)
        yield TargetProject(plan, found.identity, move.lightdash, writer, {}, TODAY)


def failing(*errors: bool | None) -> tuple[list[str], Callable[[], str]]:
    """A write that fails so often: with an unclear answer, with a clear one, or (None) not at all."""
    sent: list[str] = []

    def write() -> str:
        unclear = errors[len(sent)]
        sent.append("sent")
        if unclear is None:
            return "written"
        error = Unavailable("no answer", method="POST", path="/x")
        error.unclear = unclear
        raise error

    return sent, write


def looking(*found: str | None) -> tuple[list[str], Callable[[], str | None]]:
    """A look that finds so: the last of these from then on."""
    looked: list[str] = []

    def look() -> str | None:
        looked.append("looked")
        return found[min(len(looked), len(found)) - 1]

    return looked, look


def test_a_write_with_a_clear_answer_needs_no_look(target: TargetProject) -> None:
    looked, look = looking(None)
    assert target.once(failing(None)[1], look, doubtful=False) == "written"
    with pytest.raises(ApiError):
        target.once(failing(False)[1], look, doubtful=False)
    assert looked == []


def test_a_server_that_is_still_at_work_is_looked_at_more_than_once(target: TargetProject) -> None:
    """What it does after we gave up on its answer is found, and not done again."""
    sent, write = failing(True)
    looked, look = looking(None, None, "found")
    assert target.once(write, look, doubtful=False) == "found"
    assert (len(sent), len(looked)) == (1, 3)


def test_what_did_not_happen_is_sent_once_more_and_then_no_more(target: TargetProject) -> None:
    sent, write = failing(True, None)
    assert target.once(write, looking(None)[1], doubtful=False) == "written"
    assert len(sent) == 2
    sent, write = failing(True, True)
    with pytest.raises(Unavailable):
        target.once(write, looking(None)[1], doubtful=False)
    assert len(sent) == 2


def test_what_an_earlier_run_may_have_done_is_looked_for_first(target: TargetProject) -> None:
    sent, write = failing()
    assert target.once(write, looking("found")[1], doubtful=True) == "found"
    assert sent == []


def test_a_look_that_cannot_tell_stops_the_write(target: TargetProject) -> None:
    sent, write = failing(True, None)

    def look() -> str | None:
        raise Unavailable("gone", method="GET", path="/x")

    with pytest.raises(Unavailable):
        target.once(write, look, doubtful=False)
    assert len(sent) == 1
