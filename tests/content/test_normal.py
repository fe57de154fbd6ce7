"""The same server state has the same normal form, in whatever order its rows come, and no more is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import JsonObject, canonical
from lightdash_sync.content.kinds import KINDS, SECRET, Kind
from lightdash_sync.content.known_fields import is_known_field
from lightdash_sync.content.normal import (
    earlier_version,
    has_secret,
    normalise,
    normalise_comments,
    other_ways,
    space_access,
)
from tests.content.generated import FEWER, KEYED, WORLDS, made_uuid, unknown_fields

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN = unknown_fields(WORLDS[1])
EVERY_KIND = pytest.mark.parametrize("kind", KEYED)
_SMALL = st.sampled_from([0, 1, 2, 2.5, None])


def _rows(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """A list in no fixed order: rows with few different values, so that they tie, and unknown fields."""
    row = st.tuples(UNKNOWN, st.fixed_dictionaries({}, optional=fields)).map(
        lambda parts: parts[0] | parts[1]
    )
    return st.lists(row | st.none(), max_size=4)


def _named(prefix: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Rows that each have a uuid of their own."""
    row = st.tuples(UNKNOWN, st.fixed_dictionaries({}, optional=fields)).map(
        lambda parts: parts[0] | parts[1]
    )
    rows = st.lists(row, max_size=4)
    return rows.map(lambda found: [row | {"uuid": made_uuid(f"{prefix}{n}")} for n, row in enumerate(found)])


_NAMES = st.sampled_from(["a", "b", 1, None])
_UUIDS = st.sampled_from([made_uuid("x"), made_uuid("y"), None])
_QUERY = st.fixed_dictionaries(
    {"metrics": st.permutations(["m1", "m2"])},
    optional={
        "tableCalculations": _rows(name=_NAMES, uuid=_UUIDS),
        "customDimensions": _rows(id=_NAMES, uuid=_UUIDS),
        "additionalMetrics": _rows(table=_NAMES, name=_NAMES, uuid=_UUIDS),
    },
)
_TAB_UUIDS = st.sampled_from([made_uuid(f"tab{n}") for n in range(4)] + [None])
_LISTS: dict[Kind, dict[str, st.SearchStrategy[Any]]] = {
    Kind.CHART: {"metricQuery": _QUERY | st.none(), "dashboardUuid": _UUIDS, "spaceUuid": _UUIDS},
    Kind.DASHBOARD: {
        "tabs": _named("tab", order=_SMALL),
        "tiles": _named("tile", x=_SMALL, y=_SMALL, tabUuid=_TAB_UUIDS, properties=UNKNOWN),
    },
    Kind.SCHEDULER: {"targets": _rows(schedulerUuid=_UUIDS, createdAt=_NAMES, recipient=_NAMES)},
}


def raws(kind: Kind) -> st.SearchStrategy[JsonObject]:
    """Answers of the server, with unknown fields."""
    fields = st.fixed_dictionaries({}, optional=_LISTS.get(kind, {}))
    return st.tuples(UNKNOWN, fields).map(lambda parts: {**parts[0], **parts[1]})


UNORDERED = {"tableCalculations", "customDimensions", "additionalMetrics", "tabs", "tiles", "targets"}


def _shuffled(draw: Callable[[st.SearchStrategy[Any]], Any], value: Any, name: str = "") -> Any:
    """The same object with its fields and unordered lists in another order."""
    if isinstance(value, dict):
        names = draw(st.permutations(list(value)))
        known = ("", "metricQuery")
        return {
            n: _shuffled(draw, value[n], n) if name in known and n in UNORDERED | {*known} else value[n]
            for n in names
        }
    if name in UNORDERED and isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return draw(st.permutations(value))
    return value  # of a list that holds anything else nobody knows whether its order counts


@pytest.mark.parametrize("kind", _LISTS)
@FEWER
@given(data=st.data())
def test_the_order_of_unordered_lists_does_not_matter(kind: Kind, data: st.DataObject) -> None:
    """Rows that the server returns in no fixed order give the same normal form in any order."""
    raw = data.draw(raws(kind))
    normal = normalise(kind, raw)
    other = normalise(kind, _shuffled(data.draw, raw))
    assert canonical(other.content) == canonical(normal.content)
    assert canonical(other.facts) == canonical(normal.facts)


@EVERY_KIND
@FEWER
@given(data=st.data())
def test_an_answer_is_never_changed(kind: Kind, data: st.DataObject) -> None:
    """Normalising an answer leaves the answer as it was, and what is normal stays so."""
    raw = data.draw(raws(kind))
    before = canonical(raw)
    normal = normalise(kind, raw)
    assert canonical(raw) == before
    if kind is not Kind.SPACE:  # a space says its privacy in another word
        assert canonical(normalise(kind, normal.content).content) == canonical(normal.content)


