"""Places that a scheduler delivers to, and patterns that name them.

A pattern is of one kind of place: `*@example.com` (or `email:…`) for addresses, `slack:#finance-*` or
`slack:C0123` for channels by name or id, `gsheets:ID` for Google sheets, `msteams:*` and `googlechat:*` for
webhooks, whose addresses are secrets that no snapshot has. What is no known kind of place is told as such,
whatever its shape, because nobody can say whom it reaches.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lightdash_sync.content.json import get_list, get_path, get_str, objects
from lightdash_sync.content.portable import DELIVERED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from lightdash_sync.content.json import Json, JsonObject

EMAIL, SLACK, TEAMS, CHAT, SHEETS = "email", "slack", "msteams", "googlechat", "gsheets"
UNKNOWN = "unknown"
PLACES = (EMAIL, SLACK, TEAMS, CHAT, SHEETS)

_FIELDS = {"recipient": EMAIL, "channel": SLACK, "webhook": TEAMS, "googleChatWebhook": CHAT}
_WEBHOOKS = frozenset({TEAMS, CHAT})
_FORMATS = frozenset({"csv", "xlsx", "image", "pdf", SHEETS})
_ONE_ADDRESS = re.compile(r"[^\s,;:<>\"'()\[\]\\@]+@[^\s,;:<>\"'()\[\]\\@]+")  # a list would reach several
_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(.*)", re.DOTALL)


@dataclass(frozen=True, order=True)
class Destination:
    """A place that a scheduler delivers to.

    Attributes:
        place: one of `PLACES`, or `UNKNOWN`.
        address: an address, the id of a channel or sheet; "" for a webhook; what is unknown, in words.
    """

    place: str
    address: str


@dataclass(frozen=True)
class Pattern:
    """What one entry of the setting allows.

    Attributes:
        place: one of `PLACES`.
        address: as `fnmatch` understands it; a channel's name begins with `#`, a person's with `@`.
    """

    place: str
    address: str

    @property
    def is_name(self) -> bool:
        """Whether it goes by the name of a Slack channel, which only the server can tell."""
        return self.place == SLACK and self.address.startswith(("#", "@"))

    def fits(self, one: Destination, channels: Mapping[str, str] | None) -> bool:
        """Whether it allows a place.

        Args:
            one: the place.
            channels: id of each Slack channel of the target -> its name; None if they cannot be listed.
        """
        if one.place != self.place:
            return False
        if one.place == EMAIL:
            return fnmatchcase(one.address.casefold(), self.address.casefold())
        if self.is_name:
            name, pattern = channel_name(one.address, channels), self.address.casefold()
            return name is not None and fnmatchcase(name.casefold(), pattern)
        return fnmatchcase(one.address, self.address)


def parse_pattern(said: str) -> Pattern:
    """Read an entry of the setting.

    Raises:
        ValueError: it names no kind of place, or more of it than can be known.
    """
    match = _PREFIX.fullmatch(said)
    place, address = (match[1].lower(), match[2]) if match else (EMAIL, said)
    if place not in PLACES:
        raise ValueError(f"{said!r} is no kind of place to deliver to; there are {', '.join(PLACES)}")
    if not address:
        raise ValueError(f"{said!r} names nobody; `{place}:*` means all")
    if place in _WEBHOOKS and address != "*":
        raise ValueError(
            f"{said!r} cannot be checked, because addresses of webhooks are secrets; say {place}:*"
        )
    return Pattern(place, address)


def destinations(scheduler: Json) -> Iterator[Destination]:
    """Yield every place that a scheduler delivers to, whatever its shape."""
    rows = get_path(scheduler, "targets")
    if rows is not None and not isinstance(rows, list):
        yield Destination(UNKNOWN, "targets that are no list")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield from _of_target(row)
        else:
            yield Destination(UNKNOWN, "a target that is no object")
    form = get_str(scheduler, "format")
    sheet = get_path(scheduler, "options", "gdriveId")
    if isinstance(sheet, str) and sheet:
        yield Destination(SHEETS, sheet)
    elif sheet is not None or form == SHEETS:
        yield Destination(UNKNOWN, "a Google sheet without an id")
    if form not in _FORMATS:
        yield Destination(UNKNOWN, f"the format {form!r}")


def unknown_way(scheduler: Json) -> str:
    """Return a way in which a scheduler delivers that nobody here knows, in words; "" if there is none."""
    for row in get_list(scheduler, "targets"):
        for name, value in row.items():
            if value is not None and name not in _FIELDS:
                return f"a target with {name!r}"
    form = get_str(scheduler, "format")
    return f"the format {form!r}" if form and form not in _FORMATS else ""


def _of_target(row: JsonObject) -> Iterator[Destination]:
    said = {name: value for name, value in row.items() if value is not None}
    for name, value in said.items():
        place = _FIELDS.get(name)
        if place is None or not isinstance(value, str) or not value:
            yield Destination(UNKNOWN, f"a target with {name!r}")
        elif place == EMAIL and not _ONE_ADDRESS.fullmatch(value):
            yield Destination(UNKNOWN, f"{value!r}, which is not one address")
        else:
            yield Destination(place, "" if place in _WEBHOOKS else value)
    if not said:
        yield Destination(UNKNOWN, "a target that says nothing")


def channel_name(channel: str, channels: Mapping[str, str] | None) -> str | None:
    """Return the name of a channel with its `#` (or `@`, of a person); None if nobody can tell."""
    if channel.startswith(("#", "@")):
        return channel
    name = (channels or {}).get(channel)
    return None if not name else name if name.startswith(("#", "@")) else f"#{name}"


# What a delivery delivers: a chart, a SQL chart or a dashboard. One of anything else is kept, and no more.
#
# Newer servers deliver data apps, and some day other things that no snapshot holds. Nobody can say on
# another server what such a delivery is of, so it stays in the snapshot, is named, and is never written.

_KNOWN = frozenset({*DELIVERED, *(ours for ours, _ in DELIVERED.values())})
_NO_PLACES = _KNOWN | {"schedulerUuid", "projectUuid", "organizationUuid"}
_APP = "appUuid"


def why_not_replayed(delivery: Json) -> str:
    """Return why a delivery can be kept and not made anew, in words; "" if it can.

    Args:
        delivery: in the words of its file, or in the server's.
    """
    if not isinstance(delivery, dict) or not delivery or any(get_str(delivery, name) for name in _KNOWN):
        return ""
    if get_str(delivery, _APP):
        return "it delivers a data app, which no snapshot holds: it is kept, and cannot be replayed"
    unknown = sorted(name for name in delivery if name.endswith("Uuid") and name not in _NO_PLACES)
    named = f" ({', '.join(unknown)})" if unknown else ""
    return f"what it delivers is nothing that this version knows{named}: it is kept, and cannot be replayed"


# A scheduler between its creation and its true form: it has no run soon, and nobody to send anything to.
#
# Lightdash switches on whatever it creates. So a new scheduler is created quiet, then paused, and only then
# gets its time and targets. One that is still quiet was left behind by a run that was cut short, and may be
# switched on without anybody having wanted that.

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
