"""A site to run the recipes on."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lightdash_standin.server import Server
from tests.cli.nights import bare_machine
from tests.cli.running import ROOT
from tests.recipes.site import Site
from tests.worlds import demo_world


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site with nothing on it yet."""
    bare_machine(monkeypatch, tmp_path)
    tool = tmp_path / "bin/lightdash-sync"
    tool.parent.mkdir()
    python = f"PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)}"
    tool.write_text(f'#!/bin/sh\n{python} -m lightdash_sync "$@"\n')
    tool.chmod(0o755)
    with Server(demo_world()) as server:
        yield Site(server, tmp_path)
