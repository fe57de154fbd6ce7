"""Where HEAD is, which branch to commit to, and the one step that makes commits visible."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError
from lightdash_sync.git.program import raw
from lightdash_sync.git.series import Person

if TYPE_CHECKING:
    from lightdash_sync.git.place import WorkTree

TOOL = Person("lightdash-sync", "lightdash-sync@localhost")
"""Committer of backups, and author of what Lightdash does not tell an author of."""

_HEADS = "refs/heads/"
_REASON = "lightdash-sync: commit"  # in the reflog, by which our own commits are known later
_BEGUN = "lightdash-sync: begin"  # of a branch with the commits of others


@dataclass(frozen=True, slots=True)
class Head:
    """What is checked out.

    Args:
        branch: its name; None if HEAD is detached.
        commit: its id; None if the branch has no commit yet.
    """

    branch: str | None
    commit: str | None


@dataclass(frozen=True, slots=True)
class TargetBranch:
    """A branch to commit to.

    Args:
        branch: its name.
        tip: the commit it names; None if it does not exist, or is empty.
        start: the commit to build on; for a branch that does not exist, what it names at the remote,
            else HEAD.
        checked_out: whether the index and work tree here belong to it.
    """

    branch: str
    tip: str | None
    start: str | None
    checked_out: bool

    @property
    def ref(self) -> str:
        """Full name of the branch."""
        return _HEADS + self.branch

    @property
    def is_to_begin(self) -> bool:
        """Whether the branch does not exist yet, and there is a commit that it can begin with."""
        return self.tip is None and self.start is not None


def head(place: WorkTree) -> Head:
    """Return what is checked out."""
    answer = place.program.run("symbolic-ref", "--quiet", "HEAD")
    name = answer.lines()[0] if answer.status == 0 else ""
    branch = name.removeprefix(_HEADS) if name.startswith(_HEADS) else None
    return Head(branch, resolve(place, "HEAD"))


def resolve(place: WorkTree, revision: str) -> str | None:
    """Return the id of the commit that a revision names, or None."""
    if revision.startswith("-") or "\0" in revision:
        return None
    answer = place.program.run("rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}")
    return answer.lines()[0] if answer.status == 0 else None


def holds(place: WorkTree, commit: str, earlier: str) -> bool:
    """Whether a commit is another one, or comes after it."""
    return place.program.run("merge-base", "--is-ancestor", earlier, commit).status == 0


def holding(place: WorkTree, commit: str) -> list[str]:
    """Return the tips of all branches, here and of remotes, that hold a commit."""
    asked = ["for-each-ref", f"--contains={commit}", "--format=%(objectname)", _HEADS, "refs/remotes/"]
    return place.program.ask(*asked).lines()


def target(place: WorkTree, branch: str | None) -> TargetBranch:
    """Return the branch of this name, or the one that is checked out.

    Raises:
        GitError: HEAD is detached, the name is none, or another work tree has the branch.
    """
    here = head(place)
    if branch is None:
        if here.branch is None:
            raise GitError(
                "no branch is checked out here (detached HEAD), so commits would be lost",
                "check out a branch, or name one with --branch",
            )
        branch = here.branch
    if branch == here.branch:
        return TargetBranch(branch, here.commit, here.commit, checked_out=True)
    if (
        branch.startswith("-")
        or "\0" in branch
        or place.program.run("check-ref-format", _HEADS + branch).status
    ):
        raise GitError(f"{branch!r} is not a name for a branch")
    listed = place.program.ask(
        "for-each-ref", "--format=%(refname)%00%(objectname)%00%(worktreepath)%00", _HEADS + branch
    ).out
    fields = listed.split(b"\0")
    if fields[0] != raw(_HEADS + branch):
        return TargetBranch(branch, None, _remote_tip(place, branch) or here.commit, checked_out=False)
    if fields[2]:
        raise GitError(
            f"branch {branch} is checked out in another work tree, {fields[2].decode(errors='replace')}",
            "run there, or choose another branch",
        )
    tip = fields[1].decode()
    return TargetBranch(branch, tip, tip, checked_out=False)


def _remote_tip(place: WorkTree, branch: str) -> str | None:
    """Return what a branch names at the one remote that has it, as far as it was fetched."""
    pattern = f"refs/remotes/*/{branch}"
    found = place.program.ask("for-each-ref", "--format=%(objectname)", pattern).lines()
    return found[0] if len(found) == 1 else None


def move(place: WorkTree, target: TargetBranch, commit: str) -> None:
    """Let a branch name a commit, if nobody moved it since the target was read.

    Raises:
        GitError: somebody did, or a lock is held; the branch is as it was.
    """
    _set(place, target, commit, _REASON)


def begin(place: WorkTree, target: TargetBranch) -> None:
    """Make a branch that does not exist yet, where commits to it would begin; see `move`."""
    if target.start is not None:
        _set(place, target, target.start, _BEGUN)


def _set(place: WorkTree, target: TargetBranch, commit: str, reason: str) -> None:
    before = target.tip or "0" * len(commit)
    answer = place.program.run("update-ref", "--create-reflog", "-m", reason, target.ref, commit, before)
    if answer.status == 0:
        return
    if re.search(r"but expected|reference already exists|unable to resolve reference", answer.error):
        raise GitError(
            f"branch {target.branch} was changed by somebody else in the meantime; nothing was committed",
            "run again",
        )
    if lock := re.search(r"'([^']+\.lock)': File exists", answer.error):
        raise GitError(
            f"branch {target.branch} is locked by another git process; nothing was committed",
            f"wait for it; if none is running, remove {lock[1]}",
        )
    raise GitError(f"branch {target.branch} cannot be changed: {answer.error.strip()}")


def steps(place: WorkTree, target: TargetBranch) -> list[tuple[str | None, str]]:
    """Return from where to where `move` has moved a branch, as far as its reflog goes, newest first."""
    answer = place.program.run("reflog", "show", "--format=%H%x00%gs", target.ref, "--")
    entries = [line.split("\0", 1) for line in answer.lines()] if answer.status == 0 else []
    before = [name for name, _ in entries[1:]] + [None]
    return [(old, new) for old, (new, reason) in zip(before, entries, strict=True) if reason == _REASON]


def committer(place: WorkTree) -> bytes:
    """Return name, address and time for new commits: the tool's, unless `GIT_COMMITTER_…` say otherwise.

    Not the identity in the config: whoever's machine runs a backup did not change what it commits.
    """
    named = ("-c", f"committer.name={TOOL.name}", "-c", f"committer.email={TOOL.email}")
    answer = place.program.run(*named, "var", "GIT_COMMITTER_IDENT")
    if answer.status == 0:
        return answer.out.rstrip(b"\n")
    return raw(f"{TOOL.name} <{TOOL.email}> {int(time.time())} +0000")
