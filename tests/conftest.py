"""What all tests share: an environment without the developer's settings, and profiles for hypothesis."""

from __future__ import annotations

import gc
import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from lightdash_sync.demo.state import VERSION
from tests.reached import reached_by
from tests.worlds import SERVED

WORLDS = Path(__file__).with_name("worlds.py").resolve()

settings.register_profile(
    "quick", max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "slow", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out, for another version than the usual, the files that no version makes a difference to."""
    if SERVED == VERSION or not collection_path.name.startswith("test_"):
        return None
    return None if WORLDS in reached_by(collection_path) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, or one worker goes on with it when all others have ended."""
    items.sort(key=lambda item: item.get_closest_marker("early") is None)


def pytest_collection_finish() -> None:
    """Look through tens of thousands of tests for garbage no more, and less often through the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting or proxy of the machine reaches a test."""
    for name in list(os.environ):
        ours = name.startswith("LIGHTDASH_") and name != "LIGHTDASH_SYNC_RECORDINGS"
        if ours or name.lower() in _PROXIES:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def own_log() -> None:
    """Each test begins with a fresh log: a command that ran inside this process has set up its own."""
    log = logging.getLogger("lightdash_sync")
    log.handlers.clear()
    log.setLevel(logging.NOTSET)
    log.propagate = True