_SPOKEN_FOR = {
    "space",
    "dashboard",
    "parentSpaceUuid",
    "access",
    "inheritsAccess",
    "groupsAccess",
    "isPrivate",
} | {*("inheritParentPermissions", "spaceUuid", "dashboardUuid", "savedChartUuid", "savedSqlUuid")}


@EVERY_KIND
@FEWER
@given(data=st.data())
def test_no_field_is_lost(kind: Kind, data: st.DataObject) -> None:
    """Every field of an answer is content or a fact, but for those on the documented list."""
    raw = data.draw(raws(kind)) | {
        name: "x" for name in KINDS[kind].volatile | KINDS[kind].facts if name != "access"
    }
    normal = normalise(kind, raw)
    assert set(normal.facts) == KINDS[kind].facts
    for name in set(raw) - KINDS[kind].volatile - KINDS[kind].facts - _SPOKEN_FOR:
        unset = raw[name] is None or (name, raw[name]) == ("plainTextEmail", False)
        if kind is Kind.SCHEDULER and unset and is_known_field(kind, name):
            assert name not in normal.content  # servers say it in three ways
        elif name not in _LISTS.get(kind, {}):
            assert canonical(normal.content[name]) == canonical(raw[name])
    assert not set(normal.content) & (KINDS[kind].volatile - {"access", "isPrivate"})


@pytest.mark.parametrize(
    ("raw", "inherits"),
    [
        ({"isPrivate": True}, False),
        ({"isPrivate": False}, True),
        ({"inheritParentPermissions": True, "isPrivate": True}, True),
        ({"inheritParentPermissions": False}, False),
        ({}, True),
    ],
)
def test_one_word_for_the_privacy_of_a_space(raw: JsonObject, inherits: bool) -> None:
    """Old and new servers say the privacy of a space in other words; the file says it in one."""
    content = normalise(Kind.SPACE, raw | {"name": "S", "groupsAccess": [], "access": {"users": []}}).content
    expected = {"name": "S", "inheritsAccess": inherits, "parentSpaceUuid": None, "access": {"users": []}}
    assert content == expected


def test_a_chart_is_in_one_place() -> None:
    """A chart in a dashboard has no space of its own, and one in a space no dashboard."""
    inside = normalise(Kind.CHART, {"spaceUuid": "s", "dashboardUuid": "d"}).content
    assert inside == {"dashboardUuid": "d"}
    assert normalise(Kind.CHART, {"spaceUuid": "s", "dashboardUuid": None}).content == {"spaceUuid": "s"}


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        ({"space": {"uuid": "s", "name": "S"}, "dashboard": None}, {"spaceUuid": "s"}),
        ({"space": {"uuid": "s"}, "dashboard": {"uuid": "d"}}, {"dashboardUuid": "d"}),
        ({"space": {"name": "no uuid"}}, {}),
        ({"sql": "select 1"}, {"sql": "select 1"}),
    ],
)
def test_a_sql_chart_says_its_place_as_charts_do(raw: JsonObject, content: JsonObject) -> None:
    """The place of a SQL chart is said in the words that charts use."""
    assert normalise(Kind.SQL_CHART, raw).content == content


def test_tiles_stand_where_people_see_them() -> None:
    """Tiles are in the order of tabs, rows and columns, and do not repeat the names of their charts."""
    tabs: Any = [{"uuid": "t2", "order": 1}, {"uuid": "t1", "order": 0}]
    tiles: Any = [
        {"uuid": "d", "tabUuid": "t2", "x": 0, "y": 0, "properties": None},
        {"uuid": "c", "tabUuid": "t1", "x": 1, "y": 1},
        {"uuid": "b", "tabUuid": "t1", "x": 0, "y": 1, "properties": {"chartName": "C", "title": "T"}},
        {"uuid": "a", "x": 9, "y": 9, "tabUuid": None},
    ]
    content: Any = normalise(Kind.DASHBOARD, {"tabs": tabs, "tiles": tiles}).content
    assert [tab["uuid"] for tab in content["tabs"]] == ["t1", "t2"]
    assert [tile["uuid"] for tile in content["tiles"]] == ["a", "b", "c", "d"]
    assert content["tiles"][1]["properties"] == {"title": "T"}


def test_secrets_are_not_in_the_snapshot() -> None:
    """The address of a webhook is a secret: the file only says that there is one."""
    targets: Any = [
        {"webhook": "https://hooks.example.com/secret", "schedulerMsTeamsTargetUuid": "x"},
        {"googleChatWebhook": "https://chat.example.com/secret"},
        {"webhook": None, "recipient": "ann@example.com", "createdAt": "now"},
        "odd",
    ]
    raw: JsonObject = {"targets": targets, "savedChartUuid": "c", "dashboardUuid": None}
    normal = normalise(Kind.SCHEDULER, raw)
    assert b"example.com/secret" not in canonical(normal.content)
    expected: list[Any] = [{"webhook": SECRET}, {"googleChatWebhook": SECRET}, "odd"]
    expected.append({"webhook": None, "recipient": "ann@example.com"})
    assert normal.content == {"savedChartUuid": "c", "targets": sorted(expected, key=canonical)}
    assert has_secret({"targets": targets[:1]})
    assert has_secret({"targets": targets[1:2]})
    assert not has_secret({"targets": [{"webhook": ""}, {"recipient": "a"}]})
    assert not has_secret({})


