"""What one run tells the next, beside the snapshot and never in it: `.NAME.state.json`.

When the last good export was, how many went by since everything was read, and when that was. It is no part of
the backup: a fresh checkout has none, and then the manifest says on which day everything was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from lightdash_sync.errors import SyncError
from lightdash_sync.model.canonical import canonical, parse
from lightdash_sync.model.problems import conform
from lightdash_sync.snapshot.disk import Disk
from lightdash_sync.snapshot.write import state_of
from lightdash_sync.untrusted import read_regular, refuse_link

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.snapshot.manifest import Manifest

FULL_EVERY = 7  # runs, or days


@dataclass(frozen=True, slots=True)
class State:
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


def read_state(target: Path) -> State | None:
    """Return what the last run left, None if there is nothing that makes sense.

    Raises:
        SnapshotError: the file is a link.
    """
    refuse_link(state_of(target))
    try:
        said = conform(_FORM, parse(read_regular(state_of(target))))
        return State(said.good.astimezone(UTC), said.since_full, day_of(said.whole), said.of)
    except (OSError, ValueError, OverflowError):  # the last for the end of all time, in another zone
        return None


def write_state(target: Path, state: State) -> None:
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


def last_whole(state: State | None, manifest: Manifest | None, now: datetime) -> date | None:
    """Return the last day (UTC) on which everything was read; None if neither state nor manifest tells.

    Args:
        state: what the last run left of this snapshot.
        manifest: of the snapshot that is there.
        now: the present; a day that has not begun says nothing.
    """
    told = (state.whole if state else None, day_of(manifest.wholeOn) if manifest else None)
    days = [day for day in told if day is not None and day <= now.date()]
    return max(days, default=None)


def is_full_due(state: State | None, whole: date | None, now: datetime, every: int = FULL_EVERY) -> bool:
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
    state = read_state(target)
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
