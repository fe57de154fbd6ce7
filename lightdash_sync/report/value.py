"""The value that every report is built as, and that every renderer reads.

A report has a head (title, from where to where, totals, digest), blocks in the order in which they are
shown, and its data for machines. A builder (`plans`, `reviews`, `results`, …) fills it with texts from
anywhere, as they are; a renderer (`text`, `markdown`, `html`, `machine`) makes them harmless for its format,
and decides how much of each block it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.changes.items import Status

if TYPE_CHECKING:
    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.kinds import Kind

ANY_ITEM = "KIND:KEY"
"""Stands for an item in an option that is shown once for several items."""


class Tone(StrEnum):
    """What a part of a report means for the reader; renderers choose colours by it."""

    GOOD = "good"
    INFO = "info"
    WARNING = "warning"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Hint:
    """A next step: an option or a command and its effect, or a sentence.

    Attributes:
        effect: what the option does; without an option, the whole sentence.
        option: an option or a command.
        argument: of the option: mostly the item that it is about.
    """

    effect: str
    option: str = ""
    argument: str = ""

    @property
    def command(self) -> str:
        """The option with its argument, as it is typed."""
        return f"{self.option} {self.argument}".strip()


@dataclass(frozen=True, slots=True)
class Detail:
    """Lines below a finding.

    Attributes:
        heading: of the lines; "" for none.
        lines: text from anywhere.
    """

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One thing to know about an item, or about all of it.

    Attributes:
        code: stays the same from version to version.
        what: in words.
        item: `kind:key`; "" for all of it.
        name: what people call the item; "" if that says no more.
        mark: a word in front of it, such as `failed`.
        details: more lines.
        hints: next steps.
    """

    code: str
    what: str
    item: str = ""
    name: str = ""
    mark: str = ""
    details: tuple[Detail, ...] = ()
    hints: tuple[Hint, ...] = ()


@dataclass(frozen=True)
class FindingGroup:
    """Findings with one reason.

    Attributes:
        code: of the reason; stays the same from version to version.
        title: the reason in words; "" for none.
        findings: in order.
    """

    code: str
    title: str
    findings: tuple[Finding, ...]

    @property
    def clusters(self) -> list[FindingCluster]:
        """The findings with those together that have the same hints, so that each hint is shown once."""
        found: dict[tuple[Hint, ...], list[Finding]] = {}
        for one in self.findings:
            found.setdefault(tuple(_shared(hint) for hint in one.hints if _is_shared(hint, one)), []).append(
                one
            )
        return [_cluster(hints, several) for hints, several in found.items()]


@dataclass(frozen=True)
class FindingCluster:
    """Findings that have hints in common.

    Attributes:
        findings: each with the hints that are its own.
        hints: of each of them.
    """

    findings: tuple[Finding, ...]
    hints: tuple[Hint, ...]


def _is_shared(hint: Hint, finding: Finding) -> bool:
    return hint.argument in ("", finding.item)


def _shared(hint: Hint) -> Hint:
    return replace(hint, argument=ANY_ITEM) if hint.argument else hint


def _cluster(hints: tuple[Hint, ...], findings: list[Finding]) -> FindingCluster:
    if len(findings) == 1:
        [one] = findings
        return FindingCluster((replace(one, hints=()),), one.hints)
    own = (
        replace(one, hints=tuple(hint for hint in one.hints if not _is_shared(hint, one))) for one in findings
    )
    return FindingCluster(tuple(own), hints)


@dataclass(frozen=True)
class Alert:
    """Findings that belong together: why something is refused, warnings, what failed.

    Attributes:
        groups: by reason.
        title: "" for none.
        tone: BAD for what stops something.
        noun: what one finding is called where some are not shown.
    """

    groups: tuple[FindingGroup, ...]
    title: str = ""
    tone: Tone = Tone.BAD
    noun: str = ""

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(len(group.findings) for group in self.groups)


