"""Runs: what an apply leaves on this machine, so that it can be continued and taken back.

    ID/plan.json       the plan, as it was shown; of a promotion, what its review foretold
    ID/approved.json   of a promotion, the digest of the review that somebody approved, if one was
    ID/before/         a snapshot of what it touches, as the target had it before the first write
    ID/memory/         what was remembered of the target before
    ID/journal.jsonl   every write, before and after it
    ID/after/          a snapshot of the same items after the last write
    ID/result.json     how it ended; missing if it was cut short

An ID begins with the time of the run in UTC; of two runs, the later one has the later time. A run without
`result.json` is *unfinished*: what its journal says was created is linked all the same.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lightdash_sync.apply.journal import NAME as JOURNAL
from lightdash_sync.apply.journal import read_journal
from lightdash_sync.errors import SyncError
from lightdash_sync.model.canonical import JsonObject, canonical, parse
from lightdash_sync.model.changes.look import text
from lightdash_sync.plan.document import digest, from_bytes, to_bytes
from lightdash_sync.plan.operations import operations
from lightdash_sync.plan.values import PROMOTE
from lightdash_sync.snapshot.disk import Disk
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sync.store import store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lightdash_sync.apply.journal import Journalled
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.model.tree import Tree
    from lightdash_sync.plan.values import Plan
    from lightdash_sync.snapshot.manifest import Source

_ID = re.compile(r"(\d{8}T\d{6}Z)-[0-9a-f]{8}")
_TIME = "%Y%m%dT%H%M%SZ"
_PLAN, _RESULT, _BEFORE, _AFTER, _MEMORY = "plan.json", "result.json", "before", "after", "memory"
_APPROVED = "approved.json"


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

    def plan(self) -> Plan:
        """Return its plan.

        Raises:
            SyncError: it is damaged.
        """
        return from_bytes((self.folder / _PLAN).read_bytes())

    def journalled(self) -> Journalled:
        """Return what its journal tells."""
        return read_journal(self.journal)

    def before(self) -> Tree:
        """Return the target's content before it, of the items that it touches."""
        return Snapshot(self.folder / _BEFORE).tree()

    def after(self) -> Tree | None:
        """Return their content after it; None if it was cut short."""
        folder = self.folder / _AFTER
        return Snapshot(folder).tree() if folder.is_dir() else None

    def memory(self) -> Path:
        """Return where what was remembered of the target before it is; there may be none."""
        return self.folder / _MEMORY

    def result(self) -> JsonObject | None:
        """Return how it ended; None if it was cut short."""
        return _object(self.folder / _RESULT)

    def approved(self) -> str:
        """Return the digest of the review that was approved before it; "" if none was."""
        return text(_object(self.folder / _APPROVED), "digest")

    def created(self) -> dict[Kind, dict[str, JsonObject]]:
        """Return kind -> key -> facts of what it created, by its journal."""
        plan, journalled = self.plan(), self.journalled()
        found: dict[Kind, dict[str, JsonObject]] = {}
        for operation in operations(plan):
            if facts := journalled.done.get(operation.number):
                step = plan.steps[operation.step]
                found.setdefault(step.kind, {})[step.key] = facts
        return found

    def keep_after(self, tree: Tree, paths: Iterable[str], source: Source) -> None:
        """Store what the run made of the items that it touches; again, if it was continued."""
        store(self.folder / _AFTER, ((path, tree[path]) for path in paths), tree.identity, source)

    def end(self, result: JsonObject) -> None:
        """Note how it ended."""
        path = self.folder / _RESULT
        fresh = path.with_suffix(".new")
        fresh.write_bytes(canonical(result))
        fresh.replace(path)


def begin(
    folder: Path,
    now: datetime,
    plan: Plan,
    existing: Tree,
    paths: Iterable[str],
    memory: Path,
    source: Source,
    approved: str = "",
) -> Run:
    """Store everything that undoing a plan needs, before its first write.

    Args:
        folder: of all runs.
        now: the present, in UTC.
        plan: what is going to be applied.
        existing: the target's content, in the plan's keys.
        paths: of the items that the plan touches.
        memory: where what is remembered of the target is, if anything is.
        source: where the target is.
        approved: digest of the review that somebody approved; "" for none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    others = [Run(path).began for path in folder.iterdir() if _ID.fullmatch(path.name)]
    began = max([now, *(other + timedelta(seconds=1) for other in others)])  # a later run has a later name
    run = Run(folder / f"{began.strftime(_TIME)}-{digest(plan)[:8]}")
    disk = Disk()
    run.folder.mkdir(mode=0o700)
    store(run.folder / _BEFORE, ((path, existing[path]) for path in paths), existing.identity, source)
    if memory.is_dir():
        shutil.copytree(memory, run.folder / _MEMORY)
    if approved:
        disk.write(run.folder / _APPROVED, canonical({"digest": approved}))
    disk.write(run.folder / _PLAN, to_bytes(plan))
    disk.settle(run.folder)
    disk.settle(folder)
    return run


def runs(folder: Path) -> list[Run]:
    """Return all runs, newest first."""
    found = [path for path in folder.iterdir() if _ID.fullmatch(path.name)] if folder.is_dir() else []
    return [Run(path) for path in sorted(found, reverse=True) if (path / _PLAN).is_file()]


def find_run(folder: Path, wanted: str | None, *, unfinished: bool = False) -> Run:
    """Return a run by its name or the beginning of it; the newest, if none is named.

    Args:
        folder: of all runs.
        wanted: what the user said.
        unfinished: of the unnamed, only those that did not do all.

    Raises:
        SyncError: there is none, or several begin so.
    """
    there = runs(folder)
    if wanted is None:
        found = [run for run in there if not unfinished or not is_complete(run)][:1]
    else:
        found = [run for run in there if run.id == wanted] or [
            run for run in there if run.id.startswith(wanted)
        ]
    if len(found) == 1:
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
    """Return the runs that did not come to their end, newest first."""
    return [run for run in runs(folder) if run.result() is None]


def supersede(folder: Path, run: Run) -> None:
    """Note of the runs before one that did not do all that none can go on, now that this one has ended.

    What they created is remembered by it.
    """
    for other in runs(folder):
        if other.id < run.id and not is_complete(other):
            other.end({**(other.result() or {}), "state": "superseded", "by": run.id})


def way_on(plan: Plan, environment: str) -> str:
    """Return the command that goes on with a run.

    Args:
        plan: of the run.
        environment: the name of its target.
    """
    if plan.purpose == PROMOTE:
        return f"lightdash-sync promote run --env {plan.source}"
    return f"lightdash-sync apply --resume --to {environment}"


def _object(path: Path) -> JsonObject | None:
    found = parse(path.read_bytes()) if path.is_file() else None
    return found if isinstance(found, dict) else None
