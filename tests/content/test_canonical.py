"""One byte form for every JSON value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import MAX_DEPTH, Json, begins, canonical, digest, objects, parse, sha256

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
_VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


def _typed(value: Json) -> object:
    """A value with the type of every part, since 1 == 1.0 == True in Python."""
    if isinstance(value, dict):
        return sorted((name, _typed(item)) for name, item in value.items())
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return type(value).__name__, repr(value)


@given(_VALUES)
def test_a_value_comes_back_with_its_types(value: Json) -> None:
    """Whatever JSON can say comes back the same, types included: all of Unicode, 64-bit integers, floats."""
    assert _typed(parse(canonical(value))) == _typed(value)


@given(_VALUES)
def test_canonical_bytes_are_a_fixed_point(value: Json) -> None:
    """What was read from canonical bytes is written as the same bytes."""
    data = canonical(value)
    assert canonical(parse(data)) == data


@given(st.data())
def test_the_order_of_names_does_not_matter(data: st.DataObject) -> None:
    """Objects with the same fields give the same bytes, in whatever order the fields came."""
    fields = data.draw(st.dictionaries(_TEXT, _VALUES, max_size=6))
    shuffled = data.draw(st.permutations(sorted(fields)))
    assert canonical({name: fields[name] for name in shuffled}) == canonical(fields)


@given(_VALUES)
def test_any_json_reader_understands_it(value: Json) -> None:
    """The bytes are plain JSON: Python's own reader sees the same value."""
    assert _typed(json.loads(canonical(value))) == _typed(value)


def test_the_form_is_made_for_git() -> None:
    """Names are sorted, the indent is two spaces, letters stay letters, and the last byte is a newline."""
    assert (
        canonical({"ü": [1, True], "a": {}}) == '{\n  "a": {},\n  "ü": [\n    1,\n    true\n  ]\n}\n'.encode()
    )


@pytest.mark.parametrize(
    ("one", "other"), [(True, 1), (1, 1.0), (None, False), ("1", 1), ("é", "e\u0301"), ([], {})]
)
def test_values_that_differ_have_other_bytes(one: Json, other: Json) -> None:
    """Values that Python or a reader may take for equal are told apart."""
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, 2**64, -(2**63) - 1], ids=ascii)
def test_what_json_cannot_hold_is_refused(value: Json) -> None:
    """A lone surrogate, or an integer beyond 64 bits, is an error and not another value."""
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        canonical(value)


def _nested(levels: int, *, lists: bool) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value] if lists else {"a": value}
    return value


@pytest.mark.parametrize("lists", [True, False])
def test_the_limit_of_depth_is_the_same_both_ways(lists: bool) -> None:
    """The deepest value that can be written can be read, and a deeper one neither written nor read."""
    deepest = _nested(MAX_DEPTH, lists=lists)
    assert parse(canonical(deepest)) == deepest
    deeper = _nested(MAX_DEPTH + 1, lists=lists)
    with pytest.raises(ValueError, match="cannot be written"):
        canonical(deeper)
    with pytest.raises(ValueError, match="nested deeper than 254 levels"):
        parse(json.dumps(deeper).encode())


@pytest.mark.parametrize("levels", [2_000, 100_000])
def test_hostile_depth_is_refused(levels: int) -> None:
    """A file that is nested so deeply that a reader might crash is refused."""
    with pytest.raises(ValueError):
        parse(b"[" * levels + b"]" * levels)
    with pytest.raises(ValueError, match="cannot be written"):
        canonical(_nested(levels, lists=True))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nil",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[NaN]",
        b'"\xff"',
        b"[1] [2]",
        b"{'a': 1}",
    ],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    """Only strict JSON in UTF-8 without a byte order mark is read."""
    with pytest.raises(ValueError):
        parse(data)


def test_hashes_are_sha256() -> None:
    """The hash of a file is what sha256sum says, and a short name is its beginning, for any text."""
    assert sha256(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest("") == "e3b0c44298fc"
    assert digest("", 4) == "e3b0"
    assert digest("\ud800") != digest("\ud801")


@pytest.mark.parametrize(
    ("value", "found"),
    [([{}, {"a": 1}], [{}, {"a": 1}]), ([], []), (None, []), ({"a": 1}, []), ([{}, 1], []), ("ab", [])],
)
def test_objects_are_all_or_nothing(value: Json, found: list[Json]) -> None:
    """A list that holds anything but objects is not taken for a list of objects."""
    assert objects(value) == found


@given(st.dictionaries(st.sampled_from(["palette", "palettes", "a"]), _VALUES), _VALUES)
def test_what_a_field_begins_with_is_seen_without_parsing(content: dict[str, Json], inner: Json) -> None:
    """Only the outermost field of the name counts, whatever texts and fields further in look like."""
    content["z"] = {"palette": inner, "text": '\n  "palette": "'}
    data = canonical(content)
    value = canonical(content["palette"])[:1] if "palette" in content else b""
    assert begins(data, "palette") == value