@dataclass(frozen=True)
class Counts:
    """How many items of each kind there are with each status. Text has totals instead.

    Attributes:
        columns: the statuses, in words.
        rows: what the items are called, and a number for each column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class ReportItem:
    """One item that differs, as a report shows it.

    Attributes:
        kind: of the item.
        key: of the item; "" for a kind that is one file.
        status: what became of it, or is to become.
        verb: the same in the words of this report.
        name: what people call it; "" if that says no more than kind and key.
        mark: what else is to be known.
        summary: the changes in one line, where they are not shown one by one.
        changes: what differs, as far as it is shown.
        before: its content before, or None; layouts of dashboards are drawn.
        after: its content afterwards, or None.
    """

    kind: Kind
    key: str
    status: Status
    verb: str
    name: str = ""
    mark: str = ""
    summary: str = ""
    changes: tuple[Change, ...] = ()
    before: Json | None = None
    after: Json | None = None

    @property
    def label(self) -> str:
        """How the item is called on the command line."""
        return f"{self.kind}:{self.key}" if self.key else str(self.kind)

    @property
    def has_both_sides(self) -> bool:
        """Whether the item is on both sides, so that there are changes to show."""
        return self.status is Status.CHANGED


@dataclass(frozen=True)
class ItemGroup:
    """Items below a heading.

    Attributes:
        heading: a space, a commit, a pair of environments.
        items: in order.
        intro: what is to be known of all of them.
        more: how many were left out by the builder.
    """

    heading: str
    items: tuple[ReportItem, ...]
    intro: str = ""
    more: int = 0


@dataclass(frozen=True)
class Items:
    """Items that differ. The first such block of a report has the room that the others leave.

    Attributes:
        groups: in order.
        title: "" for none.
        intro: what is to be known of all of them.
        is_folded: whether a document shows only the headings at first.
    """

    groups: tuple[ItemGroup, ...]
    title: str = ""
    intro: str = ""
    is_folded: bool = False

    @property
    def total(self) -> int:
        """How many items there are."""
        return sum(len(group.items) for group in self.groups)


@dataclass(frozen=True)
class TableRow:
    """A row of a table.

    Attributes:
        cells: text from anywhere.
        tone: of the row in a document, and of its first cell on a terminal.
    """

    cells: tuple[str, ...]
    tone: Tone = Tone.INFO


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        columns: titles in lower case; none of them for a list with aligned columns.
        rows: as many cells each.
        title: "" for none.
        noun: what a row is called where some are not shown; "" if all rows are always shown.
        unbroken: titles of columns whose cells stay in one line, because people copy them.
    """

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    title: str = ""
    noun: str = ""
    unbroken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Matrix:
    """A table of everything by everything; lists where there is no room for it.

    Attributes:
        corner: title of the first column.
        names: of rows and columns.
        cells: a row for each name, with a cell for each name.
    """

    corner: str
    names: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    @property
    def lists(self) -> list[tuple[str, list[tuple[str, list[str]]]]]:
        """For each name its cells without repetition, each with the names of the columns that have it."""
        found = []
        for row, name in enumerate(self.names):
            by_cell: dict[str, list[str]] = {}
            for column, other in enumerate(self.names):
                if column != row:
                    by_cell.setdefault(self.cells[row][column], []).append(other)
            found.append((name, [*by_cell.items()]))
        return found


@dataclass(frozen=True)
class Notes:
    """Lines of text.

    Attributes:
        lines: text from anywhere.
        title: "" for none.
        tone: WARNING for what needs attention, QUIET for what few need.
        is_numbered: whether the order matters.
        is_unbroken: whether lines must not be broken, because people copy addresses or commands from them.
        noun: what a line is called where some are not shown.
    """

    lines: tuple[str, ...]
    title: str = ""
    tone: Tone = Tone.INFO
    is_numbered: bool = False
    is_unbroken: bool = False
    noun: str = ""


@dataclass(frozen=True)
class NameLists:
    """Lists of names, each below a sentence.

    Attributes:
        title: of all of them.
        lists: sentence and names.
    """

    title: str
    lists: tuple[tuple[str, tuple[str, ...]], ...]


Block = Alert | Counts | Items | Table | Matrix | Notes | NameLists


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        title: what it is. On a terminal it stands before the totals only; the command has said it.
        data: the same for machines, in its documented form.
        blocks: in the order in which they are shown; a renderer leaves out those without content.
        source: from where; "" if the report is about one thing.
        target: to where.
        lead: what it is about, in a line.
        totals: all counts in one line.
        digest: the beginning of a digest that people compare.
        facts: what few need: requests, what is not shown.
        verdict: whether it may be done, in a sentence.
        tone: of the verdict, or of the title where there is none.
        is_complete: whether text shows everything, however much it is.
        more: what shows everything, such as `--all lists everything`.
    """

    title: str
    data: JsonObject
    blocks: tuple[Block, ...] = ()
    source: str = ""
    target: str = ""
    lead: str = ""
    totals: str = ""
    digest: str = ""
    facts: str = ""
    verdict: str = ""
    tone: Tone = Tone.INFO
    is_complete: bool = False
    more: str = ""
