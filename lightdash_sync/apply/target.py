"""The project that a plan is applied to: who is who there, which grows as items are created.

Every write of a run goes through `once` or `again`. Both send it a second time only after a look: an
answer that was lost says nothing of what the server did.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.errors import ApiError
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.portable import to_server
from lightdash_sync.model.references import UnresolvedReference
from lightdash_sync.plan.drafts import written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from lightdash_sync.client import catalogue, views
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.client.writes import Writer
    from lightdash_sync.model.canonical import JsonObject
    from lightdash_sync.model.identity import Identity
    from lightdash_sync.plan.operations import Operation
    from lightdash_sync.plan.values import Plan, Step

T = TypeVar("T")

# Stands for what does not exist yet, until an operation `finish` writes the true uuid.
NIL = "00000000-0000-0000-0000-000000000000"

# Seconds between the looks for a write whose answer is lost: the server may still be at work.
_PAUSES = (1.0, 4.0, 15.0)

_NOT_FOUND = 404


@dataclass(frozen=True)
class Task:
    """An operation to be done.

    Attributes:
        operation: what.
        step: the step of the plan that it belongs to.
        doubtful: whether it may have been done before, so that it is looked for first.
    """

    operation: Operation
    step: Step
    doubtful: bool = False


def _unheard(_message: str) -> None:
    """Say nothing."""


class Target:
    """A project being written.

    Args:
        plan: what is applied.
        identity: what keys mean in the project.
        lightdash: reads.
        writer: writes.
        known: kind -> uuids that the project had before the first write of the run.
        today: for schedulers, which are created so that they do not run today.
        noted: is told what came otherwise than planned.
    """

    def __init__(
        self,
        plan: Plan,
        identity: Identity,
        lightdash: Lightdash,
        writer: Writer,
        known: Mapping[Kind, frozenset[str]],
        today: date,
        noted: Callable[[str], None] = _unheard,
    ) -> None:
        self.noted = noted
        self.plan = plan
        self.project = plan.target.project
        self.lightdash = lightdash
        self.writer = writer
        self.today = today
        self.writes = 0
        self._user: views.User | None = None
        self._deleted: dict[str, views.Deleted] | None = None
        self._metrics: dict[tuple[str, str], catalogue.Metric] | None = None
        self._paths: dict[str, str] = {}
        self._dashboards: dict[str, tuple[str, str]] = {}
        self._identity = identity.extended(plan.adopted, plan.external).extended(_facts(plan))
        self._ours = {kind: set(uuids) for kind, uuids in known.items()}
        self._lock = threading.Lock()

    @property
    def identity(self) -> Identity:
        """What keys mean in the project now."""
        return self._identity

    @property
    def caller(self) -> str:
        """The uuid of the token's owner."""
        return self._asked().userUuid

    @property
    def sees_all_spaces(self) -> bool:
        """Whether the token's owner sees private spaces without a grant."""
        return self._asked().sees_all_spaces(self.project)

    def _asked(self) -> views.User:
        if self._user is None:
            self._user = self.lightdash.user()
        return self._user

    def uuid(self, kind: Kind, key: str) -> str:
        """Return the uuid of an item.

        Raises:
            UnresolvedReference: the project has no such item.
        """
        if (uuid := self._identity.uuid(kind, key)) is None:
            raise UnresolvedReference(f"{kind} {key} is not known in this environment")
        return uuid

    def learn(self, kind: Kind, key: str, facts: JsonObject) -> None:
        """Note what was created."""
        with self._lock:
            self._identity = self._identity.extended({kind: {key: facts}})
            self._ours.setdefault(kind, set()).add(str(facts["uuid"]))

    def is_new(self, kind: Kind, uuid: str) -> bool:
        """Whether an item was neither there before the run, nor is known to have been created by it."""
        return uuid not in self._ours.get(kind, ())

    def form(self, task: Task) -> JsonObject:
        """Return what an operation writes, in the server's words; nil for what does not exist yet.

        Raises:
            UnresolvedReference: it refers to something that the project does not have.
        """
        operation, step = task.operation, task.step
        content = written(operation.what, step)
        placeholders: dict[Kind, dict[str, JsonObject]] = {}
        for kind, key in operation.unknown:
            placeholders.setdefault(kind, {})[key] = {"uuid": NIL}
        identity = self._identity.extended(placeholders) if placeholders else self._identity
        return to_server(step.kind, step.key, content if isinstance(content, dict) else {}, identity)

    def once(
        self,
        write: Callable[[], T],
        look: Callable[[], T | None],
        *,
        doubtful: bool,
    ) -> T:
        """Make a write that must not happen twice.

        Args:
            write: sends it, and returns what is known by it.
            look: returns the same if the write has happened, else None.
            doubtful: whether it may have happened before.

        Raises:
            ApiError: it failed; `unclear` if nobody can tell whether it happened.
        """
        if doubtful and (found := look()) is not None:
            return found
        try:
            return self.send(write)
        except ApiError as error:
            if not error.unclear:
                raise
        if (found := self.look_for(look)) is not None:
            return found
        try:
            return self.send(write)
        except ApiError as second:
            if not second.unclear or (found := self.look_for(look)) is None:
                raise
            return found

    def again(self, write: Callable[[], T]) -> T:
        """Make a write that does no harm if it happens twice.

        Raises:
            ApiError: it failed twice without a clear answer, or once with one.
        """
        try:
            return self.send(write)
        except ApiError as error:
            if not error.unclear or error.status == _NOT_FOUND:
                raise
            self.lightdash.session.pacer.sleep(_PAUSES[0])
            return self.send(write)

    def send(self, write: Callable[[], T]) -> T:
        """Make a write, once; the caller looks before making it again."""
        with self._lock:
            self.writes += 1
        return write()

    def deleted(self) -> dict[str, views.Deleted]:
        """Return what was deleted before and can be restored, by uuid."""
        if self._deleted is None:
            self._deleted = {row.uuid: row for row in self.lightdash.deleted(self.project)}
        return self._deleted

    def metrics(self, *, fresh: bool) -> dict[tuple[str, str], catalogue.Metric]:
        """Return the catalogue's metrics by table and name; read anew if it must be fresh."""
        with self._lock:
            if fresh or self._metrics is None:
                rows = self.lightdash.metrics(self.project)
                self._metrics = {(row.tableName, row.name): row for row in rows}
            return self._metrics

    def space_paths(self, space: str) -> dict[str, str]:
        """Return the paths of the project's spaces; read anew if one is not among them."""
        if space not in self._paths:
            rows = self.lightdash.spaces(self.project)
            self._paths = {row.uuid: text(raw, "path") for row, raw in rows}
        return self._paths

    def dashboard_rows(self, dashboard: str) -> dict[str, tuple[str, str]]:
        """Return slug and space of the project's dashboards; read anew if one is not among them."""
        if dashboard not in self._dashboards:
            spaces = {row.uuid: row.spaceUuid for row in self.lightdash.dashboards(self.project)}
            rows = self.lightdash.content(self.project)
            self._dashboards = {row.uuid: (row.slug, spaces[row.uuid]) for row in rows if row.uuid in spaces}
        return self._dashboards

    def look_for(self, look: Callable[[], T | None]) -> T | None:
        """Look for what a write may have done, until the server cannot be at work any more."""
        for pause in _PAUSES:
            if (found := look()) is not None:
                return found
            self.lightdash.session.pacer.sleep(pause)
        return look()


def _facts(plan: Plan) -> dict[Kind, dict[str, JsonObject]]:
    """Return what the plan itself tells of items that exist: their uuids, and how dashboards are laid out."""
    facts: dict[Kind, dict[str, JsonObject]] = {}
    for step in plan.steps:
        if step.uuid is not None and step.key:
            facts.setdefault(step.kind, {})[step.key] = {"uuid": step.uuid, **step.layout}
    return facts
