"""`snapshot.json`: what a snapshot holds, where it came from, and the hash of every file.

It is written last, so a directory without it was never finished. It holds no version of this tool, and one
time alone: the day on which everything was read. So the same content gives the same bytes, but for that day.
Format 1 is read by every later version.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lightdash_sync.content.documents import first_problem
from lightdash_sync.content.json import canonical, parse
from lightdash_sync.errors import SnapshotError

FORMAT = 1
# Raised whenever the same answers of a server would become other files; older files are then not reused.
CONVERSION = 8

UNKNOWN = "unknown"
_DAY = r"^\d{4}-\d{2}-\d{2}$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class SnapshotSource(_Part):
    """Where a snapshot came from.

    Attributes:
        url: base URL of the server.
        lightdash: its version.
        project: name of the project.
    """

    url: str
    lightdash: str
    project: str


_NAMED = 10  # names that a person is shown; all are in the manifest
# What of charts may be left out; see `LeftOut`.
PALETTES_OF_CHARTS = "colour palettes of charts"
PALETTES_OF_SPACES = "colour palettes of spaces"
MERGES_OF_CHARTS = "merges of charts with other queries"


class NotExported(_Part):
    """Something of the project, or beside it, that the snapshot does not hold.

    Attributes:
        what: in words, or `kind:key`.
        why: the reason.
        count: how many there are; None if nobody can tell.
        names: of those that have names; empty where `what` names it.
        unseenKinds: names of the kinds of which some items may be missing, because the reader was not shown
            them: that such an item is not in the snapshot does not mean that the project lacks it.
    """

    what: str
    why: str
    count: Annotated[int, Field(ge=1)] | None = 1
    names: list[str] = []
    unseenKinds: list[str] = []
    unreadSince: str = ""

    @property
    def words(self) -> str:
        """What it is and how many, in words."""
        if self.count is None:
            return f"{self.what} (nobody can tell how many)"
        if not self.names:
            return self.what if self.count == 1 else f"{self.what} ({self.count:,})"
        more = len(self.names) - _NAMED
        named = ", ".join(self.names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return f"{self.what} ({self.count:,}: {named})"


class Unknown(_Part):
    """Something that the server answers and this tool does not know; the snapshot holds it as it came.

    Attributes:
        kind: of the items that have it.
        what: a field, or a value, by its place in the item's file.
        items: how many have it.
    """

    kind: str
    what: str
    items: Annotated[int, Field(ge=1)]


class Older(_Part):
    """Something that the snapshot holds as an earlier export read it, because no list tells of a change.

    Attributes:
        what: in words, with how many there are.
        asOf: the day (UTC) on which everything was last read; it may have been read since. `UNKNOWN` if
            nobody knows.
    """

    what: str
    asOf: Annotated[str, StringConstraints(pattern=rf"{_DAY}|^{UNKNOWN}$")]


class SnapshotSelection(_Part):
    """What the user chose to export, where that was not all.

    Attributes:
        kinds: names of kinds, or None for all.
        spaces: keys of spaces, or None for all.
        history: whether earlier versions were read.
        historySince: the day from which on; None for all that the server lists.
    """

    kinds: list[str] | None = None
    spaces: list[str] | None = None
    history: bool = True
    historySince: Annotated[str, StringConstraints(pattern=_DAY)] | None = None

    def reaches_back_to(self, other: SnapshotSelection) -> bool:
        """Whether earlier versions were read as far back as another choice asks for."""
        if self.historySince is None:
            return True
        return other.historySince is not None and self.historySince <= other.historySince

    @property
    def is_partial(self) -> bool:
        """Whether items are missing by choice (earlier versions are no items)."""
        return self.kinds is not None or self.spaces is not None


class Manifest(_Part):
    """The content of `snapshot.json`.

    Attributes:
        format: of the snapshot.
        source: where it came from.
        selection: what was chosen.
        counts: how many of each kind, and of earlier versions (`chart_version`, `dashboard_version`).
        leftOut: what is not in it, and why.
        files: path -> SHA-256 of its bytes; every file but `snapshot.json` itself.
        conversion: how answers were made into files; see `CONVERSION`.
        wholeOn: the last day (UTC) on which everything was read; None if that is not known.
        older: what was not read by the export itself; empty if it read everything.
        unknown: what is in it that the tool does not know; as it was when the snapshot was made.
    """

    format: Annotated[int, Field(ge=1)]
    conversion: int = CONVERSION
    source: SnapshotSource
    selection: SnapshotSelection
    counts: dict[str, int]
    leftOut: list[NotExported]
    files: dict[str, Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]]
    wholeOn: Annotated[str, StringConstraints(pattern=_DAY)] | None = None
    older: list[Older] = []
    unknown: list[Unknown] = []

    def leaves_out(self, what: str) -> bool:
        """Whether the snapshot says of something that it does not hold it."""
        return any(left.what == what for left in self.leftOut)

    def unseen(self) -> dict[str, str]:
        """Return name of a kind -> what of it may be missing, in words; of all others nothing is."""
        found: dict[str, str] = {}
        for left in self.leftOut:
            for kind in left.unseenKinds:
                found.setdefault(kind, left.what)
        return found

    def unread(self) -> list[NotExported]:
        """Return the items that the server did not give: left out, or as an earlier export read them."""
        return [left for left in self.leftOut if left.unreadSince]

    def names_left_out(self, what: str) -> list[str]:
        """Return the names of what the snapshot says that it does not hold; none if it says nothing of it."""
        return [name for left in self.leftOut if left.what == what for name in left.names or ()]

    def says_the_same(self, other: Manifest) -> bool:
        """Whether two manifests differ at most in how fresh what they hold is."""
        freshness = {"wholeOn": self.wholeOn, "older": self.older}
        return self == other.model_copy(update=freshness)

    def to_bytes(self) -> bytes:
        """Return the canonical bytes."""
        document = self.model_dump()
        if self.selection.historySince is None:  # as all snapshots had it before there was a choice
            del document["selection"]["historySince"]
        if not self.unknown:
            del document["unknown"]
        for left in document["leftOut"]:
            if not left["unseenKinds"]:
                del left["unseenKinds"]
            if not left["unreadSince"]:
                del left["unreadSince"]
        return canonical(document)

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read `snapshot.json`.

        Raises:
            SnapshotError: it is damaged, or of a format this version does not know.
        """
        try:
            document = parse(data)
            if canonical(document) != data:  # a name that stands twice would say two things
                raise ValueError("it is not in canonical form")
        except ValueError as error:
            raise SnapshotError(
                f"snapshot.json cannot be read: {error}", hint="Put it back as it was, for example from git."
            ) from error
        found = document.get("format") if isinstance(document, dict) else None
        if isinstance(found, int) and found > FORMAT:
            raise SnapshotError(
                f"the snapshot has format {found}, and this version knows formats up to {FORMAT}",
                hint="Use a newer lightdash-sync.",
            )
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise SnapshotError(f"snapshot.json is not as it should be: {first_problem(error)}") from None
