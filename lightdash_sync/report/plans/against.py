"""Why a plan will be refused, in words: limits, drift, twins, broken references; and what allows each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes import changes, words
from lightdash_sync.model.changes.change import dotted
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.features import REFUSED
from lightdash_sync.plan.preflight import IMPOSSIBLE
from lightdash_sync.plan.unseen import UNSEEN_IN_SOURCE, UNSEEN_ON_TARGET
from lightdash_sync.plan.values import DriftKind, Gravity
from lightdash_sync.report.parts.objections import Objection, Objections
from lightdash_sync.report.parts.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.changes import Change
    from lightdash_sync.plan.values import Drift, Plan, Problem, Twin

_NEVER_ALLOWED = frozenset({"not_empty", "name_taken"})  # Lightdash goes its own way, whoever allows it
_UNSEEN = frozenset({UNSEEN_IN_SOURCE, UNSEEN_ON_TARGET})
_OF_TILES = frozenset({"missing_item", "external_reference"})


def objections(plan: Plan) -> list[Objections]:
    """Return why a plan will be refused, by reason; nothing if it will not."""
    refused = [one for one in plan.drift if not one.allowed]
    unsynced = [_drift(one) for one in refused if one.how is DriftKind.UNSYNCED]
    newer = [_drift(one) for one in refused if one.is_of_backup]
    drift = [_drift(one) for one in refused if one.how is not DriftKind.UNSYNCED and not one.is_of_backup]
    twins = [_twin(one) for one in plan.twins if not one.allowed]
    names = {step.item: step.name for step in plan.steps}
    blocking = [one for one in plan.problems if one.gravity is Gravity.BLOCKS]
    unseen = [_unseen(one, names.get(one.item, "")) for one in blocking if one.code in _UNSEEN]
    broken = [_broken(one, names.get(one.item, "")) for one in blocking if one.code not in _UNSEEN]
    limits = [
        Objection(
            "limit",
            "",
            "",
            said,
            hints=(("--max-deletes N", "allows N deletes of each kind, if the source is not empty"),),
        )
        for said in plan.limits
    ]
    groups = (
        Objections("limits", "Too many deletes", tuple(limits)),
        Objections("drift", "Changed on the target since the last sync", tuple(drift)),
        Objections("drift", "Changed on the target since the last backup", tuple(newer)),
        Objections("drift", "Different on the target, and never synced", tuple(unsynced)),
        Objections("twins", "On the target already, but not linked", tuple(twins)),
        Objections("unseen", "Not shown to the token, and perhaps there", tuple(unseen)),
        Objections("broken", "Would be broken", tuple(broken)),
    )
    return [group for group in groups if group.found]


def drift_code(drift: Drift) -> str:
    """Return how the target went its own way, as a code that stays the same, such as `changed`."""
    return drift.how.name.lower()


def last_saved(drift: Drift) -> Iterator[str]:
    """Say who saved either side last, and when; nothing of a side of which Lightdash does not tell."""
    for side, saved in (("target", drift.saved_there), ("source", drift.saved_here)):
        if saved is not None:
            yield f"{side}: {saved.at}{f', {saved.by}' if saved.by else ''}"


def theirs(drift: Drift) -> list[Change]:
    """Return what the target changed since the last sync; nothing where no sync remembers what it was."""
    return [] if drift.base is None else _between(drift, drift.base, drift.existing)


def ours(drift: Drift) -> list[Change]:
    """Return what the source changed since then; nothing where no sync remembers what it was."""
    return [] if drift.base is None else _between(drift, drift.base, drift.desired)


def outcome(drift: Drift) -> list[Change]:
    """Return what the source would make of what the target has now."""
    return _between(drift, drift.existing, drift.desired)


def _between(drift: Drift, old: Json, new: Json) -> list[Change]:
    return changes(drift.kind, old, new)


def _drift(drift: Drift) -> Objection:
    details = [] if drift.base is None else [("The target", _lines(theirs(drift)))]
    if drift.how is DriftKind.BOTH:
        details.append(("The source", _lines(ours(drift))))
    else:
        details.append(("This plan would do", _lines(outcome(drift))))
    if drift.conflicts and drift.base is not None:
        details.append(("Both changed, and not alike", tuple(_conflicts(drift))))
    if saved := tuple(last_saved(drift)):
        details.append(("Saved last", saved))
    hints = [(f"--allow-drift {drift.item}", "overwrites what the target has")]
    if not drift.conflicts:
        both = drift.how is DriftKind.BOTH
        does = "combines the changes of both sides" if both else "keeps what the target has"
        if drift.how is DriftKind.EDITED:
            does = "puts back what nobody has changed since"
        hints.append(("--merge", does))
    if drift.is_of_backup:
        hints.append(("lightdash-sync backup", "stores it first: what is backed up is not lost"))
    code, name = f"drift_{drift_code(drift)}", "" if drift.name == drift.key else drift.name
    return Objection(code, drift.item, name, str(drift.how), tuple(details), tuple(hints))


def _lines(found: Sequence[Change]) -> tuple[str, ...]:
    loud = [change for change in found if not change.quiet]
    return tuple(words(change) for change in loud or found)


def _conflicts(drift: Drift) -> Iterator[str]:
    """Say of each place that both sides changed what each made of it."""
    for path in drift.conflicts:
        sides = (("target", theirs(drift)), ("source", ours(drift)))
        said = [
            f"{side}: {words(change)}"
            for side, found in sides
            if (change := next((one for one in found if _holds(one, path)), None)) is not None
        ]
        yield f"{dotted(path)} ({'; '.join(said)})" if said else dotted(path)


def _holds(change: Change, path: tuple[str | int, ...]) -> bool:
    """Whether a change is at a place, around it or inside it."""
    return any(all(a == b for a, b in zip(place, path, strict=False)) for place in change.places)


def _twin(twin: Twin) -> Objection:
    number = counted(len(twin.candidates), "item")
    hints = [(f"--adopt {twin.item}={uuid}", "links it with this one") for uuid in twin.candidates]
    if len(twin.candidates) == 1:
        hints.append(("--adopt-by-name", "links all that have one such item"))
    if twin.kind is not Kind.TAG:  # nobody wants two of a name, and older servers have no two
        hints.append((f"--allow-twins {twin.item}", "makes a second one"))
    what = f"would be created, and the target has {number} of this name in the same place"
    return Objection("twin", twin.item, twin.name, what, hints=tuple(hints))


def _unseen(problem: Problem, name: str) -> Objection:
    hints = (
        (("without --delete", "leaves it there"), ("the token of an admin", "shows all of the source"))
        if problem.code == UNSEEN_IN_SOURCE
        else (
            ("the token of an admin", "shows all of the target"),
            (f"--allow-twins {problem.item}", "makes a second one if there is one"),
        )
    )
    return Objection(problem.code, problem.item, name, problem.what, hints=hints)


def _broken(problem: Problem, name: str) -> Objection:
    does = _allowing(problem)
    hints = ((f"--allow-broken {problem.item}", does),) if does else ()
    return Objection(problem.code, problem.item, name, problem.what, hints=hints)


def _allowing(problem: Problem) -> str:
    """Return what `--allow-broken` makes of a problem, in words; "" for nothing."""
    if problem.code == "secret_address" or problem.code in REFUSED:
        return "leaves it out"
    if problem.code == "cannot_move_inside":
        return "leaves it where it is"
    if problem.code == "never_shown":
        return "deletes it"
    if problem.code in _OF_TILES and problem.item.startswith(f"{Kind.DASHBOARD}:"):
        return "writes it with such tiles empty"
    return "" if problem.code in IMPOSSIBLE | _NEVER_ALLOWED else "writes it nevertheless"
