"""The calls of a promotion, one after the other, each journalled before and after.

A call is no transaction, and none is repeated: where its answer is lost, the upstream project is asked
which of the items that it was to make are there; whether what it was to change has changed is seen when
everything is read back. A call that the server refuses does not stop the others.
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


# Which upstream item a promotion made: told by the server's answer, or looked for in the project's lists.
#
# An item is taken for ours if it was not there before the run, and has the name and the place that the
# review foretold. Tiles keep their uuids when a dashboard is promoted, so that a chart is known by the tile
# that shows it.

_TILES = {"chart": (Kind.CHART, "savedChartUuid"), "sqlChart": (Kind.SQL_CHART, "savedSqlUuid")}
_UUIDS = {Kind.SQL_CHART: "savedSqlUuid"}
ORDER = (Kind.SPACE, Kind.DASHBOARD, Kind.SQL_CHART, Kind.CHART)  # places before what is in them


@dataclass
class Upstream:
    """What is known of the upstream project during a run.

    Attributes:
        lightdash: its server.
        project: uuid.
        identity: its map before the run.
        created: kind -> key -> facts of what the run made so far.
    """

    lightdash: Lightdash
    project: str
    identity: Identity
    created: dict[Kind, dict[str, JsonObject]] = field(default_factory=dict)

    def uuid(self, kind: Kind, key: str) -> str | None:
        """Return the uuid of an item that was there, or that the run made; None for neither."""
        made = self.created.get(kind, {}).get(key)
        return self.identity.uuid(kind, key) if made is None else get_str(made, "uuid")

    def is_new(self, kind: Kind, uuid: str) -> bool:
        """Whether an item was not there before the run, and is not known to be made by it."""
        mine = {get_str(facts, "uuid") for facts in self.created.get(kind, {}).values()}
        return bool(uuid) and uuid not in self.identity.known_keys(kind) and uuid not in mine

    def learn(self, step: Step, uuid: str) -> JsonObject:
        """Note what was made for a step, and return the facts of it."""
        facts: JsonObject = {"uuid": uuid, **step.layout}
        self.created.setdefault(step.kind, {})[step.key] = facts
        return facts

    def candidates(self, step: Step) -> list[str]:
        """Return the uuids of the new items that have the name and the place of what a step makes."""
        rows = self._rows(step)
        return [uuid for uuid, name in rows if name == step.name and self.is_new(step.kind, uuid)]

    def _rows(self, step: Step) -> Iterator[tuple[str, str]]:
        """Yield uuid and name of the items in the place where a step makes one."""
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
                return  # nothing else is promoted

    def _place(self, content: Json) -> str | None:
        """Return the uuid of what an item is in; None for a space at the root, or a place that is unknown."""
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
    """Return the uuids that an answer tells, or a dashboard shows: of itself, of its space, of its charts.

    Args:
        answer: of a promotion, or of the server when it is asked for a dashboard.
        kind: of what was promoted.
        content: that it was to have, in the keys of the source.
        layout: of a dashboard, the uuids of its tiles.

    Returns:
        Kind and key -> uuid; the key of what was promoted is "".
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
    """Return the numbers of steps, places before what is in them, spaces above before those below."""
    return sorted(steps, key=lambda number: (ORDER.index(steps[number].kind), number))


# Seconds between the looks for what a call with a lost answer made: the server may still be at work.
PAUSES = (1.0, 4.0, 15.0)


@dataclass(frozen=True)
class CallResult:
    """What came of one call.

    Attributes:
        call: which.
        made: whether it was sent; else nothing was left for it to do.
        error: why it failed, or None.
        unclear: whether it may have done a part, or all, of its work nevertheless.
    """

    call: Call
    made: bool = True
    error: SyncError | None = None
    unclear: bool = False


@dataclass
class Calling:
    """The calls of one run.

    Attributes:
        review: what is promoted.
        source: the map of the source.
        plan: of the review.
        numbers: item of the review -> number of its step.
        parts: call -> numbers of the steps that it does.
        operations: by number.
        writer: promotes.
        upstream: what is known of the upstream project.
        journal: open.
        done: numbers of the steps that are done.
        open: number -> why it is not known yet whether it is done: a call was to do it whose answer is lost.
        failed: number -> why.
        writes: how many calls were sent.
        stopped: whether no further call is to be made.
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
            progress: is told how far the work is.

        Raises:
            NotAuthorised: the token is not accepted (any more).
            Unavailable: the server seems to be gone.
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
        """Note of a step whose answer was lost what reading everything back has shown.

        Args:
            number: of the step.
            done: whether its item is as the review said.
        """
        why = self.open.pop(number)
        if done:
            self._done(number, {})
        else:
            self._failed(number, why, unclear=True)

    def _call(self, call: Call) -> CallResult:
        """Make a call, unless earlier ones did all that it was needed for."""
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
        """Note a call that failed, or of which nobody can tell.

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
        """Look for what a call was to make, until it is there or the server cannot be at work any more."""
        pacer = self.upstream.lightdash.session.pacer
        for pause in (*PAUSES, None):
            self._learn(mine, self._shown(call))
            self._find(mine)
            if pause is None or not self._creates(mine):
                break
            pacer.sleep(pause)
        self._give_up(mine, lost)

    def _find(self, mine: list[int]) -> None:
        """Find in the lists of the upstream project what a call was to make, where only one item fits."""
        for number in self._creates(mine):
            step = self.plan.steps[number]
            alike = [one for one in self._creates(mine) if _looks_like(self.plan.steps[one], step)]
            uuids = self.upstream.candidates(step)
            if len(uuids) == len(alike) == 1:
                self._done(number, self.upstream.learn(step, uuids[0]))

    def _give_up(self, mine: list[int], lost: SyncError | None) -> None:
        """Note of what was not found that it was not made, or that nobody can tell.

        Args:
            mine: the steps of a call.
            lost: why the call has no answer; None if the answer only does not tell of them.
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
        """Return what an answer tells of the items that a call concerns."""
        item = self._item(call)
        content = None if item is None else item.after
        found = uuids_in_answer(answer, call.kind, content, self.source.facts(call.kind, call.key))
        uuid, number = found.pop((call.kind, ""), None), self.numbers.get(call.item)
        if number is not None and uuid is not None:
            found[call.kind, self.plan.steps[number].key] = uuid
        return found

    def _shown(self, call: Call) -> dict[tuple[Kind, str], str]:
        """Return what the upstream dashboard of a call shows; nothing if it is not there (yet)."""
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
        """Note what was made, as far as it was told, and is new in the upstream project.

        A dashboard that is being promoted shows the source's charts before it shows its own.
        """
        for number in self._creates(mine):
            step = self.plan.steps[number]
            uuid = uuids.get((step.kind, step.key), "")
            if self.upstream.is_new(step.kind, uuid) and uuid not in self.source.known_keys(step.kind):
                self._done(number, self.upstream.learn(step, uuid))

    def _creates(self, mine: list[int]) -> list[int]:
        """Return the steps of a call that make something, and of which it is not known what came of them."""
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
    """Whether two items that are to be made have the same name in the same place, so that none is known."""
    places = [
        [get_str(step.after, name) for name in ("dashboard", "space", "parent")] for step in (one, other)
    ]
    return (one.kind, one.name, places[0]) == (other.kind, other.name, places[1])


def _is_unknown(error: SyncError) -> bool:
    return isinstance(error, NotAuthorised) and error.status == 401
