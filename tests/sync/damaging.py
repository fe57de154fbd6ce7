"""Documents as they may be found on a disk: of other types, with keys dropped or cut off, by the place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from lightdash_sync.content.json import Json, canonical, parse, sha256
from tests.content.changes.mutations import walked

Sign = Callable[[Any], Any]

_OTHERS: list[Json] = [
    None, True, 0, -1, 7.5, 2**70, "", "x", "chart", "2026-03-02T08:30:00Z", [], [None], ["x"], [["x"]], {},
    {"x": "y"}, {"uuid": 5}, {"uuid": "x"}, {"chart": {"a": {"uuid": "u"}}},
]  # fmt: skip
_FEW = 40  # keys or elements that one mapping or list is changed at; all look alike


def _places(document: Json) -> dict[int, list[tuple[str | int, ...]]]:
    """Return places of a document by depth: most of a large one is content, and lies deep."""
    found: dict[int, list[tuple[str | int, ...]]] = {}
    for path, _ in walked(document):
        if path and all(_is_early(one) for one in path):
            found.setdefault(len(path), []).append(path)
    return found


def _is_early(step: str | int) -> bool:
    return isinstance(step, str) or step < _FEW


@st.composite
def damaged(draw: st.DrawFn, good: bytes, sign: Sign | None = None) -> bytes:
    """Return a document with one to three things wrong with it, or a part of one.

    Args:
        draw: makes choices.
        good: the document.
        sign: gives a changed document the digest that fits; None for one that has none.
    """
    how = draw(st.sampled_from(["changed", "changed", "changed", "cut", "spliced"]))
    if how == "cut":
        return good[: draw(st.integers(0, len(good)))]
    if how == "spliced":
        at = draw(st.integers(0, len(good)))
        return good[:at] + draw(st.binary(max_size=6)) + good[at + draw(st.integers(0, 6)) :]
    document: Any = copy.deepcopy(parse(good))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(document)
        if not places:
            break
        *path, last = draw(st.sampled_from(places[draw(st.sampled_from(sorted(places)))]))
        inner: Any = document
        for step in path:
            inner = inner[step]
        action = draw(st.sampled_from(["replaced", "replaced", "dropped", "doubled"]))
        if action == "dropped":
            del inner[last]
        elif action == "doubled" and isinstance(inner, list):
            inner.append(copy.deepcopy(inner[-1]))
        elif action == "doubled":
            inner[draw(st.sampled_from(["x", "../x", "uuid", "chart", ""]))] = copy.deepcopy(inner[last])
        else:
            inner[last] = copy.deepcopy(draw(st.sampled_from(_OTHERS)))
    is_signed = sign is not None and draw(st.booleans())
    try:
        return canonical(sign(document) if sign and is_signed else document)
    except (ValueError, TypeError):  # a number that no JSON of ours has
        return repr(document).encode()


def signed_plan(document: Any) -> Any:
    """Give a plan the digest that fits."""
    rest = {name: value for name, value in document.items() if name != "digest"}
    return {**rest, "digest": sha256(canonical(rest))}


def signed_approval(document: Any) -> Any:
    """Give what was approved the digest that fits, and the plan in it too."""
    said = document.get("approval")
    if isinstance(said, dict) and isinstance(said.get("plan"), dict):
        said["plan"] = signed_plan(said["plan"])
    return {**document, "digest": sha256(canonical(said))}
