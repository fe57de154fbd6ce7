"""What of an item's content a plan manages; the rest is the target's own.

Equality between the desired, the existing and the last synced content is that of what is managed. Not
managed are: the owner of a scheduler (Lightdash makes the token's owner it), whether it is switched on
(unless asked for), verification (unless asked for), whether a space is a personal one (Lightdash alone
makes those), and, if the user keeps access, who may see a space.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import JsonObject, canonical, objects
from lightdash_sync.model.kinds import KINDS, PERSONAL, Kind
from lightdash_sync.model.ordered import in_order
from lightdash_sync.model.quiet import is_quiet

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Options

_ACCESS = ("inheritsAccess", "access")
GONE = ""
"""What stands for the hash of an item that is not there, where it is remembered what became of one."""

_NEVER_WRITTEN = frozenset({"owner", "verification"})


def unmanaged_fields(kind: Kind, options: Options) -> tuple[str, ...]:
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


def managed(kind: Kind, content: Json, options: Options) -> Json:
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


def same_content(kind: Kind, one: Json, other: Json, options: Options) -> bool:
    """Whether two contents are the same as far as they are managed; null and an empty list are nothing."""
    if KINDS[kind].is_list:
        one, other = one or None, other or None
    if one is None or other is None:
        return one is other
    if one == other and canonical(one) == canonical(other):
        return True
    return canonical(managed(kind, one, options)) == canonical(managed(kind, other, options))


def completed(kind: Kind, desired: JsonObject, existing: Json, options: Options) -> JsonObject:
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
