"""What became of what was written: read back and compared, and validated by the server if that is wanted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.changes.change import Change
from lightdash_sync.changes.differ import changes
from lightdash_sync.content.contents import Contents
from lightdash_sync.content.json import ABSENT, canonical, get_str, parse
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.known_fields import is_field, unknown_in, without_unknown
from lightdash_sync.content.tree import file_of
from lightdash_sync.errors import Incomplete
from lightdash_sync.lightdash.writing import Writer
from lightdash_sync.sync.apply.project import telling
from lightdash_sync.sync.plan.managed import managed, same_content, unmanaged_fields
from lightdash_sync.sync.plan.matching import find_unlinked_matches
from lightdash_sync.sync.plan.operations import operations
from lightdash_sync.sync.plan.options import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject, Value
    from lightdash_sync.content.tree import Tree
    from lightdash_sync.lightdash.reading import Lightdash
    from lightdash_sync.sync.apply.journal import Journalled
    from lightdash_sync.sync.plan.values import Plan, Step
    from lightdash_sync.sync.target import TargetEnvironment


# The server's own validation of a project: started, waited for, and read for the items that were touched.
#
# It replaces the results that Lightdash shows on its validation page, as pressing the button there does.
# Only what the token sees has a name in the results; what lies in other spaces is passed over.

DEADLINE = 600.0  # seconds
_SHORTEST, _LONGEST = 0.5, 5.0  # seconds between two questions

_HINT = "The content is written; Lightdash shows the results under Project settings, Validation."


@dataclass(frozen=True, order=True)
class Invalid:
    """Something that the server finds wrong with an item.

    Attributes:
        item: `kind:key`.
        error: in the server's words.
        kind: of the error, in the server's words, such as `dimension`.
        field: that it is about, or "".
    """

    item: str
    error: str
    kind: str = ""
    field: str = ""


def validate(
    lightdash: Lightdash,
    writer: Writer,
    project: str,
    touched: Mapping[str, str],
    *,
    wait: Callable[[float], None],
    deadline: float = DEADLINE,
) -> tuple[Invalid, ...]:
    """Validate a project and return what is wrong with some of its items.

    Args:
        lightdash: the server.
        writer: starts the validation; the token needs the role of a developer.
        project: uuid.
        touched: uuid of a chart or dashboard -> `kind:key`.
        wait: waits for some seconds.
        deadline: seconds of waiting after which it is given up.

    Raises:
        Incomplete: the job failed, or did not end in time.
        NotAuthorised: the token may not validate.
        ApiError: the server failed.
    """
    _await(lightdash, writer.start_validation(project), wait, deadline)
    found = set()
    for row in lightdash.validation(project):  # not under the job's number
        item = touched.get(row.chartUuid or "") or touched.get(row.dashboardUuid or "")
        if item is not None:
            found.add(Invalid(item, row.error, row.errorType or "", row.fieldName or ""))
    return tuple(sorted(found))


def _await(lightdash: Lightdash, job: str, wait: Callable[[float], None], deadline: float) -> None:
    """Ask for a job until it is over, less and less often."""
    waited, pause = 0.0, _SHORTEST
    while not (status := lightdash.job_status(job)).over:
        if waited >= deadline:
            raise Incomplete(f"the validation did not end within {deadline:.0f} seconds", hint=_HINT)
        wait(pause)
        waited, pause = waited + pause, min(2 * pause, _LONGEST)
    if status.status == "error":
        raise Incomplete("the server could not finish the validation", hint=_HINT)


# Lightdash makes Markdown safe as HTML (told with its tile), and adds columns to the order of a table.
_OWN_WAYS = (("content",), ("columnOrder",))


@dataclass(frozen=True)
class Mismatch:
    """An item that is not as it was written.

    Attributes:
        item: as `kind:key`.
        changes: what differs from what was wanted, but for null, false and empty where nothing was written.
        added: fields that the server filled in by itself, and that nobody here knows or sent, in words.
    """

    item: str
    changes: tuple[Change, ...]
    added: tuple[str, ...] = ()

    @property
    def is_harmless(self) -> bool:
        """Whether the server only said it its own way: HTML of Markdown, order of columns, new fields."""
        return all(change.quiet or _is_own_way(change) for change in self.changes)


def _is_own_way(change: Change) -> bool:
    """Whether a change is one that the server makes by itself."""
    if change.what == "tile_changed":
        return _without_markdown(change.before) == _without_markdown(change.after)
    if change.what == "access_changed" and change.after in (None, ABSENT):
        return True  # some versions do not show the role of who has none in the project
    return change.where[-1:] in _OWN_WAYS


def _without_markdown(tile: Value) -> Value:
    """Return a tile without the text of its Markdown, which is told with the tile."""
    if not isinstance(tile, dict) or not isinstance(shows := tile.get("properties"), dict):
        return tile
    return tile | {"properties": {name: value for name, value in shows.items() if name != "content"}}


def differences(plan: Plan, done: Iterable[Step], now: Tree) -> Iterator[Mismatch]:
    """Yield what is not as it was written.

    Args:
        plan: that was applied.
        done: its steps that were taken.
        now: the target afterwards, in the plan's keys.
    """
    options = options_of(plan)
    for step in done:
        path = file_of(step.kind, step.key)
        there = parse(now[path]) if path in now else None
        if there is None and step.after == []:  # a list without rows has no file
            continue
        if same_content(step.kind, step.after, there, options):
            continue
        known, added = _without_added(step.kind, step.after, there)
        found = () if same_content(step.kind, step.after, known, options) else changes(
            step.kind, telling_content(step.after), telling_content(known)
        )  # fmt: skip
        yield Mismatch(step.item, tuple(found), added)


def _without_added(kind: Kind, sent: Json, there: Json) -> tuple[Json, tuple[str, ...]]:
    """Return what the server has, without the unknown fields that it added by itself; and these, in words."""
    if not isinstance(sent, dict) or not isinstance(there, dict):
        return there, ()
    own = frozenset(unknown_in(kind, sent))
    added = tuple(what for what in unknown_in(kind, there) if is_field(what) and what not in own)
    return (without_unknown(kind, there, own) if added else there), added


def added_by_server(found: Iterable[Mismatch]) -> dict[str, int]:
    """Return kind and field that the server added by itself and nobody here knows -> of how many items."""
    return dict(
        sorted(
            Counter(f"{one.item.partition(':')[0]}: {what}" for one in found for what in one.added).items()
        )
    )


@dataclass(frozen=True, order=True)
class Stranger:
    """An item that somebody made while a run made the same.

    Attributes:
        item: what the run made, as `kind:key`.
        name: of both.
        uuids: of what somebody else made, of the same name in the same place.
    """

    item: str
    name: str
    uuids: tuple[str, ...]


def strangers(
    created: Mapping[Kind, Mapping[str, JsonObject]],
    known: Mapping[Kind, frozenset[str]],
    after: Tree,
) -> tuple[Stranger, ...]:
    """Return what is like something that a run made, and neither was there before nor was made by it.

    Two machines that apply at the same time make everything twice: each of them sees the other's here.

    Args:
        created: kind -> key -> facts of what the run made.
        known: kind -> uuids of what was there before it.
        after: the target afterwards.
    """
    mine = {(kind, key) for kind, entries in created.items() for key in entries}
    items = {
        (kind, key): str(facts["uuid"])
        for kind, entries in after.identity.items.items()
        for key, facts in entries.items()
    }
    old = frozenset(
        item for item, uuid in items.items() if item in mine or uuid in known.get(item[0], frozenset())
    )
    contents = Contents(after)
    if not mine or not contents.there - old:
        return ()
    found = find_unlinked_matches(contents, contents, old, mine & contents.there, adopt=True).candidates
    return tuple(
        sorted(
            Stranger(
                f"{item[0]}:{item[1]}",
                get_str(contents.of(item), "name"),
                tuple(items[candidate] for candidate in candidates if candidate in items),
            )
            for item, candidates in found.items()
        )
    )


def options_of(plan: Plan) -> PlanOptions:
    """Return the options of a plan that say what of a content is managed."""
    return PlanOptions(enable_schedulers=plan.enable_schedulers, verification=plan.verification)


def telling_content(content: Json) -> Json:
    """Return what a content tells; None for none.

    Another version of the server fills in what its own contents have.
    """
    return None if content is None else telling(content)


def validated(place: TargetEnvironment, plan: Plan, identity: Identity) -> tuple[Invalid, ...]:
    """Let the server validate the project, and return what it says of the items that were written.

    Args:
        place: the target.
        plan: that was applied.
        identity: the target's map afterwards.

    Raises:
        Incomplete: it does not come to an end.
        ApiError: it cannot be started.
    """
    touched = {
        uuid: step.item
        for step in plan.steps
        if step.kind in (Kind.CHART, Kind.DASHBOARD) and (uuid := identity.uuid(step.kind, step.key))
    }
    lightdash = place.lightdash
    writer = Writer(lightdash.session, lightdash.server)
    return validate(lightdash, writer, place.project, touched, wait=lightdash.session.pacer.sleep)


# What a run that did a part of its work has left, item by item: its own writes are nobody's drift.
#
# Of an item that a run began to write, each field is as the run wrote it, or as it was before: what is
# neither was changed by somebody since. So a content can be made up that says of each field what it would
# be if nobody else had been there.

# Fields whose rows are written one by one, so that a run can be cut short between two of them.
_IN_PIECES = {Kind.SPACE: frozenset({"access"}), Kind.TAG: frozenset({"metrics"})}


@dataclass(frozen=True)
class Taken:
    """How far a plan was carried out.

    Attributes:
        done: the steps of which every operation is done.
        begun: the steps of which an operation was tried, and not every one is done.
        untouched: the steps of which no operation was tried.
        is_cut_short: whether the run came to no end of its own: what the target has now may be somebody's.
    """

    done: tuple[Step, ...]
    begun: tuple[Step, ...] = ()
    untouched: tuple[Step, ...] = ()
    is_cut_short: bool = False

    @property
    def written(self) -> tuple[Step, ...]:
        """The steps of which something was written, or may have been."""
        return (*self.done, *self.begun)


def taken(plan: Plan, journalled: Journalled, *, is_cut_short: bool = False) -> Taken:
    """Return how far a plan was carried out, by its journal.

    Args:
        plan: the plan.
        journalled: what its journal tells.
        is_cut_short: whether the run came to no end of its own.
    """
    of_step: dict[int, set[int]] = {}
    for operation in operations(plan):
        of_step.setdefault(operation.step, set()).add(operation.number)
    done: list[Step] = []
    begun: list[Step] = []
    untouched: list[Step] = []
    for number, step in enumerate(plan.steps):
        mine = of_step.get(number, set())
        if mine <= journalled.done.keys() and (mine or journalled.begun):
            done.append(step)
        else:
            (untouched if mine.isdisjoint(journalled.begun) else begun).append(step)
    return Taken(tuple(done), tuple(begun), tuple(untouched), is_cut_short)


def blended(
    step: Step, now: Json, arrived: Json, before: Json, options: PlanOptions, *, is_done: bool
) -> Json:
    """Return, field by field, one content where the target has what a step wrote, else another one.

    Args:
        step: that was begun, of an item that is there.
        now: what the target has.
        arrived: taken where that is what the step wrote.
        before: taken else; None for what did not exist: then what was written if the step is done, else what
            is there, because nobody can tell.
        options: say what is managed.
        is_done: whether the whole step is done, so that every field should be as it was written.
    """
    if KINDS[step.kind].is_list:
        return _blended_list(step, now, arrived, before, options, is_done=is_done)
    if not isinstance(now, dict) or not isinstance(step.after, dict):
        return before
    there = _fields(step.kind, now, options)
    written = _fields(step.kind, step.after, options)
    goal, else_ = (_fields(step.kind, one, options) for one in (arrived, before))
    own = unmanaged_fields(step.kind, options)
    result: JsonObject = {name: now[name] for name in own if name in now}
    for name in [*dict.fromkeys((*there, *written, *goal, *else_))]:
        if _is_as_written(step, now, there, written, name):
            chosen = goal
        elif is_done:
            chosen = written
        elif before is None or _is_in_pieces(step, name, there, written, options):
            chosen = there
        else:
            chosen = else_
        if name in chosen:
            result[name] = chosen[name]
    return result


def _fields(kind: Kind, content: Json, options: PlanOptions) -> JsonObject:
    found = managed(kind, content, options)
    return found if isinstance(found, dict) else {}


def _is_as_written(step: Step, now: JsonObject, there: JsonObject, written: JsonObject, name: str) -> bool:
    """Whether the target has a field as it was written, or as the server says the same in its own way."""
    if canonical(there.get(name)) == canonical(written.get(name)):
        return True
    as_it_would_be = {**now, name: written.get(name)}
    found = tuple(changes(step.kind, telling_content(as_it_would_be), telling_content(now)))
    return Mismatch(step.item, found).is_harmless


def _blended_list(
    step: Step, now: Json, arrived: Json, before: Json, options: PlanOptions, *, is_done: bool
) -> Json:
    """Return one list or the other; what is there, if it is on the way from one to the other."""
    if same_content(step.kind, now, step.after, options):
        return arrived
    if is_done:
        return step.after
    rows = (managed(step.kind, one, options) for one in (step.before, now, step.after))
    return now if _is_on_the_way(*rows) else before


def _is_in_pieces(
    step: Step, name: str, there: JsonObject, written: JsonObject, options: PlanOptions
) -> bool:
    """Whether a field can be written in part, and is on the way from what it was to what was written."""
    if name not in _IN_PIECES.get(step.kind, frozenset()):
        return False
    old = _fields(step.kind, step.before, options)
    return _is_on_the_way(old.get(name), there.get(name), written.get(name))


def _is_on_the_way(before: Json, now: Json, after: Json) -> bool:
    """Whether a list has what two lists share, and else what either has."""
    old, rows, new = (
        {canonical(row) for row in one} if isinstance(one, list) else set() for one in (before, now, after)
    )
    return old & new <= rows <= old | new