def test_an_earlier_version_has_no_name_and_place() -> None:
    """An old version comes with today's name and place, which are not part of it."""
    content: JsonObject = {"name": "n", "description": "d", "spaceUuid": "s", "dashboardUuid": "d"}
    assert earlier_version(content | {"tableName": "t", "new": 1}) == {"tableName": "t", "new": 1}


@given(st.permutations(["a", "b", "c"]), st.permutations(["a", "b", "d"]), st.permutations(["g", "h"]))
def test_grants_are_told_from_other_access(granted: list[str], shown: list[str], groups: list[str]) -> None:
    """Only who holds a grant is in the file, in one order; whose role the API does not show is said."""
    shares: list[JsonObject] = [{"userUuid": uuid, "role": "editor"} for uuid in shown]
    teams: list[JsonObject] = [
        {"groupUuid": uuid, "spaceRole": "viewer", "groupName": "n"} for uuid in groups
    ]
    access, unseen = space_access([*granted, "a"], shares, teams)
    assert access == {
        "users": [
            {"userUuid": uuid, "role": role}
            for uuid, role in zip("abc", ["editor", "editor", None], strict=True)
        ],
        "groups": [{"groupUuid": "g", "role": "viewer"}, {"groupUuid": "h", "role": "viewer"}],
    }
    assert unseen == ["c"]


def test_who_gets_in_by_a_group_or_as_a_member_of_the_project_holds_no_grant() -> None:
    """0.2904.5 lists everybody once for each way in (seen there); only what is left over is a grant."""
    space: JsonObject = {
        "projectMemberAccessRole": "viewer",
        "access": [{"userUuid": uuid, "role": "editor"} for uuid in ("a", "b", "c", "d")],
        "groupsAccess": [
            {"groupUuid": "g", "spaceRole": "editor"},
            {"groupUuid": "h", "spaceRole": "viewer"},
        ],
    }
    others = other_ways(space, {"g": ["b", "c"], "h": ["c"], "elsewhere": ["a", "d"]})
    assert others == {"a": 1, "b": 2, "c": 3, "d": 1}
    listed = ["a", "a", "b", "b", "c", "c", "c", "c", "d", "outside"]
    access, unseen = space_access(listed, space["access"], space["groupsAccess"], others)  # type: ignore[arg-type]
    assert isinstance(access["users"], list)
    assert access["users"] == [
        {"userUuid": "a", "role": "editor"},
        {"userUuid": "c", "role": "editor"},
        {"userUuid": "outside", "role": None},
    ]
    assert unseen == ["outside"]
    assert other_ways({}, {"g": ["a"]}) == {}


def test_a_service_account_that_gets_in_as_a_member_of_the_project_holds_no_grant() -> None:
    """The list names it, since it has a role in the organisation; the space itself does not tell it."""
    space: JsonObject = {"projectMemberAccessRole": "viewer", "access": [{"userUuid": "a", "role": "viewer"}]}
    for listed, holders in ((["a", "robot", "lost"], ["lost"]), (["a", "robot", "robot"], ["robot"])):
        access, unseen = space_access(listed, [], [], other_ways(space, {}, ["robot"]))
        assert (access["users"], unseen) == ([{"userUuid": uuid, "role": None} for uuid in holders], holders)
    assert other_ways(space | {"projectMemberAccessRole": None}, {}, ["robot"]) == {}


_COMMENTS: list[JsonObject] = [
    {"commentId": "2", "text": "second", "createdAt": "2026-01-02", "canRemove": True, "replyTo": None},
    {
        "commentId": "1",
        "text": "first",
        "createdAt": "2026-01-01",
        "replies": [
            {"commentId": "4", "text": "b", "createdAt": "2026-01-04", "replyTo": "1"},
            {"commentId": "3", "text": "a", "createdAt": "2026-01-03", "replyTo": "1", "new": [1]},
        ],
    },
]


@given(st.permutations(_COMMENTS))
def test_comments_are_oldest_first(comments: list[JsonObject]) -> None:
    """Comments and their replies stand in the order of time, without the ids that cannot be restored."""
    raw: JsonObject = {"tile": [*comments], "silent": []}
    before = canonical(raw)
    assert normalise_comments(raw) == {
        "tile": [
            {
                "text": "first",
                "createdAt": "2026-01-01",
                "replies": [
                    {"text": "a", "createdAt": "2026-01-03", "new": [1]},
                    {"text": "b", "createdAt": "2026-01-04"},
                ],
            },
            {"text": "second", "createdAt": "2026-01-02"},
        ]
    }
    assert canonical(raw) == before
