"""A git repository that keeps snapshots.

A series of commits appears as a whole or not at all: the objects are written first, then one
compare-and-set of the branch makes them visible. The user's work tree is never written (but by a rebase
before a push, where git itself refuses to touch what was changed by hand), and of the user's index only
the entries of the snapshot's folder are.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.disk import hold
from lightdash_sync.errors import GitError, NoRepository
from lightdash_sync.git import branches, index, objects, permissions, place, remote, series, settings, signing
from lightdash_sync.git.moments import read_span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from lightdash_sync.git.series import Revision

_LOOSE = "512"  # loose objects that are packed together, unless the config says how many
_GC_DEADLINE = 3600.0  # seconds
_LOCK = "lightdash-sync.pid"  # in git's own directory
_LOCK_WAIT = 600.0  # seconds; another run may be pushing


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with a work tree, from `Repository.around` or `Repository.init`."""

    place: place.WorkTree

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """Return the repository whose work tree holds a folder, which need not exist yet.

        Raises:
            GitError: there is none, git is missing, it has no work tree, or git does not trust its owner.
        """
        return cls(place.find(folder))

    @classmethod
    def init(cls, folder: Path) -> Repository:
        """Make a repository in a folder (branch `main` unless the user's config says otherwise)."""
        return cls(place.init(folder))

    @classmethod
    def around_or_new(cls, folder: Path) -> tuple[Repository, bool]:
        """Return the repository around a folder, and whether it had to be made, in that folder.

        Raises:
            GitError: as `around` and `init`.
        """
        try:
            return cls.around(folder), False
        except NoRepository:
            return cls.init(folder), True

    @property
    def root(self) -> Path:
        """Top of the work tree."""
        return self.place.root

    @property
    def is_shallow(self) -> bool:
        """Whether older history was left out when this was cloned."""
        return (self.place.common / "shallow").exists()

    def head(self) -> branches.Head:
        """Return what is checked out."""
        return branches.head(self.place)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other runs of lightdash-sync from committing here; waits for one that is at it.

        Raises:
            Locked: it takes too long.
        """
        with hold(self.place.common / _LOCK, f"the repository {self.root}", wait=_LOCK_WAIT):
            permissions.share(self.place.common / _LOCK, permissions.shared(self.place))
            yield

    def share(self, *paths: Path) -> None:
        """Let those whom `core.sharedRepository` names write what was written outside git, too."""
        mode = permissions.shared(self.place)
        for path in paths:
            permissions.share(path, mode)

    def require_policy(self, name: str | None) -> None:
        """Require what commits and pushes will need, before any work is done for them.

        Args:
            name: of the remote to push to; None if none was named.

        Raises:
            GitError: commits are to be signed and cannot be, or there is no such remote.
        """
        signing.require(self.place)
        if name is not None:
            remote.require(settings.read(self.place), name)

    def destination(self, branch: str | None = None) -> branches.TargetBranch:
        """Return the branch that commits would go to.

        Args:
            branch: its name; None for the one checked out.

        Raises:
            GitError: there is none (detached HEAD), it cannot be committed to, or the index is locked.
        """
        target = branches.target(self.place, branch)
        if target.checked_out:
            index.refuse_locked(self.place)
        return target

    def has_folder(self, folder: Path, branch: str | None = None) -> bool:
        """Whether a folder has files in the commit that the next one of a branch would stand on."""
        start = branches.target(self.place, branch).start
        with objects.opened(self.place) as store:
            return bool(store.tree(start, self.place.inside(folder)))

    def inside(self, folder: Path) -> str:
        """Return the path of a folder below the top, with `/`.

        Raises:
            GitError: it is not below the top, or is the top or git's own.
        """
        return self.place.inside(folder)

    def resolve(self, revision: str) -> str:
        """Return the id of the commit that a revision (a branch, a tag, an id, `HEAD~3`) names.

        Raises:
            GitError: there is no such commit.
        """
        found = branches.resolve(self.place, revision)
        if found is None:
            hint = "this clone is shallow: `git fetch --unshallow` gets the rest" if self.is_shallow else ""
            raise GitError(f"no commit {revision!r} in {self.root}", hint)
        return found

    def resolve_at(self, text: str, folder: Path | None) -> str:
        """Return the id of the commit that a revision names, or that was the last one at a time.

        Args:
            text: a revision, else a time as `read_span` reads it.
            folder: of a snapshot, whose commits count; None for the commits of everything.

        Raises:
            GitError: there is no such commit, or none that old.
        """
        span = None if branches.resolve(self.place, text) else read_span(text)
        if span is None:
            return self.resolve(text)
        start = branches.resolve(self.place, "HEAD")
        with objects.opened(self.place) as store:
            path = "." if folder is None else self.place.inside(folder)
            for revision in series.history(store, start, path, None) if start else ():
                if revision.time <= span.last:
                    return revision.id
        what = "commit" if folder is None else f"snapshot in {path}"
        raise GitError(f"git has no {what} from {text} or before", "`lightdash-sync log` lists all")

    def files(self, revision: str, folder: Path) -> dict[str, str]:
        """Return the files below a folder in a commit: path below it to the id of the content."""
        with objects.opened(self.place) as store:
            found = store.tree(self.resolve(revision), self.place.inside(folder))
        return {path: entry.id for path, entry in found.items()}

    def folders_with(self, revision: str, name: str) -> list[str]:
        """Return the folders below the top that hold a file of a name in a commit, as git writes them."""
        with objects.opened(self.place) as store:
            return store.folders_with(self.resolve(revision), name)

    def contents(self, revision: str, folder: Path) -> Iterator[tuple[str, bytes]]:
        """Yield path and content of each regular file below a folder in a commit."""
        with objects.opened(self.place) as store:
            found = store.tree(self.resolve(revision), self.place.inside(folder))
            regular = {path: entry.id for path, entry in found.items() if entry.is_file}
            yield from zip(regular, store.blobs(list(regular.values())), strict=True)

    def read(self, revision: str, path: Path) -> bytes:
        """Return the content of one file in a commit.

        Raises:
            GitError: there is no such commit, or no such file in it.
        """
        inside = self.place.inside(path)
        with objects.opened(self.place) as store:
            entry = store.file(self.resolve(revision), inside)
            if entry is None or not entry.is_file:
                raise GitError(f"no file {inside} in {revision}")
            return next(store.blobs([entry.id]))

    def find(self, places: Sequence[tuple[str, Path]]) -> list[str | None]:
        """Return the ids of files in many commits, in order; None where there is no such file.

        Args:
            places: the id of a commit, and a file below the top of the work tree.
        """
        inside = {path: self.place.inside(path) for _, path in places}
        with objects.opened(self.place) as store:
            return store.find([(commit, inside[path]) for commit, path in places])

    def blobs(self, ids: Sequence[str], *, at_once: int = 500) -> Iterator[bytes]:
        """Yield contents by their ids, in order: one run of git for each `at_once` of them.

        Raises:
            GitError: one is missing, as in a partial clone.
        """
        with objects.opened(self.place) as store:
            yield from store.blobs(ids, at_once)

    def changes(
        self, folder: Path, files: Mapping[str, series.Content], *, branch: str | None = None
    ) -> dict[str, str]:
        """Return what a commit of these files would change: path below the folder to `A`, `M` or `D`."""
        with objects.opened(self.place) as store:
            before = store.tree(branches.target(self.place, branch).start, self.place.inside(folder))
            after = series.FolderContents(store, ()).tree(files)
        return {
            path: "D" if entry is None else "M" if path in before else "A"
            for path, entry in series.difference(before, after).items()
        }

    def commit(
        self, folder: Path, commits: Iterable[series.Commit], *, branch: str | None = None
    ) -> list[str]:
        """Make a series of commits of one folder: all of them appear, or none.

        A commit that changes nothing is left out; a branch that does not exist is made all the same. The
        index is brought to the new commit for the folder's own paths if the branch is checked out here; else
        neither index nor work tree is touched.

        Args:
            folder: below the top of the work tree; its files on disk are not looked at.
            commits: oldest first, each with the folder's complete content; taken one by one, so they need
                not all be there at once.
            branch: None for the one checked out; one that does not exist here begins where it is at the
                remote, else at HEAD.

        Returns:
            The ids of the commits that were made, oldest first.

        Raises:
            GitError: nothing was committed, unless the message says so.
        """
        inside = self.place.inside(folder)
        target = self.destination(branch)
        signed = signing.configured(self.place)
        sign = signed.sign if signed else None
        with objects.opened(self.place, writing=True) as store:
            made = series.write(store, inside, target.start, commits, branches.committer(self.place), sign)
            if made:
                branches.move(self.place, target, made[-1])
            elif target.is_to_begin:
                branches.begin(self.place, target)
            if target.checked_out:
                self._settle(store, inside, target, made)
        return made

    def _settle(
        self, store: objects.Objects, inside: str, target: branches.TargetBranch, made: Sequence[str]
    ) -> None:
        if branches.head(self.place).branch != target.branch:
            return  # somebody checked out another branch just now: the index is no longer this one's
        try:
            index.settle(self.place, inside, store.tree(made[-1] if made else target.tip, inside))
        except GitError as problem:
            if not made:
                raise
            raise GitError(
                f"the commits are made, but the index of {self.root} could not follow: {problem.message}",
                problem.hint or "run again",
            ) from problem

    def look_again(self, folder: Path) -> None:
        """Let git look again at files whose line ends were put right.

        Raises:
            GitError: the index is locked, or cannot be written.
        """
        index.refuse_locked(self.place)
        index.look_again(self.place, self.place.inside(folder))

    def keep_house(self) -> None:
        """Pack objects if there are many, as git itself does after a commit.

        The settings of the repository and its user decide (`gc.auto`, `gc.autoPackLimit`,
        `maintenance.auto`). Where nobody has set `gc.auto`, 512 loose objects are many: a night leaves
        about 15, some of them big. Nothing is done where the config names a program to run meanwhile
        (`gc.recentObjectsHook`).

        Raises:
            GitError: git could not; nothing is lost.
        """
        config = settings.read(self.place)
        off = config.configured("maintenance.auto") or "true"
        if off.lower() in ("false", "no", "off", "0", "") or config.values("gc.recentobjectshook"):
            return
        auto = config.configured("gc.auto") or _LOOSE
        limits = ("-c", f"gc.auto={auto}", "-c", "gc.autoDetach=false")
        self.place.program.ask(*limits, "gc", "--auto", "--quiet", deadline=_GC_DEADLINE)

    def push(
        self,
        name: str | None = None,
        *,
        branch: str | None = None,
        folders: Sequence[Path] = (),
        again: int = 1,
    ) -> remote.Pushed:
        """Push a branch; if the remote has moved on, put our own commits on top of it and try again.

        Args:
            name: of the remote; None for the branch's own, else `origin`.
            branch: None for the one checked out.
            folders: what our commits are about. Only commits that `commit` made here are ever rebased, in
                this run or an earlier one.
            again: how many times to try again.

        Raises:
            GitError: the remote cannot be reached, refused, or changed the same folders; the hint says
                what to do. The commits stay in this repository.
        """
        inside = [self.place.inside(folder) for folder in folders]
        return remote.push(self.place, branches.target(self.place, branch), name, inside, again)

    def history(
        self, path: Path, revision: str = "HEAD", *, limit: int | None = None
    ) -> Iterator[series.Revision]:
        """Yield the commits that touched a file or folder, newest first; nothing before the first commit."""
        commit = branches.resolve(self.place, revision)
        if commit is None and revision == "HEAD":
            return
        with objects.opened(self.place) as store:
            yield from series.history(store, commit or self.resolve(revision), self.place.inside(path), limit)

    def newest(self, path: Path, revision: str) -> Revision | None:
        """Return the newest commit that touched a file or folder, of all that go with a revision.

        These are what is checked out, what that is pushed to, and, if neither holds the revision, the
        branches that do: backups may be on a branch of their own.

        Args:
            path: of the file or folder.
            revision: that was named.
        """
        commit = self.resolve(revision)
        named = (branches.resolve(self.place, one) for one in ("HEAD", "@{upstream}"))
        starts = [*dict.fromkeys(one for one in named if one)]
        if not any(branches.holds(self.place, one, commit) for one in starts):
            starts = [*dict.fromkeys([*starts, commit, *branches.holding(self.place, commit)])]
        with objects.opened(self.place) as store:
            return next(iter(series.history(store, starts, self.place.inside(path), 1)), None)
