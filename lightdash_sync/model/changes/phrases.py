"""Values in words: texts, rules of filters, sorts, places, schedules."""

from __future__ import annotations

import difflib
from collections import Counter
from typing import TYPE_CHECKING

import orjson

from lightdash_sync.model.canonical import Json
from lightdash_sync.model.changes.change import ABSENT, field_name
from lightdash_sync.model.changes.look import held, inside, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightdash_sync.model.changes.change import Value

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
        if isinstance(members := inside(item, joined), list):
            return f"{said} ({listed([_with_field(member, tables) for member in members])})"
    operator, values = text(item, "operator"), inside(item, "values")
    several = values if isinstance(values, list) else [] if values is None else [values]
    if not several and operator in ("equals", "notEquals"):
        phrase = "any value"
    else:
        shown = [quoted(one) for one in several]
        said = " and ".join(shown) if "etween" in operator and len(shown) == 2 else listed(shown)
        template = _OPERATORS.get(operator, "")
        phrase = template.replace("{unit}", _unit(item)) if template else f"{plain(operator)} {{}}"
        phrase = phrase.replace("{}", said)
    return short(one_line(phrase) + (" (off)" if inside(item, "disabled") is True else ""), 2 * _LONG)


def _with_field(member: Json, tables: Sequence[str]) -> str:
    named = field_name(text(member, "target", "fieldId"), tables) or text(member, "target", "fieldRef")
    return f"{named} {rule(member, tables)}".strip()


def _unit(item: Json) -> str:
    unit = text(item, "settings", "unitOfTime") or "units"
    return f"completed {unit}" if inside(item, "settings", "completed") is True else unit


def sorts(item: Value, tables: Sequence[str]) -> str:
    """Return by what a chart is sorted."""
    said = []
    for entry in held(item):
        direction = "descending" if entry.get("descending") is True else "ascending"
        nulls = " (nulls first)" if entry.get("nullsFirst") is True else ""
        said.append(f"{field_name(text(entry, 'fieldId'), tables)} {direction}{nulls}")
    return listed(said)


def merged_queries(item: Value) -> str:
    """Return the queries whose rows a chart merges with its own, by their explores."""
    others = [one for one in held(item, "sources") if text(one, "kind") != "chart"]
    explores = [text(one, "metricQuery", "exploreName") for one in others]
    return f"a query of {listed([one or 'an unknown explore' for one in explores])}" if others else "nothing"


def place(item: Value) -> tuple[str, str]:
    """Return where an item is: in what, and its key."""
    for name, noun in _PLACES.items():
        if key := text(item, name):
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
