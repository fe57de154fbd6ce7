"""The identity map says who is who, and a damaged one is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import SnapshotError
from tests.content.generated import build_world, recipes
from tests.snapshot.small import GONE, small_identity, uuid


@given(recipes())
def test_a_map_comes_back_as_it_was_written(recipe: tuple[list[str], list[str], list[str]]) -> None:
    """Whatever people and groups are called, the map is read as it was written."""
    identity = build_world(*recipe).identity
    data = identity.to_bytes()
    again = Identity.from_bytes(data)
    assert again == identity
    assert again.to_bytes() == data


@given(recipes())
def test_every_uuid_and_its_name_lead_to_each_other(recipe: tuple[list[str], list[str], list[str]]) -> None:
    """For every item, person and group the name found for a uuid leads back to it."""
    identity = build_world(*recipe).identity
    for kind, entries in identity.items.items():
        assert {identity.uuid(kind, key): key for key in entries} == identity.known_keys(kind)
        for uuid_, key in identity.known_keys(kind).items():
            assert identity.key(kind, uuid_) == key
            assert identity.token_uuid(str(identity.token(uuid_))) == uuid_
    for named, say, find in (
        (identity.people, identity.person, identity.person_uuid),
        (identity.groups, identity.group, identity.group_uuid),
    ):
        for name, facts in named.items():
            uuid_ = str(facts["uuid"])
            assert identity.token_uuid(str(identity.token(uuid_))) == uuid_
            assert find(name) == uuid_
            assert say(uuid_) == (name or external_key(uuid_))
    for fact in identity.project.values():
        assert identity.token_uuid(str(identity.token(str(fact)))) == fact


def test_what_the_map_lacks_is_external_or_unknown() -> None:
    """A uuid that belongs to nothing here gets an external key, and an unknown name has no uuid."""
    identity = small_identity()
    stranger = uuid(77)
    assert identity.key(Kind.CHART, stranger) == identity.person(stranger) == identity.group(stranger)
    assert identity.key(Kind.CHART, stranger) == external_key(stranger)
    assert identity.key(Kind.CHART, stranger).startswith("~")
    assert identity.key(Kind.CHART, uuid(1)).startswith("~"), "that is a space"
    assert identity.token(stranger) is None
    assert identity.facts(Kind.CHART, "gone") == {}
    for name in ("chart:gone", "user:gone", "group:gone", "nothing:x", "chart", "", "pins:x", "project:x"):
        assert identity.token_uuid(name) is None
    assert Identity().token_uuid("project") is None


def test_what_lies_outside_is_found_by_its_external_key() -> None:
    """The uuid of a reference that leaves the project is kept, whatever it refers to."""
    identity, key = small_identity(), external_key(GONE)
    assert identity.uuid(Kind.CHART, key) == identity.person_uuid(key) == identity.group_uuid(key) == GONE
    assert identity.token_uuid(f"space:{key}") == GONE


def test_a_map_is_a_value() -> None:
    """More facts make another map; the old one stays as it is, and known facts are kept."""
    identity = small_identity()
    before = identity.to_bytes()
    more = identity.extended(
        {Kind.CHART: {"weekly-revenue": {"version": "v"}, "new": {"uuid": uuid(50)}}}, {"~x": "y"}
    )
    assert identity.to_bytes() == before
    assert more.facts(Kind.CHART, "weekly-revenue") == identity.facts(Kind.CHART, "weekly-revenue") | {
        "version": "v"
    }
    assert more.key(Kind.CHART, uuid(50)) == "new"
    assert more.external == {**identity.external, "~x": "y"}
    assert identity.extended({}) == identity


def _with(path: str, value: Any) -> bytes:
    """The bytes of a map with one value changed; `...` removes it."""
    document: Any = parse(small_identity().to_bytes())
    *above, last = path.split("/")
    inner = document
    for name in above:
        inner = inner[name]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return canonical(document)


_DAMAGED = {
    "empty": b"",
    "cut": small_identity().to_bytes()[:-20],
    "a list": b"[]\n",
    "not text": b"\xff\xfe",
    "one name twice": b'{"format": 2,' + small_identity().to_bytes()[1:],
    "another form": json.dumps(parse(small_identity().to_bytes())).encode(),
    "future format": _with("format", 2),
    "no format": _with("format", ...),
    "unknown kind": _with("items/robot", {}),
    "no people": _with("people", ...),
    "items as list": _with("items", []),
    "kind as list": _with("items/chart", []),
    "facts as text": _with("items/chart/weekly-revenue", "x"),
    "no uuid": _with("items/chart/weekly-revenue/uuid", ...),
    "uuid as number": _with("items/chart/weekly-revenue/uuid", 1),
    "two keys, one uuid": _with("items/chart/weekly-revenue/uuid", uuid(4)),
    "key with a path": _with("items/chart/..%2fx", {"uuid": uuid(60)}),
    "versions as list": _with("items/chart/weekly-revenue/versions", ["x"]),
    "version as text": _with("items/chart/weekly-revenue/versions", {"1-00000000": "x"}),
    "version without uuid": _with("items/chart/weekly-revenue/versions", {"1-00000000": {}}),
    "version with a path": _with("items/chart/weekly-revenue/versions", {"../x": {"uuid": uuid(60)}}),
    "key of a device": _with("items/chart/con", {"uuid": uuid(60)}),
    "person without uuid": _with("people/ann@example.com", {}),
    "group as null": _with("groups/x", None),
    "external as number": _with("external/~x", 1),
    "project as text": _with("project", "x"),
}


@pytest.mark.parametrize("data", _DAMAGED.values(), ids=_DAMAGED)
def test_a_damaged_map_is_refused(data: bytes) -> None:
    """A map that is not what was written is refused, with its name and what to do."""
    with pytest.raises(SnapshotError, match=r"identity\.json cannot be read") as refused:
        Identity.from_bytes(data)
    assert "git" in refused.value.hint
    assert refused.value.exit_code == 10


@given(st.data())
def test_a_map_with_any_byte_changed_is_refused_or_is_another(data: st.DataObject) -> None:
    """No damage makes anything but an error or a map that says something else, which its hash tells."""
    whole = small_identity().to_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([whole[place] ^ (1 << data.draw(st.integers(0, 7)))]) + whole[place + 1 :]
    try:
        found = Identity.from_bytes(changed)
    except SnapshotError:
        return
    assert found.to_bytes() == changed != whole
