"""What one run tells the next, beside the snapshot and never in it: `.NAME.state.json`.

When the last good export was, how many went by since everything was read, and when that was. It is no part of
the backup: a fresh checkout has none, and then the manifest says on which day everything was read.
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
        good: when the last good export ended.
        since_full: exports since everything was read.
        whole: the day (UTC) on which that was; None if it is not known.
        of: digest of the snapshot that this is about; git, or another branch, may have put another one there.
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
    """Return what the last run left, None if there is nothing that makes sense.

    Raises:
        SnapshotError: the file is a link.
    """
    refuse_link(state_of(target))
    try:
        said = conform(_FORM, parse(read_regular(state_of(target))))
        return LastRun(said.good.astimezone(UTC), said.since_full, day_of(said.whole), said.of)
    except (OSError, ValueError, OverflowError):  # the last for the end of all time, in another zone
        return None


def write_last_run(target: Path, state: LastRun) -> None:
    """Leave a state for the next run; whole or not at all.

    Raises:
        SnapshotError: the file is a link.
    """
    refuse_link(state_of(target))
    document: JsonObject = {"good": state.good.isoformat(), "since_full": state.since_full, "of": state.of}
    if state.whole is not None:
        document["whole"] = state.whole.isoformat()
    Disk().replace(state_of(target), canonical(document))


def day_of(value: Json) -> date | None:
    """Return the day that a text says, None if it says none."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def last_whole(state: LastRun | None, manifest: Manifest | None, now: datetime) -> date | None:
    """Return the last day (UTC) on which everything was read; None if neither state nor manifest tells.

    Args:
        state: what the last run left of this snapshot.
        manifest: of the snapshot that is there.
        now: the present; a day that has not begun says nothing.
    """
    told = (state.whole if state else None, day_of(manifest.wholeOn) if manifest else None)
    days = [day for day in told if day is not None and day <= now.date()]
    return max(days, default=None)


def is_full_due(state: LastRun | None, whole: date | None, now: datetime, every: int = FULL_EVERY) -> bool:
    """Whether it is time to read everything: every so many runs, and at least every so many days.

    Args:
        state: what the last run left of this snapshot.
        whole: from `last_whole`; if it is not known, it is time.
        now: the present.
        every: how many.
    """
    if whole is None or every <= 1 or (now.date() - whole).days >= every:
        return True
    return state is not None and state.since_full + 1 >= every


def require_fresh(target: Path, most: timedelta, now: datetime | None = None) -> None:
    """Check that the last good export is not older than allowed.

    Args:
        target: the snapshot.
        most: how old it may be.
        now: the present by default.

    Raises:
        SyncError: it is older, or nothing is known of it here.
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


# Of which dashboards the comments are read again, though the dashboards themselves are taken over.
#
# No list tells of a comment, and each dashboard takes a request. So where there are many dashboards,
# those that have comments are asked each time, and the others in turn.

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
