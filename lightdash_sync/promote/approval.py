"""What a person approves of a promotion by replay: what was asked for, and the plan that came of it.

The document is canonical JSON without any time. It holds the whole plan, so a reviewer sees what will be
written, and all that was asked for, so that the same plan can be made again without saying it once more.
A digest over all of it tells whether it was changed by accident; it proves nothing of who made it.

What is run later is a plan made then. It may do less than what was approved (a part was done already), but
nothing that was not approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightdash_sync.errors import Stale, SyncError
from lightdash_sync.model.canonical import JsonObject, canonical, parse, sha256
from lightdash_sync.model.keys import is_key
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.rekey import file_of
from lightdash_sync.plan import document
from lightdash_sync.plan.managed import same_content
from lightdash_sync.plan.options import Options
from lightdash_sync.plan.values import Action
from lightdash_sync.promote.replay import EXTRAS, Replay
from lightdash_sync.promote.values import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lightdash_sync.plan.values import Plan, Step
    from lightdash_sync.sync.planning import Planned

FORMAT = 1
VIA = "replay"
_HINT = "Make a new one with `lightdash-sync promote review --via replay`."
_NAMED = 10  # differences that an error names
_ALLOWED = ("allow_drift", "allow_twins", "allow_broken")
_SWITCHES = ("merge", "keep_access")
_PARTS = {
    "drift": "was changed on the target since the last sync",
    "problems": "has another problem",
    "twins": "has another twin on the target",
    "left_out": "is left out for another reason",
}
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
_CHOSEN = ("dashboards", "charts", "spaces")


@dataclass(frozen=True)
class Approved:
    """A promotion by replay as it was approved.

    Attributes:
        wanted: what was asked for.
        plan: what came of it.
    """

    wanted: Replay
    plan: Plan


def is_replay(data: bytes) -> bool:
    """Whether a document is a promotion by replay, whole or not."""
    try:
        found = parse(data)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("via") == VIA


def to_bytes(approved: Approved) -> bytes:
    """Return the document of a promotion by replay.

    Raises:
        SyncError: a content is nested more deeply than a document can hold.
    """
    said = _document(approved)
    return _written({**said, "digest": sha256(_written(said))})


def from_bytes(data: bytes) -> Approved:
    """Read what was approved.

    Raises:
        SyncError: it is nothing of the kind, of a format that is not known, or not as it was written.
    """
    try:
        found = parse(data)
    except ValueError as error:
        raise SyncError(f"what was approved cannot be read: {error}", hint=_HINT) from error
    if not isinstance(found, dict) or found.get("via") != VIA or not isinstance(found.get("plan"), dict):
        raise SyncError("the file is no promotion by replay", hint=_HINT)
    if found.get("format") != FORMAT:
        raise SyncError(
            f"what was approved has format {found.get('format')!r}, which is not known", hint=_HINT
        )
    said = found.pop("digest", None)
    try:
        approved = Approved(_wanted(found["wanted"]), document.from_bytes(canonical(found["plan"])))
        is_as_written = sha256(_written(_document(approved))) == said == sha256(_written(found))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SyncError(f"what was approved is not as it should be: {error}", hint=_HINT) from error
    if not is_as_written:
        raise SyncError("what was approved was changed afterwards: its digest does not fit", hint=_HINT)
    return approved


def require_approved(approved: Plan, now: Planned) -> None:
    """Require that a plan does nothing that was not approved.

    Args:
        approved: the plan that was looked at.
        now: the plan that is to be applied, made of the same wishes.

    Raises:
        Stale: it does something else; nothing was written.
    """
    if found := [*departures(approved, now)]:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise Stale(
            f"this is not what was approved: {'; '.join(found[:_NAMED])}{more}",
            hint="Nothing was written. Make a new review, and let it be approved.",
        )


def departures(approved: Plan, now: Planned) -> Iterator[str]:
    """Yield in what a plan is not the one that was approved, in words.

    What a plan notes of things that it leaves alone (which other items the target has) does not count.

    Args:
        approved: the plan that was looked at.
        now: the plan that is to be applied.
    """
    plan = now.plan
    for name in ("purpose", "source", "target", "enable_schedulers"):
        if getattr(approved, name) != getattr(plan, name):
            yield f"the {name.replace('_', ' ')} is another one"
    yield from _other_steps(approved, now)
    for name, what in _PARTS.items():
        known = {_same(one) for one in getattr(approved, name)}
        yield from (f"{one.item} {what}" for one in getattr(plan, name) if _same(one) not in known)
    yield from (
        f"{change.item or f'space:{change.space}'}: who gains or loses access is not the same"
        for change in plan.access
        if change not in approved.access
    )
    for kind, entries in plan.adopted.items():
        there = approved.adopted.get(kind, {})
        yield from (
            f"{kind}:{key} is linked with another item of the target"
            for key, facts in entries.items()
            if there.get(key) != facts
        )


def _other_steps(approved: Plan, now: Planned) -> Iterator[str]:
    before = {step.item: step for step in approved.steps}
    after = {step.item: step for step in now.plan.steps}
    for item, step in after.items():
        if item not in before:
            yield f"{item} has to be {_DONE[step.action]}, too"
        elif _same(step) != _same(before[item]):
            yield f"{item} was changed since, on one side or the other"
    for item, step in before.items():
        if item not in after and not _is_done(step, now):
            yield f"{item} does not have to be {_DONE[step.action]} any more"


def _is_done(step: Step, now: Planned) -> bool:
    """Whether the target is as a step wants it, or is what its server made of that."""
    path = file_of(step.kind, step.key)
    if path in now.memory.settled and path in now.plan.unchanged:
        return True
    tree = now.existing.tree
    there = parse(tree[path]) if path in tree else None
    return same_content(step.kind, step.after, there, Options())


def _same(part: Any) -> bytes:
    return canonical([document.as_json(part)])


def _document(approved: Approved) -> JsonObject:
    wanted = approved.wanted
    adopt = wanted.adopt.items()
    asked: dict[str, Any] = {
        "from": wanted.source,
        "to": wanted.target,
        **{name: sorted(getattr(wanted.selection, name)) for name in _CHOSEN},
        "with": sorted(wanted.extras),
        **{name: sorted(getattr(wanted.options, name)) for name in _ALLOWED},
        **{name: getattr(wanted.options, name) for name in _SWITCHES},
        "adopt": {kind: {key: facts["uuid"] for key, facts in entries.items()} for kind, entries in adopt},
        "adopt_by": wanted.adopt_by,
    }
    plan = parse(document.to_bytes(approved.plan))
    return {"format": FORMAT, "via": VIA, "wanted": asked, "plan": plan}


def _wanted(said: Any) -> Replay:
    """Read what was asked for; only what could have been said on a command line is understood.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    chosen: dict[str, Any] = {name: tuple(_keys(said[name])) for name in _CHOSEN}
    allowed: dict[str, Any] = {name: frozenset(_texts(said[name])) for name in _ALLOWED}
    allowed |= {name: said[name] is True for name in _SWITCHES}
    extras = frozenset(_texts(said["with"]))
    if unknown := extras - set(EXTRAS):
        raise ValueError(f"{min(unknown)!r} is nothing that can be carried")
    if said["adopt_by"] not in ("", "name", "slug"):
        raise ValueError(f"nothing is linked by {said['adopt_by']!r}")
    source, target = _texts([said["from"], said["to"]])
    return Replay(
        source,
        target,
        Selection(**chosen),
        extras,
        Options(**allowed),
        {Kind(kind): _uuids(entries) for kind, entries in said["adopt"].items()},
        str(said["adopt_by"]),
    )


def _uuids(entries: dict[str, Any]) -> dict[str, JsonObject]:
    pairs = zip(_keys(entries), _texts(entries.values()), strict=True)
    return {key: {"uuid": uuid} for key, uuid in pairs}


def _texts(said: Any) -> list[str]:
    found = list(said)
    if isinstance(said, str) or not all(isinstance(one, str) for one in found):
        raise TypeError("a list of words is something else")
    return found


def _keys(said: Iterable[Any]) -> list[str]:
    found = _texts(said)
    if strange := next((key for key in found if not is_key(key)), None):
        raise ValueError(f"no item is called {strange!r}")
    return found


def _written(said: JsonObject) -> bytes:
    try:
        return canonical(said)
    except ValueError as error:
        raise SyncError(
            "the promotion cannot be written, because content is nested too deeply", hint=_HINT
        ) from error
