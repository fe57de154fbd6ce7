"""Plans to render: one as people meet it, and any, with names that try to be markup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.sync.plan.drift import drift_of
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.values import (
    AccessChange,
    Action,
    Drift,
    DriftKind,
    Gravity,
    NotPlanned,
    Plan,
    PlanTarget,
    PossibleDuplicate,
    Problem,
    Step,
)
from tests.content.changes.mutations import pairs
from tests.content.changes.samples import sample
from tests.plan.making import chart, scheduler, space
from tests.report.sections import hostile, poisoned

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json

TARGET = PlanTarget(
    "production", "https://bi.example.com/", "11111111-2222-4333-8444-555555555555", "Acme BI"
)
UUID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
_BASE: Any = {"name": "Weekly", "description": "Old", "space": "sales", "metricQuery": {"limit": 500}}


def drift(base: Json, existing: Json, desired: Json, *, merge: bool = False) -> Drift:
    """How the target's chart `weekly` went its own way."""
    found = drift_of((Kind.CHART, "weekly"), base, existing, desired, PlanOptions(merge=merge))
    assert found is not None
    return found


def everyday() -> Plan:
    """A plan that nothing speaks against: a new chart in a new space, a rename, a move, an edit, a delete."""
    board = sample(Kind.DASHBOARD)
    tiles = [{**tile, "y": tile["y"] + 9} for tile in board["tiles"]]
    old = chart("orders_status")
    return Plan(
        purpose="sync",
        source="snapshots/staging",
        target=TARGET,
        steps=(
            Step(Action.CREATE, Kind.SPACE, "sales", after=space("Sales & more")),
            Step(Action.CREATE, Kind.CHART, "revenue", after=chart() | {"name": "Revenue"}, selected=False),
            Step(Action.UPDATE, Kind.CHART, "margin", UUID, old, old | {"name": "Margin"}),
            Step(Action.UPDATE, Kind.CHART, "costs", UUID, old, old | {"space": "finance"}),
            Step(Action.UPDATE, Kind.DASHBOARD, "kpis", UUID, board, board | {"tiles": tiles}),
            Step(Action.CREATE, Kind.SCHEDULER, "monday", after=scheduler(chart="revenue")),
            Step(Action.DELETE, Kind.CHART, "old", UUID, old | {"name": "Old"}),
        ),
        unchanged={"charts/a.json": "hash", "charts/b.json": "hash", "spaces/finance.json": "hash"},
        problems=(Problem("space:sales", "unknown_users", "grants are left out for bob", Gravity.WARNS),),
        access=(
            AccessChange("sales", "", is_group=False, before=None, after="viewer"),
            AccessChange("finance", "ann@example.com", is_group=False, before="editor", after=None),
            AccessChange(
                "finance", "Analysts", is_group=True, item="chart:costs", before="viewer", after="editor"
            ),
        ),
        left_out=(NotPlanned("scheduler:daily", "its recipient is not allowed"),),
        adopted={Kind.CHART: {"margin": {"uuid": UUID}}},
    )


def refused() -> Plan:
    """A plan with one of everything that speaks against it."""
    return replace(
        everyday(),
        drift=(
            drift(
                _BASE,
                _BASE | {"name": "Theirs", "description": "Also theirs"},
                _BASE | {"name": "Ours", "metricQuery": {"limit": 5}},
            ),
        ),
        problems=(
            Problem("chart:margin", "missing_explore", "the target has no explore 'orders'"),
            Problem("space:old", "not_empty", "would be deleted together with chart:kept"),
        ),
        twins=(PossibleDuplicate(Kind.CHART, "revenue", "Revenue", (UUID,)),),
        limits=("21 of 60 charts would be deleted, and more than 20 of a kind are refused",),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan: contents edited, other, or chaos; every text may be hostile."""
    steps = tuple(draw(_step(number)) for number in range(draw(st.integers(0, 4))))
    drifts = tuple(
        Drift(
            draw(st.sampled_from(DriftKind)), kind, f"drift-{number}", draw(hostile), old, new, other,
            conflicts=draw(st.sampled_from([(), (("name",),), (("tiles", 0, "x"), ())])),
            allowed=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 2)))
        for kind, old, new in [draw(pairs())]
        for other in [draw(st.sampled_from([old, new, None]))]
    )  # fmt: skip
    return Plan(
        purpose=draw(st.sampled_from(["sync", "restore", "undo"])),
        source=draw(hostile),
        target=PlanTarget(draw(hostile), draw(hostile), draw(hostile), draw(hostile)),
        enable_schedulers=draw(st.booleans()),
        undoes=draw(hostile),
        steps=steps,
        unchanged={"charts/a.json": "hash", "no file of an item": "hash"},
        drift=drifts,
        problems=tuple(draw(st.lists(_problems, max_size=3))),
        access=tuple(draw(st.lists(_access, max_size=3))),
        twins=tuple(draw(st.lists(_twins, max_size=2))),
        limits=tuple(draw(st.lists(hostile, max_size=2))),
        left_out=tuple(draw(st.lists(st.builds(NotPlanned, hostile, hostile), max_size=2))),
        adopted={Kind.CHART: {draw(hostile): {"uuid": draw(hostile)}}},
    )


@st.composite
def _step(draw: st.DrawFn, number: int) -> Step:
    if draw(st.booleans()):
        kind, old, new = draw(pairs())
    else:
        kind = draw(st.sampled_from(list(Kind)))
        old, new = sample(kind), poisoned(draw, sample(kind))
    action = draw(st.sampled_from(Action))
    before = None if action is Action.CREATE else old
    after = None if action is Action.DELETE else new
    key = f"item-{number}" if KINDS[kind].folder else ""
    return Step(action, kind, key, None, before, after, selected=draw(st.booleans()))


_problems = st.builds(
    Problem, hostile, st.sampled_from(["missing_field", "not_empty"]), hostile, st.sampled_from(Gravity)
)
_access = st.builds(
    AccessChange,
    space=hostile,
    who=hostile,
    is_group=st.booleans(),
    item=hostile,
    before=hostile | st.none(),
    after=hostile | st.none(),
)
_twins = st.builds(
    PossibleDuplicate,
    st.just(Kind.CHART),
    hostile,
    hostile,
    st.lists(hostile, max_size=9).map(tuple),
    st.booleans(),
)
