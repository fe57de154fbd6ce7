"""Who saved what, and when, by Lightdash's own account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.authorship import (
    Stamp,
    creation_stamp,
    full_name,
    moment,
    of_no_version,
    of_version,
    version_stamp,
)
from lightdash_sync.content.kinds import Kind

if TYPE_CHECKING:
    from lightdash_sync.content.json import Json, JsonObject

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "space", "owner", "x"]), inner),
)
WHEN = "2026-03-14T12:16:41.078Z"
THEN = datetime(2026, 3, 14, 12, 16, 41, 78000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        (Kind.CHART, {"version": "v", "updatedAt": WHEN, "updatedBy": "a@b"}, Stamp(WHEN, THEN, "a@b")),
        (Kind.DASHBOARD, {"updatedAt": WHEN, "updatedBy": "a@b"}, Stamp(WHEN, THEN, "a@b")),
        (Kind.SQL_CHART, {"lastUpdatedAt": WHEN, "lastUpdatedBy": "~1"}, Stamp(WHEN, THEN, "~1")),
        (Kind.SCHEDULER, {"updatedAt": WHEN, "updatedBy": "a@b"}, Stamp(WHEN, THEN, None)),
        (Kind.DASHBOARD, {"updatedAt": WHEN, "updatedBy": None}, Stamp(WHEN, THEN, None)),
        (Kind.CHART, {"updatedAt": WHEN, "updatedBy": "a@b"}, Stamp(WHEN, THEN, "a@b")),
        (Kind.CHART, {"version": "v", "updatedAt": "soon"}, None),
        (Kind.SPACE, {"updatedAt": WHEN, "updatedBy": "a@b"}, None),
        (Kind.TAG, {"createdAt": WHEN, "createdBy": "a@b"}, None),
        (Kind.CHART, {}, None),
    ],
)
def test_the_version_that_an_item_is_in(kind: Kind, facts: JsonObject, expected: Stamp | None) -> None:
    """Charts, SQL charts and dashboards name who saved them, schedulers only when; others nothing.

    Versions of charts are told apart by their time: exports without history do not know their uuid.
    """
    assert version_stamp(kind, facts) == expected


@pytest.mark.parametrize(
    ("kind", "facts", "content", "person"),
    [
        (Kind.TAG, {"createdAt": WHEN, "createdBy": "a@b"}, {}, "a@b"),
        (Kind.SQL_CHART, {"createdAt": WHEN, "createdBy": "a@b"}, {"owner": "c@d"}, "a@b"),
        (Kind.SCHEDULER, {"createdAt": WHEN}, {"owner": "c@d"}, "c@d"),
        (Kind.SCHEDULER, {"createdAt": WHEN}, {"owner": None}, None),
        (Kind.SCHEDULER, {"createdAt": WHEN}, [], None),
    ],
)
def test_the_making_of_an_item(kind: Kind, facts: JsonObject, content: Json, person: str | None) -> None:
    """SQL charts and tags name who made them; a scheduler has an owner, who made it."""
    assert creation_stamp(kind, facts, content) == Stamp("", THEN, person)


def test_the_making_of_a_chart_is_not_in_its_facts() -> None:
    """Charts, dashboards and spaces do not say when they were made."""
    assert creation_stamp(Kind.CHART, {"updatedAt": WHEN}, {}) is None


@given(st.sampled_from(Kind), JSON)
def test_what_belongs_to_a_version_and_the_rest_are_the_whole(kind: Kind, content: Json) -> None:
    """Every field of an item is on one side: nothing is told twice, and nothing is left out."""
    version, rest = of_version(kind, content), of_no_version(kind, content)
    if isinstance(content, dict):
        assert isinstance(version, dict)
        assert isinstance(rest, dict)
        assert version | rest == content
        assert not version.keys() & rest.keys()
    else:
        assert (version, rest) == (content, {})


def test_a_name_and_a_place_belong_to_no_version() -> None:
    """Whoever renames or moves makes no version; of a scheduler everything is saved at once."""
    content: JsonObject = {"name": "n", "description": None, "space": "s", "dashboard": "d", "tiles": []}
    assert of_version(Kind.DASHBOARD, content) == {"tiles": []}
    assert of_version(Kind.SCHEDULER, content) == content
    assert of_no_version(Kind.SCHEDULER, content) == {}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (WHEN, THEN),
        ("2026-03-14T13:16:41.078+01:00", THEN),
        ("2026-03-14T12:16:41.078", THEN),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("soon", None),
        ("", None),
        (None, None),
        (17, None),
        ([WHEN], None),
    ],
)
def test_a_time_is_read_in_utc_or_not_at_all(said: Json, expected: datetime | None) -> None:
    """Times of any zone, and anything else that stands in the place of one."""
    assert moment(said) == expected


@given(JSON)
def test_no_time_is_a_traceback(said: Json) -> None:
    """Whatever stands there."""
    found = moment(said)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"firstName": "Ada", "lastName": "Kovač"}, "Ada Kovač"),
        ({"firstName": "Ada", "lastName": ""}, "Ada"),
        ({"lastName": "Kovač"}, "Kovač"),
        ({"firstName": None, "lastName": 3}, "a@b"),
        ({}, "a@b"),
    ],
)
def test_a_person_is_called_by_name_or_key(facts: JsonObject, expected: str) -> None:
    """Who has no name is called by what tells them apart."""
    assert full_name("a@b", facts) == expected
