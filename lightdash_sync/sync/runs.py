"""Runs: what an apply leaves on this machine, so that it can be continued and taken back.

    ID/plan.json       the plan, as it was shown; of a promotion, what its review foretold
    ID/approved.json   of a promotion, the digest of the review that somebody approved, if one was
    ID/before/         a snapshot of what it touches, as the target had it before the first write
    ID/memory/         what was remembered of the target before
    ID/journal.jsonl   every write, before and after it
    ID/after/          a snapshot of the same items after the last write
    ID/result.json     how it ended; `unfinished` if it was cut short, missing until that is noticed

An ID begins with the time of the run in UTC; of two runs, the later one has the later time. A run without
`result.json` is *unfinished*: the next command remembers what it did (see `concluding`).

A run is begun whole or not at all: it is staged beside the others (`.ID.new`), and gets its name when all
that undoing needs is on the disk. A run that is *damaged* all the same (a file of it cannot be read) can
neither go on nor be taken back, and is passed over by everything else.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from lightdash_sync.content.documents import conform
from lightdash_sync.content.json import JsonObject, canonical, get_str, parse
from lightdash_sync.disk import Disk, read_regular, refuse_link
from lightdash_sync.errors import Refused, SyncError
from lightdash_sync.snapshot.layout import MANIFEST, is_of_snapshot, require_ours
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sync.apply.journal import NAME as JOURNAL
from lightdash_sync.sync.apply.journal import read_journal
from lightdash_sync.sync.plan.document import digest, read_plan, to_bytes
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.plan.values import PROMOTE
from lightdash_sync.sync.state import store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.snapshot.manifest import SnapshotSource
    from lightdash_sync.sync.apply.journal import Journalled
    from lightdash_sync.sync.plan.values import Plan

_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")
_TIME = "%Y%m%dT%H%M%SZ"
_PLAN, _RESULT, _BEFORE, _AFTER, _MEMORY = "plan.json", "result.json", "before", "after", "memory"
_APPROVED = "approved.json"
_STAGED = ".new"
UNFINISHED = "unfinished"


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True, hide_input_in_errors=True)


class _Result(_Part):
    state: str
    by: str | None = None
    ended: str | None = None


class _Approved(_Part):
    digest: str


_RESULT_FORM, _APPROVED_FORM = TypeAdapter(_Result), TypeAdapter(_Approved)


@dataclass(frozen=True)
class Run:
    """One apply.

    Attributes:
        folder: where it is kept.
    """

    folder: Path

    @property
    def id(self) -> str:
        """Its name."""
        return self.folder.name

    @property
    def began(self) -> datetime:
        """When it began, in UTC."""
        return datetime.strptime(f"{self.id.split('-')[0]}+0000", f"{_TIME}%z")

    @property
    def journal(self) -> Path:
        """The file of its journal."""
        return self.folder / JOURNAL

    @property
    def has_begun(self) -> bool:
        """Whether it may have written anything: its journal has begun."""
        return self.journal.is_file() and self.journal.stat().st_size > 0

    def damage(self) -> str:
        """Return why it cannot be read, in words; "" for a run that can."""
        try:
            self.require_whole()
        except SyncError as error:
            return error.message
        return ""

    def require_whole(self) -> None:
        """Require that it can be read.

        Raises:
            SyncError: it is damaged.
        """
        self.plan(), self.journalled(), self.result(), self.approved()

    def plan(self) -> Plan:
        """Return its plan.

        Raises:
            SyncError: it is damaged.
        """
        try:
            return read_plan(self._read(_PLAN), _PLAN)
        except SyncError as error:
            raise self._damaged(error.message) from error
        except (OSError, ValueError) as error:
            raise self._damaged(f"{_PLAN}: {_reason(error)}") from error

    def journalled(self) -> Journalled:
        """Return what its journal tells.

        Raises:
            SyncError: it is damaged.
        """
        try:
            refuse_link(self.folder)
            return read_journal(self.journal)
        except SyncError as error:
            raise self._damaged(error.message) from error

    def before(self) -> Tree:
        """Return the target's content before it, of the items that it touches."""
        return Snapshot(self.folder / _BEFORE).tree()

    def after(self) -> Tree | None:
        """Return their content after it; None if it was cut short, and no command came since."""
        folder = self.folder / _AFTER
        return Snapshot(folder).tree() if folder.is_dir() else None

    def memory(self) -> Path:
        """Return where what was remembered of the target before it is; there may be none."""
        return self.folder / _MEMORY

    def result(self) -> JsonObject | None:
        """Return how it ended; None if it was cut short, and no command came since.

        Raises:
            SyncError: it is damaged.
        """
        return self._object(_RESULT, _RESULT_FORM)

    def approved(self) -> str:
        """Return the digest of the review that was approved before it; "" if none was.

        Raises:
            SyncError: it is damaged.
        """
        return get_str(self._object(_APPROVED, _APPROVED_FORM), "digest")

    def created(self) -> dict[Kind, dict[str, JsonObject]]:
        """Return kind -> key -> facts of what it created, by its journal."""
        plan, journalled = self.plan(), self.journalled()
        found: dict[Kind, dict[str, JsonObject]] = {}
        for operation in operations(plan):
            if facts := journalled.made(operation.number):
                step = plan.steps[operation.step]
                found.setdefault(step.kind, {})[step.key] = facts
        return found

    def keep_after(self, tree: Tree, paths: Iterable[str], source: SnapshotSource) -> None:
        """Store what the run made of the items that it touches; again, if it was continued."""
        store(self.folder / _AFTER, ((path, tree[path]) for path in paths), tree.identity, source)

    def cut_short(self) -> None:
        """Note that it came to no end of its own, and that what it did is remembered."""
        self.end({"state": UNFINISHED})

    def end(self, result: JsonObject) -> None:
        """Note how it ended."""
        Disk().replace(self.folder / _RESULT, canonical(result))

    def _read(self, name: str) -> bytes:
        refuse_link(self.folder)
        return read_regular(self.folder / name)

    def _object(self, name: str, form: TypeAdapter[Any]) -> JsonObject | None:
        """Return the object that a file holds; None if there is no such file."""
        try:
            found = parse(self._read(name))
            conform(form, found)
        except FileNotFoundError:
            return None
        except SyncError as error:
            raise self._damaged(error.message) from error
        except (OSError, ValueError) as error:
            raise self._damaged(f"{name}: {_reason(error)}") from error
        return found if isinstance(found, dict) else None

    def _damaged(self, why: str) -> SyncError:
        return SyncError(
            f"the run {self.id} is damaged: {why}",
            hint=f"It can neither go on nor be taken back; other runs can. Its files are in {self.folder}.",
        )


