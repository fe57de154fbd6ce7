"""The journal of a run: what was about to be done, and what came of it, one JSON line each.

A line is on the disk before the write that it announces is sent, and another after the answer came. So
whoever reads it after a crash knows of every write that it was not begun, that it is done, or that it must
be looked for. The last line may be torn: what it would have said is then not known to have happened.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from lightdash_sync.content.documents import conform
from lightdash_sync.content.identity import facts_problem
from lightdash_sync.content.json import parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.disk import read_regular
from lightdash_sync.errors import SyncError, naming

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.sync.plan.operations import Operation

NAME = "journal.jsonl"
_FULL = "Is the disk full? Make room, then go on with the run: `apply --resume`, or `promote run` again."
_ANEW = "Make a new plan: it compares with what is on the target now."


@dataclass(frozen=True)
class Journalled:
    """What a journal tells.

    Attributes:
        digest: of the plan that was applied; "" for a journal without a beginning.
        known: kind -> uuids that the target had before the first write.
        done: number of an operation -> facts of what it created, {} for one that created nothing.
        doubtful: numbers of operations that may have happened, and may not.
        failed: number -> why.
        found: number of a doubtful operation -> facts of what it is known to have created since.
    """

    digest: str = ""
    known: Mapping[Kind, frozenset[str]] = field(default_factory=dict)
    done: Mapping[int, JsonObject] = field(default_factory=dict)
    doubtful: frozenset[int] = frozenset()
    failed: Mapping[int, str] = field(default_factory=dict)
    found: Mapping[int, JsonObject] = field(default_factory=dict)

    @property
    def is_begun(self) -> bool:
        """Whether the run has begun at all."""
        return bool(self.digest)

    @property
    def begun(self) -> frozenset[int]:
        """The numbers of the operations that were tried: done, failed, or without a known end."""
        return frozenset({*self.done, *self.doubtful, *self.failed})

    def made(self, number: int) -> JsonObject:
        """Return the facts of what an operation is known to have created; {} for none."""
        return self.done.get(number) or self.found.get(number) or {}


class _Record(BaseModel):
    """A line; what a later version adds to it is passed over."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class _Started(_Record):
    plan: str
    known: dict[Annotated[Kind, Field(strict=False)], Annotated[frozenset[str], Field(strict=False)]]


class _Operation(_Record):
    op: Annotated[int, Field(ge=0)]


class _Begun(_Operation):
    pass


class _Done(_Operation):
    facts: dict[str, Any]


class _Found(_Operation):
    facts: dict[str, Any]


class _Failed(_Operation):
    why: str
    unclear: bool


_RECORDS: dict[str, type[_Record]] = {
    "started": _Started, "begun": _Begun, "done": _Done, "found": _Found, "failed": _Failed,
}  # fmt: skip


class Journal:
    """Writes a journal; may be used from several threads.

    Args:
        path: of the file; an existing one is continued.
    """

    def __init__(self, path: Path) -> None:
        _mend(path)
        self._path = path
        self._file = path.open("ab")
        self._lock = threading.Lock()
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def started(self, digest: str, known: Mapping[Kind, frozenset[str]]) -> None:
        """Note what the target has before the first write: what is not in it later may be ours."""
        rows: JsonObject = {kind.value: [*sorted(uuids)] for kind, uuids in known.items() if uuids}
        self._write({"event": "started", "plan": digest, "known": rows})

    def begun(self, operation: Operation) -> None:
        """Note that an operation is about to be done."""
        self._write({"event": "begun", **_named(operation)})

    def done(self, operation: Operation, facts: JsonObject) -> None:
        """Note that an operation is done, with the facts of what it created."""
        self._write({"event": "done", **_named(operation), "facts": facts})

    def found(self, operation: Operation, facts: JsonObject) -> None:
        """Note what an operation that has no end in the journal has created; its rest may be missing."""
        self._write({"event": "found", **_named(operation), "facts": facts})

    def failed(self, operation: Operation, error: SyncError, *, unclear: bool) -> None:
        """Note that an operation failed, and whether it may have happened nevertheless."""
        self._write({"event": "failed", **_named(operation), "why": error.message, "unclear": unclear})

    def skipped(self, operation: Operation, because: int) -> None:
        """Note that an operation was not tried, because one that it needs did not succeed."""
        self._write({"event": "skipped", **_named(operation), "because": because})

    def ended(self) -> None:
        """Note that every operation was tried or skipped."""
        self._write({"event": "ended"})

    def _write(self, record: JsonObject) -> None:
        with self._lock:
            if self._broken:  # what other threads still have to say must not follow half a line
                raise SyncError("the journal could not be written, so nothing more is done", hint=_FULL)
            self._broken = True
            with naming(self._path):
                self._file.write(orjson.dumps(record) + b"\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            self._broken = False


def read_journal(path: Path) -> Journalled:
    """Read a journal; one that does not exist tells nothing.

    Raises:
        SyncError: it, or a line other than the last, cannot be read.
    """
    data = _bytes(path)
    *lines, _torn = data.split(b"\n")
    digest, known = "", dict[Kind, frozenset[str]]()
    done: dict[int, JsonObject] = {}
    doubtful: set[int] = set()
    failed: dict[int, str] = {}
    found: dict[int, JsonObject] = {}
    for place, line in enumerate(lines, 1):
        try:
            record = _read(line)
        except ValueError as error:
            raise SyncError(
                f"the journal {path.name} cannot be read: line {place}: {error}", hint=_ANEW
            ) from error
        match record:
            case _Started():
                digest, known = record.plan, record.known
            case _Found():
                found[record.op] = record.facts
            case _Begun():
                doubtful.add(record.op)
                failed.pop(record.op, None)
            case _Done():
                doubtful.discard(record.op)
                done[record.op] = record.facts
                failed.pop(record.op, None)
            case _Failed():
                failed[record.op] = record.why
                if not record.unclear:
                    doubtful.discard(record.op)
            case _:
                pass
    return Journalled(digest, known, done, frozenset(doubtful), failed, found)


def _read(line: bytes) -> _Record | None:
    """Read a line; None for one that tells nothing of what was done.

    Raises:
        ValueError: it is none; the message says in which place.
    """
    record = parse(line)
    event = record.get("event") if isinstance(record, dict) else None
    if not isinstance(event, str):
        raise ValueError("event: a text was expected")
    if (form := _RECORDS.get(event)) is None:
        return None
    found = conform(TypeAdapter(form), record)
    if isinstance(found, _Done | _Found) and found.facts and (problem := facts_problem(found.facts)):
        raise ValueError(f"facts.{problem}")
    return found


def _named(operation: Operation) -> dict[str, Json]:
    return {"op": operation.number, "what": operation.what.value, "item": operation.item}


def _bytes(path: Path) -> bytes:
    """Return what a journal holds so far; nothing if there is none yet."""
    try:
        return read_regular(path)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SyncError(f"the journal {path.name} cannot be read: {why}", hint=_ANEW) from error


def _mend(path: Path) -> None:
    """Take a torn line off the end, so that the next one stands by itself."""
    data = _bytes(path)
    if data and not data.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(data.rfind(b"\n") + 1)
