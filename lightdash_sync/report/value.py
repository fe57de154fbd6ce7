"""The report value, which each builder returns and each renderer reads.

A report has a head (title, source and target, totals, digest), blocks in display order, and its data for
JSON. A builder (`plans`, `reviews`, `results`, …) puts untrusted texts into it unchanged; a renderer (`text`,
`markdown`, `html`, `json`) makes them harmless for its format, and decides how much of each block it shows.
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
    """The meaning of a part of a report; renderers choose colours by it."""

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
        argument: of the option; usually the item that it is about.
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
    """A finding about one item, or about the whole subject of the report.

    Attributes:
        code: stable across versions of this tool.
        what: the finding in words.
        item: `kind:key`; "" for the whole subject.
        name: of the item; "" if it adds nothing to the key.
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
    """Findings with the same reason.

    Attributes:
        code: of the reason; stable across versions of this tool.
        title: the reason in words; "" for none.
        findings: in order.
    """

    code: str
    title: str
    findings: tuple[Finding, ...]

    @property
    def clusters(self) -> list[FindingCluster]:
        """The findings, grouped by equal hints, so that each hint is shown once."""
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
        findings: each with its own hints only.
        hints: shared by all of them.
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
        noun: name of one finding, for the number of findings that are not shown.
    """

    groups: tuple[FindingGroup, ...]
    title: str = ""
    tone: Tone = Tone.BAD
    noun: str = ""

    @property
    def total(self) -> int:
        """The number of findings."""
        return sum(len(group.findings) for group in self.groups)


@dataclass(frozen=True)
class Counts:
    """How many items of each kind there are with each status. Text has totals instead.

    Attributes:
        columns: the statuses, in words.
        rows: name of the items, and a number for each column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class ReportItem:
    """One item that differs, as a report shows it.

    Attributes:
        kind: of the item.
        key: of the item; "" for a kind that is one file.
        status: whether it was, or will be, created, changed or deleted.
        verb: the status in the words of this report.
        name: of the item; "" if it adds nothing to kind and key.
        mark: further information.
        summary: the changes in one line, where they are not shown one by one.
        changes: the differences that are shown.
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
        """The item in the form of the command line."""
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
        intro: information about all of them.
        more: number of items that the builder left out.
    """

    heading: str
    items: tuple[ReportItem, ...]
    intro: str = ""
    more: int = 0


@dataclass(frozen=True)
class Items:
    """Items that differ. The first such block of a report gets the space that the others leave.

    Attributes:
        groups: in order.
        title: "" for none.
        intro: information about all of them.
        is_folded: whether a document shows only the headings at first.
    """

    groups: tuple[ItemGroup, ...]
    title: str = ""
    intro: str = ""
    is_folded: bool = False

    @property
    def total(self) -> int:
        """The number of items."""
        return sum(len(group.items) for group in self.groups)


@dataclass(frozen=True)
class TableRow:
    """A row of a table.

    Attributes:
        cells: untrusted texts.
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
        noun: name of a row, for the number of rows that are not shown; "" if all are always shown.
        unbroken: titles of columns whose cells are not wrapped, because users copy them.
    """

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    title: str = ""
    noun: str = ""
    unbroken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Matrix:
    """A table with the same names as rows and columns; shown as lists where the table does not fit.

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
        """For each name its distinct cells, each with the names of the columns that have it."""
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
        lines: untrusted texts.
        title: "" for none.
        tone: WARNING for lines that need attention, QUIET for lines of minor interest.
        is_numbered: whether the order matters.
        is_unbroken: whether lines must not be wrapped, because users copy addresses or commands from them.
        noun: name of a line, for the number of lines that are not shown.
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
        title: of the report. On a terminal it is shown only before the totals, because the user typed the
            command.
        data: the content for JSON, in its documented form.
        blocks: in display order; a renderer leaves out those without content.
        source: name of the source; "" if the report has no two sides.
        target: name of the target.
        lead: the subject in one line.
        totals: all counts in one line.
        digest: the beginning of a digest, for comparison by the user.
        facts: minor facts: number of requests, and what is not shown.
        verdict: whether the subject may be carried out, in a sentence.
        tone: of the verdict, or of the title if there is no verdict.
        is_complete: whether text shows everything, without limits.
        more: how to show everything, such as `--all lists everything`.
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
