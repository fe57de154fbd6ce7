"""What all tests share: an environment without the developer's settings, and profiles for hypothesis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile(
    "quick", max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "slow", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True)
def scrubbed_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting or proxy of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith("LIGHTDASH_") and name != "LIGHTDASH_SYNC_RECORDINGS":
            monkeypatch.delenv(name)
        elif name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name)
    yield
