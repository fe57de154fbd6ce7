"""Putting our own commits on top of what a remote has: the same files of the same folders, new parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError
from lightdash_sync.git import branches, index
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
    folders: Sequence[str],
    disarmed: Sequence[tuple[str, str]],
    name: str,
) -> list[str]:
    """Rebase the commits that we made here onto a fetched commit; return their new ids, oldest first.

    If the branch is checked out, the index and the work tree follow it, as git's own two-way merge does:
    files that others changed are updated, files with changes of the user's are not, and stop it.

    Raises:
        GitError: other commits than ours would have to be rebased, others changed a folder that ours
            change too, or files that would have to be updated have changes. The branch is as it was.
    """
    tip = str(target.tip)
    advice = f"run `git pull --rebase {name} {target.branch}`, then run again"
    ours = _ours(place, store, target, fetched, advice)
    changes = {commit: store.changes(store.parent(commit), commit) for commit in ours}
    if both := _both(store, tip, fetched, [*changes.values()], folders):
        raise GitError(
            f"{name} has changes to the same snapshot that are not here ({both[0]}"
            + (f" and {len(both) - 1} more)" if both[1:] else ")"),
            f"let one place only make backups to a branch. To go on with what {name} has, without what was "
            f"committed only here: `git fetch {name}`, `git reset --keep {name}/{target.branch}`, run again",
        )
    stream = Stream(branches.committer(place), fetched)
    for commit, changed in changes.items():
        if not all(_below(path, folders) for path in changed):
            raise GitError(f"commit {commit[:12]} is not about the snapshot alone", advice)
        stream.commit(*store.commit(commit), changed)
    made = stream.sent(store)
    if target.checked_out:
        _follow(place, tip, made[-1], disarmed, advice)
    branches.move(place, target, made[-1])
    return made


def _ours(place: Place, store: Objects, target: Target, fetched: str, advice: str) -> list[str]:
    """Return the commits that the remote lacks, oldest first; all of them have to be ours."""
    lacking = _between(store, fetched, str(target.tip))
    own = {
        commit
        for old, new in branches.steps(place, target)
        if new in lacking
        for commit in _between(store, old or fetched, new)
    }
    if others := [commit for commit in lacking if commit not in own]:
        raise GitError(
            f"the branch has commits that were neither pushed nor made by a backup ({others[0][:12]}"
            + (f" and {len(others) - 1} more)" if others[1:] else ")"),
            advice,
        )
    return lacking


def _both(
    store: Objects, tip: str, fetched: str, ours: Sequence[Iterable[str]], folders: Sequence[str]
) -> list[str]:
    """Return what others changed in folders that our commits change too.

    Other folders are not ours to guard: workers that share out the environments push to one branch.
    """
    touched = [
        folder for folder in folders for paths in ours if any(_below(path, [folder]) for path in paths)
    ]
    base = store.program.run("merge-base", tip, fetched)
    theirs = store.changes(base.lines()[0] if base.status == 0 else None, fetched)
    return sorted(path for path in theirs if _below(path, touched))


def _between(store: Objects, old: str, new: str) -> list[str]:
    """Return the commits that lead from one to another, oldest first."""
    return store.program.ask("rev-list", "--reverse", "--topo-order", f"{old}..{new}").lines()


def _follow(place: Place, old: str, new: str, disarmed: Sequence[tuple[str, str]], advice: str) -> None:
    """Bring index and work tree from one commit to another; tried first, so that nothing is half done."""
    merge = ("read-tree", "-m", "-u")
    index.refuse_locked(place)
    index.clear(place)
    # Files that only look changed, because their times are others than the index knows, stop no merge.
    place.program.run("update-index", "-q", "--refresh", settings=disarmed)
    for options in (("--dry-run",), ()):
        answer = place.program.run(*merge, *options, old, new, settings=disarmed)
        if answer.status:
            raise GitError(f"files that others changed are changed here too: {answer.error.strip()}", advice)


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
