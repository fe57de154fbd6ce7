"""Turns what a user names into a side of a comparison whose content can be read.

A side is a snapshot on disk, a snapshot in a git commit, a live project, or a tree of `lightdash download`.
A snapshot on disk is read in place. A commit and a live project are written to a temporary directory, which
is removed when the side is closed. A live project is read on top of the snapshot of its environment, if there
is one: it gets the same keys, and only what changed is requested.

In order: parsing the argument, finding the project, opening a side, and comparing with a tree of documents.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lightdash_sync.ascode.desired import desired_of
from lightdash_sync.ascode.names import ADDED, DOCUMENTED
from lightdash_sync.ascode.read import code_tree, is_code_tree, read_tree
from lightdash_sync.ascode.tree import Role, role_of
from lightdash_sync.content.contents import planned_items
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import Tree
from lightdash_sync.errors import ConfigError, GitError, naming
from lightdash_sync.export.last_run import Comments
from lightdash_sync.export.previous import remembered_project
from lightdash_sync.export.run import read_now
from lightdash_sync.git import Repository
from lightdash_sync.lightdash.versions import Server
from lightdash_sync.snapshot.layout import IDENTITY, MANIFEST, parse_path
from lightdash_sync.snapshot.manifest import (
    FORMAT,
    MERGES_OF_CHARTS,
    PALETTES_OF_CHARTS,
    PALETTES_OF_SPACES,
    Manifest,
    SnapshotSelection,
    SnapshotSource,
)
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.snapshot.write import put_back
from lightdash_sync.workers import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from lightdash_sync.ascode.tree import CodeTree
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.schemas import ProjectRow


# Parsing an argument: `git:REV[:FOLDER]`, `env:NAME`, the name of an environment, or a directory.

_GIT, _ENV = "git:", "env:"
_HOW = "Name a directory, git:REV, git:REV:FOLDER, or an environment of lightdash-sync.toml."


class SideKind(StrEnum):
    """What a side is."""

    DIRECTORY = "directory"
    GIT = "git"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Named:
    """A parsed argument; nothing has been opened yet.

    Attributes:
        kind: the kind of side.
        said: the argument as typed.
        environment: name of the environment; "" for other kinds.
        revision: the git revision; "" for other kinds.
        folder: the directory, or for git the folder in the repository: relative to its top, or to the current
            directory if it begins with `./` or `../`; "" if none was given.
        note: a remark for the user about an ambiguous argument; "" if there is none.
    """

    kind: SideKind
    said: str
    environment: str = ""
    revision: str = ""
    folder: str = ""
    note: str = ""


def parse_side(said: str, environments: Collection[str], here: Path) -> Named:
    """Parse an argument that names a side.

    Args:
        said: the argument as typed.
        environments: names of the configured environments.
        here: the directory that relative paths start from.

    Raises:
        ConfigError: the argument is neither a git revision, an environment nor a directory.
    """
    if said.startswith(_GIT):
        revision, _, folder = said.removeprefix(_GIT).partition(":")
        if not revision:
            raise ConfigError(f"{said!r} names no revision", hint="Say it as git:HEAD~3 or git:main:FOLDER.")
        return Named(SideKind.GIT, said, revision=revision, folder=folder)
    if said.startswith(_ENV):
        return Named(SideKind.ENVIRONMENT, said, environment=_known(said.removeprefix(_ENV), environments))
    is_there = bool(said) and "\0" not in said and (here / said).is_dir()
    if said in environments:
        note = f"{said} is taken for the environment; ./{said} would be the directory" if is_there else ""
        return Named(SideKind.ENVIRONMENT, said, environment=said, note=note)
    if is_there or "/" in said or "\\" in said or said in (".", ".."):
        return Named(SideKind.DIRECTORY, said, folder=said)
    there = f" Environments: {', '.join(environments)}." if environments else ""
    raise ConfigError(f"{said!r} is neither an environment nor a directory", hint=_HOW + there)


def _known(name: str, environments: Collection[str]) -> str:
    if name not in environments:
        there = ", ".join(environments) or "none"
        raise ConfigError(
            f"there is no environment {name!r} in lightdash-sync.toml", hint=f"There are: {there}."
        )
    return name


# Finding a project by its uuid or name.

_LISTED = 20
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def choose_project(lightdash: Lightdash, wanted: str | None, target: Path) -> str:
    """Return the uuid of the project that is meant; the list of projects is requested only if it is needed.

    A name may move: a preview is deleted and made anew under it, or a project is renamed. So what the
    snapshot remembers of a name counts only as long as that project has the name.

    Args:
        lightdash: the server.
        wanted: uuid or name, or None for the only project.
        target: directory of the snapshot; the name of its project is resolved by a look at that project,
            whose answer the reading uses.

    Raises:
        ConfigError: there is no such project, or more than one.
    """
    remembered = remembered_project(target)
    if wanted is not None and _UUID.fullmatch(wanted):
        return wanted.lower()
    if remembered is not None and wanted == remembered[0] and lightdash.has_name(remembered[1], wanted):
        return remembered[1]
    return find_project(lightdash.projects(), wanted).projectUuid


def find_project(projects: Sequence[ProjectRow], wanted: str | None) -> ProjectRow:
    """Return the project with a uuid or an exact name, or the only project if `wanted` is None.

    Raises:
        ConfigError: there is none, or more than one; the hint lists the projects that the token can see.
    """
    if wanted is None:
        found = list(projects)
        problem = "no project is chosen" if projects else "the token sees no project"
    else:
        found = [project for project in projects if wanted.lower() == project.projectUuid.lower()]
        found = found or [project for project in projects if wanted == project.name]
        problem = f"there is no project {wanted!r} that this token sees"
        if len(found) > 1:
            problem = f"{len(found)} projects are called {wanted!r}"
    if len(found) == 1:
        return found[0]
    seen = "; ".join(f"{project.name} ({project.projectUuid})" for project in projects[:_LISTED])
    hint = (
        f"Choose one with --project, or as `project` in lightdash-sync.toml: {seen}."
        if seen
        else "Ask an admin for access, or use another token."
    )
    raise ConfigError(problem, hint=hint)


_COMMIT = 10  # digits of a commit in a label
_FROM_HERE = ("./", "../")

# What a snapshot may leave out of its items, and the kind of these items.
_UNTOLD = {PALETTES_OF_CHARTS: "charts", PALETTES_OF_SPACES: "spaces", MERGES_OF_CHARTS: "charts"}


@dataclass(frozen=True)
class Environments:
    """What is needed to open sides.

    Attributes:
        base: the directory of the settings; the git repository around it is used.
        folders: name of each environment -> directory of its snapshot, which need not exist.
        connect: opens the server of an environment, and gives the uuid or name of its project (or None).
        default: the default environment; None if there is none.
        here: the directory that relative paths start from.
        progress: receives the progress of reading.
        comments: for which unchanged dashboards of a live project comments are read.
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
        label: name of the side for people: the directory, the commit or the environment.
        kind: the kind of side.
        tree: its content files; readable while the side is open, and checked against their hashes.
        manifest: the manifest of the snapshot.
        root: where its files are while it is open.
        place: absolute path in the work tree that the side belongs to: the directory, the folder of the
            commit, or the directory of the environment's snapshot. Other revisions are looked for there.
        commit: id of the commit; "" for other kinds.
        requests: number of requests sent to a server.
        code: the documents, if it is a tree of `lightdash download` and not a snapshot.
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
        """Return sentences about properties that the side leaves out of its items, and `unseen()`."""
        return (
            tuple(
                f"{self.label} does not tell the {left.what} ({left.why}): {kept} of the target keep theirs"
                for left in self.manifest.leftOut
                if (kept := _UNTOLD.get(left.what))
            )
            + self.unseen()
        )

    def unseen(self) -> tuple[str, ...]:
        """Return sentences about items that the side may lack because its reader could not see them."""
        return tuple(
            f"{self.label} may lack {left.words}: {left.why}"
            for left in self.manifest.leftOut
            if left.unseenKinds
        )

    def lacks(self) -> frozenset[str]:
        """Return names of capabilities whose content the side lacks by its server or by how it was read."""
        lacking = Server(self.manifest.source.lightdash).cannot
        return lacking | {"merged_charts"} if self.manifest.leaves_out(MERGES_OF_CHARTS) else lacking


