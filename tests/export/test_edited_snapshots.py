"""What an export does over a snapshot that somebody has edited, and whose hashes fit nevertheless."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from lightdash_sync.content.json import canonical, parse, sha256
from lightdash_sync.errors import SnapshotError
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST
from lightdash_sync.snapshot.verify import verify
from tests.exporting import export_world, tree
from tests.worlds import demo_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHART = "weekly-revenue"


def _rewrite(root: Path, path: str, data: bytes) -> None:
    """Replace a file, and vouch for it in the manifest."""
    (root / path).write_bytes(data)
    manifest: Any = parse((root / MANIFEST).read_bytes())
    manifest["files"][path] = sha256(data)
    (root / MANIFEST).write_bytes(canonical(manifest))


def _edit(root: Path, path: str, change: Callable[[Any], object]) -> None:
    content: Any = parse((root / path).read_bytes())
    change(content)
    _rewrite(root, path, canonical(content))


def _versions(identity: Any) -> Any:
    return identity["items"]["chart"][CHART]["versions"]


def _some(versions: Any) -> Any:
    return versions[min(versions)]


EDITS: dict[str, Callable[[Path], object]] = {
    "a pin of nothing": lambda root: _edit(root, "pins.json", lambda rows: rows[0].pop("kind")),
    "a pin of an unknown kind": lambda root: _edit(root, "pins.json", lambda rows: rows[0].update(kind="x")),
    "a pin of no order": lambda root: _edit(root, "pins.json", lambda rows: rows[0].update(order=[1])),
    "pins that are no JSON": lambda root: _rewrite(root, "pins.json", b"["),
    "a tag that is no JSON": lambda root: _rewrite(root, "tags/core.json", b"["),
    "an author whom nobody knows": lambda root: _edit(root, IDENTITY, lambda known: known["people"].clear()),
    "a version without a uuid": lambda root: _edit(
        root, IDENTITY, lambda known: _some(_versions(known)).pop("uuid")
    ),
    "a version that is none": lambda root: _edit(
        root, IDENTITY, lambda known: _versions(known).update({min(_versions(known)): "x"})
    ),
    "versions that are none": lambda root: _edit(
        root, IDENTITY, lambda known: known["items"]["chart"][CHART].update(versions=["x"])
    ),
    "a version that is not there": lambda root: _edit(
        root, IDENTITY, lambda known: _versions(known).update({"1-00000000": _some(_versions(known))})
    ),
    "a version with a path": lambda root: _edit(
        root, IDENTITY, lambda known: _versions(known).update({"../../x": _some(_versions(known))})
    ),
}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_snapshot_is_refused_or_mended(
    tmp_path: Path, edit: Callable[[Path], object], full: bool
) -> None:
    """Either the export says that the snapshot is damaged, and leaves it, or what it writes is whole."""
    root, world = tmp_path / "p", demo_world()
    export_world(world, root)
    edit(root)
    edited = tree(root)
    with suppress(SnapshotError):
        export_world(world, root, full=full)
    assert tree(root) == edited or not verify(root).damages
