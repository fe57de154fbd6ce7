"""Makes the calls of a promotion one after the other, and journals each before and after.

A call is not a transaction and is never repeated. If its answer is lost, the lists of the upstream project
show which of its new items exist; whether it changed existing items shows when the project is read back. A
call that the server refuses does not stop the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lightdash_sync.content.json import get_list, get_str
from lightdash_sync.content.kinds import Kind
from lightdash_sync.errors import ApiError, Interrupted, NotAuthorised, SyncError, Unavailable, Unsure
from lightdash_sync.sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.lightdash.writing import Writer
    from lightdash_sync.promotion.values import Call, Review, Reviewed
    from lightdash_sync.sync.apply.journal import Journal
    from lightdash_sync.sync.plan.operations import Operation
    from lightdash_sync.sync.plan.values import Plan, Step
    from lightdash_sync.workers import Progress


# Identifies the upstream items that a promotion created, by the server's answer or the project's lists.
#
# An item counts as created by the run if it did not exist before, and has the name and the place that the
# review predicted. Tiles keep their uuids when a dashboard is promoted, so a chart is identified by the tile
# that shows it.

_TILES = {"chart": (Kind.CHART, "savedChartUuid"), "sqlChart": (Kind.SQL_CHART, "savedSqlUuid")}
_UUIDS = {Kind.SQL_CHART: "savedSqlUuid"}
ORDER = (Kind.SPACE, Kind.DASHBOARD, Kind.SQL_CHART, Kind.CHART)  # places before the items in them


@dataclass
class Upstream:
    """The upstream project during a run, with the items that the run created.

    Attributes:
        lightdash: its server.
        project: its uuid.
        identity: its identity map before the run.
        created: kind -> key -> facts of the items that the run created so far.
    """

    lightdash: Lightdash
    project: str
    identity: Identity
    created: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)

    def uuid(self, kind: Kind, key: str) -> str | None:
        """Return the uuid of an item that existed before, or that the run created; None for neither."""
        made = self.created.get(kind, {}).get(key)
        return self.identity.uuid(kind, key) if made is None else get_str(made, "uuid")

    def is_new(self, kind: Kind, uuid: str) -> bool:
        """Whether an item did not exist before the run, and is not yet known as created by it."""
        mine = {get_str(facts, "uuid") for facts in self.created.get(kind, {}).values()}
        return bool(uuid) and uuid not in self.identity.known_keys(kind) and uuid not in mine

    def learn(self, step: Step, uuid: str) -> JsonObject:
        """Record the item that was created for a step, and return its facts."""
        facts: JsonObject = {"uuid": uuid, **step.layout}
        self.created.setdefault(step.kind, {})[step.key] = facts
        return facts

    def candidates(self, step: Step) -> list[str]:
        """Return the uuids of new items with the name and the place of the item that a step creates."""
        rows = self._rows(step)
        return [uuid for uuid, name in rows if name == step.name and self.is_new(step.kind, uuid)]

    def _rows(self, step: Step) -> Iterator[tuple[str, str]]:
        """Yield uuid and name of the items in the place where a step creates one."""
        place = self._place(step.after)
        lightdash, project = self.lightdash, self.project
        match step.kind:
            case Kind.SPACE:
                yield from (
                    (row.uuid, row.name)
                    for row, _ in lightdash.spaces(project)
                    if row.parentSpaceUuid == place
                )
            case Kind.DASHBOARD:
                rows = lightdash.dashboards(project)
                yield from ((row.uuid, row.name) for row in rows if row.spaceUuid == place)
            case Kind.SQL_CHART:
                charts = [row for row in lightdash.charts(project) if row.source == "sql"]
                yield from ((row.uuid, row.name) for row in charts if row.spaceUuid == place)
            case Kind.CHART:
                yield from (
                    (row.uuid, row.name)
                    for row in lightdash.chart_summaries(project)
                    if (row.dashboardUuid or row.spaceUuid) == place
                )
            case _:
                return  # no other kind is promoted

    def _place(self, content: Json) -> str | None:
        """Return the uuid of the place of an item; None for a space at the root, or if it is unknown."""
        for name, kind in (
            ("dashboard", Kind.DASHBOARD),
            ("space", Kind.SPACE),
            ("parent", Kind.SPACE),
        ):
            if key := get_str(content, name):
                return self.uuid(kind, key) or ""
        return None


def uuids_in_answer(
    answer: JsonObject, kind: Kind, content: Json, layout: JsonObject
) -> dict[tuple[Kind, str], str]:
    """Return the uuids in an answer: of the promoted item, of its space, and of its charts.

    Args:
        answer: of a promotion, or of a request for a dashboard.
        kind: of the promoted item.
        content: its expected content, in the keys of the source.
        layout: for a dashboard, the uuids of its tiles.

    Returns:
        Kind and key -> uuid; the key of the promoted item is "".
    """
    found = {(kind, ""): get_str(answer, _UUIDS.get(kind, "uuid"))}
    if space := get_str(content, "space"):
        found[Kind.SPACE, space] = get_str(answer, "spaceUuid")
    shown = {get_str(tile, "uuid"): tile for tile in get_list(answer, "tiles")}
    for tile in get_list(content, "tiles"):
        properties = shown.get(get_str(layout, "tiles", get_str(tile, "id")), {}).get("properties")
        for name, (of, field_there) in _TILES.items():
            if key := get_str(tile, "properties", name):
                found[of, key] = get_str(properties, field_there)
    return {place: uuid for place, uuid in found.items() if uuid}


def by_kind(steps: Mapping[int, Step]) -> list[int]:
    """Return the numbers of steps: places before the items in them, parent spaces before their children."""
    return sorted(steps, key=lambda number: (ORDER.index(steps[number].kind), number))


# Seconds between searches for the items of a call with a lost answer: the server may still be working.
PAUSES = (1.0, 4.0, 15.0)


@dataclass(frozen=True)
class CallResult:
    """The result of one call.

    Attributes:
        call: the call.
        made: whether it was sent; if not, nothing was left for it to do.
        error: why it failed, or None.
        unclear: whether it may have done part or all of its work although it failed.
    """

    call: Call
    made: bool = True
    error: SyncError | None = None
    unclear: bool = False


@dataclass
class Calling:
    """The calls of one run.

    Attributes:
        review: the review of the promotion.
        source: identity map of the source.
        plan: of the review.
        numbers: item of the review -> number of its step.
        parts: call -> numbers of the steps that it does.
        operations: the operations of the plan, by number.
        writer: sends the calls.
        upstream: the upstream project during the run.
        journal: the open journal of the run.
        done: numbers of the steps that are done.
        open: number of a step with an unknown result -> the error by which the answer of its call was lost.
        failed: number of a step -> why it failed.
        writes: number of calls that were sent.
        stopped: whether no further call may be made.
    """

    review: Review
    source: Identity
    plan: Plan
    numbers: Mapping[str, int]
    parts: Mapping[str, frozenset[int]]
    operations: tuple[Operation, ...]
    writer: Writer
    upstream: Upstream
    journal: Journal
    done: set[int] = field(default_factory=set)
    open: dict[int, SyncError] = field(default_factory=dict)
    failed: dict[int, SyncError] = field(default_factory=dict)
    writes: int = 0
    stopped: bool = False

    def run(self, progress: Progress) -> list[CallResult]:
        """Make all calls that are needed.

        Args:
            progress: receives the progress.

        Raises:
            NotAuthorised: the token is not accepted (any more).
            Unavailable: the server does not answer.
            Interrupted: the run was stopped.
        """
        needed = [call for call in self.review.calls if call.needed]
        result = []
        with progress.track("promotions", len(needed), "Making") as advance:
            for call in needed:
                if self.stopped:
                    raise Interrupted("stopped")
                result.append(self._call(call))
                advance()
        return result

    def wind_down(self) -> None:
        """Make no further call."""
        self.stopped = True

    def settle(self, number: int, *, done: bool) -> None:
        """Record the result of a step whose answer was lost, once the project was read back.

        Args:
            number: of the step.
            done: whether its item matches the review.
        """
        why = self.open.pop(number)
        if done:
            self._done(number, {})
        else:
            self._failed(number, why, unclear=True)

    def _call(self, call: Call) -> CallResult:
        """Make a call, unless earlier calls did all its steps."""
        mine = sorted(self.parts[call.item] - self.done)
        if not mine:
            return CallResult(call, made=False)
        for number in mine:
            self.journal.begun(self.operations[number])
            self.failed.pop(number, None)
        self.writes += 1
        try:
            answer = self.writer.promote(call.kind, call.uuid, self.review.source_project)
        except Interrupted:
            raise
        except SyncError as error:
            return self._refused(call, mine, error)
        self._learn(mine, self._told(call, answer))
        if self._creates(mine):
            self._find(mine)
            self._give_up(mine, None)
        for number in self._left(mine):
            self._done(number, {})
        return CallResult(call)

    def _refused(self, call: Call, mine: list[int], error: SyncError) -> CallResult:
        """Record a call that failed, or whose result is unknown.

        Raises:
            NotAuthorised: no further call would be allowed.
            Unavailable: no further call would be answered.
        """
        if not (isinstance(error, ApiError) and error.unclear):
            for number in mine:
                self._failed(number, error, unclear=False)
            if isinstance(error, Unavailable) or _is_unknown(error):
                raise error
            return CallResult(call, error=error)
        self._look(call, mine, error)
        self.open |= dict.fromkeys(self._left(mine), error)
        return CallResult(call, error=error, unclear=True)

    def _look(self, call: Call, mine: list[int], lost: SyncError) -> None:
        """Search for the items of a call until they exist, or the server can no longer be working on it."""
        pacer = self.upstream.lightdash.session.pacer
        for pause in (*PAUSES, None):
            self._learn(mine, self._shown(call))
            self._find(mine)
            if pause is None or not self._creates(mine):
                break
            pacer.sleep(pause)
        self._give_up(mine, lost)

    def _find(self, mine: list[int]) -> None:
        """Find the items of a call in the lists of the upstream project, where exactly one item fits."""
        for number in self._creates(mine):
            step = self.plan.steps[number]
            alike = [one for one in self._creates(mine) if _looks_like(self.plan.steps[one], step)]
            uuids = self.upstream.candidates(step)
            if len(uuids) == len(alike) == 1:
                self._done(number, self.upstream.learn(step, uuids[0]))

    def _give_up(self, mine: list[int], lost: SyncError | None) -> None:
        """Record the items that were not found as not created, or as unknown.

        Args:
            mine: the steps of a call.
            lost: why the call has no answer; None if it has one that does not mention the items.
        """
        for number in self._creates(mine):
            step = self.plan.steps[number]
            there = len(self.upstream.candidates(step))
            if not there and lost is not None:
                self._failed(number, lost, unclear=False)
                continue
            why = f"{step.item}: upstream are {there} new ones of its name, so nobody knows which it is"
            hint = "See in Lightdash what was made, and delete what is not to stay; then promote again."
            self._failed(number, Unsure(why, hint), unclear=True)

    def _told(self, call: Call, answer: JsonObject) -> dict[tuple[Kind, str], str]:
        """Return the uuids in an answer, for the items that a call concerns."""
        item = self._item(call)
        content = None if item is None else item.after
        found = uuids_in_answer(answer, call.kind, content, self.source.facts(call.kind, call.key))
        uuid, number = found.pop((call.kind, ""), None), self.numbers.get(call.item)
        if number is not None and uuid is not None:
            found[call.kind, self.plan.steps[number].key] = uuid
        return found

    def _shown(self, call: Call) -> dict[tuple[Kind, str], str]:
        """Return the uuids in the upstream dashboard of a call; empty if it does not exist (yet)."""
        item, number = self._item(call), self.numbers.get(call.item)
        if call.kind is not Kind.DASHBOARD or item is None:
            return {}
        uuid = item.upstream
        if uuid is None and number is not None:
            uuid = self.upstream.uuid(call.kind, self.plan.steps[number].key)
        return {} if uuid is None else self._told(call, self.upstream.lightdash.dashboard(uuid)[1])

    def _item(self, call: Call) -> Reviewed | None:
        return next((one for one in self.review.items if one.item == call.item), None)

    def _learn(self, mine: list[int], uuids: Mapping[tuple[Kind, str], str]) -> None:
        """Record created items whose uuids are known, if they are new in the upstream project.

        During its promotion, a dashboard shows the source's charts before it shows its own.
        """
        for number in self._creates(mine):
            step = self.plan.steps[number]
            uuid = uuids.get((step.kind, step.key), "")
            if self.upstream.is_new(step.kind, uuid) and uuid not in self.source.known_keys(step.kind):
                self._done(number, self.upstream.learn(step, uuid))

    def _creates(self, mine: list[int]) -> list[int]:
        """Return the steps of a call that create an item and have no known result."""
        left = {number: self.plan.steps[number] for number in self._left(mine)}
        return by_kind({number: step for number, step in left.items() if step.action is Action.CREATE})

    def _left(self, mine: list[int]) -> list[int]:
        return [number for number in mine if number not in self.done and number not in self.failed]

    def _done(self, number: int, facts: JsonObject) -> None:
        self.journal.done(self.operations[number], facts)
        self.done.add(number)

    def _failed(self, number: int, error: SyncError, *, unclear: bool) -> None:
        self.journal.failed(self.operations[number], error, unclear=unclear)
        self.failed[number] = error


def _looks_like(one: Step, other: Step) -> bool:
    """Whether two new items have the same name in the same place, so that a search cannot tell them apart."""
    places = [
        [get_str(step.after, name) for name in ("dashboard", "space", "parent")] for step in (one, other)
    ]
    return (one.kind, one.name, places[0]) == (other.kind, other.name, places[1])


def _is_unknown(error: SyncError) -> bool:
    return isinstance(error, NotAuthorised) and error.status == 401
