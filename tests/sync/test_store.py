"""What a run touched, and what is remembered, stands on the disk as a snapshot that `verify` finds whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import JsonObject
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.tree import file_of
from lightdash_sync.snapshot.manifest import SnapshotSource
from lightdash_sync.snapshot.verify import verify
from lightdash_sync.sync.state import store


@pytest.mark.parametrize("kind", [kind for kind in Kind if KINDS[kind].is_list])
def test_a_list_without_rows_has_no_file(tmp_path: Path, kind: Kind) -> None:
    """As in every snapshot: an empty one would be found damaged."""
    source = SnapshotSource(url="https://lightdash.example.com", lightdash="0.1372.1", project="Coffee")
    project: JsonObject = {"uuid": "2addc12a-84d4-42b1-ab69-b51f665bd89f", "name": "Coffee"}
    store(tmp_path / "kept", [(file_of(kind, ""), b"[]\n")], Identity(project=project), source)
    assert verify(tmp_path / "kept").damages == []
    assert not (tmp_path / "kept" / file_of(kind, "")).exists()
