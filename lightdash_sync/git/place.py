"""Where a repository is: its work tree, its own directory, its objects."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lightdash_sync.errors import GitError, NoRepository, naming
from lightdash_sync.git.program import GitResult, Program, failure

_ELSEWHERE = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
)
"""Variables that point git at another repository or index; a hook runs with some of them."""


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A repository with a work tree.

    Args:
        root: top of the work tree.
        own: its git directory; each linked work tree has one (HEAD, index).
        common: the git directory that all its work trees share (refs, objects, config).
        object_format: `sha1` or `sha256`.
    """

    root: Path
    own: Path
    common: Path
    object_format: str

    @property
    def program(self) -> Program:
        """Git with this repository's config: to be asked about its refs, config and index only.

        The directories are given, so that what git checked (the owner) and what it uses stay the same.
        """
        return Program(self.root, {"GIT_DIR": str(self.own), "GIT_WORK_TREE": str(self.root)})

    def with_index(self, index: Path) -> Program:
        """Git with this repository's config, and another index than the user's."""
        return Program(self.root, {**self.program.environment, "GIT_INDEX_FILE": str(index)})

    def inside(self, folder: Path) -> str:
        """Return the path of a folder below the top, as git writes it.

        Raises:
            GitError: it is not below the top, or is the top or git's own.
        """
        real = _resolved(folder)
        if real == self.root:
            raise GitError(
                f"{folder} is the top of a git repository",
                "put the snapshot into a folder of its own below it, such as snapshots/production",
            )
        if not real.is_relative_to(self.root):
            raise GitError(f"{folder} is not in the repository {self.root}")
        path = real.relative_to(self.root)
        if any(part.casefold() == ".git" for part in path.parts) or real.is_relative_to(self.common):
            raise GitError(f"{folder} belongs to git itself", "choose another folder")
        return path.as_posix()


def find(folder: Path) -> WorkTree:
    """Find the repository whose work tree holds a folder, which need not exist yet.

    Raises:
        GitError: there is none, it has no work tree, or somebody else owns it.
    """
    _refuse_elsewhere()
    real = _resolved(folder)
    start = next(parent for parent in (real, *real.parents) if parent.is_dir())
    wanted = ("--show-object-format", "--git-dir", "--git-common-dir", "--show-toplevel")
    answer = Program(start).run("rev-parse", "--path-format=absolute", *wanted)
    if answer.status:
        raise _not_found(folder, answer)
    lines = answer.lines()
    if len(lines) != len(wanted):
        raise GitError(f"the path of the repository around {real} has a line break in it")
    object_format, own, common, root = lines
    place = WorkTree(Path(root).resolve(), Path(own).resolve(), Path(common).resolve(), object_format)
    if not real.is_relative_to(place.root):  # core.worktree can name any directory
        raise GitError(
            f"the repository around {real} has its work tree elsewhere, in {place.root}",
            "see core.worktree in its config",
        )
    return place


def init(folder: Path) -> WorkTree:
    """Make a repository in a folder, without templates; one that is there stays as it is.

    Raises:
        GitError: git could not.
    """
    _refuse_elsewhere()
    real = _resolved(folder)
    try:
        real.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise GitError(f"{folder}: {problem.strerror}") from problem
    git = Program(real)
    named = git.run("config", "--get", "init.defaultBranch")
    branch = [] if named.status == 0 else ["--initial-branch=main"]
    git.ask("init", "--quiet", "--template=", *branch)
    return find(real)


def _resolved(folder: Path) -> Path:
    try:
        return folder.resolve()
    except (OSError, RuntimeError) as problem:  # a loop of symbolic links is a RuntimeError before 3.13
        raise GitError(f"{folder} cannot be resolved: it leads through links that lead nowhere") from problem


def _refuse_elsewhere() -> None:
    """Refuse an environment that GitPython cannot take away and that would lead git astray."""
    if found := [name for name in _ELSEWHERE if name in os.environ]:
        raise GitError(
            f"{' and '.join(found)} in the environment would lead git to another repository",
            f"run `unset {' '.join(found)}` first; inside a git hook, run it with `env -u`",
        )


