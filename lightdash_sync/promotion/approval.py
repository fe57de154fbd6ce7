"""Approvals of promotions: writes and reads them, and reports how a new review or plan differs from one.

The first section is about native promotion (by Lightdash itself). Its approval has an entry for each item
that the promotion changes or that is blocked: the server's action, the hashes of the content before and
after, and the codes of the blocking findings. Items that a promotion leaves out are not part of it.

The second section is about promotion by replay. Its approval is the options and the whole plan.

Both carry a digest, which detects that a file was changed by accident. It does not prove who approved it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from lightdash_sync.content.documents import conform
from lightdash_sync.content.json import JsonObject, canonical, parse, sha256
from lightdash_sync.content.keys import is_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import file_of
from lightdash_sync.errors import Stale, SyncError
from lightdash_sync.promotion.replay import EXTRAS, Replay
from lightdash_sync.promotion.values import FindingCode, PromotionSelection, Severity
from lightdash_sync.sync.plan import document as plans
from lightdash_sync.sync.plan.managed import same_content
from lightdash_sync.sync.plan.options import PlanOptions
from lightdash_sync.sync.plan.values import Action

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from lightdash_sync.content.json import Json
    from lightdash_sync.content.kinds import ItemKey
    from lightdash_sync.promotion.values import Review, Reviewed
    from lightdash_sync.sync.plan.values import Plan, Step
    from lightdash_sync.sync.planning import Planned

_REVIEW_HINT = (
    "Make it anew with `lightdash-sync promote review --format json -o FILE`, and let it be approved."
)


@dataclass(frozen=True)
class ApprovedReview:
    """An approved review.

    Attributes:
        digest: SHA-256 of the approval, in hexadecimal.
        source: name of the environment that is promoted.
        source_project: uuid of the project that is promoted.
        project: uuid of the upstream project.
        selection: the items that the user selected.
        accepted: `kind:key` of the items whose findings the user accepted.
        items: `kind:key` -> its entry; only items that change or are blocked.
    """

    digest: str
    source: str
    source_project: str
    project: str
    selection: PromotionSelection
    accepted: tuple[str, ...]
    items: Mapping[str, JsonObject]


def approval(review: Review) -> JsonObject:
    """Return the part of a review that is approved."""
    items: JsonObject = {
        item.item: _entry(item) for item in review.items if item.effective or _objections(item)
    }
    selection: JsonObject = {
        name: [*value] if isinstance(value, tuple) else value
        for name, value in asdict(review.selection).items()
    }
    return {
        "source": review.source,
        "source_project": review.source_project,
        "project": review.target.project,
        "selection": selection,
        "accepted": [*review.accepted],
        "items": items,
    }


def digest(review: Review) -> str:
    """Return the digest of a review: SHA-256 of its approval, in hexadecimal."""
    return sha256(canonical(approval(review)))


class _ReviewPart(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Selection(_ReviewPart):
    dashboards: list[str]
    charts: list[str]
    spaces: list[str]
    all: bool
    changed: bool


class _Entry(_ReviewPart):
    said: str
    before: str | None
    after: str | None
    verdicts: list[str]


class _Approval(_ReviewPart):
    source: str
    source_project: str
    project: str
    selection: _Selection
    accepted: list[str]
    items: dict[str, _Entry]


class _ReviewDocument(_ReviewPart):
    """The part of the output of `promote review --format json` that an approval needs."""

    model_config = ConfigDict(extra="ignore")

    digest: str
    approval: _Approval


_REVIEW_FORM = TypeAdapter(_ReviewDocument)


def read_approved(data: bytes, name: str = "the file") -> ApprovedReview:
    """Read the output of `promote review --format json`.

    Args:
        data: content of the file.
        name: of the file, for errors.

    Raises:
        SyncError: the file is not a review, or was changed after it was written.
    """
    try:
        said = conform(_REVIEW_FORM, parse(data))
        approved = said.approval.model_dump()
        is_as_written = sha256(canonical(approved)) == said.digest
    except ValueError as error:
        raise SyncError(f"{name} is no review that could be approved: {error}", _REVIEW_HINT) from error
    if not is_as_written:
        raise SyncError(
            f"{name} is a review that was changed since it was written: its digest does not fit", _REVIEW_HINT
        )
    chosen = said.approval.selection
    return ApprovedReview(
        digest=said.digest,
        source=said.approval.source,
        source_project=said.approval.source_project,
        project=said.approval.project,
        selection=PromotionSelection(
            tuple(chosen.dashboards),
            tuple(chosen.charts),
            tuple(chosen.spaces),
            all=chosen.all,
            changed=chosen.changed,
        ),
        accepted=tuple(said.approval.accepted),
        items=approved["items"],
    )


def differences(approved: ApprovedReview, review: Review, done: Collection[str] = ()) -> list[str]:
    """Return how a review differs from the approved one, as phrases; empty if they agree.

    Args:
        approved: the approved review.
        review: the review made now.
        done: `kind:key` of items that a run of the approved review has promoted already.
    """
    now = approval(review)
    found: list[str] = []
    if (approved.source_project, approved.project) != (now["source_project"], now["project"]):
        found.append("it is of another project, or goes to another one")
    entries = _object(now["items"])
    for name in sorted(entries.keys() | approved.items.keys()):
        mine, theirs = entries.get(name), approved.items.get(name)
        if mine == theirs or (mine is None and name in done):
            continue
        if mine is None:
            found.append(f"{name} would stay as it is now")
        elif theirs is None:
            found.append(f"{name} was not to be changed then")
        else:
            parts = [part for part in _object(mine) if _object(mine)[part] != theirs.get(part)]
            found.append(f"{name} is another ({', '.join(_REVIEW_PARTS[part] for part in parts)})")
    return found


_REVIEW_PARTS = {
    "said": "what Lightdash says",
    "before": "what upstream has",
    "after": "what it would have",
    "verdicts": "what speaks against it",
}


def _entry(item: Reviewed) -> JsonObject:
    return {
        "said": item.said.value,
        "before": _hash(item.before),
        "after": _hash(item.after),
        "verdicts": _objections(item),
    }


def _objections(item: Reviewed) -> list[Json]:
    """Return the codes of blocking findings.

    A missing permission is left out: the reviewer and the user who promotes may be different people.
    """
    return [
        verdict.code.value
        for verdict in item.verdicts
        if verdict.weight is Severity.BLOCKS and verdict.code is not FindingCode.FORBIDDEN
    ]


def _hash(content: Json) -> Json:
    return None if content is None else sha256(canonical(content))


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value


# Approval of a promotion by replay.
#
# The document is canonical JSON without timestamps. It contains the whole plan, so that a reviewer sees what
# will be written, and all options, so that the plan can be made again without repeating them.
#
# A later run makes a new plan. That plan may do less than the approved one (when part of it is done already),
# but nothing that was not approved.

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
_OWNER = ("owner_changes", "owner_is_no_person")  # codes of problems about the owner of new schedulers
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
_CHOSEN = ("dashboards", "charts", "spaces")


def _key(said: str) -> str:
    if not is_key(said):
        raise ValueError(f"no item is called {said!r}")
    return said


def _extra(said: str) -> str:
    if said not in EXTRAS:
        raise ValueError(f"{said!r} is nothing that can be carried")
    return said


_Keys = list[Annotated[str, AfterValidator(_key)]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Wanted(_Part):
    """The options of the promotion; only values that the command line accepts are valid."""

    source: Annotated[str, Field(alias="from")]
    target: Annotated[str, Field(alias="to")]
    dashboards: _Keys
    charts: _Keys
    spaces: _Keys
    extras: Annotated[list[Annotated[str, AfterValidator(_extra)]], Field(alias="with")]
    allow_drift: list[str]
    allow_twins: list[str]
    allow_broken: list[str]
    merge: bool
    keep_access: bool
    personal_spaces: Literal[True] | None = None  # written only if the option was used
    adopt: dict[Annotated[Kind, Field(strict=False)], dict[Annotated[str, AfterValidator(_key)], str]]
    adopt_by: Literal["", "name", "slug"]

    def replay(self) -> Replay:
        """Return the options as a `Replay`."""
        return Replay(
            self.source,
            self.target,
            PromotionSelection(tuple(self.dashboards), tuple(self.charts), tuple(self.spaces)),
            frozenset(self.extras),
            PlanOptions(
                allow_drift=frozenset(self.allow_drift),
                allow_twins=frozenset(self.allow_twins),
                allow_broken=frozenset(self.allow_broken),
                merge=self.merge,
                keep_access=self.keep_access,
                personal_spaces=self.personal_spaces is True,
            ),
            {
                kind: {key: {"uuid": uuid} for key, uuid in entries.items()}
                for kind, entries in self.adopt.items()
            },
            self.adopt_by,
        )


class _Document(_Part):
    format: int
    wanted: _Wanted
    plan: dict[str, Any]


_FORM = TypeAdapter(_Document)


@dataclass(frozen=True)
class ApprovedReplay:
    """An approved promotion by replay.

    Attributes:
        wanted: the options.
        plan: the plan that was made from them.
    """

    wanted: Replay
    plan: Plan

    @property
    def items(self) -> frozenset[ItemKey]:
        """The items that the plan writes."""
        return frozenset((step.kind, step.key) for step in self.plan.steps)


def is_replay(data: bytes) -> bool:
    """Whether a document claims to be a promotion by replay; it may still be invalid."""
    try:
        found = parse(data)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("via") == VIA


def document(approved: ApprovedReplay, told: JsonObject) -> JsonObject:
    """Return the JSON document of a promotion by replay, which can be approved.

    Args:
        approved: the options and the plan.
        told: further fields of the document; they are not part of the approval.

    Raises:
        SyncError: the content of an item is nested too deeply to be written as JSON.
    """
    said = _approval(approved)
    return {**told, "via": VIA, "approval": said, "digest": sha256(_written(said))}


def from_bytes(data: bytes, name: str = "the file") -> ApprovedReplay:
    """Read an approved promotion by replay.

    Args:
        data: content of the file.
        name: of the file, for errors.

    Raises:
        SyncError: the file is something else, has an unknown format, is invalid or was changed.
    """
    try:
        found = parse(data)
    except ValueError as error:
        raise SyncError(f"{name} cannot be read: {error}", hint=_HINT) from error
    said = found.get("approval") if isinstance(found, dict) and found.get("via") == VIA else None
    if not isinstance(found, dict) or not isinstance(said, dict):
        raise SyncError(f"{name} is no promotion by replay", hint=_HINT)
    if said.get("format") != FORMAT:
        raise SyncError(f"{name} has format {said.get('format')!r}, which is not known", hint=_HINT)
    try:
        document = conform(_FORM, said)
        approved = ApprovedReplay(
            document.wanted.replay(), plans.read_plan(canonical(document.plan), f"{name}: approval.plan")
        )
        is_as_written = canonical(_approval(approved)) == canonical(said)
    except ValueError as error:
        raise SyncError(f"{name} is not as it should be: approval.{error}", hint=_HINT) from error
    if not is_as_written or sha256(canonical(said)) != found.get("digest"):
        raise SyncError(f"{name} was changed afterwards: its digest does not fit", hint=_HINT)
    return approved


def require_approved(approved: Plan, now: Planned) -> None:
    """Require that a plan does nothing that was not approved.

    Args:
        approved: the approved plan.
        now: the plan to apply, made with the same options.

    Raises:
        Stale: the plan departs from the approved one; nothing was written.
    """
    if found := [*departures(approved, now)]:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise Stale(
            f"this is not what was approved: {'; '.join(found[:_NAMED])}{more}",
            hint="Nothing was written. Make a new review, and let it be approved.",
        )


def departures(approved: Plan, now: Planned) -> Iterator[str]:
    """Yield how a plan departs from the approved one, as phrases.

    Notes about items that the plan does not touch are ignored. So is the owner of the token: new schedulers
    belong to the user who runs the promotion, and arrive switched off.

    Args:
        approved: the approved plan.
        now: the plan to apply.
    """
    plan = now.plan
    for name in ("purpose", "source", "target", "enable_schedulers", "verification"):
        if getattr(approved, name) != getattr(plan, name):
            yield f"the {name.replace('_', ' ')} is another one"
    yield from _other_steps(approved, now)
    for name, what in _PARTS.items():
        known = {_same(one) for one in getattr(approved, name)}
        found = (one for one in getattr(plan, name) if getattr(one, "code", "") not in _OWNER)
        yield from (f"{one.item} {what}" for one in found if _same(one) not in known)
    # Changes of a space itself are in its step. The access to an item that moves depends on its new space.
    yield from (
        f"{change.item}: others gain or lose access"
        for change in plan.access
        if change.item and change not in approved.access
    )
    for kind, entries in plan.adopted.items():
        there = approved.adopted.get(kind, {})
        yield from (
            f"{kind}:{key} is linked with another item of the target"
            for key, facts in entries.items()
            if there.get(key) != facts
        )


def is_part_of(plan: Plan, approved: Plan) -> bool:
    """Whether each step of the plan of an interrupted run is a step of the approved plan."""
    known = {_same(_step(step)) for step in approved.steps}
    return plan.target == approved.target and all(_same(_step(step)) in known for step in plan.steps)


def _other_steps(approved: Plan, now: Planned) -> Iterator[str]:
    before = {step.item: step for step in approved.steps}
    after = {step.item: step for step in now.plan.steps}
    for item, step in after.items():
        if item not in before:
            yield f"{item} has to be {_DONE[step.action]}, too"
        elif not _is_same_step(step, before[item], now):
            yield f"{item} was changed since, on one side or the other"
    for item, step in before.items():
        if item not in after and not _is_done(step, now):
            yield f"{item} does not have to be {_DONE[step.action]} any more"


def _is_same_step(step: Step, old: Step, now: Planned) -> bool:
    """Whether a step does what was approved: the same, or the rest of an interrupted creation.

    An item that is linked since then was created by such a run, or linked by hand, which allows plans to
    change it.
    """
    if _same(_step(step)) == _same(_step(old)):
        return True
    is_rest = old.action is Action.CREATE and now.existing.linked.has(step.kind, step.key)
    return is_rest and same_content(step.kind, step.after, old.after, PlanOptions())


def _step(step: Step) -> Step:
    """Return a step without the distinction between selected items and dependencies."""
    return replace(step, selected=True)


def _is_done(step: Step, now: Planned) -> bool:
    """Whether the target already has the content of a step, or the server's form of it."""
    path = file_of(step.kind, step.key)
    if path in now.memory.settled and path in now.plan.unchanged:
        return True
    tree = now.existing.tree
    there = parse(tree[path]) if path in tree else None
    return same_content(step.kind, step.after, there, PlanOptions())


def _same(part: Any) -> bytes:
    return canonical([plans.as_json(part)])


def _approval(approved: ApprovedReplay) -> JsonObject:
    wanted = approved.wanted
    adopt = wanted.adopt.items()
    asked: dict[str, Any] = {
        "from": wanted.source,
        "to": wanted.target,
        **{name: sorted(getattr(wanted.selection, name)) for name in _CHOSEN},
        "with": sorted(wanted.extras),
        **{name: sorted(getattr(wanted.options, name)) for name in _ALLOWED},
        **{name: getattr(wanted.options, name) for name in _SWITCHES},
        **({"personal_spaces": True} if wanted.options.personal_spaces else {}),
        "adopt": {kind: {key: facts["uuid"] for key, facts in entries.items()} for kind, entries in adopt},
        "adopt_by": wanted.adopt_by,
    }
    plan = parse(plans.to_bytes(approved.plan))
    return {"format": FORMAT, "wanted": asked, "plan": plan}


def _written(said: JsonObject) -> bytes:
    try:
        return canonical(said)
    except ValueError as error:
        raise SyncError(
            "the promotion cannot be written, because content is nested too deeply", hint=_HINT
        ) from error
