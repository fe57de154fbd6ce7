"""The project that a plan is applied to: who is who there, which grows as items are created.

Every write of a run goes through `once` or `again`. Both send it a second time only after a look: an
answer that was lost says nothing of what the server did.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.content.json import canonical, get_str
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.normal import normalise
from lightdash_sync.content.portable import to_server
from lightdash_sync.content.references import UnresolvedReference
from lightdash_sync.errors import ApiError, NotFound, Unsure
from lightdash_sync.sync.apply.slugs import TakenSlugs
from lightdash_sync.sync.plan.operations import fields_written_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash import schemas
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.writing import Writer
    from lightdash_sync.sync.plan.operations import Operation
    from lightdash_sync.sync.plan.values import Plan, Step

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


class TargetProject:
    """A project being written.

    Args:
        plan: what is applied.
        identity: what keys mean in the project.
        lightdash: reads.
        writer: writes.
        known: kind -> uuids that the project had before the first write of the run.
        today: for schedulers, which are created so that they do not run today.
        noted: is told what came otherwise than planned.

    Attributes:
        slugs: tells whether a slug is taken by now.
        alone: held by who makes something that can only be known again by its name.
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
        self._user: schemas.User | None = None
        self._deleted: dict[str, schemas.Deleted] | None = None
        self._metrics: dict[tuple[str, str], schemas.Metric] | None = None
        self._paths: dict[str, str] = {}
        self._holders: dict[str, list[str]] = {}
        self._dashboards: dict[str, tuple[str, str]] = {}
        self._made_dashboards: dict[str, tuple[str, str]] = {}
        self._identity = identity.extended(plan.adopted, plan.external).extended(_facts(plan))
        self._ours = {kind: set(uuids) for kind, uuids in known.items()}
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self.alone = threading.Lock()
        self.slugs = TakenSlugs(plan, lightdash, sees_all=lambda: self.sees_all_spaces)

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

    def _asked(self) -> schemas.User:
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
        content = fields_written_by(operation.what, step)
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

    def deleted(self) -> dict[str, schemas.Deleted]:
        """Return what was deleted before and can be restored, by uuid."""
        if self._deleted is None:
            self._deleted = {row.uuid: row for row in self.lightdash.deleted(self.project)}
        return self._deleted

    def metrics(self, *, fresh: bool) -> dict[tuple[str, str], schemas.Metric]:
        """Return the catalogue's metrics by table and name; read anew if it must be fresh."""
        with self._lock:
            if fresh or self._metrics is None:
                rows = self.lightdash.metrics(self.project)
                self._metrics = {(row.tableName, row.name): row for row in rows}
            return self._metrics

    def space_paths(self, space: str) -> dict[str, str]:
        """Return the paths of the project's spaces; read anew if one is not among them."""
        with self._asking:
            if space not in self._paths:
                rows = self.lightdash.spaces(self.project)
                self._paths = {row.uuid: get_str(raw, "path") for row, raw in rows}
            return self._paths

    def holders(self, space: str) -> list[str]:
        """Return the uuids of who has a grant in a space, by the list of spaces; anew for an unknown one.

        Only to be asked when all grants are given but those of the token's owner.
        """
        if space not in self._holders:
            self._holders = {row.uuid: row.access for row, _ in self.lightdash.spaces(self.project)}
        return self._holders.get(space, [])

    def dashboard_rows(self, dashboard: str) -> dict[str, tuple[str, str]]:
        """Return slug and space of the project's dashboards; read anew if one is not among them."""
        with self._asking:
            if dashboard not in self._dashboards:
                spaces = {row.uuid: row.spaceUuid for row in self.lightdash.dashboards(self.project)}
                rows = self.lightdash.content(self.project)
                self._dashboards = {
                    row.uuid: (row.slug, spaces[row.uuid]) for row in rows if row.uuid in spaces
                }
            return self._dashboards

    def knows_dashboard(self, dashboard: str, slug: str, space: str) -> None:
        """Note slug and space of a dashboard that was just created, with a slug that nothing else had."""
        with self._asking:
            self._made_dashboards[dashboard] = (slug, space)

    def made_dashboard(self, dashboard: str) -> tuple[str, str] | None:
        """Return slug and space of a dashboard that this run created with its slug; None for another."""
        return self._made_dashboards.get(dashboard)

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


