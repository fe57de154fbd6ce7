"""The part of cron that deliveries need: the remaining times of today."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FIELDS = 5


class BadSchedule(ValueError):
    """The cron expression or the timezone cannot be understood."""


def limited_to_hourly(cron: str) -> bool:
    """Whether the minute is one fixed number, which is all that the server checks before it stores."""
    return cron.split(" ")[0].isdigit()


def _matches(field: str, value: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        try:
            first, _, last = (span, "", "") if span == "*" else span.partition("-")
            low = 0 if first == "*" else int(first)
            high = 10_000 if first == "*" or (step and not last) else int(last or first)
            if low <= value <= high and (value - low) % int(step or 1) == 0:
                return True
        except ValueError:
            raise BadSchedule(field) from None
    return False


def runs_today(cron: str, timezone: str, now: datetime) -> list[datetime]:
    """The times (UTC) from now to the end of the day (UTC) at which the expression fires.

    Raises:
        BadSchedule: the expression or the time zone is invalid.
    """
    fields = cron.split()
    if len(fields) != FIELDS:
        raise BadSchedule(cron)
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule(timezone) from None
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    moment = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    found = []
    while moment < midnight:
        local = moment.astimezone(zone)
        values = (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7)
        if all(_matches(field, value) for field, value in zip(fields, values, strict=True)):
            found.append(moment)
        moment += timedelta(minutes=1)
    return found
