"""What people write for a time: a date, a day in words, an age; each means a span of time.

A day means all of that day, in UTC as every time here. Who asks for what was saved *since* a day means its
first moment; who asks what was there *at* a day means its last, so that the backup of that day counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})([mhdw])")
_AGO = re.compile(r"(\d{1,6}|an?) (minute|hour|day|week)s? ago")
_DAYS = {"today": 0, "yesterday": 1}


@dataclass(frozen=True, slots=True)
class Span:
    """What a text about time means.

    Attributes:
        first: its first moment, in UTC.
        last: its last moment; the same for a text that is more exact than a day.
    """

    first: datetime
    last: datetime


def read_span(text: str, now: datetime | None = None) -> Span | None:
    """Parse a date, a date with a time, `today`, `yesterday`, `3 days ago` or `3d`; None for anything else.

    Args:
        text: as typed.
        now: the present moment.
    """
    now = now or datetime.now(UTC)
    words = " ".join(text.lower().split())
    try:
        if words in _DAYS:
            return _day(now.date() - timedelta(days=_DAYS[words]))
        if words == "now":
            return Span(now, now)
        if match := _AGE.fullmatch(words):
            moment = now - timedelta(**{_UNITS[match[2]]: int(match[1])})
            return Span(moment, moment)
        if match := _AGO.fullmatch(words):
            moment = now - timedelta(**{f"{match[2]}s": int(match[1]) if match[1].isdigit() else 1})
            return Span(moment, moment)
    except OverflowError:
        return None
    try:
        return _day(date.fromisoformat(text))
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return Span(found, found)


def _day(day: date) -> Span:
    first = datetime.combine(day, time.min, UTC)
    return Span(first, datetime.combine(day, time.max, UTC))
