"""`export --format lightdash-yaml`: writes a project or a snapshot as files of the official tool."""

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

# Label, content, manifest, number of requests, and the documents if the source is a tree of them.
_Read: TypeAlias = "tuple[str, Tree, Manifest, int, CodeTree | None]"
_DEFAULT = Path("lightdash")  # the default folder of the official tool


@dataclass(frozen=True)
class CodeExport:
    """Options of an export to files of the official tool.

    Attributes:
        path: the directory; None for the default of the official tool.
        kinds: the kinds to write; all if empty.
        spaces: the spaces to write; all if empty.
        nested: write a folder for each space.
        source: the source to read instead of the live project; None for the project.
        overwrite: also replace files that this tool did not write.
        personal_spaces: also write the content of personal spaces.
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
    """Write the files, and report content that they cannot represent.

    Raises:
        SnapshotError: the snapshot is damaged.
        SyncError: the project could not be read.
    """
    from lightdash_sync.ascode.documents import dialect_in, dialect_of
    from lightdash_sync.ascode.write import code_files, write_tree
    from lightdash_sync.disk import Disk
    from lightdash_sync.git import exclude
    from lightdash_sync.lightdash.versions import Server
    from lightdash_sync.report.exports import code_report
    from lightdash_sync.snapshot.write import require_swappable

    began = time.monotonic()
    target = wanted.path or _DEFAULT
    require_swappable(target)
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
            else:  # keep the form of the documents, and add nothing to them
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
    """Open a snapshot, a commit, or another tree of documents, without a server."""
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
    """Read the live project; a whole one reuses its snapshot, if there is one, but does not update it."""
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
