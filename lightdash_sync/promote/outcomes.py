"""What becomes of each item that a promotion concerns, and which of its calls are needed for that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lightdash_sync.model.changes import changes
from lightdash_sync.plan.managed import same_content
from lightdash_sync.plan.options import Options
from lightdash_sync.promote.copies import standing, with_copies
from lightdash_sync.promote.selection import concerned
from lightdash_sync.promote.values import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.plan.options import Item
    from lightdash_sync.promote.asking import Answers
    from lightdash_sync.promote.foresight import Foresight

_OPTIONS = Options()


@dataclass(frozen=True)
class Outcome:
    """What becomes of an item upstream.

    Attributes:
        before: its content there; None if the server finds none.
        after: the content that it will have.
        effective: whether it becomes another, as users see it.
        refused: whether the server refuses to promote it, so that nobody knows.
    """

    before: Json
    after: Json
    effective: bool
    refused: bool


def outcomes_of(
    items: Iterable[Item],
    calls: Sequence[Item],
    foresight: Foresight,
    answers: Answers,
    links: Mapping[Item, str],
) -> tuple[dict[Item, Outcome], dict[Item, str]]:
    """Return what becomes of each item, and the copies that stand: item -> key of its copy upstream.

    Args:
        items: that a promotion concerns.
        calls: what would be promoted.
        foresight: both projects.
        answers: what the server says.
        links: item -> uuid of the upstream item that this tool linked it with.
    """
    after = {item: foresight.after(item, answers.words.get(item) or foresight.word(item)) for item in items}
    copies = standing(calls, after, foresight, links)
    return {item: _outcome(item, made, foresight, answers, copies) for item, made in after.items()}, copies


def _outcome(
    item: Item, made: Json, foresight: Foresight, answers: Answers, copies: Mapping[Item, str]
) -> Outcome:
    """Return what becomes of an item, where the copies that stand take the places of what is made."""
    if item in copies:
        stands = foresight.upstream.look(item[0], copies[item])
        return Outcome(stands, stands, effective=False, refused=False)
    before = foresight.before(item)
    if item in answers.refused or foresight.pairs.is_ambiguous(item):
        told = foresight.wanted(item) if before is None else before
        return Outcome(before, told, effective=False, refused=True)
    after = with_copies(item, made, copies)
    is_same = same_content(item[0], before, after, _OPTIONS)
    loud = before is None or any(not change.quiet for change in changes(item[0], before, after))
    return Outcome(before, after, effective=loud and not is_same, refused=False)


def calls_of(calls: Iterable[Item], foresight: Foresight, outcomes: Mapping[Item, Outcome]) -> list[Call]:
    """Return the calls in order; one is needed if it makes something another that no call before it did.

    What the server refuses to tell is needed too: nobody knows better.

    Args:
        calls: what would be promoted.
        foresight: both projects.
        outcomes: what becomes of each item.
    """
    effective = {item for item, outcome in outcomes.items() if outcome.effective or outcome.refused}
    made: list[Call] = []
    covered: set[Item] = set()
    for call in calls:
        items = concerned(call, foresight)
        needed = bool((effective & {*items}) - covered)
        covered |= {*items} if needed else set()
        names = tuple(f"{kind}:{key}" for kind, key in items)
        made.append(Call(*call, foresight.here.uuid(*call) or "", names, needed))
    return made
