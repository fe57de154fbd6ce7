"""Tags and icons go to metrics that the target has; the others are named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.lists import adapted_metrics
from lightdash_sync.sync.plan.options import TargetFacts
from lightdash_sync.sync.plan.values import Gravity
from tests.content.changes.mutations import chaos

FACTS = TargetFacts(metrics=frozenset({("orders", "revenue")}))
HERE, GONE = {"table": "orders", "metric": "revenue"}, {"table": "orders", "metric": "profit"}


@pytest.mark.parametrize(
    ("kind", "content", "kept"),
    [
        (Kind.TAG, {"name": "core", "metrics": [HERE, GONE]}, {"name": "core", "metrics": [HERE]}),
        (Kind.METRIC_ICONS, [{**GONE, "icon": {}}, {**HERE, "icon": {}}], [{**HERE, "icon": {}}]),
    ],
)
def test_metrics_that_the_target_lacks_are_left_out_by_name(kind: Kind, content: Any, kept: Any) -> None:
    """A warning names them."""
    found, (problem,) = adapted_metrics("x", kind, content, FACTS)
    assert found == kept
    assert (problem.item, problem.code, problem.gravity) == ("x", "missing_metric", Gravity.WARNS)
    assert "orders.profit" in problem.what
    assert adapted_metrics("x", kind, found, FACTS) == (found, ())


def test_an_unknown_catalogue_leaves_all_metrics() -> None:
    """What cannot be asked is not taken for missing."""
    content: Any = {"metrics": [GONE]}
    assert adapted_metrics("x", Kind.TAG, content, TargetFacts()) == (content, ())


@given(st.sampled_from(list(Kind)), chaos())
def test_any_content_can_be_adapted(kind: Kind, content: Any) -> None:
    """Whatever stands in the file, and adapting twice is adapting once."""
    found, _ = adapted_metrics("x", kind, content, FACTS)
    assert adapted_metrics("x", kind, found, FACTS) == (found, ())
