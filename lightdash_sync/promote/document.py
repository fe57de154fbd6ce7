"""What of a review is approved: a JSON object with a digest, and how a later review differs from it.

The digest is that of what would be done, and of what speaks against it: for each item that becomes another
(or is refused) what the server says, the hashes of its content before and after, and the codes of its
verdicts. What a promotion leaves behind is not in it. It proves that a file was not changed by accident,
not who approved it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, TypeAdapter

from lightdash_sync.errors import SyncError
from lightdash_sync.model.canonical import JsonObject, canonical, parse, sha256
from lightdash_sync.model.problems import conform
from lightdash_sync.promote.values import Code, Selection, Weight

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lightdash_sync.model.canonical import Json
    from lightdash_sync.promote.values import Review, Reviewed

_HINT = "Make it anew with `lightdash-sync promote review --format json -o FILE`, and let it be approved."


@dataclass(frozen=True)
class Approved:
    """A review that somebody approved.

    Attributes:
        digest: of it.
        source: name of the environment that is promoted.
        source_project: uuid of the project that is promoted.
        project: uuid of the upstream project.
        selection: what was chosen.
        accepted: `kind:key` of the items whose verdicts were accepted.
        items: `kind:key` -> what was said of it; only of what becomes another, or is refused.
    """

    digest: str
    source: str
    source_project: str
    project: str
    selection: Selection
    accepted: tuple[str, ...]
    items: Mapping[str, JsonObject]


def approval(review: Review) -> JsonObject:
    """Return what of a review is approved."""
    items: JsonObject = {
        item.item: _entry(item) for item in review.items if item.effective or _objections(item)
    }
    selection: JsonObject = {
        name: [*value] if isinstance(value, tuple) else value
        for name, value in asdict(review.selection).items()
    }
    return {
        "source": review.source,
        "source_project": review.source_project,
        "project": review.target.project,
        "selection": selection,
        "accepted": [*review.accepted],
        "items": items,
    }


def digest(review: Review) -> str:
    """Return the digest of a review: SHA-256 of what is approved of it, in hexadecimal."""
    return sha256(canonical(approval(review)))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class _Selection(_Part):
    dashboards: list[str]
    charts: list[str]
    spaces: list[str]
    all: bool
    changed: bool


class _Entry(_Part):
    said: str
    before: str | None
    after: str | None
    verdicts: list[str]


class _Approval(_Part):
    source: str
    source_project: str
    project: str
    selection: _Selection
    accepted: list[str]
    items: dict[str, _Entry]


class _Document(_Part):
    """What `promote review --format json` writes; what else it tells is for machines."""

    model_config = ConfigDict(extra="ignore")

    digest: str
    approval: _Approval


_FORM = TypeAdapter(_Document)


def read_approved(data: bytes, name: str = "the file") -> Approved:
    """Read what `promote review --format json` wrote.

    Args:
        data: what the file holds.
        name: of the file, for errors.

    Raises:
        SyncError: it is something else, or was changed since.
    """
    try:
        said = conform(_FORM, parse(data))
        approved = said.approval.model_dump()
        is_as_written = sha256(canonical(approved)) == said.digest
    except ValueError as error:
        raise SyncError(f"{name} is no review that could be approved: {error}", _HINT) from error
    if not is_as_written:
        raise SyncError(
            f"{name} is a review that was changed since it was written: its digest does not fit", _HINT
        )
    chosen = said.approval.selection
    return Approved(
        digest=said.digest,
        source=said.approval.source,
        source_project=said.approval.source_project,
        project=said.approval.project,
        selection=Selection(
            tuple(chosen.dashboards),
            tuple(chosen.charts),
            tuple(chosen.spaces),
            all=chosen.all,
            changed=chosen.changed,
        ),
        accepted=tuple(said.approval.accepted),
        items=approved["items"],
    )


def differences(approved: Approved, review: Review, done: Collection[str] = ()) -> list[str]:
    """Return how a review differs from the approved one, in words; nothing if it is the same.

    Args:
        approved: the one.
        review: the other, made now.
        done: `kind:key` of items that were promoted since, by a run of the approved review.
    """
    now = approval(review)
    found: list[str] = []
    if (approved.source_project, approved.project) != (now["source_project"], now["project"]):
        found.append("it is of another project, or goes to another one")
    entries = _object(now["items"])
    for name in sorted(entries.keys() | approved.items.keys()):
        mine, theirs = entries.get(name), approved.items.get(name)
        if mine == theirs or (mine is None and name in done):
            continue
        if mine is None:
            found.append(f"{name} would stay as it is now")
        elif theirs is None:
            found.append(f"{name} was not to be changed then")
        else:
            parts = [part for part in _object(mine) if _object(mine)[part] != theirs.get(part)]
            found.append(f"{name} is another ({', '.join(_PARTS[part] for part in parts)})")
    return found


_PARTS = {
    "said": "what Lightdash says",
    "before": "what upstream has",
    "after": "what it would have",
    "verdicts": "what speaks against it",
}


def _entry(item: Reviewed) -> JsonObject:
    return {
        "said": item.said.value,
        "before": _hash(item.before),
        "after": _hash(item.after),
        "verdicts": _objections(item),
    }


def _objections(item: Reviewed) -> list[Json]:
    """Return the codes of what blocks, but for a missing permission: who looks need not be who promotes."""
    return [
        verdict.code.value
        for verdict in item.verdicts
        if verdict.weight is Weight.BLOCKS and verdict.code is not Code.FORBIDDEN
    ]


def _hash(content: Json) -> Json:
    return None if content is None else sha256(canonical(content))


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value
