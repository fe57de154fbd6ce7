"""Verification: an admin's mark on a chart or dashboard, which any edit takes off.

Lightdash makes the token's owner the one who verified, and now the time; so a plan carries only whether an
item is verified, and only if that is asked for. Else it tells what its own writes take off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject
from lightdash_sync.model.changes.look import text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.values import Action, Gravity, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightdash_sync.plan.options import Facts, Options
    from lightdash_sync.plan.scope import Contents
    from lightdash_sync.plan.values import Step

FIELD = "verification"
LOST = "loses_verification"  # the code of a problem
VERIFIABLE = frozenset({Kind.CHART, Kind.DASHBOARD})
# What a content says of a verification that is to come.
BY_THE_OWNER: JsonObject = {"verifiedBy": {"firstName": "the token's", "lastName": "owner"}}


def is_verified(content: Json) -> bool:
    """Whether somebody vouches for an item."""
    return isinstance(content, dict) and isinstance(content.get(FIELD), dict)


def adapted_verification(
    kind: Kind, key: str, source: JsonObject, wanted: JsonObject, now: Json, facts: Facts, options: Options
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
    rest = {name: value for name, value in wanted.items() if name != FIELD}
    if not facts.verifies:
        what = "carried without its verification: this Lightdash has none"
        return rest, _problem(kind, key, "no_verification", what) if is_verified(source) else ()
    own = now.get(FIELD) if isinstance(now, dict) else None
    if FIELD not in source or is_verified(source) == is_verified(now):
        return rest | {FIELD: own}, ()
    problems = () if facts.may_verify else _problem(
        kind, key, "may_not_verify", "the token's owner may not change verifications: only admins may"
    )  # fmt: skip
    return rest | {FIELD: BY_THE_OWNER if is_verified(source) else None}, problems


def cleared(steps: Sequence[Step], options: Options) -> Iterator[Problem]:
    """Yield the items of the target whose verification a plan takes off by writing them."""
    for step in steps:
        if step.kind not in VERIFIABLE or step.action is not Action.UPDATE or not is_verified(step.before):
            continue
        if options.verification:
            continue  # it is verified again, or the source has it so
        who = " ".join(
            part
            for name in ("firstName", "lastName")
            if (part := text(step.before, FIELD, "verifiedBy", name))
        )
        what = (
            f"is verified on the target{f' by {shown(who)}' if who else ''}, and writing it takes that off; "
            "--with-verification verifies it again, in the name of the token's owner, if the source has it so"
        )
        yield from _problem(step.kind, step.key, "clears_verification", what)


def lost(
    steps: Sequence[Step], desired: Contents, facts: Facts, options: Options, *, undoes: bool
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
