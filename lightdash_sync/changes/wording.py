"""Changes in words: one line for each, one line for all."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING

import orjson

from lightdash_sync.changes.change import CODES, Change, dotted, field_name
from lightdash_sync.changes.walk import Walk, anything
from lightdash_sync.content.json import ABSENT, Json, get_field, get_list, get_path, get_str

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lightdash_sync.content.json import Value


# Values in words: texts, rules of filters, sorts, places, schedules.

_LONG = 60  # characters of a value that are shown whole
_CONTEXT = 12  # characters before and after what differs in a long one
_SHOWN = 4  # entries of a list
_MANY_LINES = 200

# What would make two lines of one; other control characters are the business of who shows the text.
_BREAKS = {
    ord(char): char.encode("unicode_escape").decode() for char in "\n\r\t\v\f\x1c\x1d\x1e\x85\u2028\u2029"
}

_OPERATORS = {
    "isNull": "is null",
    "notNull": "is not null",
    "equals": "is {}",
    "notEquals": "is not {}",
    "startsWith": "starts with {}",
    "endsWith": "ends with {}",
    "include": "contains {}",
    "doesNotInclude": "does not contain {}",
    "lessThan": "is less than {}",
    "lessThanOrEqual": "is at most {}",
    "greaterThan": "is greater than {}",
    "greaterThanOrEqual": "is at least {}",
    "inThePast": "in the last {} {unit}",
    "notInThePast": "not in the last {} {unit}",
    "inTheNext": "in the next {} {unit}",
    "inTheCurrent": "in the current {unit}",
    "notInTheCurrent": "not in the current {unit}",
    "inBetween": "is between {}",
    "notInBetween": "is not between {}",
    "inPeriodToDate": "in {unit} to date",
}
_PLACES = {
    "space": "space",
    "parent": "space",
    "dashboard": "dashboard",
    "chart": "chart",
    "sqlChart": "SQL chart",
}
_DAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")


def one_line(said: str) -> str:
    """Return a text with its line breaks and tabs as escapes."""
    return said.translate(_BREAKS)


def plain(item: Value) -> str:
    """Return a value without quotes: for what is one word, such as a chart type or a limit."""
    if item is None:
        return "none"
    return one_line(item) if isinstance(item, str) and item else quoted(item)


def quoted(item: Value) -> str:
    """Return a value so that texts and other values are told apart."""
    if item is ABSENT:
        return "not set"
    if isinstance(item, str):
        return f"'{one_line(item)}'"
    return one_line(orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode())


def short(said: str, limit: int = _LONG) -> str:
    """Cut a text, and say how long it is."""
    return said if len(said) <= limit else f"{said[:limit]}… ({len(said):,} characters)"


def both(before: Value, after: Value) -> tuple[str, str]:
    """Return two unequal values in words that differ; of long ones what lies around the difference."""
    old, new = quoted(before), quoted(after)
    if old == new:  # a line break in the one, its escape in the other
        old, new = (repr(before), repr(after))
    if len(old) <= _LONG and len(new) <= _LONG:
        return old, new
    if before is ABSENT or after is ABSENT:
        return short(old), short(new)
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    return _around(old, start, end), _around(new, start, end)


def _around(said: str, start: int, end: int) -> str:
    first = max(0, start - _CONTEXT)
    last = min(len(said), max(len(said) - end + _CONTEXT, first + _CONTEXT))
    cut = min(last, first + _LONG)
    window = ("…" if first else "") + said[first:cut] + ("…" if cut < len(said) else "")
    return f"{window} ({len(said):,} characters)" if len(window) < len(said) else said


def lines(before: Value, after: Value) -> str:
    """Return how many lines of a text came and went."""
    old = before.split("\n") if isinstance(before, str) else []
    new = after.split("\n") if isinstance(after, str) else []
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(old), len(new)) > _MANY_LINES:  # comparing in order takes the square of the lines
        same = min(sum((Counter(old) & Counter(new)).values()), max(len(old), len(new)) - 1)
    else:
        blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        same = sum(block.size for block in blocks)
    return f"+{len(new) - same} −{len(old) - same}"


def listed(said: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(said) - _SHOWN
    shown = [short(one_line(name)) for name in (said if more <= 1 else said[:_SHOWN])]
    return ", ".join([*shown, f"and {more} more"] if more > 1 else shown) or "none"


def names(item: Value, tables: Sequence[str] = ()) -> str:
    """Return a list of fields or names."""
    if not isinstance(item, list):
        return short(quoted(item))
    return listed([field_name(name, tables) if isinstance(name, str) else quoted(name) for name in item])


def rule(item: Value, tables: Sequence[str] = ()) -> str:
    """Return what a rule lets through, or a group of rules."""
    if item is ABSENT:
        return "any value"
    for joined, said in (("and", "all of"), ("or", "any of")):
        if isinstance(members := get_path(item, joined), list):
            return f"{said} ({listed([_with_field(member, tables) for member in members])})"
    operator, values = get_str(item, "operator"), get_path(item, "values")
    several = values if isinstance(values, list) else [] if values is None else [values]
    if not several and operator in ("equals", "notEquals"):
        phrase = "any value"
    else:
        shown = [quoted(one) for one in several]
        said = " and ".join(shown) if "etween" in operator and len(shown) == 2 else listed(shown)
        template = _OPERATORS.get(operator, "")
        phrase = template.replace("{unit}", _unit(item)) if template else f"{plain(operator)} {{}}"
        phrase = phrase.replace("{}", said)
    return short(one_line(phrase) + (" (off)" if get_path(item, "disabled") is True else ""), 2 * _LONG)


def _with_field(member: Json, tables: Sequence[str]) -> str:
    named = field_name(get_str(member, "target", "fieldId"), tables) or get_str(member, "target", "fieldRef")
    return f"{named} {rule(member, tables)}".strip()


def _unit(item: Json) -> str:
    unit = get_str(item, "settings", "unitOfTime") or "units"
    return f"completed {unit}" if get_path(item, "settings", "completed") is True else unit


def sorts(item: Value, tables: Sequence[str]) -> str:
    """Return by what a chart is sorted."""
    said = []
    for entry in get_list(item):
        direction = "descending" if entry.get("descending") is True else "ascending"
        nulls = " (nulls first)" if entry.get("nullsFirst") is True else ""
        said.append(f"{field_name(get_str(entry, 'fieldId'), tables)} {direction}{nulls}")
    return listed(said)


def merged_queries(item: Value) -> str:
    """Return the queries whose rows a chart merges with its own, by their explores."""
    others = [one for one in get_list(item, "sources") if get_str(one, "kind") != "chart"]
    explores = [get_str(one, "metricQuery", "exploreName") for one in others]
    return f"a query of {listed([one or 'an unknown explore' for one in explores])}" if others else "nothing"


def place(item: Value) -> tuple[str, str]:
    """Return where an item is: in what, and its key."""
    for name, noun in _PLACES.items():
        if key := get_str(item, name):
            return noun, one_line(key)
    return "", "the top level" if isinstance(item, dict) and "parent" in item else "nowhere"


def position(item: Value) -> str:
    """Return where a tile is, or how large."""
    if not isinstance(item, dict):
        return quoted(item)
    if "w" in item or "h" in item:
        return f"{plain(item.get('w'))}×{plain(item.get('h'))}"
    return f"({plain(item.get('x'))},{plain(item.get('y'))})"


def schedule(item: Value) -> str:
    """Return the usual cron expressions in words, all others as they are."""
    parts = item.split() if isinstance(item, str) else []
    if len(parts) != 5 or not (parts[0].isascii() and parts[0].isdigit()):
        return f"cron {plain(item)}"
    minute, hour, day, month, weekday = parts
    numbers = all(part == "*" or (part.isascii() and part.isdigit()) for part in (hour, day, month))
    if not numbers or month != "*" or (day != "*" and (weekday != "*" or hour == "*")):
        return f"cron {plain(item)}"
    days = _weekdays(weekday)
    if hour == "*":
        return f"hourly at :{minute:0>2}" if weekday == "*" else f"cron {plain(item)}"
    time = f"{int(hour)}:{minute:0>2}"
    if day != "*":
        return f"day {int(day)} of each month {time}"
    return f"{days} {time}" if days else f"cron {plain(item)}"


def _weekdays(field: str) -> str:
    """Return days of the week as people say them; "" for what is said otherwise."""
    known = {"*": "daily", "1-5": "weekdays", "0,6": "weekends", "6,0": "weekends"}
    if field in known:
        return known[field]
    days = field.split(",")
    if not all(len(day) == 1 and day in "01234567" for day in days):
        return ""
    return ", ".join(_DAYS[int(day) % 7] for day in days)


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
    return short(_filled(CODES[change.what].line, change), _LONG_LINE)


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
        return short(_filled(CODES[code].short, several[0]), _LONG_PIECE)
    names = ", ".join(_name(change) for change in several if change.name)
    told = f": {names}" if names and len(names) <= _LONG_NAMES else ""
    return f"{len(several)} {CODES[code].many}{told}"


def _filled(template: str, change: Change) -> str:
    """Fill a line of `codes`; what stands in content is never taken for a part of the line."""
    line = []
    for part in template.split("{"):
        name, brace, rest = part.partition("}")
        line += [_PARTS[name](change), rest] if brace else [part]
    return one_line("".join(line))


def _name(change: Change) -> str:
    return short(one_line(change.name), _LONG_NAME)


def _before(change: Change) -> str:
    if change.what == "moved":
        return " ".join(part for part in place(change.before) if part)
    return _one(change.what, change.before, change.tables)


def _after(change: Change) -> str:
    if change.what == "moved":
        (before, _), (noun, key) = place(change.before), place(change.after)
        return f"{noun} {key}" if noun and noun != before else key
    return _one(change.what, change.after, change.tables)


def _from_to(change: Change) -> str:
    """Return from what to what, in words that differ."""
    before, after = change.before, change.after
    sql = change.what == "sql_changed" and isinstance(before, str) and isinstance(after, str)
    if sql or _has_lines(before) or _has_lines(after):
        return f"{lines(before, after)} lines"
    alike = change.what == "filter_changed" and _phrase(change, before) == _phrase(change, after)
    if alike and (said := _details(change) or _ids(change)):
        return f"{_phrase(change, after)}{said}"
    if change.what == "tile_moved" and get_field(before, "tab") != get_field(after, "tab"):
        sides = (f"tab {plain(get_field(side, 'tab'))} {position(side)}" for side in (before, after))
        return " → ".join(sides)
    if change.what.endswith("_reordered") and isinstance(before, list) and isinstance(after, list):
        start = next((n for n, (was, now) in enumerate(zip(before, after, strict=False)) if was != now), 0)
        before, after = list(before[start:]), list(after[start:])
    old, new = (_one(change.what, side, change.tables) for side in (before, after))
    if old == new or not (_has_words(change.what) or None in (before, after)):
        old, new = both(before, after)
    return f"{old} → {new}{_rest_of_filter(change)}"


def _phrase(change: Change, side: Value) -> str:
    return rule(side, change.tables)


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
    switched = all(isinstance(get_field(side, "hidden"), bool) for side in (change.before, change.after))
    return [
        leaf
        for leaf in found
        if not (change.what == "tab_changed" and switched and leaf.where == ("hidden",))
    ]


def _detail(leaf: Change, tables: Sequence[str]) -> str:
    first, *others = leaf.where
    if leaf.where == ("sql",) and isinstance(leaf.before, str) and isinstance(leaf.after, str):
        return f"SQL {lines(leaf.before, leaf.after)}"
    if first == "tileTargets" and len(others) == 1:
        before, after = (_applies(side, tables) for side in (leaf.before, leaf.after))
        return f"on tile {short(one_line(str(others[0])))}: {before} → {after}"
    where = leaf.where[1:] if first == "properties" and others else leaf.where
    label = short(one_line(dotted(where)))
    if _has_lines(leaf.before) or _has_lines(leaf.after):
        return f"{label}: {lines(leaf.before, leaf.after)} lines"
    return f"{label}: {' → '.join(both(leaf.before, leaf.after))}"


def _applies(target: Value, tables: Sequence[str]) -> str:
    """Return how a filter of a dashboard applies to a tile."""
    if target is ABSENT:
        return "by default"
    if target is False:
        return "no"
    field_id, table = get_str(target, "fieldId"), get_str(target, "tableName")
    return field_name(field_id, [table] if table else tables) or short(quoted(target))


def _has_lines(side: Value) -> bool:
    return isinstance(side, str) and "\n" in side


def _has_words(code: str) -> bool:
    return code in _PLAIN or code in _SAID or code.endswith("_reordered")


def _one(code: str, item: Value, tables: Sequence[str]) -> str:
    """Return one side of a change."""
    if code in _SAID:
        return _SAID[code](item, tables)
    if code.endswith("_reordered"):
        return names(item)
    if code in _TEXTS and item is None:
        return "none"
    return short(plain(item) if code in _PLAIN else quoted(item))


def _pivot(item: Value, tables: Sequence[str]) -> str:
    columns = get_field(item, "columns")
    return "none" if item is ABSENT or item is None else names(columns, tables)


def _comment(item: Value, _tables: Sequence[str]) -> str:
    return short(quoted(get_field(item, "text")))


def _role(item: Value, _tables: Sequence[str]) -> str:
    role = get_field(item, "role")
    return short(plain(role)) if isinstance(role, str) and role else "unknown role"


def _icon(item: Value, _tables: Sequence[str]) -> str:
    icon = get_field(item, "icon")
    said = get_field(icon, "unicode"), get_field(icon, "url")
    return short(next((one for one in said if isinstance(one, str)), quoted(icon)))


# Codes whose values have words of their own.
_SAID: dict[str, Callable[[Value, Sequence[str]], str]] = {
    **dict.fromkeys(
        ("filter_added", "filter_removed", "filter_changed", "filter_group_added", "filter_group_removed"),
        rule,
    ),
    "filter_logic_changed": lambda item, _: _JOINED.get(str(item), quoted(item)),
    "sort_changed": sorts,
    **dict.fromkeys(("merge_added", "merge_removed"), lambda item, _: merged_queries(item)),
    "pivot_changed": _pivot,
    "columns_changed": names,
    "columns_reordered": names,
    "tile_added": lambda item, _: position(
        {name: get_path(item, name) for name in ("x", "y")} if isinstance(item, dict) else item
    ),
    "tile_moved": lambda item, _: position(item),
    "tile_resized": lambda item, _: position(item),
    "schedule_changed": lambda item, _: schedule(item),
    "delivered_tabs_changed": lambda item, _: "all" if item is None else names(item),
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
