"""What all tests share: an environment without the developer's settings, and profiles for hypothesis."""

from __future__ import annotations

import gc
import logging
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from lightdash_standin.state import VERSION
from tests.reached import reached_by
from tests.share import share_of
from tests.worlds import SERVED

WORLDS = Path(__file__).with_name("worlds.py").resolve()

for name, examples in (("quick", 80), ("slow", 2000)):
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        phases=[phase for phase in Phase if phase is not Phase.explain],  # takes minutes where a server runs
        derandomize=False,  # on CI, too: each run tries something new, and tells its seed
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out, for another version than the usual, the files that no version makes a difference to."""
    if SERVED == VERSION or not collection_path.name.startswith("test_"):
        return None
    return None if WORLDS in reached_by(collection_path) else True


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let somebody run a share of the slow tests; `--hypothesis-seed` says which."""
    parser.addoption("--share", type=int, default=1, help="of each slow test, one case in so many")


@pytest.fixture
def run_seed(request: pytest.FixtureRequest) -> str:
    """The seed that was given for the whole run; "" if none was, and then all is as it always is."""
    return str(request.config.getoption("--hypothesis-seed") or "")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how to try the same again what failed."""
    seed, share = config.getoption("--hypothesis-seed"), config.getoption("--share")
    if seed is not None and terminalreporter.stats.get("failed"):
        more = f" --share={share}" if share > 1 else ""
        terminalreporter.write_line(f"The same again: pytest --hypothesis-seed={seed}{more} ...", red=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the share that runs, and begin with what takes longest: else one worker ends last, alone."""
    slow = [item.nodeid for item in items if item.get_closest_marker("slow")]
    share = config.getoption("--share")
    chosen = share_of(slow, share, str(config.getoption("--hypothesis-seed")))
    if share > 1:
        chosen -= {item.nodeid for item in items if item.get_closest_marker("minutes")}
    left_out = [item for item in items if item.get_closest_marker("slow") and item.nodeid not in chosen]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
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
