"""The clock of a world: frozen, so that two runs of the same calls give the same bytes.

It moves only by `advance`, and by a step for each time that a write stores (`tick`). Times are kept as the
server prints them: ISO 8601 with milliseconds, in UTC. The server itself stores microseconds and orders
versions by them, so a step below a millisecond gives two versions the same printed time, in an order that no
answer explains.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def printed(moment: datetime) -> str:
    """A time as the server prints it, such as `2026-03-02T08:30:00.000Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def moment_of(text: str) -> datetime:
    """The time of a printed one, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


class Clock:
    """A frozen clock: `now` is the same until `advance` or `tick` moves it.

    Args:
        start: the first time.

    Attributes:
        step: how far a write moves it.
    """

    def __init__(self, start: datetime = START) -> None:
        self._moment = start
        self.step = MILLISECOND
        self._follows = False

    @property
    def moment(self) -> datetime:
        """The current time."""
        if self._follows:
            self._moment = max(self._moment, datetime.now(UTC))
        return self._moment

    @moment.setter
    def moment(self, moment: datetime) -> None:
        self._moment = moment

    def follow(self) -> None:
        """Follow the clock of this machine from now on, as a server for people does."""
        self._follows = True

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the clock forward."""
        self._moment = self.moment + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)

    def now(self) -> str:
        """The current time as printed, without moving the clock."""
        return printed(self.moment)

    def tick(self) -> str:
        """Move by one step, and return the new time; with the default step no two are printed the same."""
        self._moment = self.moment + self.step
        return printed(self._moment)

    def midnight_before(self, days: int) -> str:
        """Midnight (UTC) some days ago, where the history window of a chart begins."""
        day = (self.moment - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        return printed(day)