# Looking whether a write happened: which new item is ours, and whether content is what was sent.
#
# An item is taken for ours if it was not there before the run, has the name and the place that were sent,
# and the content. If there is one of that name and place with other content, nobody can tell: it is neither
# taken over nor made a second time.


def ours(
    target: TargetProject, step: Step, candidates: Iterable[str], fits: Callable[[str], bool]
) -> JsonObject | None:
    """Return the facts of the item that a lost create has made, or None if it has made none so far.

    Args:
        target: the project.
        step: what was to be created.
        candidates: uuids of the items of its kind that have its name and place.
        fits: whether the item of a uuid has the content that was sent.

    Raises:
        Unsure: there are new ones, and not exactly one has that content.
    """
    new = [uuid for uuid in candidates if target.is_new(step.kind, uuid)]
    if not new:
        return None
    found = [uuid for uuid in new if fits(uuid)]
    if len(found) == 1:
        return {"uuid": found[0]}
    raise Unsure(
        f"{step.item}: the answer to its creation was lost, and the target has {len(new)} new of that name, "
        f"{len(found)} of them with its content",
        hint="See in Lightdash which of them is to stay, delete the others, and resume; or make a new plan.",
    )


def same(kind: Kind, read: JsonObject, sent: JsonObject) -> bool:
    """Whether what was read has all that was sent, and of these fields nothing else.

    What the server fills in does not count (null, empty or false for what is missing), nor the order of
    what it keeps in no order, nor columns that it adds to the order of columns.

    Args:
        kind: of the item.
        read: the server's answer.
        sent: normal form; fields that are not in it are not compared, but for those inside of its fields.
    """
    theirs, mine = normalise(kind, read).content, normalise(kind, sent).content
    return all(_same(theirs.get(name), value, name) for name, value in mine.items())


def _same(read: Json, sent: Json, name: str) -> bool:
    if name == "tableConfig" and isinstance(read, dict) and isinstance(sent, dict):
        known = _texts(sent.get("columnOrder"))
        read = read | {
            "columnOrder": [column for column in _texts(read.get("columnOrder")) if column in known]
        }
        sent = sent | {"columnOrder": [*known]}
    # Wrapped, so that what says nothing is left out at the top as well.
    return canonical(telling({name: read})) == canonical(telling({name: sent}))


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def telling(value: Json) -> Json:
    """Return a value without what says nothing (null, false, empty) at any depth; lists keep their length."""
    if isinstance(value, list):
        return [telling(item) for item in value]
    if isinstance(value, dict):
        pruned = {name: telling(item) for name, item in value.items()}
        return {name: item for name, item in pruned.items() if not _says_nothing(item)}
    return value


def _says_nothing(value: Json) -> bool:
    return value is None or value is False or value in ("", [], {})


# What was deleted and can be restored: it comes back as the very item that it was.
#
# With its uuid, views, versions, comments and deliveries. Only into a space that is still there (the server
# would restore it into nowhere), and never a space: with it would come whatever its owner ever deleted in
# it.


def restored(target: TargetProject, step: Step) -> JsonObject | None:
    """Restore what a step is to create, if it is what was deleted; None if it has to be made anew.

    Args:
        target: the project.
        step: creates a chart, SQL chart or dashboard, or a scheduler, which comes with what it delivers.

    Returns:
        Its facts, as of what was created.
    """
    if not step.former or target.plan.keeps_deleted is None:
        return None
    if _is_there(target, step):  # with its dashboard, or by a run that was cut short
        return {"uuid": step.former}
    if step.kind is Kind.SCHEDULER:
        return None
    row = target.deleted().get(step.former)
    spaces = {space.uuid for space, _ in target.lightdash.spaces(target.project)}
    if row is None or row.spaceUuid not in spaces:
        return None

    def write() -> bool:
        target.writer.restore(target.project, step.kind, step.former)
        return True

    try:
        target.once(write, lambda: _is_there(target, step) or None, doubtful=False)
    except NotFound:
        return None
    return {"uuid": step.former} if _is_there(target, step) else None


def _is_there(target: TargetProject, step: Step) -> bool:
    lightdash = target.lightdash
    try:
        match step.kind:
            case Kind.CHART:
                lightdash.chart_history(step.former)
            case Kind.SQL_CHART:
                lightdash.sql_chart(target.project, step.former)
            case Kind.SCHEDULER:
                lightdash.scheduler(step.former)
            case _:
                lightdash.dashboard(step.former)
    except NotFound:
        return False
    return True