@contextmanager
def opened(named: Named, environments: Environments, beside: Sequence[Named] = ()) -> Iterator[Side]:
    """Open the side that an argument names.

    Args:
        named: the parsed argument.
        environments: what is needed to open it.
        beside: the sides that it will be compared with. If a commit has several snapshots and the argument
            names no folder, the one at the place of these sides is used.

    Raises:
        ConfigError: the commit has several snapshots, and it is not clear which one is meant.
        SnapshotError: there is no snapshot, or it is damaged.
        GitError: there is no repository, or no such commit.
        Incomplete: the project could not be read.
        Refused: the environment's snapshot is of another project, or the token sees less than it did before.
        ApiError: the server cannot be reached, or does not accept the token.
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
    """Open a side as it was at a revision: what the commit has at the side's own place, and nowhere else.

    Args:
        side: an open side.
        revision: a revision of the repository around its place.
        environments: what the side was opened with.

    Raises:
        ConfigError: the side has no place.
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
    """Return a tree of documents as a side, with keys made from slugs."""
    there = {kind for kind, _ in code.documents}
    kinds = [Kind.SPACE, *DOCUMENTED, *(kind for kind in ADDED if kind in there)]
    manifest = Manifest(
        format=FORMAT,
        source=SnapshotSource(url="", lightdash="", project=root.name),
        selection=SnapshotSelection(kinds=[kind.value for kind in kinds], history=False),
        counts={},
        leftOut=[],
        files={},
    )
    tree = desired_of(code, Tree.of({})).tree
    return Side(label, kind, tree, manifest, root, place.absolute(), commit, code=code)


