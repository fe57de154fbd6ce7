"""Builds the report of a diff, and has the functions that all reports use for items that differ."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from lightdash_sync.changes.items import Status
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.report.json import changes_json, changes_with_values
from lightdash_sync.report.value import Counts, ItemGroup, Items, Notes, Report, ReportItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lightdash_sync.changes.change import Change
    from lightdash_sync.content.json import Json, JsonObject


class DifferingItem(Protocol):
    """One item that differs, such as an `ItemChange`."""

    @property
    def kind(self) -> Kind:
        """Of the item."""

    @property
    def key(self) -> str:
        """Of the item; "" for a kind that is one file."""

    @property
    def name(self) -> str:
        """The name of the item."""

    @property
    def space(self) -> str:
        """The key of its space; "" if it has none."""

    @property
    def status(self) -> Status:
        """Whether it was created, changed or deleted."""

    @property
    def before(self) -> Json | None:
        """Its content on the old side, or None."""

    @property
    def after(self) -> Json | None:
        """Its content on the new side, or None."""

    @property
    def changes(self) -> list[Change]:
        """The differences."""


def diff_report(
    old: str,
    new: str,
    items: Sequence[DifferingItem],
    *,
    quiet: int = 0,
    spaces: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    every: bool = False,
    title: str = "Differences",
) -> Report:
    """Return how two sides differ.

    Args:
        old: label of the old side.
        new: label of the new side.
        items: by kind and key; their content must be readable.
        quiet: number of items whose differences are of no interest to users.
        spaces: key -> name of spaces.
        notes: for the user.
        every: also show differences of no interest to users, without limits.
        title: of the report.
    """
    counts = count_by_kind((item.kind, item.status.value) for item in items)
    groups = group_by_space([(item.space, report_item(item, every=every)) for item in items], spaces or {})
    return Report(
        title,
        _data(old, new, items, counts, quiet, notes, every=every),
        (
            counts_block(counts, [status.value for status in Status]),
            Items(groups),
            Notes(tuple(notes), "Notes"),
        ),
        source=old,
        target=new,
        totals=_totals(counts),
        facts="" if every else _hidden(quiet),
        is_complete=every,
        more="--all lists everything",
    )


def report_item(item: DifferingItem, verb: str = "", mark: str = "", *, every: bool = False) -> ReportItem:
    """Return an item with the changes that are shown.

    Args:
        item: the item.
        verb: what happens to it, if the word of its status does not fit.
        mark: further information.
        every: also show changes of no interest to users.
    """
    return ReportItem(
        item.kind,
        item.key,
        item.status,
        verb or item.status.value,
        own_name(item),
        mark,
        changes=tuple(change for change in item.changes if every or not change.quiet),
        before=item.before,
        after=item.after,
    )


def own_name(item: DifferingItem) -> str:
    """Return the name of an item; "" if it adds nothing to kind and key."""
    return "" if item.name in (item.key, item.kind) else item.name


def group_by_space(
    items: Iterable[tuple[str, ReportItem]], spaces: Mapping[str, str]
) -> tuple[ItemGroup, ...]:
    """Return items by space: spaces ordered by name, items without a space last.

    Args:
        items: each with the key of its space, or "".
        spaces: key -> name.
    """
    found: dict[str, list[ReportItem]] = {}
    for space, item in items:
        found.setdefault(space, []).append(item)
    order = sorted(found, key=lambda space: (not space, spaces.get(space, space).casefold(), space))
    return tuple(ItemGroup(_heading(space, spaces), tuple(found[space])) for space in order)


def _heading(space: str, spaces: Mapping[str, str]) -> str:
    if not space:
        return "Project"
    name = spaces.get(space, space)
    return f"{name} ({space})" if name != space else name


def count_by_kind(items: Iterable[tuple[Kind, str]]) -> dict[Kind, Counter[str]]:
    """Return the number of items of each kind by status, in the order of kinds."""
    found: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
    for kind, status in items:
        found[kind][status] += 1
    return {kind: numbers for kind, numbers in found.items() if numbers}


def counts_block(counts: Mapping[Kind, Counter[str]], columns: Sequence[str]) -> Counts:
    """Return counts as a table with these columns."""
    rows = (
        (KINDS[kind].noun[1], tuple(numbers[column] for column in columns))
        for kind, numbers in counts.items()
    )
    return Counts(tuple(columns), tuple(rows))


def _totals(counts: Mapping[Kind, Counter[str]]) -> str:
    total = sum(counts.values(), Counter[str]())
    return ", ".join(f"{total[one]} {one}" for one in Status if total[one]) or "No differences."


def _hidden(quiet: int) -> str:
    """Return the number of hidden differences in one sentence; "" if there are none."""
    if not quiet:
        return ""
    differ = "item differs" if quiet == 1 else "items differ"
    return f"{quiet} {differ} only in what users do not see (--all shows them)."


def _data(
    old: str,
    new: str,
    items: Sequence[DifferingItem],
    counts: Mapping[Kind, Counter[str]],
    quiet: int,
    notes: Sequence[str],
    *,
    every: bool,
) -> JsonObject:
    """Return all differences with the values of each change, but without created or deleted contents."""
    by_kind: JsonObject = {kind.value: dict(found) for kind, found in counts.items()}
    return {
        "old": old,
        "new": new,
        "different": bool(items),
        "counts": by_kind,
        "items": [_item_json(item, every=every) for item in items],
        "quiet_items": quiet,
        "warnings": [*notes],
    }


def _item_json(item: DifferingItem, *, every: bool) -> JsonObject:
    as_json = changes_with_values if item.status is Status.CHANGED else changes_json
    return {
        "kind": item.kind.value,
        "key": item.key,
        "name": item.name,
        "space": item.space or None,
        "status": item.status.value,
        **as_json([change for change in item.changes if every or not change.quiet]),
    }