def begin(
    folder: Path,
    now: datetime,
    plan: Plan,
    existing: Tree,
    paths: Iterable[str],
    memory: Path,
    source: SnapshotSource,
    approved: str = "",
    *,
    disk: Disk | None = None,
) -> Run:
    """Store everything that undoing a plan needs, before its first write; all of it, or no run.

    Args:
        folder: of all runs.
        now: the present, in UTC.
        plan: what is going to be applied.
        existing: the target's content, in the plan's keys.
        paths: of the items that the plan touches.
        memory: where what is remembered of the target is, if anything is.
        source: where the target is.
        approved: digest of the review that somebody approved; "" for none.
        disk: where to write.

    Raises:
        OSError: it could not be stored; there is no such run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    others = [run.began for run in _named(folder)]
    began = max([now, *(other + timedelta(seconds=1) for other in others)])  # a later run has a later name
    run = Run(folder / f"{began.strftime(_TIME)}-{digest(plan)[:8]}")
    staged = Run(folder / f".{run.id}{_STAGED}")
    disk = disk or Disk()
    for left in folder.iterdir():  # by a run that died before it began
        if _ID.fullmatch(left.name.removeprefix(".").removesuffix(_STAGED)) and left.suffix == _STAGED:
            require_ours(left, _is_of_run)
            disk.remove(left)
    try:
        disk.make_directory(staged.folder, 0o700)
        store(
            staged.folder / _BEFORE,
            ((path, existing[path]) for path in paths),
            existing.identity,
            source,
            disk,
        )
        if memory.is_dir() and any(memory.iterdir()):
            _copy(memory, staged.memory(), disk)
        if approved:
            disk.write(staged.folder / _APPROVED, canonical({"digest": approved}))
        disk.write(staged.folder / _PLAN, to_bytes(plan))
        disk.settle(staged.folder)
        disk.rename(staged.folder, run.folder)
        disk.settle(folder)
    except BaseException:
        disk.remove(staged.folder)
        raise
    return run


def _is_of_run(path: str) -> bool:
    """Whether a run that is being begun can have a file of this path."""
    name, _, rest = path.partition("/")
    stored = {f"{dot}{one}{role}" for one in (_BEFORE, _MEMORY) for dot, role in (("", ""), (".", _STAGED))}
    return is_of_snapshot(rest) if name in stored else path in (_PLAN, _APPROVED, f".{_BEFORE}.lock")


def _copy(source: Path, target: Path, disk: Disk) -> None:
    """Copy the files of a snapshot into a directory of their own, durably."""
    snapshot = Snapshot(source)
    disk.make_directory(target)
    for path in sorted([*snapshot.manifest.files, MANIFEST]):
        place = target / path
        for parent in reversed(place.relative_to(target).parents[:-1]):
            if not (target / parent).is_dir():
                disk.make_directory(target / parent)
        disk.write(place, snapshot.read(path))
    for inner in (target, *(path for path in target.rglob("*") if path.is_dir())):
        disk.settle(inner)


def _named(folder: Path) -> list[Run]:
    """Return every directory that has the name of a run, newest first."""
    found = [path for path in folder.iterdir() if _ID.fullmatch(path.name)] if folder.is_dir() else []
    return [Run(path) for path in sorted(found, reverse=True)]


def runs(folder: Path) -> list[Run]:
    """Return all runs, damaged ones too, newest first; nothing that ended before it had a plan."""
    return [run for run in _named(folder) if run.has_begun or os.path.lexists(run.folder / _PLAN)]


def find_run(folder: Path, wanted: str | None, *, unfinished: bool = False) -> Run:
    """Return a run by its name or the beginning of it; the newest, if none is named.

    Args:
        folder: of all runs.
        wanted: what the user said.
        unfinished: of the unnamed, only those that did not do all.

    Raises:
        SyncError: there is none, several begin so, or it is damaged.
    """
    there = runs(folder)
    if wanted is None:
        # A damaged run that wrote something is the last one all the same: to take back another is no undo.
        fits = _can_go_on if unfinished else _counts
        found = list(islice(filter(fits, there), 1))
    else:
        found = [run for run in there if run.id == wanted] or [
            run for run in there if run.id.startswith(wanted)
        ]
    if len(found) == 1:
        found[0].require_whole()
        return found[0]
    if not found:
        what = "unfinished run" if unfinished else "run"
        named = f" {wanted!r}" if wanted else ""
        raise SyncError(f"there is no {what}{named} here", hint="`lightdash-sync runs` lists them.")
    raise SyncError(
        f"several runs begin with {wanted!r}", hint=f"There are: {', '.join(run.id for run in found)}."
    )


def is_complete(run: Run) -> bool:
    """Whether a run did all that it was to do."""
    result = run.result()
    return result is not None and result.get("state") in ("done", "undone", "superseded")


def cut_short(folder: Path) -> list[Run]:
    """Return the runs that did not come to their end, newest first; none that is damaged."""
    return [run for run in runs(folder) if not _has_ended(run) and not run.damage()]


def open_runs(folder: Path) -> list[Run]:
    """Return the runs that did not do all that they were to do, newest first; none that is damaged."""
    return [run for run in runs(folder) if _can_go_on(run)]


def damaged(folder: Path) -> list[str]:
    """Say of runs that may have written something that nobody can tell what, and where they are."""
    return [
        f"{why[:1].upper()}{why[1:]}. What it made is not known here, and may look like somebody else's. "
        f"Its files are in {run.folder}; move them away when that is settled."
        for run in runs(folder)
        if run.has_begun and not _has_ended(run) and (why := run.damage())
    ]


def supersede(folder: Path, run: Run) -> None:
    """Note of the runs before one that did not do all that none can go on, now that this one has ended.

    What they created is remembered by it.
    """
    for other in runs(folder):
        if other.id < run.id and _can_go_on(other):
            other.end({**(other.result() or {}), "state": "superseded", "by": run.id})


def _counts(run: Run) -> bool:
    """Whether a run is one that people mean by the last one: it can be read, or may have written."""
    return run.has_begun or not run.damage()


def _has_ended(run: Run) -> bool:
    """Whether a run came to an end of its own, be it with failures."""
    try:
        result = run.result()
    except SyncError:
        return False
    return result is not None and result.get("state") != UNFINISHED


def _can_go_on(run: Run) -> bool:
    """Whether a run can be read and did not do all that it was to do."""
    try:
        return not is_complete(run) and not run.damage()
    except SyncError:
        return False


def way_on(plan: Plan, environment: str) -> str:
    """Return the command that goes on with a run.

    Args:
        plan: of the run.
        environment: the name of its target.
    """
    if plan.purpose == PROMOTE:
        return f"lightdash-sync promote run --env {plan.source}"
    if plan.undoes:
        return f"lightdash-sync undo --to {environment}"
    return f"lightdash-sync apply --resume --to {environment}"


def way_back(run: Run, plan: Plan, environment: str) -> str:
    """Return the command that takes a run back.

    Args:
        run: the run.
        plan: of it.
        environment: the name of its target.
    """
    # Without a name, an undo that was cut short is gone on with.
    return (
        f"lightdash-sync undo {run.id} --to {environment}"
        if plan.undoes
        else (f"lightdash-sync undo --to {environment}")
    )


def run_to_undo(folder: Path, wanted: str | None) -> Run:
    """Return the run that `undo` takes back: the named one, or the last; that of an undo that is open.

    Args:
        folder: of all runs.
        wanted: what the user said.

    Raises:
        SyncError: there is none, or several begin so.
        Refused: none is named, and the last run took another one back.
    """
    found = find_run(folder, wanted)
    undoes = found.plan().undoes
    if wanted is not None or not undoes:
        return found
    if not is_complete(found):
        return find_run(folder, undoes)
    raise Refused(
        f"the last run is taken back already: {found.id} undid {undoes}",
        hint=f"To do {undoes} again, take the undo back by its name: `lightdash-sync undo {found.id} --to "
        "ENV`. An earlier run is named, too; `lightdash-sync runs` lists them.",
    )


def open_undos(folder: Path, run: Run) -> list[Run]:
    """Return the runs that began to take a run back and did not end, oldest first.

    Args:
        folder: of all runs.
        run: that they take back.
    """
    later = [one for one in runs(folder) if one.id > run.id and not one.damage()]
    found = [one for one in later if one.plan().undoes == run.id]
    return [one for one in reversed(found) if (one.result() or {}).get("state") not in ("done", "undone")]


def _reason(error: OSError | ValueError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


# Where things are kept beside the snapshot of an environment.
#
# `NAME.sync` is for git, like the snapshot itself: without it, another machine would not know which item of
# the target is which of the source. `.NAME.local` is this machine's: the last reading of the target, which
# can be lost, and the runs, which `undo` needs.


def memory_of(snapshot: Path) -> Path:
    """Return where it is kept what a target was after the last sync, and which item is which.

    Args:
        snapshot: where the environment's snapshot is, or would be.
    """
    return snapshot.parent / f"{snapshot.name}.sync"


@dataclass(frozen=True, slots=True)
class Folders:
    """The directories of one environment.

    Attributes:
        snapshot: where its snapshot is, or would be.
    """

    snapshot: Path

    @property
    def memory(self) -> Path:
        """What its target was after the last sync, and which item is which."""
        return memory_of(self.snapshot)

    @property
    def local(self) -> Path:
        """What is this machine's."""
        return self.snapshot.parent / f".{self.snapshot.name}.local"

    @property
    def live(self) -> Path:
        """The last reading of the project, so that the next one reads only what changed."""
        return self.local / "live"

    @property
    def runs(self) -> Path:
        """One directory for each apply."""
        return self.local / "runs"

    @property
    def lock(self) -> Path:
        """Held while a plan is made or applied."""
        return self.local / "lock"

    def require_plain(self) -> None:
        """Require that none of them is a link, which would lead out of the project.

        Raises:
            SnapshotError: one is.
        """
        for path in (self.snapshot, self.memory, self.local, self.live, self.runs, self.lock):
            refuse_link(path)
