"""A snapshot has the paths that it makes, and no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.keys import key_from
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.snapshot.layout import ContentPath, item_path, parse_path, version_name, version_path

from .hostile_names import HOSTILE_NAMES, why_unsafe
from .small import VERSION_PATH, small_files

_KEYS = st.one_of(st.text(max_size=30), st.sampled_from(HOSTILE_NAMES)).map(key_from)
_TIMES = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.text(max_size=30)


@given(st.sampled_from(Kind), _KEYS)
def test_every_path_that_is_made_is_understood(kind: Kind, key: str) -> None:
    """The path of any item leads back to it, and every part of it is safe on every system."""
    path = item_path(kind, key)
    assert parse_path(path) == ContentPath(kind, key if KINDS[kind].folder else "")
    assert [why_unsafe(part) for part in path.split("/") if why_unsafe(part)] == []


@given(st.sampled_from([Kind.CHART, Kind.DASHBOARD]), _KEYS, _TIMES, st.text(max_size=40))
def test_every_path_of_a_version_is_understood(kind: Kind, key: str, created_at: str, uuid: str) -> None:
    """The path of an earlier version leads back to it, whatever the server says of its time."""
    name = version_name(created_at, uuid)
    path = version_path(kind, key, name)
    assert parse_path(path) == ContentPath(kind, key, name)
    assert [why_unsafe(part) for part in path.split("/") if why_unsafe(part.lower())] == []


@given(st.lists(st.integers(0, 4 * 10**12), min_size=2, max_size=2, unique=True).map(sorted))
def test_versions_sort_by_time(milliseconds: list[int]) -> None:
    """The names of versions sort as their times do, to the millisecond."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    moments = [(start + timedelta(milliseconds=n)).isoformat(timespec="milliseconds") for n in milliseconds]
    first, second = (version_name(moment.replace("+00:00", "Z"), "u") for moment in moments)
    assert first < second


def test_versions_of_one_moment_are_told_apart() -> None:
    """Two versions of the same moment have two names, and the same version always the same."""
    moment = "2026-01-02T03:04:05.678Z"
    assert version_name(moment, "a").startswith("20260102T030405678Z-")
    assert version_name(moment, "a") == version_name(moment, "a") != version_name(moment, "b")


_STRANGE = [
    "", "/", "x", "charts", "charts/", "charts/a", "charts/a.JSON", "charts/a.json/", "/charts/a.json",
    "charts//a.json", "charts/../a.json", "../charts/a.json", "charts/./a.json", "charts\\a.json",
    "C:/charts/a.json", "charts/A.json", "charts/a.json\n", "charts/.json", "charts/con.json",
    "charts/a.b.json", "Charts/a.json", "robots/a.json", "spaces/a.history/1-00000000.json",
    "charts/a.history/x.json", "charts/a.history/1-0000000.json", "charts/a.py",
    "charts/.history/1-00000000.json", "charts/../a.history/1-00000000.json",
    "charts/a.history/b/1-00000000.json", "charts/a/1-00000000.json", "snapshot.json", "identity.json",
    "pins.json/x.json", "x/pins.json", ".git/config", "charts/~a.json", "/etc/passwd", "a.json",
    "charts/a.history.json", "charts/a.json\x00", "charts/con.history/1-0.json",
]  # fmt: skip


@pytest.mark.parametrize("path", _STRANGE, ids=ascii)
def test_no_other_path_is_accepted(path: str) -> None:
    """A path that leaves the snapshot, or that no export makes, means nothing."""
    assert parse_path(path) is None


@given(st.text(alphabet="abc/.-~_history0.jsnTZ", max_size=40) | st.sampled_from(sorted(small_files())))
def test_a_path_that_is_accepted_could_have_been_made(path: str) -> None:
    """Whatever is accepted is exactly what an export would write there."""
    place = parse_path(path)
    if place is not None:
        item = place.kind, place.key
        assert path == (version_path(*item, place.version) if place.version else item_path(*item))


def test_the_paths_of_format_1() -> None:
    """The paths of the first format stay what they are, for ever."""
    assert item_path(Kind.CHART, "weekly-revenue") == "charts/weekly-revenue.json"
    assert item_path(Kind.PINS) == "pins.json"
    assert VERSION_PATH == "charts/weekly-revenue.history/20260102T030405000Z-2f379903.json"
