"""A plan as a JSON document: what `plan -o` writes, `apply` reads, and the digest is made of.

The document is canonical JSON without any time, so the same plan has the same bytes and the same digest,
and another plan has others. Reading one that was changed by hand is refused: what is applied is what was
shown.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from lightdash_sync.content.documents import conform
from lightdash_sync.content.identity import facts_problem
from lightdash_sync.content.json import JsonObject, canonical, parse, sha256
from lightdash_sync.content.keys import is_key
from lightdash_sync.content.kinds import KINDS
from lightdash_sync.content.references import schema_problem
from lightdash_sync.errors import SyncError
from lightdash_sync.sync.plan.values import Action, Drift, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 2
_HINT = "Make a new one: `lightdash-sync plan … -o FILE` without --format writes a plan."


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


def from_bytes(data: bytes, name: str = "the plan") -> Plan:
    """Read a plan.

    Args:
        data: what the file holds.
        name: of the file, for errors.

    Raises:
        SyncError: it is no plan, of a format that is not known, or not as it was written.
    """
    try:
        document = parse(data)
    except ValueError as error:
        raise SyncError(f"{name} is no plan: {error}", hint=_HINT) from error
    if not isinstance(document, dict) or "digest" not in document:
        raise SyncError(f"{name} is no plan", hint=_HINT)
    if "format" not in document:
        raise SyncError(f"{name} is the report of a plan, without what the plan writes", hint=_HINT)
    if document.get("format") != FORMAT:
        raise SyncError(f"{name} has format {document.get('format')!r}, which is not known", hint=_HINT)
    said = document.pop("digest")
    try:
        plan = conform(_form(), document)
        is_as_written = canonical(document) == canonical(_document(plan))
    except ValueError as error:
        raise SyncError(f"{name} is not as it should be: {error}", hint=_HINT) from error
    if not is_as_written or digest(plan) != said:
        raise SyncError(f"{name} was changed after it was made: its digest does not fit", hint=_HINT)
    if (strange := next((key for key in _keys(plan) if not is_key(key)), None)) is not None:
        raise SyncError(f"{name} names an item {strange!r}, which no item is called", hint=_HINT)
    return plan


def read_plan(data: bytes, name: str = "the plan") -> Plan:
    """Read a plan that is going to be carried out: what it says of items must make sense, too.

    A digest proves nothing of who made a plan.

    Args:
        data: what the file holds.
        name: of the file, for errors.

    Raises:
        SyncError: as `from_bytes`; or facts lack a uuid, or content is none of its kind.
    """
    plan = from_bytes(data, name)
    if problem := next(_problems(plan), None):
        raise SyncError(f"{name} is not as it should be: {problem}", hint=_HINT)
    return plan


def _problems(plan: Plan) -> Iterator[str]:
    """Yield what no plan says, each with its place."""
    for part, table in (("adopted", plan.adopted), ("items", plan.items)):
        for kind, entries in table.items():
            for key, facts in entries.items():
                if wrong := facts_problem(facts):
                    yield f"{part}.{kind}.{key}.{wrong}"
    for number, step in enumerate(plan.steps):
        where = f"steps.{number} ({step.item})"
        if (step.after is None) != (step.action is Action.DELETE):
            yield f"{where}: a step that deletes has no content after it, every other one has some"
        if step.uuid is None and step.action is Action.DELETE:
            yield f"{where}: nothing says what is deleted"
        for part, content in (("before", step.before), ("after", step.after)):
            is_empty = content is None or (KINDS[step.kind].is_list and content == [])
            problem = None if is_empty else schema_problem(step.kind, content)
            if problem is not None:
                yield f"{where}.{part}: {problem}"


@cache
def _form() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)


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


def _document(plan: Plan) -> JsonObject:
    return {"format": FORMAT, **as_json(plan)}


def as_json(value: Any) -> Any:
    """Return dataclasses, tuples and enumerations as JSON, field by field."""
    if hasattr(value, "__dataclass_fields__"):
        told = ((field, getattr(value, field.name)) for field in fields(value))
        return {
            field.name: as_json(said)
            for field, said in told
            if not (field.metadata.get("later") and said == field.default)
        }
    if isinstance(value, tuple | list):
        return [as_json(one) for one in value]
    if isinstance(value, dict):
        return {str(name): as_json(one) for name, one in value.items()}
    return value
