"""The state file beside a snapshot, and what a run decides by it: when to read everything, and comments.

The file `.NAME.state.json` has the time of the last successful export, the day of the last full read, and the
number of exports since. It is no part of the backup: a fresh checkout has none, and then the day of the last
full read is taken from the manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from lightdash_sync.content.documents import conform
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.disk import Disk, read_regular, refuse_link
from lightdash_sync.errors import SyncError
from lightdash_sync.snapshot.write import state_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.snapshot.manifest import Manifest

FULL_EVERY = 7  # runs, or days


@dataclass(frozen=True, slots=True)
class LastRun:
    """What is known of earlier runs.

    Attributes:
        good: when the last successful export ended.
        since_full: number of exports since everything was read.
        whole: day (UTC) of the last full read; None if it is not known.
        of: digest of the snapshot that this describes; git, or another branch, may have put another one
            there.
    """

    good: datetime
    since_full: int
    whole: date | None = None
    of: str = ""


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    good: AwareDatetime
    since_full: Annotated[int, Field(ge=0, strict=True)]
    whole: str | None = None
    of: str = ""


_FORM = TypeAdapter(_Document)


def read_last_run(target: Path) -> LastRun | None:
    """Return the state that the last run left; None if there is none, or if it cannot be read.

    Raises:
        SnapshotError: the file is a link.
    """
    refuse_link(state_of(target))
    try:
        said = conform(_FORM, parse(read_regular(state_of(target))))
        return LastRun(said.good.astimezone(UTC), said.since_full, day_of(said.whole), said.of)
    except (OSError, ValueError, OverflowError):  # the last one: the latest possible time, in another zone
        return None


def write_last_run(target: Path, state: LastRun) -> None:
    """Write the state for the next run, completely or not at all.

    Raises:
        SnapshotError: the file is a link.
    """
    refuse_link(state_of(target))
    document: JsonObject = {"good": state.good.isoformat(), "since_full": state.since_full, "of": state.of}
    if state.whole is not None:
        document["whole"] = state.whole.isoformat()
    Disk().replace(state_of(target), canonical(document))


def day_of(value: Json) -> date | None:
    """Return the day in a text, None if it is not one."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def last_whole(state: LastRun | None, manifest: Manifest | None, now: datetime) -> date | None:
    """Return the last day (UTC) on which everything was read; None if neither state nor manifest has it.

    Args:
        state: the state that the last run left of this snapshot.
        manifest: manifest of the existing snapshot.
        now: the current time; days in the future are ignored.
    """
    told = (state.whole if state else None, day_of(manifest.wholeOn) if manifest else None)
    days = [day for day in told if day is not None and day <= now.date()]
    return max(days, default=None)


def is_full_due(state: LastRun | None, whole: date | None, now: datetime, every: int = FULL_EVERY) -> bool:
    """Whether it is time to read everything: after so many runs, and at least after so many days.

    Args:
        state: the state that the last run left of this snapshot.
        whole: from `last_whole`; if it is None, it is time.
        now: the current time.
        every: the number of runs and of days.
    """
    if whole is None or every <= 1 or (now.date() - whole).days >= every:
        return True
    return state is not None and state.since_full + 1 >= every


def require_fresh(target: Path, most: timedelta, now: datetime | None = None) -> None:
    """Check that the last successful export is not older than allowed.

    Args:
        target: the snapshot.
        most: the maximum age.
        now: the current time; by default that of the clock.

    Raises:
        SyncError: the export is older, or nothing is known of it here.
    """
    state = read_last_run(target)
    if state is None:
        raise SyncError(
            f"nothing is known here of the last export to {target}",
            hint="--max-age looks at the state file beside the snapshot, on the machine that exports.",
        )
    age = (now or datetime.now(UTC)) - state.good
    if age > most:
        raise SyncError(
            f"the last good export to {target} was on {state.good:%Y-%m-%d %H:%M} UTC, "
            f"{age.total_seconds() / 3600:.1f} hours ago",
            hint="Look at what the runs since then said.",
        )


# Which dashboards have their comments read again although the dashboards themselves are reused.
#
# No list mentions comments, and each dashboard takes a request. So where there are many dashboards, those
# that had comments are read each time, and the others in turn.

CHEAP = 500  # dashboards whose comments are read each time, unless the settings say otherwise
_WEEK = 7


class Comments(StrEnum):
    """When to read the comments on a dashboard that did not change itself.

    Attributes:
        AUTO: each time if there are few dashboards, else in turn, as `comments_due` decides.
        NIGHTLY: each time.
        WEEKLY: whenever everything is read.
    """

    AUTO = "auto"
    NIGHTLY = "nightly"
    WEEKLY = "weekly"

    @classmethod
    def of(cls, setting: str | None) -> Comments:
        """Return the member for a setting; `AUTO` if it is not set."""
        return cls(setting or cls.AUTO)


def comments_due(when: Comments, silent: Mapping[str, bool], dashboards: int, day: date) -> list[str]:
    """Return the uuids of the reused dashboards whose comments are read.

    Args:
        when: the setting.
        silent: uuid of a reused dashboard -> whether it has comments in the previous snapshot.
        dashboards: number of all dashboards.
        day: decides whose turn it is, so that no memory is needed.
    """
    if when is Comments.WEEKLY:
        return []
    if when is Comments.NIGHTLY or dashboards <= CHEAP:
        return sorted(silent)
    lively = sorted(uuid for uuid, has in silent.items() if has)
    others = sorted(silent.keys() - set(lively))
    share = max(CHEAP - len(lively), CHEAP // 2)
    turns = -(-len(others) // share) or 1
    turns += turns % _WEEK == 0  # otherwise a schedule of certain weekdays would never reach some of them
    return sorted([*lively, *others[day.toordinal() % turns :: turns]])
