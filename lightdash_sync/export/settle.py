"""One inventory of a project in which people work: lists that are read again until they agree.

Every list is a request of its own, so what is made, moved or deleted between two of them is in one and not
in the other. That is no contradiction: where lists disagree about an item, they are read again, and the
item is taken as they had it the last time that they agreed about it. What was in none of them before is
left for the next export. Only what they never agree about is a contradiction: a list came back short.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from lightdash_sync.export.inventory import (
    EXPLORE,
    contradictions,
    disputed_items,
    in_unlisted,
    read_inventory,
)
from lightdash_sync.export.readings import Moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lightdash_sync.client import views
    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.inventory import Inventory, Lists
    from lightdash_sync.export.workers import Workers

Row = TypeVar("Row", "views.ChartRow", "views.SummaryRow", "views.DashboardRow", "views.ContentRow")

_READINGS = 5  # of the lists, until they agree about every item
_PAUSE = 0.3  # seconds more before each of them


def read_settled(lightdash: Lightdash, project: str, workers: Workers, lists: Lists) -> Inventory:
    """Read the lists of a project, again if they disagree; see `read_inventory`.

    Raises:
        Moved: they never agree about an item.
        ApiError: one of them cannot be read.
    """
    read = partial(read_inventory, lightdash, project, workers, lists)
    readings = [read()]
    while (problems := _disagreements(readings)) or _may_be_new(readings):
        if len(readings) == _READINGS:
            break
        lightdash.session.pacer.sleep(_PAUSE * len(readings))
        readings.append(read())
    require_agreement(problems)
    return as_agreed(readings)


def require_agreement(problems: Sequence[str]) -> None:
    """Check that no lists contradict each other.

    Raises:
        Moved: some do.
    """
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise Moved(f"the lists of Lightdash contradict each other: {problems[0]}{more}")


def as_agreed(readings: Sequence[Inventory]) -> Inventory:
    """Return the last of some readings, with each item as it was in the last one whose lists agreed about it.

    What stands in something that is left for the next export is left, too.
    """
    last, earlier = readings[-1], readings[:-1]
    if not earlier:
        return last
    chosen: dict[str, Inventory] = {}
    disputes = [(reading, disputed_items(reading)) for reading in earlier]
    for uuid in disputed_items(last):
        agreeing = (reading for reading, disputed in reversed(disputes) if uuid not in disputed)
        if (reading := next(agreeing, None)) is not None:
            chosen[uuid] = reading
    found = {id(reading): reading for reading in chosen.values()}.values()
    agreed = replace(
        last,
        charts=_rows(chosen, last.charts, {id(one): one.charts for one in found}),
        summaries=_rows(chosen, last.summaries, {id(one): one.summaries for one in found}),
        dashboards=_rows(chosen, last.dashboards, {id(one): one.dashboards for one in found}),
        content=_rows(chosen, last.content, {id(one): one.content for one in found}),
    )
    stayed = set().union(*(in_unlisted(reading) for reading in earlier))
    new = in_unlisted(agreed) - stayed
    if not new:
        return agreed
    schedulers = agreed.schedulers
    return replace(
        agreed,
        summaries=[row for row in agreed.summaries if row.uuid not in new],
        schedulers=schedulers and [row for row in schedulers if row[0].schedulerUuid not in new],
    )


def unexplained(questions: Iterable[str], before: Inventory, now: Inventory) -> set[str]:
    """Return those of some items about which the lists say the same as before: nothing happened to them."""
    then, there = _states(before), _states(now)
    return {uuid for uuid in questions if then.get(uuid) == there.get(uuid)}


def _states(inventory: Inventory) -> dict[str, tuple[str, bool, int | None]]:
    """Return uuid -> space, whether it is pinned, and in which place, of what the lists name."""
    rows: list[views.Row] = [*inventory.charts, *inventory.dashboards]
    states = {row.uuid: (row.spaceUuid, row.pinnedListUuid is not None, row.pinnedListOrder) for row in rows}
    return states | {
        row.uuid: ("", row.pinnedListUuid is not None, row.pinnedListOrder) for row, _ in inventory.spaces
    }


def _disagreements(readings: Sequence[Inventory]) -> list[str]:
    """Return about what the lists did not agree in any reading, in words."""
    if len(readings) == 1:
        return contradictions(readings[0])
    if not (found := contradictions(readings[-1])):
        return found
    return [*contradictions(as_agreed(readings), counts=False), *_disputed_counts(readings)]


def _may_be_new(readings: Sequence[Inventory]) -> bool:
    """Whether something stands in what no list names, and was not seen to stay so in a second reading."""
    return len(readings) == 1 and bool(in_unlisted(readings[0]))


def _disputed_counts(readings: Sequence[Inventory]) -> Iterator[str]:
    """Yield spaces whose own counts cannot be right, in words: they see what a token may not.

    A count comes with the list of spaces, and the charts with another list. So both are equal in one reading,
    or the count lies between what was in the space all the time and what ever was.
    """
    for row, _ in readings[-1].spaces:
        for what in ("charts", "dashboards"):
            seen = [_in_space(reading, row.uuid, what) for reading in readings]
            counts = [_own_count(reading, row.uuid, what) for reading in readings]
            least, most = len(set.intersection(*seen)), len(set.union(*seen))
            fits = (
                count is not None and (count == len(found) or least <= count <= most)
                for count, found in zip(counts, seen, strict=True)
            )
            if not any(fits):
                listed = f"{len(seen[-1])} in the list"
                yield f"space {row.name!r} has {counts[-1]} {what} by its own count, {listed}"


def _in_space(reading: Inventory, space: str, what: str) -> set[str]:
    if what == "dashboards":
        return {row.uuid for row in reading.dashboards if row.spaceUuid == space}
    return {row.uuid for row in reading.charts if row.source == EXPLORE and row.spaceUuid == space}


def _own_count(reading: Inventory, space: str, what: str) -> int | None:
    row = next((row for row, _ in reading.spaces if row.uuid == space), None)
    if row is None:
        return None
    return row.chartCount if what == "charts" else row.dashboardCount


def _rows(
    chosen: Mapping[str, Inventory], last: Sequence[Row], others: Mapping[int, Sequence[Row]]
) -> list[Row]:
    """Return the rows of a list, those of some items as another reading has them."""
    rows = [row for row in last if row.uuid not in chosen]
    for reading, found in others.items():
        rows += [row for row in found if row.uuid in chosen and id(chosen[row.uuid]) == reading]
    return rows
