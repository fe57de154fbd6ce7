"""Pushing, and putting our own commits on top of what others have pushed meanwhile.

A push runs without the repository's own config: its URL and the HTTP headers that CI systems leave in a
checkout are taken over by value, and nothing else of it is obeyed. Helpers, keys and proxies come from
the user's own config and environment. A remote that is a directory would run its hooks as the user who
pushes; they are switched off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from lightdash_sync.errors import GitError
from lightdash_sync.git import branches, index, objects, signing
from lightdash_sync.git.program import NETWORK, NETWORK_DEADLINE, GitResult, failure, redacted
from lightdash_sync.git.series import Stream
from lightdash_sync.git.settings import GitSettings, read, remote_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lightdash_sync.git.branches import TargetBranch
    from lightdash_sync.git.objects import Objects
    from lightdash_sync.git.place import WorkTree


# Putting our own commits on top of what a remote has: the same files of the same folders, new parents.


def onto(
    place: WorkTree,
    store: Objects,
    target: TargetBranch,
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
    signed = signing.configured(place)
    stream = Stream(branches.committer(place), fetched, signed.sign if signed else None)
    for commit, changed in changes.items():
        if not all(_below(path, folders) for path in changed):
            raise GitError(f"commit {commit[:12]} is not about the snapshot alone", advice)
        stream.commit(*store.commit(commit), changed)
    made = stream.sent(store)
    if target.checked_out:
        _follow(place, tip, made[-1], disarmed, advice)
    branches.move(place, target, made[-1])
    return made


def _ours(place: WorkTree, store: Objects, target: TargetBranch, fetched: str, advice: str) -> list[str]:
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


def _follow(place: WorkTree, old: str, new: str, disarmed: Sequence[tuple[str, str]], advice: str) -> None:
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


_NAME = "lightdash-sync"  # of the remote, where git is told of it
_FETCHED = "refs/fetched/tip"

_RECEIVE = (
    "git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c core.alternateRefsCommand=true"
    " -c receive.denyCurrentBranch=refuse -c receive.autogc=false -c maintenance.auto=false receive-pack"
)
"""How a directory is pushed to: its hooks and programs do not run, its work tree is not updated."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push that was accepted.

    Args:
        remote: its name.
        branch: its name, here and there.
        tip: the commit that the branch names here; the remote has it.
        rebased: our commits under their new ids, if they had to be put on top of others; else none.
        is_news: whether the remote did not have it before.
    """

    remote: str
    branch: str
    tip: str
    rebased: tuple[str, ...] = ()
    is_news: bool = True


class Reply(Enum):
    """What a remote says to a push."""

    TAKEN = "taken"
    KNOWN = "known"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Remote:
    """Another repository, and how to speak to it.

    Args:
        name: as the user knows it.
        settings: all that git is told of it.
        store: the objects here.
        ignored: settings of the repository that were not used.
    """

    name: str
    settings: Sequence[tuple[str, str]]
    store: Objects
    ignored: Sequence[str]

    def push(self, branch: str, commit: str) -> Reply:
        """Push a commit to a branch; `BEHIND` if the remote has commits that are not here.

        Raises:
            GitError: anything else went wrong.
        """
        answer = self._run("push", "--porcelain", "--no-verify", _NAME, f"{commit}:refs/heads/{branch}")
        if answer.status == 0:
            return Reply.KNOWN if any(line.startswith("=") for line in answer.lines()) else Reply.TAKEN
        refused = [line for line in answer.lines() if line.startswith("!")]
        if any(re.search(_MOVED, line) for line in refused):
            return Reply.BEHIND
        if refused:
            reason = redacted(refused[0].split("\t")[-1])
            said = "; ".join(line for line in answer.error.splitlines() if line.startswith("remote: "))
            raise GitError(
                f"{self.name} refused branch {branch}: {reason} {said}".rstrip(), self._hint(answer)
            )
        raise self._failed("push", answer)

    def follow(self, branch: str, commit: str) -> None:
        """Push what another URL of the same remote has taken.

        Raises:
            GitError: it went wrong, or this URL has other commits.
        """
        if self.push(branch, commit) is Reply.BEHIND:
            raise GitError(
                f"{self.name} has commits on branch {branch} that the other URLs of the remote lack",
                "bring the URLs of the remote to one state, then run again; the commits are kept here",
            )

    def fetch(self, branch: str, known: str) -> str:
        """Fetch a branch; return the commit it names there.

        Args:
            branch: its name.
            known: a commit that is here, so that only what is new is sent.

        Raises:
            GitError: it could not be fetched.
        """
        (self.store.own / "refs" / "heads" / "known").write_text(f"{known}\n")
        answer = self._run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            _NAME,
            f"+refs/heads/{branch}:{_FETCHED}",
        )
        if answer.status:
            raise self._failed("fetch", answer)
        return self.store.program.ask("rev-parse", "--verify", _FETCHED).lines()[0]

    def _run(self, *arguments: str) -> GitResult:
        return self.store.program.run(*arguments, settings=self.settings, deadline=NETWORK_DEADLINE)

    def _failed(self, command: str, answer: GitResult) -> GitError:
        problem = failure(command, answer)
        return GitError(f"remote {self.name}: {problem.message}", problem.hint or self._hint(answer))

    def _hint(self, answer: GitResult) -> str:
        if self.ignored:
            return (
                f"a push does not use what the repository's own config has ({', '.join(self.ignored)}): "
                "put it into your own with `git config --global`, or set GIT_SSH_COMMAND"
            )
        if re.search(
            r"could not read|Authentication failed|Permission denied|terminal prompts", answer.error
        ):
            return "nothing can ask for a password here: set up a credential helper, a token or an SSH key"
        return "the commits are kept here; run again, or push them with `git push`"


_MOVED = (
    r"\[rejected\] \((fetch first|non-fast-forward)\)"
    # The remote's branch moved while it was taking our push.
    r"|\[remote rejected\] \(.*(cannot lock ref|failed to update ref|incorrect old value).*\)"
)


def push(
    place: WorkTree, target: branches.TargetBranch, name: str | None, folders: Sequence[str], again: int
) -> Pushed:
    """Push a branch; on a rejection fetch, rebase our own commits and try again, so many times."""
    if target.tip is None:
        raise GitError(f"branch {target.branch} has no commits to push")
    settings = read(place)
    name = name if name is not None else remote_name(settings, target.branch)
    with objects.opened(place, NETWORK, writing=True) as store:
        remote, *others = _remotes(store, settings, name)
        made: list[str] = []
        tip = target.tip
        for turn in range(again + 1):
            if (reply := remote.push(target.branch, tip)) is not Reply.BEHIND:
                for other in others:
                    other.follow(target.branch, tip)
                _remember(place, settings, name, target.branch, tip)
                return Pushed(name, target.branch, tip, tuple(made), reply is Reply.TAKEN)
            if turn < again:
                fetched = remote.fetch(target.branch, tip)
                if store.program.run("merge-base", "--is-ancestor", tip, fetched).status == 0:
                    return Pushed(name, target.branch, tip, is_news=False)  # with nothing of our own
                ahead = replace(target, tip=tip)
                made = onto(place, store, ahead, fetched, folders, settings.disarmed(), name)
                tip = made[-1]
    raise GitError(
        f"{name} moved on again while branch {target.branch} was being pushed",
        "the commits are kept here; run again when others have finished",
    )


def require(settings: GitSettings, name: str) -> tuple[list[str], list[str]]:
    """Return the URLs of a remote to fetch from and to push to.

    Raises:
        GitError: there is no such remote.
    """
    fetch, push = settings.values(f"remote.{name}.url"), settings.values(f"remote.{name}.pushurl")
    if not fetch and not push:
        raise GitError(f"there is no remote {name!r}", f"add it with `git remote add {name} URL`")
    return fetch or push, push or fetch


def _remotes(store: Objects, settings: GitSettings, name: str) -> list[Remote]:
    """Return how to reach a remote, once for each URL that it is pushed to.

    That is its URLs, the user's own settings, and nothing else of the repository.
    """
    fetch, push = require(settings, name)
    found = []
    for number, url in enumerate(push):
        told = [(f"remote.{_NAME}.url", url if number else fetch[0]), (f"remote.{_NAME}.pushurl", url)]
        told += settings.headers()
        if _is_directory(store, url):
            told.append((f"remote.{_NAME}.receivepack", _RECEIVE))
        shown = name if len(push) == 1 else f"{name} ({redacted(url)})"
        found.append(Remote(shown, told, store, settings.ignored()))
    return found


def _is_directory(store: Objects, url: str) -> bool:
    """Whether git will reach the remote by path, once the user's own `url.*.insteadOf` are applied."""
    url = store.program.ask("ls-remote", "--get-url", _NAME, settings=[(f"remote.{_NAME}.url", url)]).lines()[
        0
    ]
    if re.match(r"[A-Za-z0-9+.-]*::", url):
        raise GitError("the URL of the remote names a program to run", "use https or ssh")
    if "://" in url:
        return url.lower().startswith("file://")
    before_colon, colon, _ = url.partition(":")
    return not colon or "/" in before_colon or bool(re.match(r"[A-Za-z]:[/\\]", url))


def _remember(place: WorkTree, settings: GitSettings, name: str, branch: str, tip: str) -> None:
    """Let the branch that follows the remote's name what was pushed, as git itself would."""
    if f"+refs/heads/*:refs/remotes/{name}/*" in settings.values(f"remote.{name}.fetch"):
        place.program.run("update-ref", "-m", "update by push", f"refs/remotes/{name}/{branch}", tip)
