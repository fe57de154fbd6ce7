"""Changes in words: one line for each, one line for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.model.changes import phrases
from lightdash_sync.model.changes.change import ABSENT, Change, dotted, field_name
from lightdash_sync.model.changes.codes import CODES
from lightdash_sync.model.changes.look import get, inside, text
from lightdash_sync.model.changes.walk import Walk, anything

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lightdash_sync.model.changes.change import Value

_PIECES = 3  # kinds of change in a summary
_DETAILS = 3  # fields of an element
_LONG_LINE, _LONG_PIECE, _LONG_NAME = 800, 160, 60  # characters
_LONG_NAMES = 48  # of several changes together, in a summary
# What of an element is said otherwise: by the phrase of a filter, by changes of their own.
_SAID_ELSEWHERE = {
    "filter_changed": ("operator", "values", "settings", "disabled"),
    "tile_changed": ("x", "y", "w", "h", "tab"),
    "tab_changed": ("name", "order"),
    "comment_changed": ("replies",),
}
_JOINED = {"and": "all of them", "or": "any of them"}
_PLAIN = frozenset(
    {"explore_changed", "limit_changed", "timezone_changed", "chart_type_changed", "owner_changed"}
    | {"format_changed", "access_changed", "tag_colour_changed"}
    | {"series_colour_changed"}
)
_TEXTS = frozenset({"description_changed", "message_changed"})
_EDITS = {frozenset({"moved"}): "move", frozenset({"renamed"}): "rename"}


def words(change: Change) -> str:
    """Return a change in one line, as one would say it to a user of Lightdash.

    Text from content stands in it as it is, but for line breaks and tabs; long values are cut.
    """
    return phrases.short(_filled(CODES[change.what].line, change), _LONG_LINE)


def summary(changes: Iterable[Change]) -> str:
    """Return many changes in one line of bounded length: the first kinds of change, and how many more."""
    every = list(changes)
    kinds: dict[str, list[Change]] = {}
    for change in [change for change in every if not change.quiet] or every[:1]:
        kinds.setdefault(change.what, []).append(change)
    pieces = [_piece(code, several) for code, several in list(kinds.items())[:_PIECES]]
    if left := sum(len(several) for several in list(kinds.values())[_PIECES:]):
        pieces.append(f"and {left} more")
    return "; ".join(pieces)


def edit(changes: Iterable[Change]) -> str:
    """Return what people call an update: `move` or `rename` if it does nothing else, or `update`."""
    return _EDITS.get(frozenset(change.what for change in changes if not change.quiet), "update")


def _piece(code: str, several: Sequence[Change]) -> str:
    if len(several) == 1:
        return phrases.short(_filled(CODES[code].short, several[0]), _LONG_PIECE)
    names = ", ".join(_name(change) for change in several if change.name)
    told = f": {names}" if names and len(names) <= _LONG_NAMES else ""
    return f"{len(several)} {CODES[code].many}{told}"


def _filled(template: str, change: Change) -> str:
    """Fill a line of `codes`; what stands in content is never taken for a part of the line."""
    line = []
    for part in template.split("{"):
        name, brace, rest = part.partition("}")
        line += [_PARTS[name](change), rest] if brace else [part]
    return phrases.one_line("".join(line))


def _name(change: Change) -> str:
    return phrases.short(phrases.one_line(change.name), _LONG_NAME)


def _before(change: Change) -> str:
    if change.what == "moved":
        return " ".join(part for part in phrases.place(change.before) if part)
    return _one(change.what, change.before, change.tables)


def _after(change: Change) -> str:
    if change.what == "moved":
        (before, _), (noun, key) = phrases.place(change.before), phrases.place(change.after)
        return f"{noun} {key}" if noun and noun != before else key
    return _one(change.what, change.after, change.tables)


def _from_to(change: Change) -> str:
    """Return from what to what, in words that differ."""
    before, after = change.before, change.after
    sql = change.what == "sql_changed" and isinstance(before, str) and isinstance(after, str)
    if sql or _has_lines(before) or _has_lines(after):
        return f"{phrases.lines(before, after)} lines"
    alike = change.what == "filter_changed" and _phrase(change, before) == _phrase(change, after)
    if alike and (said := _details(change) or _ids(change)):
        return f"{_phrase(change, after)}{said}"
    if change.what == "tile_moved" and get(before, "tab") != get(after, "tab"):
        sides = (
            f"tab {phrases.plain(get(side, 'tab'))} {phrases.position(side)}" for side in (before, after)
        )
        return " → ".join(sides)
    if change.what.endswith("_reordered") and isinstance(before, list) and isinstance(after, list):
        start = next((n for n, (was, now) in enumerate(zip(before, after, strict=False)) if was != now), 0)
        before, after = list(before[start:]), list(after[start:])
    old, new = (_one(change.what, side, change.tables) for side in (before, after))
    if old == new or not (_has_words(change.what) or None in (before, after)):
        old, new = phrases.both(before, after)
    return f"{old} → {new}{_rest_of_filter(change)}"


def _phrase(change: Change, side: Value) -> str:
    return phrases.rule(side, change.tables)


def _rest_of_filter(change: Change) -> str:
    """What else of a filter changed, besides what it lets through."""
    return _details(change) if change.what == "filter_changed" else ""


def _details(change: Change) -> str:
    """Return what differs inside an element, in brackets."""
    leaves = [leaf for leaf in _leaves(change) if leaf.where[-1:] not in (("id",), ("uuid",))]
    said = [_detail(leaf, change.tables) for leaf in leaves]
    if len(said) > _DETAILS:
        said = [*said[:_DETAILS], f"and {len(said) - _DETAILS} more"]
    return f" ({', '.join(said)})" if said else ""


def _ids(change: Change) -> str:
    """Return the ids that differ, where nothing else does: they say which rule a scheduler replaces."""
    return "".join(f" ({_detail(leaf, ())})" for leaf in _leaves(change)[:1])


def _leaves(change: Change) -> list[Change]:
    """Return each value that differs inside an element, but for what is said elsewhere."""
    walk, elsewhere = Walk(), _SAID_ELSEWHERE.get(change.what, ())
    walk.at(anything(), change.before, change.after, ())
    found = [leaf for leaf in walk.found if not leaf.where or leaf.where[0] not in elsewhere]
    switched = all(isinstance(get(side, "hidden"), bool) for side in (change.before, change.after))
    return [
        leaf
        for leaf in found
        if not (change.what == "tab_changed" and switched and leaf.where == ("hidden",))
    ]


def _detail(leaf: Change, tables: Sequence[str]) -> str:
    first, *others = leaf.where
    if leaf.where == ("sql",) and isinstance(leaf.before, str) and isinstance(leaf.after, str):
        return f"SQL {phrases.lines(leaf.before, leaf.after)}"
    if first == "tileTargets" and len(others) == 1:
        before, after = (_applies(side, tables) for side in (leaf.before, leaf.after))
        return f"on tile {phrases.short(phrases.one_line(str(others[0])))}: {before} → {after}"
    where = leaf.where[1:] if first == "properties" and others else leaf.where
    label = phrases.short(phrases.one_line(dotted(where)))
    if _has_lines(leaf.before) or _has_lines(leaf.after):
        return f"{label}: {phrases.lines(leaf.before, leaf.after)} lines"
    return f"{label}: {' → '.join(phrases.both(leaf.before, leaf.after))}"


def _applies(target: Value, tables: Sequence[str]) -> str:
    """Return how a filter of a dashboard applies to a tile."""
    if target is ABSENT:
        return "by default"
    if target is False:
        return "no"
    field_id, table = text(target, "fieldId"), text(target, "tableName")
    return field_name(field_id, [table] if table else tables) or phrases.short(phrases.quoted(target))


def _has_lines(side: Value) -> bool:
    return isinstance(side, str) and "\n" in side


def _has_words(code: str) -> bool:
    return code in _PLAIN or code in _SAID or code.endswith("_reordered")


def _one(code: str, item: Value, tables: Sequence[str]) -> str:
    """Return one side of a change."""
    if code in _SAID:
        return _SAID[code](item, tables)
    if code.endswith("_reordered"):
        return phrases.names(item)
    if code in _TEXTS and item is None:
        return "none"
    return phrases.short(phrases.plain(item) if code in _PLAIN else phrases.quoted(item))


def _pivot(item: Value, tables: Sequence[str]) -> str:
    columns = get(item, "columns")
    return "none" if item is ABSENT or item is None else phrases.names(columns, tables)


def _comment(item: Value, _tables: Sequence[str]) -> str:
    return phrases.short(phrases.quoted(get(item, "text")))


def _role(item: Value, _tables: Sequence[str]) -> str:
    role = get(item, "role")
    return phrases.short(phrases.plain(role)) if isinstance(role, str) and role else "unknown role"


def _icon(item: Value, _tables: Sequence[str]) -> str:
    icon = get(item, "icon")
    said = get(icon, "unicode"), get(icon, "url")
    return phrases.short(next((one for one in said if isinstance(one, str)), phrases.quoted(icon)))


# Codes whose values have words of their own.
_SAID: dict[str, Callable[[Value, Sequence[str]], str]] = {
    **dict.fromkeys(
        ("filter_added", "filter_removed", "filter_changed", "filter_group_added", "filter_group_removed"),
        phrases.rule,
    ),
    "filter_logic_changed": lambda item, _: _JOINED.get(str(item), phrases.quoted(item)),
    "sort_changed": phrases.sorts,
    **dict.fromkeys(("merge_added", "merge_removed"), lambda item, _: phrases.merged_queries(item)),
    "pivot_changed": _pivot,
    "columns_changed": phrases.names,
    "columns_reordered": phrases.names,
    "tile_added": lambda item, _: phrases.position(
        {name: inside(item, name) for name in ("x", "y")} if isinstance(item, dict) else item
    ),
    "tile_moved": lambda item, _: phrases.position(item),
    "tile_resized": lambda item, _: phrases.position(item),
    "schedule_changed": lambda item, _: phrases.schedule(item),
    "delivered_tabs_changed": lambda item, _: "all" if item is None else phrases.names(item),
    "access_given": _role,
    "access_taken": _role,
    "comment_added": _comment,
    "comment_removed": _comment,
    **dict.fromkeys(("icon_added", "icon_removed", "icon_changed"), _icon),
}

_PARTS: dict[str, Callable[[Change], str]] = {
    "name": _name,
    "before": _before,
    "after": _after,
    "change": _from_to,
    "details": _details,
}
