"""What a run touched, and what is remembered, stands on the disk as a snapshot that `verify` finds whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_sync.model.canonical import JsonObject
from lightdash_sync.model.identity import Identity
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.rekey import file_of
from lightdash_sync.snapshot.manifest import Source
from lightdash_sync.sync.store import store
from lightdash_sync.verify import verify


@pytest.mark.parametrize("kind", [kind for kind in Kind if KINDS[kind].is_list])
def test_a_list_without_rows_has_no_file(tmp_path: Path, kind: Kind) -> None:
    """As in every snapshot: an empty one would be found damaged."""
    source = Source(url="https://lightdash.example.com", lightdash="0.1372.1", project="Coffee")
    project: JsonObject = {"uuid": "2addc12a-84d4-42b1-ab69-b51f665bd89f", "name": "Coffee"}
    store(tmp_path / "kept", [(file_of(kind, ""), b"[]\n")], Identity(project=project), source)
    assert verify(tmp_path / "kept").damages == []
    assert not (tmp_path / "kept" / file_of(kind, "")).exists()
