"""What one run tells the next, beside the snapshot and never in it: `.NAME.state.json`.

When the last good export was, and how many went by since everything was read. It is no part of the
backup: a fresh checkout has none, and then the calendar decides when to read everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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

FULL_EVERY = 7  # runs


@dataclass(frozen=True, slots=True)
class State:
    """What is known of earlier runs.

    Attributes:
        good: when the last good export ended.
        since_full: exports since everything was read.
    """

    good: datetime
    since_full: int


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    good: AwareDatetime
    since_full: Annotated[int, Field(ge=0, strict=True)]


_FORM = TypeAdapter(_Document)


def read_state(target: Path) -> State | None:
    """Return what the last run left, None if there is nothing that makes sense.

    Raises:
        SnapshotError: the file is a link.
    """
    refuse_link(state_of(target))
    try:
        said = conform(_FORM, parse(read_regular(state_of(target))))
        return State(said.good.astimezone(UTC), said.since_full)
    except (OSError, ValueError, OverflowError):  # the last for the end of all time, in another zone
        return None


def write_state(target: Path, state: State) -> None:
    """Leave a state for the next run; whole or not at all.

    Raises:
        SnapshotError: the file is a link.
    """
    refuse_link(state_of(target))
    Disk().replace(
        state_of(target), canonical({"good": state.good.isoformat(), "since_full": state.since_full})
    )


def is_full_due(state: State | None, now: datetime, every: int = FULL_EVERY) -> bool:
    """Whether it is time to read everything: every so many runs, or days where nothing is remembered."""
    if state is None:
        return now.toordinal() % every == 0
    return state.since_full + 1 >= every


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
