"""`export --format lightdash-yaml`: a project, or a snapshot of one, as the official tool's files."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from lightdash_sync.cli.options import connected
from lightdash_sync.cli.output import show_report, warn
from lightdash_sync.errors import ConfigError, SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.settings import Settings
    from lightdash_sync.snapshot.manifest import Manifest

# Label, content, manifest, number of requests, and the documents if it is a tree of such.
_Read: TypeAlias = "tuple[str, Tree, Manifest, int, CodeTree | None]"
_DEFAULT = Path("lightdash")  # where the official tool writes, and reads


@dataclass(frozen=True)
class CodeExport:
    """What somebody wants to have as the official tool's files.

    Attributes:
        path: the directory; None for the one that tool writes.
        kinds: which kinds; all if empty.
        spaces: which spaces; all if empty.
        nested: a folder for each space.
        source: a side to take instead of the project as it is now; None for the project.
        overwrite: replace also what this tool did not write.
        personal_spaces: write what is in personal spaces, too.
        config: the settings file, or None.
    """

    path: Path | None
    kinds: tuple[Kind, ...]
    spaces: tuple[str, ...]
    nested: bool
    source: str | None
    overwrite: bool
    personal_spaces: bool
    config: Path | None


def export_code(settings: Callable[[], Settings], wanted: CodeExport, *, as_json: bool) -> int:
    """Write the files, and say what they cannot hold.

    Raises:
        SnapshotError: the snapshot is damaged.
        SyncError: whatever reading a project can raise.
    """
    from lightdash_sync.ascode.documents import dialect_in, dialect_of
    from lightdash_sync.ascode.write import code_files, write_tree
    from lightdash_sync.disk import Disk
    from lightdash_sync.git import exclude
    from lightdash_sync.lightdash.versions import Server
    from lightdash_sync.report.exports import code_report

    began = time.monotonic()
    target = wanted.path or _DEFAULT
    opened = _taken(wanted) if wanted.source is not None else _read(settings, wanted)
    with opened as (label, tree, manifest, requests, documents):
        try:
            versions = sum(number for what, number in manifest.counts.items() if what.endswith("_version"))
            nested = manifest.source.project if wanted.nested else None
            if documents is None:
                dialect = dialect_of(Server(manifest.source.lightdash).can)
                code = code_files(
                    tree, nested, versions, dialect=dialect, personal_spaces=wanted.personal_spaces
                )
            else:  # in the form that it has, and no more than it says
                dialect = dialect_in(documents)
                code = code_files(
                    tree,
                    nested,
                    dialect=dialect,
                    access_of=documents.access,
                    personal_spaces=wanted.personal_spaces,
                )
        except ValueError as error:
            raise SnapshotError(
                f"{label} cannot be said in the official tool's files: {error}",
                hint="`lightdash-sync verify` names what is damaged.",
            ) from error
        exclude(target)
        written = write_tree(target, code, Disk(), overwrite=wanted.overwrite)
    if code.not_held:
        warn([f"{target} cannot hold: {'; '.join(one.what for one in code.not_held)}"])
    took = round(time.monotonic() - began, 3)
    report = code_report(target, label, code, written, requests, took)
    show_report(report, "json" if as_json else "text")
    return 0


@contextmanager
def _taken(wanted: CodeExport) -> Iterator[_Read]:
    """Open a snapshot, a commit, or another tree of documents; none of them needs a server."""
    from lightdash_sync.settings import known_environments
    from lightdash_sync.sources import Environments, SideKind, opened, parse_side

    folders, default = known_environments(Path(), wanted.config)
    named = parse_side(wanted.source or "", folders, Path())
    if named.kind is SideKind.ENVIRONMENT:
        raise ConfigError(
            f"{named.said} is an environment",
            hint=f"`--env {named.environment}` instead of --from reads it as it is now.",
        )

    base = wanted.config.parent if wanted.config else Path()
    known = Environments(base, folders, _no_server, default)
    with opened(named, known) as side:
        yield side.label, side.tree, side.manifest, 0, side.code


def _no_server(name: str) -> AbstractContextManager[tuple[Lightdash, str | None]]:
    raise ConfigError(f"{name} is not asked: what is taken with --from needs no server")


@contextmanager
def _read(settings: Callable[[], Settings], wanted: CodeExport) -> Iterator[_Read]:
    """Read the project as it is now, over its snapshot if there is one; that is left as it is."""
    from lightdash_sync.export.run import Reading, export_project, read_now
    from lightdash_sync.export.selection import Depth, ExportSelection
    from lightdash_sync.report.terminal import Bars
    from lightdash_sync.snapshot.read import Snapshot
    from lightdash_sync.snapshot.write import put_back
    from lightdash_sync.sources import choose_project

    loaded = settings()
    folder = loaded.path
    with ExitStack() as stack:
        root = Path(
            stack.enter_context(TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True))
        )
        lightdash = stack.enter_context(connected(loaded))
        bars = Bars()
        project = choose_project(lightdash, loaded.project, folder or root / "none")
        if wanted.kinds or wanted.spaces:
            chosen = ExportSelection(
                frozenset(wanted.kinds) or None, frozenset(wanted.spaces) or None, depth=Depth.CONTENT
            )
            export_project(lightdash, project, root / "now", chosen, Reading(), progress=bars)
        else:
            if folder is not None:
                put_back(folder)
            over = (
                Snapshot(folder) if folder is not None and folder.is_dir() and any(folder.iterdir()) else None
            )
            read_now(lightdash, project, over, root / "now", progress=bars)
        snapshot = Snapshot(root / "now")
        source, requests = snapshot.manifest.source.project, lightdash.session.requests
        yield source, snapshot.tree(), snapshot.manifest, requests, None
