"""Whether what no list names any more was deleted, or is only not shown.

A list that came back short looks like deletions, and so does a token that sees less than the last one. So
each such item is asked for by itself, and only the server's word that it is not there (404) counts, about
an item that a token could see before. This is the one guard for every kind, in exports and in plans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from lightdash_sync.errors import NotAuthorised, NotFound, Refused
from lightdash_sync.export.reader import read_chart
from lightdash_sync.model.keys import virtual_view_uuid
from lightdash_sync.model.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightdash_sync.client.lightdash import Lightdash
    from lightdash_sync.export.reader import ChartRead
    from lightdash_sync.export.readings import Readings

# Kinds of which each item has an address of its own.
ASKED = (Kind.SPACE, Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD, Kind.VIRTUAL_VIEW, Kind.SCHEDULER)
_FORBIDDEN = 403
_NAMED = 10  # items that an error names


@dataclass(frozen=True, slots=True)
class Unlisted:
    """An item that is known and that no list names.

    Attributes:
        kind: one of `ASKED`.
        key: its key.
        uuid: its uuid.
        slug: of a virtual view, the name of its explore, if it is known; else the key is tried.
    """

    kind: Kind
    key: str
    uuid: str
    slug: str = ""

    @property
    def item(self) -> str:
        """How people are told of it."""
        return f"{self.kind}:{self.key}"


@dataclass
class There:
    """What no list names and is there all the same.

    Attributes:
        charts: uuid -> charts; on 0.1372.1 no list names some charts in dashboards.
        others: items of other kinds: a list came back short.
    """

    charts: dict[str, ChartRead] = field(default_factory=dict)
    others: list[Unlisted] = field(default_factory=list)


def confirm_deleted(
    lightdash: Lightdash,
    project: str,
    unlisted: Iterable[Unlisted],
    readings: Readings,
    *,
    seen: str,
    hint: str,
) -> There:
    """Ask for each item that no list names, and return what is still there.

    All others are deleted, unless `readings` could not read them.

    Args:
        lightdash: the server.
        project: uuid of the project; what is in another one now is not in this one any more.
        unlisted: the items.
        readings: reads with all workers.
        seen: when the token saw them, in words.
        hint: what to do if it may not see one of them now.

    Raises:
        Refused: the token may not see some of them now (403), and so nobody knows whether they are there.
    """
    by_uuid = {one.uuid: one for one in unlisted}
    there, forbidden = There(), []
    for kind in ASKED:
        names = {one.uuid: one.key for one in by_uuid.values() if one.kind is kind}
        ask = partial(_ask, lightdash, project, by_uuid)
        answers = readings.of(kind, sorted(names), ask, names, "that no list names")
        for uuid, answer in answers.items():
            if answer is _Answer.HIDDEN:
                forbidden.append(by_uuid[uuid].item)
            elif answer is _Answer.THERE:
                there.others.append(by_uuid[uuid])
            elif answer is not _Answer.DELETED:
                there.charts[uuid] = answer
    if forbidden:
        raise Refused(
            f"the token saw more {seen} than it does now: it may not see {_listed(forbidden)} (403)",
            hint=hint,
        )
    there.others.sort(key=lambda one: one.item)
    return there


def is_there(ask: Callable[[str, str], object], project: str, uuid: str) -> bool:
    """Whether something that is only referred to is in the project and may be seen."""
    try:
        ask(project, uuid)
    except NotFound:
        return False
    except NotAuthorised as error:
        if error.status != _FORBIDDEN:
            raise
        return False
    return True


class _Answer(Enum):
    """What the server says of an item."""

    THERE = auto()
    DELETED = auto()
    HIDDEN = auto()


def _ask(lightdash: Lightdash, project: str, items: dict[str, Unlisted], uuid: str) -> ChartRead | _Answer:
    """Ask for one item; a chart that is there is the answer itself."""
    try:
        found = _found(lightdash, project, items[uuid])
    except NotFound:
        return _Answer.DELETED
    except NotAuthorised as error:
        if error.status != _FORBIDDEN:
            raise
        return _Answer.HIDDEN
    if isinstance(found, bool):
        return _Answer.THERE if found else _Answer.DELETED
    return found


def _found(lightdash: Lightdash, project: str, one: Unlisted) -> ChartRead | bool:
    """Read one item; whether it is in the project.

    Raises:
        NotFound: there is none.
    """
    match one.kind:
        case Kind.CHART:
            chart = read_chart(lightdash, one.uuid)
            return chart if chart.raw.get("projectUuid") == project else False
        case Kind.DASHBOARD:
            return lightdash.dashboard(one.uuid)[1].get("projectUuid") == project
        case Kind.SPACE:
            lightdash.space(project, one.uuid)
        case Kind.SQL_CHART:
            lightdash.sql_chart(project, one.uuid)
        case Kind.VIRTUAL_VIEW:
            return _has_virtual_view(lightdash, project, one)
        case _:
            lightdash.scheduler(one.uuid)
    return True


def _has_virtual_view(lightdash: Lightdash, project: str, one: Unlisted) -> bool:
    """Whether there is a virtual view; its uuid here is made of project and name."""
    name = one.slug or one.key
    if virtual_view_uuid(project, name) == one.uuid:
        lightdash.virtual_view(project, name)
        return True
    listed = (row.name for row in lightdash.explores(project) if row.is_virtual)
    return one.uuid in {virtual_view_uuid(project, name) for name in listed}


def _listed(items: list[str]) -> str:
    named = ", ".join(items[:_NAMED])
    return named if len(items) <= _NAMED else f"{named} and {len(items) - _NAMED} more"
