"""One side of a comparison, open for reading.

A snapshot on disk is read where it stands. A commit, and a project as it is now, are written to a
directory that goes away again. A project is read over the snapshot of its environment, if there is one:
it has the same keys then, and only what changed is asked for.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lightdash_sync.ascode.desired import desired_of
from lightdash_sync.ascode.folder import Role, role_of
from lightdash_sync.ascode.names import ADDED, DOCUMENTED
from lightdash_sync.ascode.read import code_tree, is_code_tree, read_tree
from lightdash_sync.client.capabilities import Server
from lightdash_sync.errors import ConfigError, GitError, naming
from lightdash_sync.export.comments import Comments
from lightdash_sync.export.live import read_now
from lightdash_sync.export.workers import Progress, Silent
from lightdash_sync.git import Repository
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.tree import Tree
from lightdash_sync.projects import choose_project
from lightdash_sync.sides.named import Named, SideKind
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.snapshot.manifest import (
    FORMAT,
    MERGES_OF_CHARTS,
    PALETTES_OF_CHARTS,
    PALETTES_OF_SPACES,
    Manifest,
    Selection,
    Source,
)
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import put_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.client.lightdash import Lightdash

_COMMIT = 10  # digits of a commit in a label
_FROM_HERE = ("./", "../")

# What a side may leave out of items that it holds, and whose.
_UNTOLD = {PALETTES_OF_CHARTS: "charts", PALETTES_OF_SPACES: "spaces", MERGES_OF_CHARTS: "charts"}


@dataclass(frozen=True)
class Environments:
    """What sides are looked for with.

    Attributes:
        base: the directory of the settings; git is looked for around it.
        folders: name of each environment -> where its snapshot is, or would be.
        connect: opens the server of an environment, and gives uuid or name of its project (or None).
        default: the environment that is meant if none is named; None if there is none.
        here: the directory that relative paths start from.
        progress: who is told how far a reading is.
        comments: of which dashboards that did not change the comments are read, where an environment is.
    """

    base: Path
    folders: Mapping[str, Path]
    connect: Callable[[str], AbstractContextManager[tuple[Lightdash, str | None]]] = field(repr=False)
    default: str | None = None
    here: Path = field(default_factory=Path)
    progress: Progress = field(default_factory=Silent, repr=False)
    comments: Comments = Comments.WEEKLY


@dataclass(frozen=True, eq=False)
class Side:
    """The content of one side.

    Attributes:
        label: what it is, for people: the directory, the commit, the environment.
        kind: what it is.
        tree: its content files; read while the side is open, and checked against their hashes.
        manifest: what the snapshot says of itself.
        root: where its files are while it is open.
        place: where it stands in the work tree, or would: the directory, the folder of the commit, that of
            the environment's snapshot. Absolute; other revisions of it are looked for there.
        commit: id of the commit; "" for another kind.
        requests: how many were sent to a server.
        code: the documents, if it is a tree of the official tool and no snapshot.
    """

    label: str
    kind: SideKind
    tree: Tree = field(repr=False)
    manifest: Manifest = field(repr=False)
    root: Path
    place: Path | None = None
    commit: str = ""
    requests: int = 0
    code: CodeTree | None = None

    def untold(self) -> tuple[str, ...]:
        """Return what it does not tell of items that it holds, in words for people."""
        return (
            tuple(
                f"{self.label} does not tell the {left.what} ({left.why}): {kept} of the target keep theirs"
                for left in self.manifest.leftOut
                if (kept := _UNTOLD.get(left.what))
            )
            + self.unseen()
        )

    def unseen(self) -> tuple[str, ...]:
        """Return which items it may lack because its reader was not shown them, in words for people."""
        return tuple(
            f"{self.label} may lack {left.words}: {left.why}"
            for left in self.manifest.leftOut
            if left.unseenKinds
        )

    def lacks(self) -> frozenset[str]:
        """Return the names of capabilities that it says nothing of: of its server, and of how it was read."""
        lacking = Server(self.manifest.source.lightdash).cannot
        return lacking | {"merged_charts"} if self.manifest.leaves_out(MERGES_OF_CHARTS) else lacking


@contextmanager
def opened(named: Named, environments: Environments, beside: Sequence[Named] = ()) -> Iterator[Side]:
    """Open what was named.

    Args:
        named: which side.
        environments: what it is looked for with.
        beside: the sides that it is going to be compared with. A commit may hold several snapshots: if
            nothing says which one, it is that of the other side.

    Raises:
        ConfigError: nothing says which snapshot of a commit is meant.
        SnapshotError: there is no snapshot, or it is damaged.
        GitError: there is no repository, or no such commit.
        Incomplete: the project could not be read.
        Refused: the snapshot of the environment is of another project, or its token sees less by now.
        ApiError: the server cannot be reached, or the token is not accepted.
    """
    match named.kind:
        case SideKind.DIRECTORY:
            yield _on_disk(named, environments.here / named.folder)
        case SideKind.GIT:
            with TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True) as name:
                yield _committed(named, environments, beside, Path(name) / "committed")
        case SideKind.ENVIRONMENT:
            with TemporaryDirectory(prefix="lightdash-sync-", ignore_cleanup_errors=True) as name:
                yield _now(named.environment, environments, Path(name) / "now")


@contextmanager
def earlier(side: Side, revision: str, environments: Environments) -> Iterator[Side]:
    """Open a side as it was at a revision: what git has of the place where it stands, and no other folder.

    Args:
        side: that is open.
        revision: of the repository around its place.
        environments: what it was looked for with.

    Raises:
        GitError: there is no repository, no such revision, or no such snapshot in it.
    """
    if side.place is None:
        raise ConfigError(f"nothing is known of {side.label} in git")
    folder = side.place.as_posix()
    named = Named(SideKind.GIT, f"git:{revision}:{folder}", revision=revision, folder=folder)
    with opened(named, replace(environments, base=side.place), ()) as found:
        yield found


def _side(label: str, kind: SideKind, root: Path, place: Path, commit: str = "", requests: int = 0) -> Side:
    snapshot = Snapshot(root)
    return Side(label, kind, snapshot.tree(), snapshot.manifest, root, place.absolute(), commit, requests)


def _on_disk(named: Named, root: Path) -> Side:
    """Read a directory: a snapshot, or a tree of documents."""
    put_back(root)
    if not (root / MANIFEST).exists() and root.is_dir() and is_code_tree(root):
        return _code(named.folder, named.kind, root, read_tree(root), root)
    return _side(named.folder, named.kind, root, root)


def _code(label: str, kind: SideKind, root: Path, code: CodeTree, place: Path, commit: str = "") -> Side:
    """Return a tree of documents as a side of its own, with keys made of slugs."""
    there = {kind for kind, _ in code.documents}
    kinds = [Kind.SPACE, *DOCUMENTED, *(kind for kind in ADDED if kind in there)]
    manifest = Manifest(
        format=FORMAT,
        source=Source(url="", lightdash="", project=root.name),
        selection=Selection(kinds=[kind.value for kind in kinds], history=False),
        counts={},
        leftOut=[],
        files={},
    )
    tree = desired_of(code, Tree.of({})).tree
    return Side(label, kind, tree, manifest, root, place.absolute(), commit, code=code)


def _now(name: str, environments: Environments, target: Path) -> Side:
    """Read a project as it is now."""
    folder = environments.folders[name]
    put_back(folder)
    environments.progress.noted(f"{name}, as it is now:")
    with environments.connect(name) as (lightdash, wanted):
        project = choose_project(lightdash, wanted, folder)
        over = Snapshot(folder) if folder.is_dir() and any(folder.iterdir()) else None
        read_now(
            lightdash, project, over, target,
            progress=environments.progress, comments=environments.comments,
        )  # fmt: skip
        requests = lightdash.session.requests
    return _side(f"{name} (live)", SideKind.ENVIRONMENT, target, folder, requests=requests)


def _committed(named: Named, environments: Environments, beside: Sequence[Named], target: Path) -> Side:
    """Write a committed snapshot out; of a folder only what a snapshot can have."""
    repository = Repository.around(environments.base)
    commit = repository.resolve(named.revision)
    label = f"git:{named.revision}"
    if named.folder:
        folder = _wanted(repository, named, environments)
        if code := _documents(repository, commit, named, folder):
            root = target.parent / folder.name
            return _code(f"{label}:{named.folder}", named.kind, root, code, folder, commit)
    folder = _folder(repository, commit, named, environments, beside)
    for path, data in repository.contents(commit, folder):
        place = parse_path(path)
        if path in (MANIFEST, IDENTITY) or (place is not None and not place.version):
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with naming(file):
                file.write_bytes(data)
    label += f":{repository.inside(folder)}"
    if not commit.startswith(named.revision):
        label += f" ({commit[:_COMMIT]})"
    return _side(label, SideKind.GIT, target, folder, commit)


def _folder(
    repository: Repository,
    commit: str,
    named: Named,
    environments: Environments,
    beside: Sequence[Named],
) -> Path:
    """Return the folder of the snapshot that is meant in a commit.

    Raises:
        ConfigError: nothing says which of several is meant.
        GitError: there is none.
    """
    there = [repository.root / one for one in repository.folders_with(commit, MANIFEST)]
    if named.folder:
        folder = _wanted(repository, named, environments)
        if folder not in there:
            raise GitError(
                f"there is no snapshot in {named.folder} of {named.revision}", _listed(repository, there)
            )
        return folder
    wanted = [
        *(_place(one, environments) for one in beside),
        environments.folders.get(environments.default or ""),
    ]
    for place in wanted:
        if place is not None and place.resolve() in there:
            return place.resolve()
    if len(there) == 1:
        return there[0]
    if there:
        raise ConfigError(
            f"there are several snapshots in {named.revision}",
            hint=f"Say which, as {named.said}:FOLDER. {_listed(repository, there)}",
        )
    raise GitError(
        f"there is no snapshot in {named.revision}", "name a commit that has one: `lightdash-sync log`"
    )


def _wanted(repository: Repository, named: Named, environments: Environments) -> Path:
    """Return the folder that was named, as an absolute path."""
    from_here = named.folder.startswith(_FROM_HERE) or Path(named.folder).is_absolute()
    return ((environments.here if from_here else repository.root) / named.folder).resolve()


def _documents(repository: Repository, commit: str, named: Named, folder: Path) -> CodeTree | None:
    """Return the documents in a folder of a commit; None if it holds a snapshot, or none."""
    snapshots = [repository.root / one for one in repository.folders_with(commit, MANIFEST)]
    if not folder.is_relative_to(repository.root) or folder in snapshots:
        return None
    files = dict(repository.contents(commit, folder))
    known = {path: data for path, data in files.items() if role_of(path) is not Role.OTHER}
    code = code_tree(named.said, known.items(), files)
    return code if code.documents else None


def _place(named: Named, environments: Environments) -> Path | None:
    """Return where the snapshot of a side stands on disk, or would."""
    if named.kind is SideKind.ENVIRONMENT:
        return environments.folders[named.environment]
    return environments.here / named.folder if named.kind is SideKind.DIRECTORY and named.folder else None


def _listed(repository: Repository, there: Sequence[Path]) -> str:
    if not there:
        return "It holds no snapshot at all."
    return f"There are: {', '.join(one.relative_to(repository.root).as_posix() for one in there)}."
