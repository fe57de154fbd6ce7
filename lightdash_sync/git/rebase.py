"""Putting our own commits on top of what a remote has: the same files of the same folders, new parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError
from lightdash_sync.git import branches
from lightdash_sync.git.series import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightdash_sync.git.branches import Target
    from lightdash_sync.git.objects import Objects
    from lightdash_sync.git.place import Place


def onto(
    place: Place,
    store: Objects,
    target: Target,
    fetched: str,
    own: Sequence[str],
    folders: Sequence[str],
    disarmed: Sequence[tuple[str, str]],
    name: str,
) -> list[str]:
    """Rebase the commits of this run onto a fetched commit; return their new ids, oldest first.

    If the branch is checked out, the index and the work tree follow it, as git's own two-way merge does:
    files that others changed are updated, files with changes of the user's are not, and stop it.

    Raises:
        GitError: other commits than ours would have to be rebased, others changed our folders, or files
            that would have to be updated have changes. The branch is as it was.
    """
    tip = str(target.tip)
    advice = f"run `git pull --rebase {name} {target.branch}`, then run again"
    ours = _ours(store, tip, fetched, own, advice)
    base = store.program.run("merge-base", tip, fetched)
    theirs = store.changes(base.lines()[0] if base.status == 0 else None, fetched)
    if both := sorted(path for path in theirs if _below(path, folders)):
        raise GitError(
            f"{name} has changes to the same snapshot that are not here ({both[0]}"
            + (f" and {len(both) - 1} more)" if both[1:] else ")"),
            f"let one place only make backups to a branch; {advice}",
        )
    stream = Stream(branches.committer(place), fetched)
    for commit in ours:
        changes = store.changes(store.parent(commit), commit)
        if not all(_below(path, folders) for path in changes):
            raise GitError(f"commit {commit[:12]} is not about the snapshot alone", advice)
        stream.commit(*store.commit(commit), changes)
    made = stream.sent(store)
    if target.checked_out:
        _follow(place, tip, made[-1], disarmed, advice)
    branches.move(place, target, made[-1])
    return made


def _ours(store: Objects, tip: str, fetched: str, own: Sequence[str], advice: str) -> list[str]:
    """Return the commits that the remote lacks, oldest first; all of them have to be ours."""
    lacking = store.program.ask("rev-list", "--reverse", "--topo-order", f"{fetched}..{tip}").lines()
    if others := [commit for commit in lacking if commit not in own]:
        raise GitError(
            f"the branch has commits that were neither pushed nor made by this run ({others[0][:12]}"
            + (f" and {len(others) - 1} more)" if others[1:] else ")"),
            advice,
        )
    return lacking


def _follow(place: Place, old: str, new: str, disarmed: Sequence[tuple[str, str]], advice: str) -> None:
    """Bring index and work tree from one commit to another; tried first, so that nothing is half done."""
    merge = ("read-tree", "-m", "-u")
    branches.refuse_locked(place)
    # Files that only look changed, because their times are others than the index knows, stop no merge.
    place.program.run("update-index", "-q", "--refresh", settings=disarmed)
    for options in (("--dry-run",), ()):
        answer = place.program.run(*merge, *options, old, new, settings=disarmed)
        if answer.status:
            raise GitError(f"files that others changed are changed here too: {answer.error.strip()}", advice)


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
