"""A plan as a JSON document: what `plan -o` writes, `apply` reads, and the digest is made of.

The document is canonical JSON without any time, so the same plan has the same bytes and the same digest,
and another plan has others. Reading one that was changed by hand is refused: what is applied is what was
shown.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from lightdash_sync.errors import SyncError
from lightdash_sync.model.canonical import JsonObject, canonical, parse, sha256
from lightdash_sync.model.keys import is_key
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.plan.values import (
    AccessChange,
    Action,
    Drift,
    DriftKind,
    Gravity,
    LeftOut,
    Plan,
    Problem,
    Step,
    Target,
    Twin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FORMAT = 2
_HINT = "Make a new one with `lightdash-sync plan`."


def digest(plan: Plan) -> str:
    """Return the SHA-256 of a plan, in hexadecimal: the same for the same plan, another for another.

    Raises:
        SyncError: a content is nested more deeply than a plan can hold, which is a little less than a
            snapshot can.
    """
    return sha256(_written(plan, _document(plan)))


def to_bytes(plan: Plan) -> bytes:
    """Return the document of a plan, with its digest.

    Raises:
        SyncError: as `digest` does.
    """
    return _written(plan, {**_document(plan), "digest": digest(plan)})


def from_bytes(data: bytes) -> Plan:
    """Read a plan.

    Raises:
        SyncError: it is no plan, of a format that is not known, or not as it was written.
    """
    try:
        document = parse(data)
    except ValueError as error:
        raise SyncError(f"the plan cannot be read: {error}", hint=_HINT) from error
    if not isinstance(document, dict) or "digest" not in document:
        raise SyncError("the file is no plan", hint=_HINT)
    if document.get("format") != FORMAT:
        raise SyncError(f"the plan has format {document.get('format')!r}, which is not known", hint=_HINT)
    said = document.pop("digest")
    document.pop("format")
    try:
        plan = _plan(document)
        strange = next((key for key in _keys(plan) if not is_key(key)), None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SyncError(f"the plan is not as it should be: {error}", hint=_HINT) from error
    if digest(plan) != said:
        raise SyncError("the plan was changed after it was made: its digest does not fit", hint=_HINT)
    if strange is not None:
        raise SyncError(f"the plan names an item {strange!r}, which no item is called", hint=_HINT)
    return plan


def _keys(plan: Plan) -> Iterator[str]:
    """Yield every key that becomes the name of a file; a digest proves nothing of who made a plan."""
    for table in (plan.adopted, plan.items):
        for entries in table.values():
            yield from entries
    yield from (step.key for step in plan.steps if KINDS[step.kind].folder)


def _written(plan: Plan, document: JsonObject) -> bytes:
    try:
        return canonical(document)
    except ValueError as error:
        parts: list[Step | Drift] = [*plan.steps, *plan.drift]
        deep = ", ".join(part.item for part in parts if _is_too_deep(part))
        raise SyncError(
            f"the plan cannot be written, because content is nested too deeply: {deep}",
            hint="Leave these items out with --only, or make them simpler on the side that has them.",
        ) from error


def _is_too_deep(part: Step | Drift) -> bool:
    try:
        canonical([[as_json(part)]])
    except ValueError:
        return True
    return False


def _plan(document: JsonObject) -> Plan:
    """Read the fields of a plan; the digest tells whether they are those that were written."""
    lists: dict[str, Callable[[Any], Any]] = {
        "steps": _reader(Step, action=Action, kind=Kind),
        "drift": _reader(Drift, how=DriftKind, kind=Kind, conflicts=_paths),
        "problems": _reader(Problem, gravity=Gravity),
        "access": _reader(AccessChange),
        "twins": _reader(Twin, kind=Kind, candidates=tuple),
        "left_out": _reader(LeftOut),
        "limits": str,
    }
    read: dict[str, Any] = dict(document)
    for name, of in lists.items():
        read[name] = tuple(of(one) for one in read[name])
    read["target"] = _reader(Target)(read["target"])
    for name in ("adopted", "items"):
        read[name] = {Kind(kind): entries for kind, entries in read[name].items()}
    return Plan(**read)


def _reader(cls: type[Any], **convert: Callable[[Any], Any]) -> Callable[[Mapping[str, Any]], Any]:
    return lambda said: cls(
        **{name: convert[name](value) if name in convert else value for name, value in said.items()}
    )


def _paths(paths: list[list[str | int]]) -> tuple[tuple[str | int, ...], ...]:
    return tuple(tuple(path) for path in paths)


def _document(plan: Plan) -> JsonObject:
    return {"format": FORMAT, **as_json(plan)}


def as_json(value: Any) -> Any:
    """Return dataclasses, tuples and enumerations as JSON, field by field."""
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [as_json(one) for one in value]
    if isinstance(value, dict):
        return {str(name): as_json(one) for name, one in value.items()}
    return value
