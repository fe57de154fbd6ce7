"""An approved review: what is in its digest, and what a later review may differ in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import JsonObject, canonical, parse, sha256
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import SyncError
from lightdash_sync.promotion.approval import ApprovedReview, approval, differences, digest, read_approved
from lightdash_sync.promotion.values import (
    FindingCode,
    PromotionSelection,
    Review,
    Reviewed,
    ServerAction,
    Severity,
    Verdict,
)
from lightdash_sync.sync.plan.values import PlanTarget

TARGET = PlanTarget(
    "production", "https://lightdash.example.com", "22222222-2222-4222-8222-222222222222", "Production"
)
SOURCE = "11111111-1111-4111-8111-111111111111"


def item(key: str, before: JsonObject | None, after: JsonObject | None, **more: Any) -> Reviewed:
    """Return a chart of a review."""
    said = ServerAction.CREATE if before is None else ServerAction.UPDATE
    return Reviewed(Kind.CHART, key, before, after, said=said, effective=before != after, **more)


def review(*items: Reviewed, **more: Any) -> Review:
    """Return a review of some items."""
    return Review("staging", SOURCE, TARGET, PromotionSelection(changed=True), items=items, **more)


def written(of: Review) -> bytes:
    """Return the file that is approved."""
    return canonical({"anything": "else", "digest": digest(of), "approval": approval(of)})


def approved(of: Review) -> ApprovedReview:
    """Return a review as it was approved."""
    return read_approved(written(of))


CHANGED = item("sales", {"name": "Sales"}, {"name": "Sales, net"})
NEW = item("new", None, {"name": "New"})
BLOCKED = replace(
    item("old", {"name": "Old"}, {"name": "Old"}),
    verdicts=(Verdict(FindingCode.UPSTREAM_NEWER, "upstream is newer", Severity.BLOCKS),),
)

contents = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | st.integers(-9, 9), max_size=3)
items = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.none() | contents, contents),
    max_size=4,
    unique_by=lambda one: one[0],
)


@given(items)
def test_a_review_that_is_the_approved_one_differs_in_nothing(found: list[Any]) -> None:
    """What was written can be read, and is the same as long as both projects are."""
    one = review(*(item(*parts) for parts in found))
    assert differences(approved(one), one) == []
    assert approved(one).digest == digest(one)
    assert approved(one).selection == one.selection


@given(items, contents)
def test_every_change_of_an_item_shows(found: list[Any], other: JsonObject) -> None:
    """Whatever becomes of an item, before or after, a review that says otherwise is another one."""
    one = review(*(item(*parts) for parts in found))
    for number, part in enumerate(one.items):
        changed = replace(part, after=other, effective=part.before != other)
        two = replace(one, items=(*one.items[:number], changed, *one.items[number + 1 :]))
        same = canonical(part.after) == canonical(other)
        assert (digest(one) == digest(two)) == same
        assert (differences(approved(one), two) == []) == same


def test_the_words_of_a_difference_name_the_item_and_what_is_another() -> None:
    """A person is told which item, and whether it is upstream or the source that changed."""
    was = approved(review(CHANGED, NEW))
    there = replace(CHANGED, before={"name": "Sales, gross"})
    assert differences(was, review(there, NEW)) == ["chart:sales is another (what upstream has)"]
    assert differences(was, review(CHANGED)) == ["chart:new would stay as it is now"]
    assert differences(was, review(CHANGED, NEW, BLOCKED)) == ["chart:old was not to be changed then"]
    spoken = replace(CHANGED, verdicts=(Verdict(FindingCode.WOULD_BREAK, "it lacks", Severity.BLOCKS),))
    assert differences(was, review(spoken, NEW)) == ["chart:sales is another (what speaks against it)"]


def test_what_a_run_of_the_approved_review_did_is_no_difference() -> None:
    """A run that did only a part can go on; what it did not do must be as it was approved."""
    was = approved(review(CHANGED, NEW))
    assert differences(was, review(CHANGED), done={"chart:new"}) == []
    assert differences(was, review(), done={"chart:new"}) == ["chart:sales would stay as it is now"]


def test_another_project_is_another_promotion() -> None:
    """An approval holds for one project and one upstream."""
    was = approved(review(CHANGED))
    other = replace(review(CHANGED), target=replace(TARGET, project=SOURCE))
    assert differences(was, other) == ["it is of another project, or goes to another one"]


def test_what_is_left_behind_is_not_part_of_what_is_approved() -> None:
    """A scheduler that changes meanwhile is never promoted, so it makes no approval stale."""
    one = review(CHANGED)
    assert digest(one) == digest(replace(one, left_behind=(BLOCKED,), notes=("new",)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"approval": {}, "digest": "x"}',
        written(review(CHANGED)).replace(b"sales", b"costs"),
        written(review(CHANGED)).replace(b'"approval"', b'"reproval"'),
        canonical({"approval": {"items": {}}, "digest": digest(review())}),
    ],
)
def test_a_file_that_is_no_review_is_refused(data: bytes) -> None:
    """Nothing is promoted by a file that was changed, or is something else; the error says what to do."""
    with pytest.raises(SyncError, match="review") as raised:
        read_approved(data)
    assert "promote review" in raised.value.hint


@given(
    st.recursive(
        st.none() | st.text(max_size=3) | st.integers(-9, 9),
        lambda one: st.lists(one) | st.dictionaries(st.text(max_size=9), one),
    )
)
def test_no_approval_of_any_shape_is_a_traceback(said: Any) -> None:
    """Whatever stands in the file, with a digest that fits: it is understood, or refused in words."""
    document = parse(written(review(CHANGED)))
    assert isinstance(document, dict)
    for name in ("items", "selection", "accepted"):
        approved_part = document["approval"]
        assert isinstance(approved_part, dict)
        changed = approved_part | {name: said}
        data = canonical({"approval": changed, "digest": sha256(canonical(changed))})
        with suppress(SyncError):
            read_approved(data)
