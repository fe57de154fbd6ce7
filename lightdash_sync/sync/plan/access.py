"""Who may see a space: what of the source's grants a target can have, and who gains or loses by a plan.

Grants name people by e-mail and groups by name. Roles that people have in the project or the organisation
are no part of any snapshot, so "everybody in the project" means: whoever has a role there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.content.display import shown
from lightdash_sync.content.json import Json, JsonObject, get_path, get_str, objects
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.values import AccessChange, Gravity, Look, Outlook, Problem, Step, nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts

EVERYBODY = ""
BY_PROJECT = "project role"  # the role in the space follows from the one in the project
_ROLES = ("viewer", "editor", "admin")
_HOLDERS = (("users", "email"), ("groups", "group"))

_Holder = tuple[str, bool]  # e-mail or name, and whether it is a group


def adapted_access(
    item: str, content: JsonObject, existing: Json, facts: TargetFacts, options: PlanOptions
) -> tuple[JsonObject, tuple[Problem, ...]]:
    """Return a space as the target can have it, and what was left out.

    Grants of people and groups that the target's organisation does not have are dropped. A grant whose
    role the source could not see keeps the role that the same holder has on the target, and so does one whose
    role the target does not show: nobody can tell whether it is another one.

    Args:
        item: the space as `space:key`, for the problems.
        content: the desired content.
        existing: the target's content of the same space, or None.
        facts: `people` and `groups` of the target. Where one of them cannot be listed, only holders who
            have a grant there already are kept.
        options: with `keep_access`, a space that exists keeps its privacy and grants.
    """
    if options.keep_access and isinstance(existing, dict):
        kept = {name: existing[name] for name in ("inheritsAccess", "access") if name in existing}
        return content | kept, ()
    access = content.get("access")
    if not isinstance(access, dict):
        return content, ()
    problems: list[Problem] = []
    known = (_people(facts.people), _groups(facts.groups))
    for (who, field), find in zip(_HOLDERS, known, strict=True):
        held = {get_str(grant, field): grant for grant in objects(get_path(existing, "access", who))}
        grants, missing, hidden = _sorted_out(objects(access.get(who)), field, held, find)
        access = access | {who: [*grants]}
        problems += _left_out(item, who, missing, hidden, asked=find is not None)
    return content | {"access": access}, tuple(problems)


def access_changes(
    steps: Sequence[Step], look: Look = nothing, spaces: Iterable[str] = ()
) -> tuple[AccessChange, ...]:
    """Return who gains, loses or changes a role in which space, and by which moves of items.

    Spaces that inherit their access are followed to the space that decides; so one that the plan leaves alone
    changes with the space above it. A chart or dashboard that moves has a row for each holder whose role in
    the two spaces differs.

    Args:
        steps: of the plan.
        look: content of spaces that the plan leaves alone.
        spaces: keys of all spaces of the target.
    """
    outlook = Outlook.of(steps, look)
    found: list[AccessChange] = []
    changed = {step.key for step in steps if step.kind is Kind.SPACE}
    for key in {*changed, *spaces} if changed else ():
        found += _differences(key, "", _roles(outlook.before, key), _roles(outlook.after, key))
    for step in steps:
        if step.kind in (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD):
            old, new = _place(outlook.before, step.before), _place(outlook.after, step.after)
            if old and new and old != new:  # what is new or deleted moves nowhere
                found += _differences(new, step.item, _roles(outlook.before, old), _roles(outlook.after, new))
    return tuple(sorted(found))


def _people(people: Mapping[str, str] | None) -> Callable[[str], str | None] | None:
    """E-mails are the same in any case; the target's spelling is the one to write."""
    if people is None:
        return None
    spelled = {email.casefold(): email for email in people}
    return lambda email: email if email in people else spelled.get(email.casefold())


def _groups(groups: Mapping[str, str] | None) -> Callable[[str], str | None] | None:
    """Names stand in content with `@{` escaped, as all text does (`content.references`)."""
    return None if groups is None else lambda name: name if name.replace("@{}{", "@{") in groups else None


def _sorted_out(
    grants: list[JsonObject],
    field: str,
    held: Mapping[str, JsonObject],
    find: Callable[[str], str | None] | None,
) -> tuple[list[JsonObject], list[str], list[str]]:
    """Return the grants that the target can have, the holders that it lacks, and those without a role."""
    possible: dict[str, JsonObject] = {}
    missing: list[str] = []
    hidden: list[str] = []
    for grant in grants:
        wanted = get_str(grant, field)
        holder = wanted if wanted in held else find(wanted) if find else None
        if holder is None:
            missing.append(wanted)
        elif holder in held and held[holder].get("role") is None:
            possible[holder] = held[holder]  # the target does not tell which role it is
        elif grant.get("role") is not None:
            possible[holder] = grant | {field: holder}
        elif holder in held:
            possible[holder] = held[holder]
        else:
            hidden.append(wanted)
    return [possible[holder] for holder in sorted(possible)], missing, hidden


def _left_out(
    item: str, who: str, missing: list[str], hidden: list[str], *, asked: bool
) -> Iterator[Problem]:
    if missing:
        noun = {"users": "people", "groups": "groups"}[who]
        why = (
            f"the target's organisation does not have these {noun}; add them there, and plan again"
            if asked
            else f"the token may not list the {noun} of the target; use one of an admin"
        )
        what = f"carried without the grants of {_listed(missing)}: {why}"
        yield Problem(item, f"unknown_{who}", what, Gravity.WARNS)
    if hidden:
        what = (
            f"carried without the grants of {_listed(hidden)}: the source does not show the role; "
            "share the space with them by hand"
        )
        yield Problem(item, "hidden_role", what, Gravity.WARNS)


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name) or "(no name)" for name in sorted(names))


def _place(content: Callable[[Kind, str], Json], item: Json) -> str:
    """Return the space that an item is in; that of its dashboard for a chart inside one."""
    if dashboard := get_str(item, "dashboard"):
        return get_str(content(Kind.DASHBOARD, dashboard), "space")
    return get_str(item, "space")


def _roles(content: Callable[[Kind, str], Json], key: str) -> dict[_Holder, str]:
    """Return who has which role in a space, by grants and by inheritance."""
    roles: dict[_Holder, str] = {}
    seen: set[str] = set()
    while key not in seen:  # only a damaged snapshot has a space below itself
        seen.add(key)
        space = content(Kind.SPACE, key)
        if not isinstance(space, dict):
            return roles
        for holder, role in _grants(space):
            roles[holder] = max(roles.get(holder, role), role, key=_rank)
        if space.get("inheritsAccess") is not True:
            return roles
        parent = space.get("parent")
        if not isinstance(parent, str):
            roles[EVERYBODY, False] = get_str(space, "projectMemberAccessRole") or BY_PROJECT
            return roles
        key = parent
    return roles


def _grants(space: JsonObject) -> Iterator[tuple[_Holder, str]]:
    for who, field in _HOLDERS:
        for grant in objects(get_path(space, "access", who)):
            if holder := get_str(grant, field):
                yield (holder, who == "groups"), get_str(grant, "role") or "unknown role"


def _rank(role: str) -> int:
    return _ROLES.index(role) if role in _ROLES else -1


def _differences(
    space: str, item: str, before: Mapping[_Holder, str], after: Mapping[_Holder, str]
) -> Iterator[AccessChange]:
    for holder in before.keys() | after.keys():
        old, new = before.get(holder), after.get(holder)
        if old != new:
            yield AccessChange(space, *holder, before=old, after=new, item=item)
