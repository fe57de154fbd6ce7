"""What of an item's content a plan manages; the rest is the target's own.

Equality between the desired, the existing and the last synced content is that of what is managed. Not
managed are: the owner of a scheduler (Lightdash makes the token's owner it), whether it is switched on
(unless asked for), verification (unless asked for), whether a space is a personal one (Lightdash alone
makes those), and, if the user keeps access, who may see a space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, JsonObject, canonical, get_str, objects
from lightdash_sync.content.kinds import BY_THE_OWNER, KINDS, PERSONAL, VERIFIABLE, VERIFICATION, Kind
from lightdash_sync.content.normal import in_order
from lightdash_sync.content.schedulers import is_quiet
from lightdash_sync.sync.plan.values import Action, Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.content.contents import Contents
    from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
    from lightdash_sync.sync.plan.values import Step

_ACCESS = ("inheritsAccess", "access")
GONE = ""
"""What stands for the hash of an item that is not there, where it is remembered what became of one."""

_NEVER_WRITTEN = frozenset({"owner", "verification"})


def unmanaged_fields(kind: Kind, options: PlanOptions) -> tuple[str, ...]:
    """Return the names of the fields of a kind's content that are left to the target."""
    match kind:
        case Kind.SCHEDULER:
            return ("owner",) if options.enable_schedulers else ("owner", "enabled")
        case Kind.SPACE:
            return (PERSONAL, *_ACCESS) if options.keep_access else (PERSONAL,)
        case Kind.CHART | Kind.DASHBOARD:
            return () if options.verification else ("verification",)
        case Kind.SQL_CHART:
            return ("verification",)
        case _:
            return ()


def managed(kind: Kind, content: Json, options: PlanOptions) -> Json:
    """Return what of a content is managed, lists without an order of their own in that of content files."""
    if kind is Kind.PINS:
        return [{name: pin.get(name) for name in ("kind", "key")} for pin in objects(content)]
    if not isinstance(content, dict):
        return content
    unmanaged = unmanaged_fields(kind, options)
    kept = {name: value for name, value in content.items() if name not in unmanaged}
    if options.verification and kind in (Kind.CHART, Kind.DASHBOARD):  # who and when are the server's to say
        kept["verification"] = isinstance(content.get("verification"), dict)
    return in_order(kind, _without_unknown(kind, kept))


def settled_form(kind: Kind, content: Json) -> bytes:
    """Return the bytes of a content that was or would be written, without what no write decides.

    They are alike for a step that made an item and for a later plan that wants the same of it.
    """
    if not isinstance(content, dict):
        return canonical(content)
    kept = {name: value for name, value in content.items() if name not in _NEVER_WRITTEN}
    return canonical(in_order(kind, _without_unknown(kind, kept)))


def _without_unknown(kind: Kind, content: JsonObject) -> JsonObject:
    """Leave out that a chart has no palette: only its own answer tells, and it may not have been asked."""
    if kind is not Kind.CHART:
        return content
    return {name: value for name, value in content.items() if name != "palette" or value is not None}


def same_content(kind: Kind, one: Json, other: Json, options: PlanOptions) -> bool:
    """Whether two contents are the same as far as they are managed; null and an empty list are nothing."""
    if KINDS[kind].is_list:
        one, other = one or None, other or None
    if one is None or other is None:
        return one is other
    if one == other and canonical(one) == canonical(other):
        return True
    return canonical(managed(kind, one, options)) == canonical(managed(kind, other, options))


def completed(kind: Kind, desired: JsonObject, existing: Json, options: PlanOptions) -> JsonObject:
    """Return a desired content with the target's own values for what is not managed.

    Args:
        kind: of the item.
        desired: as the source has it.
        existing: as the target has it; None if it is to be created: then a scheduler is paused.
        options: of the user.
    """
    own = unmanaged_fields(kind, options)
    result = {name: value for name, value in desired.items() if name not in own}
    if isinstance(existing, dict):
        result |= {name: existing[name] for name in own if name in existing}
        if "enabled" in own and is_quiet(existing) and desired.get("cron") != existing.get("cron"):
            result["enabled"] = False  # nobody switched it on: it was never finished
    elif kind is Kind.SCHEDULER and not options.enable_schedulers:
        result["enabled"] = False
    elif kind is Kind.SPACE:
        result = dict(desired)  # a new space has no access of its own to keep
    return result


