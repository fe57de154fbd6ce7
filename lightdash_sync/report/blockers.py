"""The findings that block a plan (limits, drift, possible duplicates, broken references), with hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.changes.change import dotted
from lightdash_sync.changes.differ import changes
from lightdash_sync.changes.wording import words
from lightdash_sync.content.kinds import Kind
from lightdash_sync.report.phrases import counted
from lightdash_sync.report.value import Detail, Finding, FindingGroup, Hint
from lightdash_sync.sync.plan.compatibility import REFUSED
from lightdash_sync.sync.plan.deletes import UNSEEN_IN_SOURCE, UNSEEN_ON_TARGET
from lightdash_sync.sync.plan.preflight import IMPOSSIBLE
from lightdash_sync.sync.plan.values import DriftKind, Gravity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.json import Json
    from lightdash_sync.sync.plan.values import Drift, Plan, PossibleDuplicate, Problem

_NEVER_ALLOWED = frozenset({"not_empty", "name_taken"})  # Lightdash goes its own way, whoever allows it
_NO_BASE = "Conflicts, because nothing says which side changed. This plan would do"
_UNSEEN = frozenset({UNSEEN_IN_SOURCE, UNSEEN_ON_TARGET})
_OF_TEXTS = frozenset({"missing_link", "external_link"})
_OF_TILES = frozenset({"missing_item", "external_reference"})


def blockers(plan: Plan) -> tuple[FindingGroup, ...]:
    """Return the findings that block a plan, by reason; empty if there are none."""
    refused = [one for one in plan.drift if not one.allowed]
    unsynced = [_drift(one) for one in refused if one.how is DriftKind.UNSYNCED]
    newer = [_drift(one) for one in refused if one.is_of_backup]
    drift = [_drift(one) for one in refused if one.how is not DriftKind.UNSYNCED and not one.is_of_backup]
    twins = [_duplicate(one) for one in plan.twins if not one.allowed]
    names = {step.item: step.name for step in plan.steps}
    blocking = [one for one in plan.problems if one.gravity is Gravity.BLOCKS]
    unseen = [_unseen(one, names.get(one.item, "")) for one in blocking if one.code in _UNSEEN]
    broken = [_broken(one, names.get(one.item, "")) for one in blocking if one.code not in _UNSEEN]
    allow = Hint("allows N deletes of each kind, if the source is not empty", "--max-deletes N")
    limits = [Finding("limit", limit, hints=(allow,)) for limit in plan.limits]
    groups = (
        FindingGroup("limits", "Too many deletes", tuple(limits)),
        FindingGroup("drift", "Changed on the target since the last sync", tuple(drift)),
        FindingGroup("drift", "Changed on the target since the last backup", tuple(newer)),
        FindingGroup("drift", "Different on the target, and never synced", tuple(unsynced)),
        FindingGroup("twins", "On the target already, but not linked", tuple(twins)),
        FindingGroup("unseen", "Not shown to the token, and perhaps there", tuple(unseen)),
        FindingGroup("broken", "Would be broken", tuple(broken)),
    )
    return tuple(group for group in groups if group.findings)


def drift_code(drift: Drift) -> str:
    """Return the kind of a drift as a code that is stable across versions, such as `changed`."""
    return drift.how.name.lower()


def last_saved(drift: Drift) -> Iterator[str]:
    """Yield who saved each side last, and when; nothing for a side that Lightdash does not report."""
    for side, saved in (("target", drift.saved_there), ("source", drift.saved_here)):
        if saved is not None:
            yield f"{side}: {saved.at}{f', {saved.by}' if saved.by else ''}"


def target_changes(drift: Drift) -> list[Change]:
    """Return the changes on the target since the last sync; empty if there is no base."""
    return [] if drift.base is None else _between(drift, drift.base, drift.existing)


def source_changes(drift: Drift) -> list[Change]:
    """Return the changes in the source since the last sync; empty if there is no base."""
    return [] if drift.base is None else _between(drift, drift.base, drift.desired)


def planned_changes(drift: Drift) -> list[Change]:
    """Return the changes that the source's content would make on the target."""
    return _between(drift, drift.existing, drift.desired)


def _between(drift: Drift, old: Json, new: Json) -> list[Change]:
    return changes(drift.kind, old, new)


