"""What of a review is approved: a JSON object with a digest, and how a later review differs from it.

The digest is that of what would be done, and of what speaks against it: for each item that becomes another
(or is refused) what the server says, the hashes of its content before and after, and the codes of its
verdicts. What a promotion leaves behind is not in it. It proves that a file was not changed by accident,
not who approved it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from lightdash_sync.errors import SyncError
from lightdash_sync.model.canonical import JsonObject, canonical, parse, sha256
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


def read_approved(data: bytes) -> Approved:
    """Read what `promote review --format json` wrote.

    Raises:
        SyncError: it is something else, or was changed since.
    """
    try:
        document = parse(data)
        said = document["approval"] if isinstance(document, dict) else None
        if not isinstance(said, dict) or not isinstance(document, dict):
            raise TypeError("it holds no approval")
        if sha256(canonical(said)) != document["digest"]:
            raise SyncError("the review was changed since it was written: its digest does not fit", _HINT)
        return Approved(
            digest=str(document["digest"]),
            source=str(said["source"]),
            source_project=str(said["source_project"]),
            project=str(said["project"]),
            selection=_selection(said["selection"]),
            accepted=tuple(map(str, _list(said["accepted"]))),
            items={name: entry for name, entry in _object(said["items"]).items() if isinstance(entry, dict)},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise SyncError(f"this is no review that could be approved: {error}", _HINT) from error


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


def _selection(said: Json) -> Selection:
    document = _object(said)
    if unknown := document.keys() - {field.name for field in fields(Selection)}:
        raise TypeError(f"its selection has {sorted(unknown)[0]}")
    keys = {name: tuple(map(str, _list(document[name]))) for name in ("dashboards", "charts", "spaces")}
    return Selection(**keys, all=document["all"] is True, changed=document["changed"] is True)


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value
