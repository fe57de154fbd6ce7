"""Reviews to render: one as people meet it, and any, with names that try to be markup."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lightdash_sync.content.json import parse
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.promotion.values import (
    Call,
    Compared,
    FindingCode,
    PromotionSelection,
    Review,
    Reviewed,
    ServerAction,
    Severity,
    Verdict,
)
from lightdash_sync.sync.plan.values import PlanTarget
from tests.content.changes.mutations import pairs
from tests.content.changes.samples import sample
from tests.report.sections import hostile, poisoned

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json

DIGEST = "5f3c9a1be0d24e77a1c60b8f9d3e2a7540c1b6d8e9f0a1b2c3d4e5f60718293a"
TARGET = PlanTarget(
    "production", "https://bi.example.com/", "11111111-2222-4333-8444-555555555555", "Kettle BI"
)
SOURCE = "99999999-2222-4333-8444-555555555555"
_UUID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
_NEWER = "upstream is newer (saved by Yuki Tanaka at 2026-11-19 16:42 UTC)"
_OLDER = "would be overwritten by what is older (saved by Ines Marchetti at 2026-11-12 09:05 UTC)"
_TWICE = "this Lightdash gives a copy another slug, so that each promotion makes a new chart"
_LOST = "Lightdash may delete charts inside it that no tile shows: chart:from-trial-to-regular"
_LINKS = "links in its text go on leading to the source project"
_NAMED = "the upstream space “Customers” would be renamed to “Customers & churn”, for all that is in it"
_VERDICTS = {
    "dashboard:sales-overview": (
        Verdict(FindingCode.WOULD_DELETE, _LOST, Severity.BLOCKS, accepted=True),
        Verdict(FindingCode.POINTS_TO_SOURCE, _LINKS, Severity.WARNS, replay=True),
    ),
    "chart:weekly-revenue": (
        Verdict(FindingCode.UPSTREAM_NEWER, f"{_NEWER} and {_OLDER}", Severity.BLOCKS, replay=True),
    ),
    "chart:repeat-rate": (
        Verdict(
            FindingCode.WOULD_DUPLICATE,
            f"{_TWICE}; upstream has chart:repeat-rate-1 already",
            Severity.BLOCKS,
            replay=True,
        ),
    ),
    "space:customers": (Verdict(FindingCode.RENAMES_SPACE, _NAMED, Severity.BLOCKS, accepted=True),),
}
_DEMO = Path(__file__).parents[3] / "snapshots" / "demo"


def demo(kind: Kind, key: str) -> Any:
    """Content of the demo snapshot."""
    return parse((_DEMO / KINDS[kind].folder / f"{key}.json").read_bytes())


def verdict(
    code: FindingCode, what: str = "because of it", weight: Severity = Severity.BLOCKS, **more: bool
) -> Verdict:
    """A verdict, which blocks unless it is said otherwise."""
    return Verdict(code, what, weight, **more)


def everyday() -> Review:
    """A review that nothing stops: a dashboard with charts, a new chart, and what is left behind."""
    board = demo(Kind.DASHBOARD, "sales-overview")
    weekly = demo(Kind.CHART, "weekly-revenue")
    orders = demo(Kind.CHART, "orders-by-status")
    plan = demo(Kind.SCHEDULER, "sales-overview-monday-numbers")
    fewer = copy.deepcopy(weekly)
    fewer["metricQuery"]["limit"] = 104
    fewer["description"] = "Per week, over the last two years."
    items = (
        _item(Kind.DASHBOARD, "sales-overview", board, _rearranged(board), ServerAction.UPDATE),
        _item(Kind.CHART, "weekly-revenue", weekly, fewer, ServerAction.UPDATE),
        _item(
            Kind.CHART, "orders-by-status", orders, orders | {"name": "Orders by state"}, ServerAction.UPDATE
        ),
        _item(Kind.CHART, "repeat-rate", None, weekly | {"name": "Repeat rate"}, ServerAction.CREATE),
        _same(Kind.CHART, "revenue-to-date", ServerAction.SAME),
        _same(Kind.CHART, "orders-by-shop", ServerAction.SAME),
        _same(Kind.DASHBOARD, "subscriptions", ServerAction.UPDATE),
        Reviewed(
            Kind.SPACE,
            "sales",
            demo(Kind.SPACE, "sales"),
            demo(Kind.SPACE, "sales"),
            "sales",
            ServerAction.SAME,
        ),
    )
    along = ("chart:weekly-revenue", "chart:orders-by-status", "chart:revenue-to-date", "space:sales")
    return Review(
        source="staging",
        source_project=SOURCE,
        target=TARGET,
        selection=PromotionSelection(dashboards=("sales-overview", "subscriptions"), charts=("repeat-rate",)),
        items=items,
        calls=(
            Call(Kind.DASHBOARD, "sales-overview", _UUID, ("dashboard:sales-overview", *along)),
            Call(Kind.DASHBOARD, "subscriptions", _UUID, ("dashboard:subscriptions",), needed=False),
            Call(Kind.CHART, "repeat-rate", _UUID, ("chart:repeat-rate", "space:sales")),
        ),
        left_behind=(
            Compared(
                Kind.SCHEDULER, "sales-overview-monday-numbers", plan, plan | {"cron": "0 7 * * 1"}, "sales"
            ),
            Compared(Kind.TAG, "seasonal", None, {"name": "Seasonal", "color": "#2c7a3f"}),
            Compared(Kind.SPACE, "sales", *_spaces(), "sales"),
        ),
        spaces={"sales": "Sales", "customers": "Customers"},
        notes=("Lightdash 0.1372.1 does not say which charts inside dashboards it deletes.",),
    )


def blocked() -> Review:
    """The same with two verdicts that stop it, two that were accepted, and a warning."""
    review = everyday()
    pay, gone = demo(Kind.CHART, "how-people-pay"), demo(Kind.CHART, "from-trial-to-regular")
    space = demo(Kind.SPACE, "customers")
    pay = _item(
        Kind.CHART, "how-people-pay", pay, pay | {"space": "customers"}, ServerAction.UPDATE, "customers"
    )
    gone = _item(Kind.CHART, "from-trial-to-regular", gone | {"space": None}, None, ServerAction.NOTHING)
    renamed = _item(
        Kind.SPACE,
        "customers",
        space,
        space | {"name": "Customers & churn"},
        ServerAction.UPDATE,
        "customers",
    )
    found = [
        replace(item, verdicts=_VERDICTS.get(item.item, ())) for item in (*review.items, pay, gone, renamed)
    ]
    move = Call(Kind.CHART, "how-people-pay", _UUID, ("chart:how-people-pay", "space:customers"))
    return replace(
        review,
        selection=replace(review.selection, charts=("repeat-rate", "how-people-pay")),
        accepted=("dashboard:sales-overview", "space:customers"),
        items=tuple(found),
        calls=(*review.calls, move),
    )


def of_verdicts(*verdicts: Verdict, effective: bool = True, **more: Any) -> Review:
    """A review of one chart with these verdicts."""
    weekly = demo(Kind.CHART, "weekly-revenue")
    after = weekly | {"name": "Weekly sales"} if effective else weekly
    item = replace(
        _item(Kind.CHART, "weekly-revenue", weekly, after, ServerAction.UPDATE),
        effective=effective,
        verdicts=verdicts,
        **more,
    )
    call = Call(Kind.CHART, "weekly-revenue", _UUID, (item.item,), needed=effective)
    return Review("staging", SOURCE, TARGET, PromotionSelection(), items=(item,), calls=(call,))


def _item(
    kind: Kind, key: str, before: Json, after: Json, said: ServerAction, space: str = "sales"
) -> Reviewed:
    return Reviewed(kind, key, before, after, space, said, _UUID, _UUID, effective=True)


def _same(kind: Kind, key: str, said: ServerAction) -> Reviewed:
    content = demo(kind, key)
    return Reviewed(kind, key, content, content, "sales", said, _UUID, _UUID)


def _rearranged(board: Any) -> Any:
    """A dashboard with a tile moved, one resized, one taken away and one added."""
    found = copy.deepcopy(board)
    first, second, third, *_ = found["tiles"]
    first["w"], second["x"], second["y"] = max(first["w"] // 2, 3), 0, first["h"]
    found["tiles"].remove(third)
    properties = {"chart": "repeat-rate", "hideTitle": False, "title": ""}
    found["tiles"].append(
        first | {"id": "repeat-rate", "x": first["x"] + first["w"], "properties": properties}
    )
    found["description"] = "How the week went: orders, revenue and who came back."
    return found


def _spaces() -> tuple[Any, Any]:
    space = demo(Kind.SPACE, "sales")
    before = space | {"access": {"groups": [], "users": []}}
    return before, before | {"access": {"groups": [{"group": "Baristas", "role": "viewer"}], "users": []}}


@st.composite
def reviews(draw: st.DrawFn) -> Review:
    """Any review: contents edited, other, or chaos; every text may be hostile."""
    items = tuple(draw(_reviewed(number)) for number in range(draw(st.integers(0, 4))))
    left = tuple(draw(_compared(f"left-{number}")) for number in range(draw(st.integers(0, 2))))
    names = [item.item for item in items] + [draw(hostile)]
    return Review(
        source=draw(hostile),
        source_project=draw(hostile),
        target=PlanTarget(draw(hostile), draw(hostile), draw(hostile), draw(hostile)),
        selection=PromotionSelection(
            dashboards=tuple(draw(st.lists(hostile, max_size=2))),
            charts=tuple(draw(st.lists(hostile, max_size=2))),
            spaces=tuple(draw(st.lists(hostile, max_size=2))),
            all=draw(st.booleans()),
        ),
        accepted=tuple(draw(st.lists(st.sampled_from(names), max_size=2))),
        items=items,
        calls=tuple(
            Call(item.kind, item.key, item.uuid, (item.item, *names), draw(st.booleans()))
            for item in items
            if item.kind in (Kind.DASHBOARD, Kind.CHART)
        ),
        left_behind=left,
        spaces={item.space: draw(hostile) for item in (*items, *left)},
        notes=tuple(draw(st.lists(hostile, max_size=2))),
    )


@st.composite
def _compared(draw: st.DrawFn, key: str) -> Compared:
    if draw(st.booleans()):
        kind, old, new = draw(pairs())
    else:
        kind = draw(st.sampled_from(list(Kind)))
        old, new = sample(kind), poisoned(draw, sample(kind))
    before, after = draw(st.sampled_from([(old, new), (None, new), (old, None), (old, old), (None, None)]))
    return Compared(kind, key if KINDS[kind].folder else "", before, after, draw(hostile))


@st.composite
def _reviewed(draw: st.DrawFn, number: int) -> Reviewed:
    one = draw(_compared(f"item-{number}"))
    return Reviewed(
        one.kind,
        one.key,
        one.before,
        one.after,
        one.space,
        draw(st.sampled_from(ServerAction)),
        draw(hostile),
        draw(hostile | st.none()),
        tuple(draw(st.lists(_verdicts, max_size=3))),
        draw(st.booleans()),
    )


_verdicts = st.builds(
    Verdict, st.sampled_from(FindingCode), hostile, st.sampled_from(Severity), st.booleans(), st.booleans()
)
