"""Looking whether a write happened: which new item is ours, and whether content is what was sent.

An item is taken for ours if it was not there before the run, has the name and the place that were sent,
and the content. If there is one of that name and place with other content, nobody can tell: it is neither
taken over nor made a second time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lightdash_sync.errors import Unsure
from lightdash_sync.model.canonical import canonical
from lightdash_sync.model.normal import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lightdash_sync.apply.target import Target
    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.kinds import Kind
    from lightdash_sync.plan.values import Step


def ours(
    target: Target, step: Step, candidates: Iterable[str], fits: Callable[[str], bool]
) -> JsonObject | None:
    """Return the facts of the item that a lost create has made, or None if it has made none so far.

    Args:
        target: the project.
        step: what was to be created.
        candidates: uuids of the items of its kind that have its name and place.
        fits: whether the item of a uuid has the content that was sent.

    Raises:
        Unsure: there are new ones, and not exactly one has that content.
    """
    new = [uuid for uuid in candidates if target.is_new(step.kind, uuid)]
    if not new:
        return None
    found = [uuid for uuid in new if fits(uuid)]
    if len(found) == 1:
        return {"uuid": found[0]}
    raise Unsure(
        f"{step.item}: the answer to its creation was lost, and the target has {len(new)} new of that name, "
        f"{len(found)} of them with its content",
        hint="See in Lightdash which of them is to stay, delete the others, and resume; or make a new plan.",
    )


def same(kind: Kind, read: JsonObject, sent: JsonObject) -> bool:
    """Whether what was read has all that was sent, and of these fields nothing else.

    What the server fills in does not count (null, empty or false for what is missing), nor the order of
    what it keeps in no order, nor columns that it adds to the order of columns.

    Args:
        kind: of the item.
        read: the server's answer.
        sent: normal form; fields that are not in it are not compared, but for those inside of its fields.
    """
    theirs, mine = normalise(kind, read).content, normalise(kind, sent).content
    return all(_same(theirs.get(name), value, name) for name, value in mine.items())


def _same(read: Json, sent: Json, name: str) -> bool:
    if name == "tableConfig" and isinstance(read, dict) and isinstance(sent, dict):
        known = _texts(sent.get("columnOrder"))
        read = read | {
            "columnOrder": [column for column in _texts(read.get("columnOrder")) if column in known]
        }
        sent = sent | {"columnOrder": [*known]}
    # Wrapped, so that what says nothing is left out at the top as well.
    return canonical(telling({name: read})) == canonical(telling({name: sent}))


def _texts(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def telling(value: Json) -> Json:
    """Return a value without what says nothing (null, false, empty) at any depth; lists keep their length."""
    if isinstance(value, list):
        return [telling(item) for item in value]
    if isinstance(value, dict):
        pruned = {name: telling(item) for name, item in value.items()}
        return {name: item for name, item in pruned.items() if not _says_nothing(item)}
    return value


def _says_nothing(value: Json) -> bool:
    return value is None or value is False or value in ("", [], {})
