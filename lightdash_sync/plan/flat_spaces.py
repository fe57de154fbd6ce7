"""Spaces inside spaces, for servers that have none, and from servers that have none.

A space whose place is lost keeps its name and stands at the top, and the same people see it: it gets the
grants that it has by inheritance from the spaces above it, and is private if one of these is. Access that
no grant gives is not carried over: nobody sees more than before. What comes from a server without nesting
says nothing of where a space stands, so it stays where the target has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import Json, JsonObject, objects
from lightdash_sync.model.changes.look import inside, text
from lightdash_sync.model.kinds import Kind
from lightdash_sync.model.shown import shown
from lightdash_sync.plan.values import Gravity, Problem

if TYPE_CHECKING:
    from lightdash_sync.plan.options import Facts
    from lightdash_sync.plan.scope import Contents

_HOLDERS = (("users", "email"), ("groups", "group"))
_RANK = {"viewer": 1, "editor": 2, "admin": 3}


def placed_space(
    key: str, space: JsonObject, now: Json, desired: Contents, facts: Facts
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a space where the target can have it, and what is lost by that.

    Args:
        key: of the space.
        space: its content at the source.
        now: its content on the target, or None.
        desired: all content of the source.
        facts: which capabilities the servers of both sides lack.
    """
    if facts.can("nested_spaces"):
        if "nested_spaces" in facts.source_lacks:
            return space | {"parent": inside(now, "parent")}, ()
        return space, ()
    if not text(space, "parent"):
        return space, ()
    above = _above(key, space, desired)
    inherited = _inherited(space, above)
    flat = space | {"parent": None} | inherited
    names = [shown(text(one, "name")) for one in reversed(above)]
    path = " › ".join(names) or "a space that the source does not show"
    more = [
        f"{text(grant, field)} ({text(grant, 'role') or 'role unknown'})"
        for who, field in _HOLDERS
        for grant in objects(inside(inherited, "access", who))
        if grant not in objects(inside(space, "access", who))
    ]
    grants = f"; it is shared with {', '.join(map(shown, more))}, who see it by inheritance" if more else ""
    private = " and private" if inherited["inheritsAccess"] is False else ""
    what = (
        f"it lies in {path}, and the target's Lightdash has no spaces inside spaces: it will stand beside "
        f"them, under its own name{private}{grants}"
    )
    return flat, (Problem(f"{Kind.SPACE}:{key}", "nested_space", what, Gravity.WARNS),)


def _above(key: str, space: JsonObject, desired: Contents) -> list[JsonObject]:
    """Return the spaces above one, the nearest first."""
    found: list[JsonObject] = []
    seen = {key}
    while (parent := text(found[-1] if found else space, "parent")) and parent not in seen:
        seen.add(parent)
        if (Kind.SPACE, parent) not in desired.there:
            break
        found.append(desired.of((Kind.SPACE, parent)))
    return found


def _inherited(space: JsonObject, above: list[JsonObject]) -> JsonObject:
    """Return the access that a space has, its own and by inheritance, as if it stood at the top."""
    chain = [space]
    for one in above:
        if chain[-1].get("inheritsAccess") is not True:
            break
        chain.append(one)
    access: dict[str, Json] = {}
    for who, field in _HOLDERS:
        highest: dict[str, JsonObject] = {}
        for grant in (grant for one in chain for grant in objects(inside(one, "access", who))):
            had = highest.get(text(grant, field))
            if had is None or _rank(grant) > _rank(had):
                highest[text(grant, field)] = grant
        access[who] = [highest[holder] for holder in sorted(highest)]
    given = space.get("access")
    access = {**given, **access} if isinstance(given, dict) else access
    top = chain[-1]
    public = top.get("inheritsAccess") is True and not text(top, "parent")  # else what is above is unknown
    return {"inheritsAccess": public, "access": access}


def _rank(grant: JsonObject) -> int:
    return _RANK.get(text(grant, "role"), 0)
