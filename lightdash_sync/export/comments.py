"""Of which dashboards the comments are read again, though the dashboards themselves are taken over.

No list tells of a comment, and each dashboard takes a request. So where there are many dashboards, those that
have comments are asked each time, and the others in turn.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

CHEAP = 500  # dashboards whose comments are read each time, unless the settings say otherwise
_WEEK = 7


class Comments(StrEnum):
    """When the comments on a dashboard are read that did not change itself.

    Attributes:
        AUTO: each time where that is cheap, else as `comments_due` says.
        NIGHTLY: each time.
        WEEKLY: when everything is read.
    """

    AUTO = "auto"
    NIGHTLY = "nightly"
    WEEKLY = "weekly"

    @classmethod
    def of(cls, setting: str | None) -> Comments:
        """Return what a setting says; `AUTO` if it says nothing."""
        return cls(setting or cls.AUTO)


def comments_due(when: Comments, silent: Mapping[str, bool], dashboards: int, day: date) -> list[str]:
    """Return the uuids of the dashboards whose comments are read.

    Args:
        when: what the user wants.
        silent: uuid -> whether it has comments in the older snapshot; of the dashboards that are taken over.
        dashboards: how many there are in all.
        day: whose turn it is goes by the day, so that it needs no memory.
    """
    if when is Comments.WEEKLY:
        return []
    if when is Comments.NIGHTLY or dashboards <= CHEAP:
        return sorted(silent)
    lively = sorted(uuid for uuid, has in silent.items() if has)
    others = sorted(silent.keys() - set(lively))
    share = max(CHEAP - len(lively), CHEAP // 2)
    turns = -(-len(others) // share) or 1
    turns += turns % _WEEK == 0  # else a schedule of certain weekdays would leave some out for ever
    return sorted([*lively, *others[day.toordinal() % turns :: turns]])