def _not_found(folder: Path, answer: GitResult) -> GitError:
    if "dubious ownership" in answer.error:
        return GitError(
            f"the repository around {folder.absolute()} belongs to another user, and git does not trust it",
            "run as its owner, or `git config --global --add safe.directory PATH-OF-THE-REPOSITORY`",
        )
    if "must be run in a work tree" in answer.error:
        return GitError(
            f"{folder} is in a repository without a work tree (a bare one, or the inside of .git)",
            "clone it and work in the clone",
        )
    if "not a git repository" in answer.error:
        return NoRepository(
            f"{folder.absolute()} is not in a git repository",
            "make one with `lightdash-sync init`, or with `git init`",
        )
    return failure("rev-parse", answer)


# What lies beside a snapshot in a work tree and is not for git: locks, state, what is this machine's.
#
# It is kept out of `git status` by `info/exclude`, git's own place for what concerns one clone only,
# unless the user's rules ignore it already. And git is asked whether it tracks it all the same: then it
# came with a commit.

_WHY = "# What lightdash-sync leaves beside a snapshot: locks, state, runs."
_WHY_ATTRIBUTES = (
    "# Snapshots of lightdash-sync are checked byte by byte: git must not change their line ends."
)


def tracked(folder: Path) -> str:
    """Return the first path below a folder that the index of its repository has; "" if there is none.

    Raises:
        GitError: git cannot tell.
    """
    try:
        found = find(folder)
    except NoRepository:
        return ""
    listed = found.program.ask("ls-files", "-z", "--", found.inside(folder)).fields()
    return listed[0] if listed else ""


def exclude(folder: Path) -> None:
    """Keep what lies beside a snapshot (`.NAME.*`) out of `git status`, in this clone only.

    Nothing is done where there is no repository, where git cannot tell, or nothing can be written: that
    spoils no work.

    Args:
        folder: of the snapshot; it need not exist.
    """
    try:
        found = find(folder)
        parent, _, name = found.inside(folder).rpartition("/")
        if (
            found.program.run("check-ignore", "--quiet", "--", f"{parent}/.{name}.lock".lstrip("/")).status
            == 0
        ):
            return
        _add(found.common / "info" / "exclude", ignored_beside(found.inside(folder)))
    except (GitError, OSError, ValueError):
        return


def ignored_beside(path: str) -> str:
    """Return the pattern for what lies beside a snapshot, and for nothing of anybody else's.

    Args:
        path: of the snapshot, from where the pattern is written.
    """
    parent, _, name = path.rpartition("/")
    return "/" + _escaped(f"{parent}/.{name}.".lstrip("/")) + "*"


def kept_as_written(path: str) -> list[str]:
    """Return the attributes by which git leaves the line ends of a snapshot, and of what is remembered of it.

    Args:
        path: of the snapshot, from where the attributes are written.
    """
    return [f"{_quoted(f'/{_escaped(one)}/**')} -text" for one in (path, f"{path}.sync")]


def keep_line_ends(folder: Path) -> bool:
    """Let git leave the line ends of a snapshot in this clone; return whether it does so in every clone.

    Snapshots are checked byte by byte, and `core.autocrlf` changes text files at checkout. Nothing is done
    where there is no repository, or git cannot tell.

    Args:
        folder: of the snapshot; it need not exist.
    """
    try:
        found = find(folder)
        path = found.inside(folder)
        told = found.program.run("check-attr", "-z", "text", "--", f"{path}/snapshot.json").fields()
        if told[2:3] == ["unset"]:
            file = found.common / "info" / "attributes"
            return not (file.is_file() and kept_as_written(path)[0] in file.read_text("utf-8").splitlines())
        for line in kept_as_written(path):
            _add(found.common / "info" / "attributes", line, _WHY_ATTRIBUTES)
    except (GitError, OSError, ValueError):
        return True
    return False


def _add(file: Path, line: str, why: str = _WHY) -> None:
    """Add a line to a file, if it has no such line."""
    if file.is_symlink():
        return
    before = file.read_text("utf-8") if file.exists() else ""
    if line in before.splitlines():
        return
    file.parent.mkdir(exist_ok=True)
    lines = [line] if why in before.splitlines() else [why, line]
    with naming(file), file.open("a", encoding="utf-8", newline="\n") as out:
        out.write(("" if not before or before.endswith("\n") else "\n") + "\n".join(lines) + "\n")


def _escaped(path: str) -> str:
    """Return a path as a pattern of git that means nothing else."""
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", path)


def _quoted(pattern: str) -> str:
    """Return a pattern for attributes, where blanks end it unless it is quoted as a string of C."""
    if re.search(r'[\s"\\]|^#|^!', pattern):
        return '"' + pattern.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'
    return pattern
