"""Filters: flat lists of rules in dashboards and schedulers, groups of all and any in charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lightdash_sync.model.canonical import Json, JsonObject, canonical, sha256
from lightdash_sync.model.changes.change import ABSENT, field_name
from lightdash_sync.model.changes.elements import Elements, by, nouns
from lightdash_sync.model.changes.look import different, inside, itself, text, without
from lightdash_sync.model.changes.match import match
from lightdash_sync.model.changes.walk import Walk, anything, fields
from lightdash_sync.model.keys import is_key, slugify

if TYPE_CHECKING:
    from collections.abc import Hashable

    from lightdash_sync.model.changes.change import Path, Value

_IDS = frozenset({"id"})


def rule_name(walk: Walk, rule: Value) -> str:
    """Return the field that a rule filters on."""
    field_id, table = text(rule, "target", "fieldId"), text(rule, "target", "tableName")
    if not field_id:
        return text(rule, "target", "fieldRef") or "no field"
    return field_name(field_id, [table]) if table else walk.field(field_id)


def _target(rule: Value) -> bytes:
    """Rules are told apart by the field that they filter on; SQL columns of tiles by their table too."""
    target = inside(rule, "target")
    return canonical([inside(target, name) for name in ("fieldId", "tableName", "fieldRef")])


def _replacing(walk: Walk, rule: Value) -> str:
    """Return the field that a scheduler's rule filters on, and what it replaces if that does not tell."""
    name, replaced = rule_name(walk, rule), text(rule, "id")
    is_told = replaced == slugify(text(rule, "target", "fieldId")) or not is_key(replaced)
    return name if is_told else f"{name} (instead of {replaced})"


def _replacing_changed(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Say another id aloud, unless one side is of an older snapshot, where rules had no names."""
    differing = different(old, new)
    if differing == _IDS and is_key(text(old, "id")) != is_key(text(new, "id")):
        walk.say("ids_changed", path, old, new)
    else:  # where the id differs, both are told in any case
        name = rule_name(walk, new) if _IDS & differing else _replacing(walk, new)
        walk.say("filter_changed", path, old, new, name)


_CODES = nouns("filter", "filters_reordered")
_RULES = Elements(_CODES, (_target,), rule_name, unsaid=_IDS)
DASHBOARD_FILTERS = fields(dict.fromkeys(("dimensions", "metrics", "tableCalculations"), _RULES))
# The id of a scheduler's rule is the name of the rule of the dashboard that it replaces.
SCHEDULER_FILTERS = Elements(_CODES, (by("id"), _target), _replacing, inner=_replacing_changed)


class _Group(NamedTuple):
    """A group of a chart's filters: `and` or `or`, what it holds, and its other fields."""

    joined: str
    members: list[Json]
    rest: JsonObject


def chart_group(walk: Walk, old: Value, new: Value, path: Path) -> None:
    """Compare two groups of filters, at any depth of nesting."""
    before, after = _group(old), _group(new)
    if before is None or after is None:
        anything()(walk, old, new, path)
        return
    also: tuple[Path, ...] = (path,)  # the group itself, which comes and goes with what it holds
    if old is not ABSENT and new is not ABSENT:
        also = ()
        if before.joined != after.joined:
            walk.say("filter_logic_changed", path, before.joined, after.joined)
        fields({"id": _id_changed})(walk, before.rest, after.rest, path)
    found = match(before.members, after.members, _exactly, _field, _whether_group)
    for was, now in found.both:
        walk.at(_member, before.members[was], after.members[now], (*path, after.joined, now))
    for now in found.added:
        _one_sided(walk, "added", (*path, after.joined, now), after.members[now], also)
    for was in found.removed:
        _one_sided(walk, "removed", (*path, before.joined, was), before.members[was], also)
    order = [now for _, now in sorted(found.both)]
    if order != sorted(order):
        walk.say("order_changed", path, old, new, "filters")


def _member(walk: Walk, old: Value, new: Value, path: Path) -> None:
    if _exactly(old) == _exactly(new):
        walk.say("ids_changed", path, old, new)
    elif _group(old) and _group(new):
        chart_group(walk, old, new, path)
    else:
        walk.say("filter_changed", path, old, new, rule_name(walk, new))


def _one_sided(walk: Walk, what: str, path: Path, member: Json, also: tuple[Path, ...]) -> None:
    before: Value = ABSENT if what == "added" else member
    after: Value = member if what == "added" else ABSENT
    if _group(member):
        walk.say(f"filter_group_{what}", path, before, after, also=also)
    else:
        walk.say(f"filter_{what}", path, before, after, rule_name(walk, member), also)


def _id_changed(walk: Walk, old: Value, new: Value, path: Path) -> None:
    walk.say("ids_changed", path, old, new)


def _group(item: Value) -> _Group | None:
    """Return a value as a group of filters; what is absent is an empty one."""
    if item is ABSENT:
        return _Group("and", [], {})
    for joined in ("and", "or"):
        members = inside(item, joined)
        if isinstance(item, dict) and isinstance(members, list):
            return _Group(joined, members, {name: value for name, value in item.items() if name != joined})
    return None


def _exactly(item: Value) -> Hashable:
    return itself(without(item, _IDS))


def _field(item: Value) -> bytes:
    """What names a member: the field of a rule; of a group, a hash of the fields in it."""
    group = _group(item)
    if group is None:
        return _target(item)
    return sha256(
        canonical([group.joined, *sorted(_field(member).decode() for member in group.members)])
    ).encode()


def _whether_group(item: Value) -> Hashable:
    """Groups have no name, so that what is left of them is paired by position."""
    return "group" if _group(item) else None
