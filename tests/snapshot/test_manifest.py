"""The manifest says what a snapshot holds, and one that was changed is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lightdash_sync.content.json import canonical, parse
from lightdash_sync.errors import SnapshotError
from lightdash_sync.snapshot.manifest import (
    FORMAT,
    Manifest,
    NotExported,
    Older,
    SnapshotSelection,
    SnapshotSource,
)

from .small import manifest_of

_SHA = "0" * 64
MANIFEST = manifest_of({"project.json": _SHA}, {"project": 1})
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
_NAMES = st.lists(_TEXT, max_size=3)

_MANIFESTS = st.builds(
    Manifest,
    format=st.just(FORMAT),
    source=st.builds(SnapshotSource, url=_TEXT, lightdash=_TEXT, project=_TEXT),
    selection=st.builds(
        SnapshotSelection, kinds=st.none() | _NAMES, spaces=st.none() | _NAMES, history=st.booleans()
    ),
    counts=st.dictionaries(_TEXT, st.integers(0, 2**40), max_size=3),
    leftOut=st.lists(st.builds(NotExported, what=_TEXT, why=_TEXT), max_size=2),
    files=st.dictionaries(_TEXT, st.text("0123456789abcdef", min_size=64, max_size=64), max_size=3),
)


@given(_MANIFESTS)
def test_a_manifest_comes_back_as_it_was_written(manifest: Manifest) -> None:
    """Whatever names and paths it holds, a manifest is read as it was written."""
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


def test_a_manifest_says_nothing_that_changes_by_itself_but_the_day_of_the_last_full_reading() -> None:
    """No other time and no version of this tool: the same content gives the same bytes, but for that day."""
    document: Any = parse(MANIFEST.to_bytes())
    freshness = {"wholeOn", "older"}
    assert set(document) - freshness == {
        "format", "source", "selection", "counts", "leftOut", "files", "conversion",
    }  # fmt: skip
    assert freshness <= set(document)
    older = [Older(what="x", asOf="2026-11-29")]
    later = MANIFEST.model_copy(update={"wholeOn": "2026-11-30", "older": older})
    assert later.says_the_same(MANIFEST)
    assert Manifest.from_bytes(later.to_bytes()) == later
    assert not later.says_the_same(MANIFEST.model_copy(update={"counts": {"chart": 77}}))


@pytest.mark.parametrize("day", ["today", "2026-1-1", "2026-11-30T00:00:00Z", "", 20261130])
def test_a_manifest_that_says_no_day_is_damaged(day: object) -> None:
    """What is no day is no day, and never read as one."""
    document: Any = parse(MANIFEST.to_bytes())
    for said in ({"wholeOn": day}, {"older": [{"what": "x", "asOf": day}]}):
        with pytest.raises(SnapshotError):
            Manifest.from_bytes(canonical(document | said))
    assert set(document["source"]) == {"url", "lightdash", "project"}


@pytest.mark.parametrize(
    ("selection", "partial"),
    [
        (SnapshotSelection(), False),
        (SnapshotSelection(history=False), False),
        (SnapshotSelection(kinds=["chart"]), True),
        (SnapshotSelection(spaces=[]), True),
    ],
)
def test_a_selection_knows_whether_items_are_missing(selection: SnapshotSelection, partial: bool) -> None:
    """A snapshot without some kinds or spaces is partial; one without earlier versions is not."""
    assert selection.is_partial is partial


def test_a_manifest_is_a_value() -> None:
    """What was read cannot be changed by accident."""
    with pytest.raises(ValidationError):
        MANIFEST.format = 2


def _with(**fields: Any) -> bytes:
    document: Any = parse(MANIFEST.to_bytes())
    return canonical({name: value for name, value in (document | fields).items() if value is not ...})


_DAMAGED = {
    "empty": b"",
    "cut": MANIFEST.to_bytes()[:-10],
    "not JSON": b"counts: 1\n",
    "a list": b"[]\n",
    "null": b"null\n",
    "byte order mark": b"\xef\xbb\xbf" + MANIFEST.to_bytes(),
    "UTF-16": MANIFEST.to_bytes().decode().encode("utf-16"),
    "not UTF-8": MANIFEST.to_bytes().replace(b"Production", b"Pro\xffction"),
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "one name twice": b'{\n  "files": {},' + MANIFEST.to_bytes()[1:],
    "another form": json.dumps(parse(MANIFEST.to_bytes())).encode(),
    "no newline": MANIFEST.to_bytes()[:-1],
    "Windows lines": MANIFEST.to_bytes().replace(b"\n", b"\r\n"),
    "format 0": _with(format=0),
    "format true": _with(format=True),
    "format as text": _with(format="1"),
    "no format": _with(format=...),
    "unknown field": _with(more=1),
    "no files": _with(files=...),
    "files as list": _with(files=[]),
    "short hash": _with(files={"project.json": "00"}),
    "upper-case hash": _with(files={"project.json": "A" * 64}),
    "hash and newline": _with(files={"project.json": _SHA + "\n"}),
    "hash as number": _with(files={"project.json": 0}),
    "count as text": _with(counts={"chart": "1"}),
    "count as float": _with(counts={"chart": 1.0}),
    "count as true": _with(counts={"chart": True}),
    "source without url": _with(source={"lightdash": "1", "project": "p"}),
    "left out as text": _with(leftOut=["x"]),
}


@pytest.mark.parametrize("data", _DAMAGED.values(), ids=_DAMAGED)
def test_a_damaged_manifest_is_refused(data: bytes) -> None:
    """A manifest that is not exactly what an export writes is refused, by name."""
    with pytest.raises(
        SnapshotError, match=r"^snapshot\.json (cannot be read|is not as it should be): "
    ) as refused:
        Manifest.from_bytes(data)
    assert refused.value.exit_code == 10


def test_a_format_of_the_future_is_refused() -> None:
    """A snapshot of a later version is not guessed at: the user is told to use that version."""
    with pytest.raises(SnapshotError, match="format 2, and this version knows formats up to 1") as refused:
        Manifest.from_bytes(_with(format=2, new=1))
    assert refused.value.hint == "Use a newer lightdash-sync."


def test_what_is_wrong_is_said_without_the_input() -> None:
    """The message names the field, and never repeats what stands there."""
    with pytest.raises(SnapshotError, match=r"files\.project\.json: ") as refused:
        Manifest.from_bytes(_with(files={"project.json": "secret"}))
    assert "secret" not in refused.value.message