def _now(name: str, environments: Environments, target: Path) -> Side:
    """Read a live project into `target`."""
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
    """Write a committed snapshot to `target`, leaving out files that cannot belong to a snapshot."""
    repository = Repository.around(environments.base)
    commit = repository.resolve_at(named.revision, _place_in_git(repository, named, environments, beside))
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


def _place_in_git(
    repository: Repository, named: Named, environments: Environments, beside: Sequence[Named]
) -> Path | None:
    """Return the folder whose commits count for a time; None for all."""
    if named.folder:
        folder = _wanted(repository, named, environments)
        return folder if folder.is_relative_to(repository.root) and folder != repository.root else None
    places = [
        *(_place(one, environments) for one in beside),
        environments.folders.get(environments.default or ""),
    ]
    found = (place.resolve() for place in places if place is not None)
    return next((place for place in found if place.is_relative_to(repository.root)), None)


def _folder(
    repository: Repository,
    commit: str,
    named: Named,
    environments: Environments,
    beside: Sequence[Named],
) -> Path:
    """Return the folder of the snapshot that is meant in a commit.

    Raises:
        ConfigError: there are several, and it is not clear which is meant.
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
    """Return the folder of the argument as an absolute path."""
    from_here = named.folder.startswith(_FROM_HERE) or Path(named.folder).is_absolute()
    return ((environments.here if from_here else repository.root) / named.folder).resolve()


def _documents(repository: Repository, commit: str, named: Named, folder: Path) -> CodeTree | None:
    """Return the documents in a folder of a commit; None if there are none, or if it is a snapshot."""
    snapshots = [repository.root / one for one in repository.folders_with(commit, MANIFEST)]
    if not folder.is_relative_to(repository.root) or folder in snapshots:
        return None
    files = dict(repository.contents(commit, folder))
    known = {path: data for path, data in files.items() if role_of(path) is not Role.OTHER}
    code = code_tree(named.said, known.items(), files)
    return code if code.documents else None


def _place(named: Named, environments: Environments) -> Path | None:
    """Return where the snapshot of a side belongs on disk, whether or not it exists; None if unknown."""
    if named.kind is SideKind.ENVIRONMENT:
        return environments.folders[named.environment]
    return environments.here / named.folder if named.kind is SideKind.DIRECTORY and named.folder else None


def _listed(repository: Repository, there: Sequence[Path]) -> str:
    if not there:
        return "It holds no snapshot at all."
    return f"There are: {', '.join(one.relative_to(repository.root).as_posix() for one in there)}."


# Trees of `lightdash download` as a side.
#
# On its own, such a tree has keys made from slugs, and lacks what documents cannot express. Compared with
# another side it takes over the keys of the other side, and whatever no document describes, so that neither
# shows up as a difference.


def beside_each_other(before: Side, after: Side) -> tuple[Side, Side, tuple[str, ...]]:
    """Bring two sides, at least one of them a tree of documents, to common keys.

    Returns:
        The two sides, and notes about the comparison for the user.

    Raises:
        SnapshotError: a document cannot be understood.
    """
    if after.code is None:
        second, first, told = beside_each_other(after, before)
        return first, second, told
    said = desired_of(after.code, before.tree, kept=_untold(before.tree))
    notes = [*after.code.notes]
    if before.code is None:
        notes += said.notes
    else:  # neither tree has all spaces, virtual views and deliveries
        notes += before.code.notes
        before = replace(before, tree=desired_of(before.code, said.tree, kept=_untold(said.tree)).tree)
        said = desired_of(after.code, before.tree, kept=_untold(before.tree))
    note = (
        f"{after.label} is a tree of `lightdash download`: it is compared by slugs, and only in what such a"
        " tree holds"
    )
    return before, replace(after, tree=said.tree), (note, *notes)


def _untold(tree: Tree) -> list[ItemKey]:
    """Return the items that a tree of documents may leave out without deleting them."""
    return [item for item in planned_items(tree) if item[0] in (Kind.SPACE, *ADDED)]
