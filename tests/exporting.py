"""Exports of an embedded Lightdash, as tests make them: real HTTP, no waiting between retries."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from lightdash_standin.server import Server
from lightdash_sync.export.run import ExportResult, Reading, export_project
from lightdash_sync.export.selection import ExportSelection
from lightdash_sync.lightdash.origin import Origin
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.retry import Pacer
from lightdash_sync.lightdash.session import Connection, Limits, Session
from lightdash_sync.snapshot.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.faults import Faults
    from lightdash_standin.state import World
    from lightdash_sync.disk import Disk
    from lightdash_sync.workers import Progress

# What snapshots of tests call the server: its port is another each time.
NAME = "https://lightdash.example.com"


class Impatient(Pacer):
    """Retries without waiting, and without the pause that a 429 asks of all."""

    def sleep(self, seconds: float) -> None:
        """Do not."""

    def pause_all(self, seconds: float) -> None:
        """Do not."""


def lightdash_at(url: str, token: str, *, concurrency: int = 4, deadline: float = 5.0) -> Lightdash:
    """A server as the tool sees it."""
    limits = Limits(connect=1.0, read=deadline, deadline=deadline)
    connection = Connection(Origin(url, name=NAME), token, concurrency=concurrency, limits=limits)
    return Lightdash(Session(connection, Impatient()))


def export_world(
    world: World,
    target: Path,
    *,
    chosen: ExportSelection | None = None,
    who: str = "admin",
    project: str = "production",
    concurrency: int = 4,
    faults: Faults | None = None,
    full: bool = False,
    accept_shrink: bool = False,
    keep_going: bool = False,
    disk: Disk | None = None,
    progress: Progress | None = None,
) -> ExportResult:
    """Serve a world and export one of its projects."""
    with Server(world, faults=faults) as server:
        lightdash = lightdash_at(server.url, world.tokens[who], concurrency=concurrency)
        with lightdash.session:
            return export_project(
                lightdash,
                world.projects[project],
                target,
                chosen or ExportSelection(),
                Reading(full=full, accept_shrink=accept_shrink, keep_going=keep_going),
                disk=disk,
                progress=progress,
            )


def tree(root: Path) -> dict[str, str]:
    """Return path -> hash of everything below a directory."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return the paths that differ between two trees."""
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def undated(root: Path) -> dict[str, str]:
    """Return the tree of a snapshot, whose manifest does not say how fresh it is."""
    manifest = Manifest.from_bytes((root / "snapshot.json").read_bytes())
    said = manifest.model_copy(update={"wholeOn": None, "older": []}).to_bytes()
    return tree(root) | {"snapshot.json": hashlib.sha256(said).hexdigest()}
