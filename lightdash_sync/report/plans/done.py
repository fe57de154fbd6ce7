"""What came of an apply: counts, what failed and why, what the server made of it, and where to look."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rich.text import Text

from lightdash_sync.apply.execute import State
from lightdash_sync.model.changes import words
from lightdash_sync.model.kinds import Kind
from lightdash_sync.plan.values import Action
from lightdash_sync.plan.verification import LOST
from lightdash_sync.report.changes import changes_json
from lightdash_sync.report.parts.phrases import counted
from lightdash_sync.report.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from lightdash_sync.apply.execute import Result
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.plan.values import Step
    from lightdash_sync.sync.applying import Applied

_LISTED, _LINES = 25, 6
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
_FATES = (*_DONE.values(), "failed", "skipped")
# Dashboards first: they are what people look at.
_PAGES = {Kind.DASHBOARD: "dashboards/{}/view", Kind.CHART: "saved/{}/view", Kind.SPACE: "spaces/{}"}


@dataclass(frozen=True)
class Done:
    """What came of an apply, item by item.

    Attributes:
        applied: what came of it, operation by operation.
    """

    applied: Applied

    @cached_property
    def fates(self) -> list[tuple[Step, str]]:
        """Each step, and what became of it: `created`, `updated`, `deleted`, `failed` or `skipped`."""
        states: dict[int, set[State]] = {}
        for result in self.applied.outcome.results:
            states.setdefault(result.operation.step, set()).add(result.state)
        return [
            (step, _fate(step, states.get(number, set())))
            for number, step in enumerate(self.applied.plan.steps)
        ]

    @property
    def counts(self) -> dict[str, int]:
        """How many items have which fate; `unchanged` are those that were as they should be before."""
        found = Counter(fate for _, fate in self.fates)
        return {**{fate: found[fate] for fate in _FATES}, "unchanged": len(self.applied.plan.unchanged)}

    @property
    def failed(self) -> list[Result]:
        """The operations that failed."""
        return self.applied.outcome.of(State.FAILED)

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """Items that were not tried, each with the item whose failure is the reason."""
        by_number = {result.operation.number: result for result in self.applied.outcome.results}
        found: dict[str, str] = {}
        for result in self.applied.outcome.of(State.SKIPPED):
            cause = result
            while cause.because is not None and cause.because in by_number:
                cause = by_number[cause.because]  # an operation needs only earlier ones
            found.setdefault(result.operation.item, cause.operation.item)
        own = {result.operation.item for result in self.failed}
        return [(item, cause) for item, cause in found.items() if item not in own]

    @property
    def not_put_back(self) -> list[str]:
        """What of the items that were put back did not come with them, in words."""
        done = {step.item for step, fate in self.fates if fate in ("created", "updated")}
        problems = self.applied.plan.problems
        return [f"{one.item}: {one.what}" for one in problems if one.code == LOST and one.item in done]

    @property
    def links(self) -> list[tuple[Step, str]]:
        """Dashboards, charts and spaces that were created or updated, each with its address."""
        plan, identity = self.applied.plan, self.applied.outcome.identity
        base = f"{plan.target.url.rstrip('/')}/projects/{plan.target.project}"
        there = [step for step, fate in self.fates if fate in ("created", "updated")]
        ordered = [step for kind in _PAGES for step in there if step.kind is kind]
        return [
            (step, f"{base}/{_PAGES[step.kind].format(uuid)}")
            for step in ordered
            if (uuid := identity.uuid(step.kind, step.key))
        ]


def applied_text(applied: Applied, out: Console) -> None:
    """Print what came of an apply.

    Args:
        applied: what came of it; it has the plan.
        out: where to; from `terminal.console`.
    """
    done = Done(applied)
    is_whole = applied.is_complete
    head = "Done" if is_whole else "Not everything was done"
    if applied.outcome.is_complete and applied.mismatches:
        head = "Done, but not all of it is as it was written"
    elif applied.outcome.is_complete and applied.strangers:
        head = "Done, but somebody else made the same at the same time"
    colour = "bold green" if is_whole else "bold red"
    numbers = ", ".join(f"{number} {fate}" for fate, number in done.counts.items() if number)
    out.print(Text.assemble((f"{head}: ", colour), numbers or "nothing to do"))
    sent = f"{counted(applied.requests, 'request')}, {applied.outcome.writes} of them to write"
    out.print(Text(f"{sent}; run {shown(applied.run.id)}", style="dim"))
    for lines, what in (
        ([*_failures(done)], "failure"),
        ([*_skipped(done)], "item"),
        ([*_mismatches(applied)], "item"),
        ([*_strangers(applied)], "item"),
        ([[Text(f"  not put back: {shown(line)}")] for line in done.not_put_back], "item"),
        ([*_links(done)], "link"),
    ):
        for block in lines[:_LISTED]:
            for said in block:
                out.print(said, soft_wrap=what == "link")  # a broken address cannot be copied
        if len(lines) > _LISTED:
            out.print(f"  … and {counted(len(lines) - _LISTED, f'more {what}')}")
    for what, items in applied.added.items():
        fills = f"Lightdash adds by itself, and this tool does not know: {what} ({counted(items, 'item')})"
        out.print(Text(shown(fills)))
    for line in _next(applied):
        out.print(Text(line), soft_wrap=True)  # nor can a broken command


def applied_json(applied: Applied) -> JsonObject:
    """Return what came of an apply, for machines."""
    done = Done(applied)
    addresses = {step.item: address for step, address in done.links}
    identity = applied.outcome.identity
    return {
        "run": applied.run.id,
        "complete": applied.is_complete,
        "undoes": applied.plan.undoes or None,
        "counts": {**done.counts},
        "requests": applied.requests,
        "writes": applied.outcome.writes,
        "items": [
            {
                "kind": step.kind.value,
                "key": step.key,
                "name": step.name,
                "result": fate,
                "uuid": step.uuid or (identity.uuid(step.kind, step.key) if step.key else None),
                "url": addresses.get(step.item),
            }
            for step, fate in done.fates
        ],
        "failed": [_failure_json(result) for result in done.failed],
        "skipped": [{"item": item, "because": cause} for item, cause in done.skipped],
        "not_put_back": [*done.not_put_back],
        "added_by_server": {**applied.added},
        "strangers": [
            {"item": one.item, "name": one.name, "uuids": [*one.uuids]} for one in applied.strangers
        ],
        "mismatches": [{"item": one.item, **changes_json(one.changes)} for one in applied.mismatches],
    }


def _fate(step: Step, states: set[State]) -> str:
    if State.FAILED in states:
        return "failed"
    return "skipped" if State.SKIPPED in states else _DONE[step.action]


def _failures(done: Done) -> Iterator[list[Text]]:
    for result in done.failed:
        error = result.error
        said = shown(error.message) if error else "failed"
        block = [Text.assemble(("  failed ", "red"), f"{shown(result.operation.item)}: {said}")]
        if error and error.hint:
            block.append(Text(f"    {shown(error.hint)}"))
        yield block


def _skipped(done: Done) -> Iterator[list[Text]]:
    for item, cause in done.skipped:
        yield [Text.assemble(("  skipped ", "yellow"), f"{shown(item)}, because {shown(cause)} failed")]


def _mismatches(applied: Applied) -> Iterator[list[Text]]:
    for found in applied.mismatches:
        loud = [change for change in found.changes if not change.quiet]
        block = [
            Text.assemble(
                ("  differs ", "yellow"),
                f"{shown(found.item)}: it is not on the server as it was written",
            )
        ]
        block += [Text(f"    {shown(words(change))}") for change in loud[:_LINES]]
        if len(loud) > _LINES:
            block.append(Text(f"    … and {len(loud) - _LINES} more"))
        yield block


def _strangers(applied: Applied) -> Iterator[list[Text]]:
    for found in applied.strangers:
        others = ", ".join(shown(uuid) for uuid in found.uuids)
        said = f"{shown(found.item)}: somebody made {shown(found.name)} there as well ({others})"
        yield [Text.assemble(("  twice ", "yellow"), said)]


def _links(done: Done) -> Iterator[list[Text]]:
    for step, address in done.links:
        yield [Text(f"  {shown(step.name)}: {shown(address)}")]


def _next(applied: Applied) -> Iterator[str]:
    run, env = shown(applied.run.id), shown(applied.plan.target.environment)
    if applied.strangers:
        yield (
            "If it was another apply, from another machine, take one of the two back; that one's "
            f"snapshots/{env}.sync is then the one to keep out of git."
        )
    if not applied.outcome.is_complete:
        yield f"Go on with what was not done: lightdash-sync apply --resume {run} --to {env}"
    if applied.outcome.writes:
        yield f"Take it back: lightdash-sync undo {run} --to {env}"


def _failure_json(result: Result) -> Json:
    error: JsonObject | None = None if result.error is None else {**result.error.as_json()}
    return {"item": result.operation.item, "operation": result.operation.what.value, "error": error}
