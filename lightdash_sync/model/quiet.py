"""A scheduler between its creation and its true form: it has no run soon, and nobody to send anything to.

Lightdash switches on whatever it creates. So a new scheduler is created quiet, then paused, and only then
gets its time and targets. One that is still quiet was left behind by a run that was cut short, and may be
switched on without anybody having wanted that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lightdash_sync.model.canonical import objects

if TYPE_CHECKING:
    from datetime import date

    from lightdash_sync.model.canonical import Json

_QUIET = re.compile(r"0 0 1 ([1-9]|1[0-2]) \*")


def quiet_cron(today: date) -> str:
    """Return a cron expression that runs once a year, about half a year away from a day.

    Creating a scheduler queues what is left of today's runs; of this one nothing is left, in any time zone.
    """
    return f"0 0 1 {(today.month + 5) % 12 + 1} *"


def is_quiet(scheduler: Json) -> bool:
    """Whether a scheduler has the time and the targets of one that is not finished."""
    if not isinstance(scheduler, dict):
        return False
    cron = scheduler.get("cron")
    return not objects(scheduler.get("targets")) and isinstance(cron, str) and bool(_QUIET.fullmatch(cron))
