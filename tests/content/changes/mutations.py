"""Contents that differ: real ones with random edits, and chaos made of the names that content uses."""

from __future__ import annotations

import copy
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lightdash_sync.content.kinds import Kind
from tests.content.changes.samples import demo, sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.content.json import Json

_SCALARS = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        1.0,
        -0.0,
        0.0,
        "",
        "x",
        "orders_status",
        "a\nb",
        "é",
        "e\u0301",
        "\u2028",
        "y" * 99,
    ]
)


@cache
def _names() -> list[str]:
    """Every name of a field that content uses, and some that it does not."""
    found = {"unknown", "", "a.b", "uuid"}
    for _, content in (*demo(), *((kind, sample(kind)) for kind in Kind)):
        found |= {part for path, _ in walked(content) for part in path if isinstance(part, str)}
    return sorted(found)


def walked(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    """Each value inside a value with its path, itself included."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from walked(inner, (*path, name))


@cache
def chaos() -> st.SearchStrategy[Json]:
    """Any JSON made of the names that content uses."""
    names = st.sampled_from(_names())
    return st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=12,
    )


@st.composite
def edited(draw: st.DrawFn, content: Json) -> Json:
    """A content with one to four edits at random places, of the kinds that people and servers make."""
    result: Any = [copy.deepcopy(content)]
    for _ in range(draw(st.integers(1, 4))):
        places = [(path, value) for path, value in walked(result) if path]
        path, value = draw(st.sampled_from(places))
        parent = result
        for part in path[:-1]:
            parent = parent[part]
        _edit(draw, parent, path[-1], value)
        if not result:
            result = [None]
    return result[0]  # type: ignore[no-any-return]


def _edit(draw: st.DrawFn, parent: Any, at: Any, value: Json) -> None:
    match draw(st.sampled_from(["set", "delete", "add", "copy", "swap", "chaos"])):
        case "delete":
            del parent[at]
        case "add" if isinstance(value, dict):
            value[draw(st.sampled_from(_names()))] = draw(_SCALARS)
        case "copy" if isinstance(parent, list):
            parent.insert(draw(st.integers(0, len(parent))), copy.deepcopy(value))
        case "swap" if isinstance(parent, list):
            other = draw(st.integers(0, len(parent) - 1))
            parent[at], parent[other] = parent[other], parent[at]
        case "chaos":
            parent[at] = draw(chaos())
        case _:
            parent[at] = draw(_SCALARS)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Kind, Json, Json]:
    """A kind and two contents: one edited into the other, two different ones, or chaos."""
    real = [*demo(), *((kind, sample(kind)) for kind in Kind)]
    kind, old = draw(st.sampled_from(real))
    new: Json
    match draw(st.sampled_from(["edited", "edited", "edited", "other", "chaos", "all chaos"])):
        case "edited":
            new = draw(edited(old))
        case "other":
            new = draw(st.sampled_from([content for other, content in real if other is kind]))
        case "chaos":
            new = draw(chaos())
        case _:
            old, new = draw(chaos()), draw(chaos())
    return kind, old, new
