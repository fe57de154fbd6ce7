"""Builds the report of `status`: a table of which environment is behind which, and the items of each pair."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status
from lightdash_sync.content.kinds import KINDS
from lightdash_sync.report.phrases import counted
from lightdash_sync.report.value import ItemGroup, Items, Matrix, Notes, Report, ReportItem, Tone

if TYPE_CHECKING:
    from collections import Counter

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import Kind
    from lightdash_sync.sync.status import Behind, Differing, Looked, Pair, Standing

_ITEMS = 3  # of a pair, unless all are requested
_SAME, _UNKNOWN, _MISSING, _ITSELF, _UPSTREAM = "same", "unknown", "no snapshot", "—", "↑"
_LEGEND = f"{_UPSTREAM} Lightdash promotes from the row to the column."


def status_report(standing: Standing, now: datetime, *, every: bool = False) -> Report:
    """Return which environment is behind which.

    Args:
        standing: the comparison of all pairs.
        now: the current time, for the age of snapshots.
        every: show all items of each pair, not only the oldest ones.
    """
    has_upstream = any(pair.is_upstream for pair in standing.pairs)
    return Report(
        "Who is behind where",
        _data(standing),
        (
            Notes(tuple(f"{one.environment}: {_age(one, now)}" for one in standing.environments)),
            _matrix(standing),
            Notes((_LEGEND,) if has_upstream else (), tone=Tone.QUIET),
            Items(
                tuple(
                    _group(pair, pair.behind, every=every)
                    for pair in standing.pairs
                    if pair.behind and pair.behind.items
                ),
                is_folded=True,
            ),
        ),
        is_complete=True,
        more="--all lists everything",
    )


def _age(one: Looked, now: datetime) -> str:
    """Return what was read, and how old it is."""
    if not one.is_there:
        return _MISSING
    if one.is_live:
        return f"{one.project}, as it is now"
    if one.exported is None:
        return f"snapshot of {one.project}, age unknown here"
    return f"snapshot of {one.project}, {_duration(now - one.exported)} old"


def _duration(age: timedelta) -> str:
    minutes = max(int(age.total_seconds()) // 60, 0)
    for size, unit in ((60 * 24, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return counted(minutes // size, unit)
    return counted(minutes, "minute")


def _matrix(standing: Standing) -> Matrix:
    names = tuple(one.environment for one in standing.environments)
    cells = tuple(
        tuple(_ITSELF if row == column else _cell(standing.between(row, column)) for column in names)
        for row in names
    )
    return Matrix("from \\ to", names, cells)


def _cell(pair: Pair) -> str:
    if pair.behind is None:
        return _MISSING
    number = _how_many(pair.behind) if pair.behind.items else _SAME
    return f"{number} {_UPSTREAM}" if pair.is_upstream else number


def _how_many(behind: Behind) -> str:
    since = f" since {_day(behind.since)}" if behind.since else ", age unknown"
    return f"{len(behind.items)}{since}"


def _day(when: datetime | None) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d}" if when else _UNKNOWN


def _group(pair: Pair, behind: Behind, *, every: bool) -> ItemGroup:
    upstream = " (its upstream)" if pair.is_upstream else ""
    heading = f"{pair.source} → {pair.target}{upstream}: {_how_many(behind)}"
    shown = behind.items if every else behind.items[:_ITEMS]
    counts = "; ".join(_counts(kind, found) for kind, found in behind.counts.items())
    return ItemGroup(heading, tuple(map(_item, shown)), counts, len(behind.items) - len(shown))


def _counts(kind: Kind, found: Counter[Status]) -> str:
    numbers = ", ".join(f"{found[status]} {status}" for status in Status if found[status])
    return f"{KINDS[kind].noun[0 if sum(found.values()) == 1 else 1]}: {numbers}"


def _item(one: Differing) -> ReportItem:
    name = "" if one.name in (one.key, one.kind) else one.name
    mark = f"since {_day(one.since)}" if one.since else "age unknown"
    return ReportItem(one.kind, one.key, one.status, one.status.value, name, mark)


def _data(standing: Standing) -> JsonObject:
    environments: list[Json] = [_environment_json(one) for one in standing.environments]
    pairs: list[Json] = [_pair_json(pair) for pair in standing.pairs]
    return {
        "different": standing.differs,
        "environments": environments,
        "pairs": pairs,
        "warnings": [*standing.notes],
    }


def _environment_json(one: Looked) -> JsonObject:
    return {
        "name": one.environment,
        "read": "live" if one.is_live else "snapshot" if one.is_there else None,
        "project": one.project or None,
        "exported": one.exported.isoformat() if one.exported else None,
    }


def _pair_json(pair: Pair) -> JsonObject:
    behind = pair.behind
    found: JsonObject = {
        "from": pair.source,
        "to": pair.target,
        "upstream": pair.is_upstream,
        "same": None if behind is None else not behind.items,
    }
    if behind is None:
        return found
    counts: JsonObject = {
        kind.value: {status.value: number for status, number in numbers.items()}
        for kind, numbers in behind.counts.items()
    }
    items: list[Json] = [
        {
            "kind": one.kind.value,
            "key": one.key,
            "name": one.name,
            "status": one.status.value,
            "since": one.since.isoformat() if one.since else None,
        }
        for one in behind.items
    ]
    return found | {
        "different": len(behind.items),
        "since": behind.since.isoformat() if behind.since else None,
        "counts": counts,
        "items": items,
        "not_counted": behind.uncarried,
        "same_named": behind.same_named,
    }