# Verification: an admin's mark on a chart or dashboard, which any edit takes off.
#
# Lightdash makes the token's owner the one who verified, and now the time; so a plan carries only whether
# an item is verified, and only if that is asked for. Else it tells what its own writes take off.

LOST = "loses_verification"  # the code of a problem


def is_verified(content: Json) -> bool:
    """Whether somebody vouches for an item."""
    return isinstance(content, dict) and isinstance(content.get(VERIFICATION), dict)


def adapted_verification(
    kind: Kind,
    key: str,
    source: JsonObject,
    wanted: JsonObject,
    now: Json,
    facts: TargetFacts,
    options: PlanOptions,
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return an item with the verification that it shall have, if that is carried at all.

    A source that does not know verification says nothing of it, and what the target has stays.

    Args:
        kind: of the item.
        key: of the item.
        source: the content of the source.
        wanted: the content that the target shall have.
        now: as the target has it, or None.
        facts: of the target.
        options: of the user.
    """
    if kind not in VERIFIABLE or not options.verification:
        return wanted, ()
    rest = {name: value for name, value in wanted.items() if name != VERIFICATION}
    if not facts.verifies:
        what = "carried without its verification: this Lightdash has none"
        return rest, _problem(kind, key, "no_verification", what) if is_verified(source) else ()
    own = now.get(VERIFICATION) if isinstance(now, dict) else None
    if VERIFICATION not in source or is_verified(source) == is_verified(now):
        return rest | {VERIFICATION: own}, ()
    problems = () if facts.may_verify else _problem(
        kind, key, "may_not_verify", "the token's owner may not change verifications: only admins may"
    )  # fmt: skip
    return rest | {VERIFICATION: BY_THE_OWNER if is_verified(source) else None}, problems


def cleared(steps: Sequence[Step], options: PlanOptions) -> Iterator[Problem]:
    """Yield the items of the target whose verification a plan takes off by writing them."""
    for step in steps:
        if step.kind not in VERIFIABLE or step.action is not Action.UPDATE or not is_verified(step.before):
            continue
        if options.verification:
            continue  # it is verified again, or the source has it so
        who = " ".join(
            part
            for name in ("firstName", "lastName")
            if (part := get_str(step.before, VERIFICATION, "verifiedBy", name))
        )
        what = (
            f"is verified on the target{f' by {shown(who)}' if who else ''}, and writing it takes that off; "
            "--with-verification verifies it again, in the name of the token's owner, if the source has it so"
        )
        yield from _problem(step.kind, step.key, "clears_verification", what)


def lost(
    steps: Sequence[Step], desired: Contents, facts: TargetFacts, options: PlanOptions, *, undoes: bool
) -> Iterator[Problem]:
    """Yield the items that were verified, and are put back without that.

    Args:
        steps: of a plan that puts back what was deleted or changed.
        desired: what is put back.
        facts: whether the target can restore what was deleted.
        options: whether verification is carried.
        undoes: whether the plan takes a run back: then no option carries verification.
    """
    for step in steps:
        if step.kind not in VERIFIABLE or step.action is Action.DELETE or options.verification:
            continue
        if not is_verified(desired.of((step.kind, step.key))) or is_verified(step.before):
            continue  # of what is verified on the target, `cleared` tells
        unless = "" if facts.keeps_deleted is None else ", unless Lightdash restores the item with it"
        again = "verify it again in Lightdash"
        if not undoes:
            again = "--with-verification verifies it again, in the name of the token's owner"
        what = f"was verified, and its verification does not come back{unless}; {again}"
        yield from _problem(step.kind, step.key, LOST, what)


def _problem(kind: Kind, key: str, code: str, what: str) -> tuple[Problem, ...]:
    return (Problem(f"{kind}:{key}", code, what, Gravity.WARNS),)