def _drift(drift: Drift) -> Finding:
    details = [] if drift.base is None else [Detail("The target", _lines(target_changes(drift)))]
    if drift.how is DriftKind.BOTH:
        details.append(Detail("The source", _lines(source_changes(drift))))
    else:
        title = _NO_BASE if drift.how is DriftKind.UNSYNCED and drift.conflicts else "This plan would do"
        details.append(Detail(title, _lines(planned_changes(drift))))
    if drift.conflicts and drift.base is not None:
        details.append(Detail("Both changed, and not alike", tuple(_conflicts(drift))))
    if saved := tuple(last_saved(drift)):
        details.append(Detail("Saved last", saved))
    hints = [Hint("overwrites what the target has", "--allow-drift", drift.item)]
    if not drift.conflicts:
        both = drift.how is DriftKind.BOTH
        effect = "combines the changes of both sides" if both else "keeps what the target has"
        if drift.how is DriftKind.EDITED:
            effect = "puts back what nobody has changed since"
        hints.append(Hint(effect, "--merge"))
    if drift.is_of_backup:
        hints.append(Hint("stores it first: what is backed up is not lost", "lightdash-sync backup"))
    code, name = f"drift_{drift_code(drift)}", "" if drift.name == drift.key else drift.name
    return Finding(code, str(drift.how), drift.item, name, details=tuple(details), hints=tuple(hints))


def _lines(found: Sequence[Change]) -> tuple[str, ...]:
    loud = [change for change in found if not change.quiet]
    return tuple(words(change) for change in loud or found)


def _conflicts(drift: Drift) -> Iterator[str]:
    """Yield each place that both sides changed, with both changes."""
    for path in drift.conflicts:
        sides = (("target", target_changes(drift)), ("source", source_changes(drift)))
        both = [
            f"{side}: {words(change)}"
            for side, found in sides
            if (change := next((one for one in found if _holds(one, path)), None)) is not None
        ]
        yield f"{dotted(path)} ({'; '.join(both)})" if both else dotted(path)


def _holds(change: Change, path: tuple[str | int, ...]) -> bool:
    """Whether a change is at a place, contains it or is inside it."""
    return any(all(a == b for a, b in zip(place, path, strict=False)) for place in change.places)


def _duplicate(twin: PossibleDuplicate) -> Finding:
    number = counted(len(twin.candidates), "item")
    hints = [Hint("links it with this one", "--adopt", f"{twin.item}={uuid}") for uuid in twin.candidates]
    if len(twin.candidates) == 1:
        hints.append(Hint("links all that have one such item", "--adopt-by-name"))
    if twin.kind is not Kind.TAG:  # two tags of one name make no sense, and older servers do not allow them
        hints.append(Hint("makes a second one", "--allow-twins", twin.item))
    what = f"would be created, and the target has {number} of this name in the same place"
    return Finding("twin", what, twin.item, twin.name, hints=tuple(hints))


def _unseen(problem: Problem, name: str) -> Finding:
    if problem.code == UNSEEN_IN_SOURCE:
        hints = (
            Hint("leaves it there", "without --delete"),
            Hint("shows all of the source", "the token of an admin"),
        )
    else:
        hints = (
            Hint("shows all of the target", "the token of an admin"),
            Hint("makes a second one if there is one", "--allow-twins", problem.item),
        )
    return Finding(problem.code, problem.what, problem.item, name, hints=hints)


def _broken(problem: Problem, name: str) -> Finding:
    effect = _effect_of_allowing(problem)
    hints = (Hint(effect, "--allow-broken", problem.item),) if effect else ()
    return Finding(problem.code, problem.what, problem.item, name, hints=hints)


def _effect_of_allowing(problem: Problem) -> str:
    """Return the effect of `--allow-broken` on a problem, in words; "" if it cannot be allowed."""
    if problem.code == "secret_address" or problem.code in REFUSED:
        return "leaves it out"
    if problem.code == "cannot_move_inside":
        return "leaves it where it is"
    if problem.code == "never_shown":
        return "deletes it"
    if problem.code in _OF_TEXTS:
        return "writes it with such links leading nowhere"
    if problem.code in _OF_TILES and problem.item.startswith(f"{Kind.DASHBOARD}:"):
        return "writes it with such tiles empty"
    return "" if problem.code in IMPOSSIBLE | _NEVER_ALLOWED else "writes it nevertheless"
