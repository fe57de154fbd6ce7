"""What a server can do follows from its version, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightdash_sync
from lightdash_sync.errors import SyncError
from lightdash_sync.lightdash.versions import CAPABILITIES, NEWEST, OLDEST, Server

VERSIONS = st.tuples(*[st.integers(0, 10_000)] * 3)


def _server(version: tuple[int, ...]) -> Server:
    return Server(".".join(str(number) for number in version))


@pytest.mark.parametrize("name", CAPABILITIES)
def test_a_capability_begins_with_its_release(name: str) -> None:
    """A server can what its release can, and the one before it cannot, and says so if anybody misses it."""
    major, minor, patch = CAPABILITIES[name].since
    server = _server((major, minor, patch))
    before = _server((major, minor, patch - 1) if patch else (major, minor - 1, 99))
    assert server.can(name)
    assert not before.can(name)
    assert (CAPABILITIES[name].missing in before.lacks()) == bool(CAPABILITIES[name].missing)
    assert CAPABILITIES[name].missing not in server.lacks()


def test_the_oldest_and_the_newest() -> None:
    """The oldest server that is supported lacks all that came later, the newest known one lacks nothing."""
    _server(OLDEST).require_supported()
    assert not _server(NEWEST).is_newer_than_known()
    assert len(_server(OLDEST).lacks()) == sum(bool(one.missing) for one in CAPABILITIES.values())
    assert _server(NEWEST).lacks() == []


@pytest.mark.parametrize("version", ["0.1372.1", "0.2904.5", "1.219.0"])
def test_versions_that_were_tried_are_known(version: str) -> None:
    """Nobody is warned of a server of which recordings are replayed."""
    assert not Server(version).is_newer_than_known()


@given(VERSIONS, VERSIONS)
def test_newer_servers_can_all_that_older_ones_can(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """Nothing is taken away by a newer version, however many digits its numbers have."""
    older, newer = sorted([one, other])
    assert set(_server(newer).lacks()) <= set(_server(older).lacks())


@given(VERSIONS)
def test_only_old_servers_are_refused(version: tuple[int, ...]) -> None:
    """A server is refused if and only if it is older than 0.1372.1; a newer one than known is noticed."""
    server = _server(version)
    assert server.is_newer_than_known() == (version > NEWEST)
    if version >= OLDEST:
        server.require_supported()
        return
    with pytest.raises(SyncError, match=f"Lightdash {server.version} is too old: 0.1372.1") as caught:
        server.require_supported()
    assert caught.value.hint


@pytest.mark.parametrize("version", ["", "dev", "main-3f2a1c", "0.1372", "v0.1.2", "-1.2.3"])
def test_a_version_that_is_no_number_is_a_new_one(version: str) -> None:
    """Somebody's own build is taken to be as able as the newest known version."""
    server = Server(version)
    server.require_supported()
    assert server.lacks() == []
    assert not server.is_newer_than_known()


@pytest.mark.parametrize("version", ["0.1372.1-beta", "0.1372.1+build.5", "0.1372.1.7"])
def test_what_follows_the_numbers_does_not_count(version: str) -> None:
    """A suffix does not make a version another one."""
    assert Server(version).lacks() == _server(OLDEST).lacks()


def test_each_row_is_read_by_the_tool_or_told_to_users() -> None:
    """What neither the code asks nor `doctor` tells belongs to the stand-in's own table."""
    root = Path(lightdash_sync.__file__).parent
    texts = [path.read_text("utf-8") for path in root.rglob("*.py") if path.name != "versions.py"]
    unread = {name for name in CAPABILITIES if not any(f'"{name}"' in text for text in texts)}
    by_the_table = {"chart_slug_aliases"}
    assert {name for name in unread if not CAPABILITIES[name].missing} == by_the_table
