"""Which items a content file refers to, and what a content file must have.

Pure questions about content, for `verify` and for every plan: links come from the fields that hold keys
(a chart's space, the chart on a tile) and from the tokens in text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from lightdash_sync.model.canonical import objects
from lightdash_sync.model.kinds import KINDS, Kind
from lightdash_sync.model.parts import TOKENS
from lightdash_sync.model.problems import first_problem
from lightdash_sync.model.references import UnresolvedReference, tokens_in, untokenise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.model.canonical import Json, JsonObject
    from lightdash_sync.model.identity import Identity

PERSON = "user"
GROUP = "group"
PALETTE = "palette"
APP = "app"  # a data app, which is in no snapshot


class Link(NamedTuple):
    """A reference from one item to another.

    Attributes:
        to: kind of what is referred to, or `user`, `group`, `palette`, `app`, `project`, `organization`.
        key: its key, e-mail or name; "" for the project and the organisation.
    """

    to: str
    key: str


class _File(BaseModel):
    """What a content file must have; more is welcome."""

    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class _Named(_File):
    name: str


class _Grants(_File):
    users: list[dict[str, Any]]
    groups: list[dict[str, Any]]


class _Space(_Named):
    inheritsAccess: bool
    parent: str | None
    access: _Grants


class _Chart(_Named):
    tableName: str
    metricQuery: dict[str, Any]
    chartConfig: dict[str, Any]


class _VirtualView(_Named):
    label: str
    sql: str
    columns: list[dict[str, Any]]


class _SqlChart(_Named):
    sql: str
    config: dict[str, Any]


class _Part(_File):
    id: str


class _Dashboard(_Named):
    space: str
    tiles: list[_Part]
    tabs: list[_Part] = []


class _Scheduler(_Named):
    cron: str
    format: str
    enabled: bool
    targets: list[dict[str, Any]]


class _Tag(_Named):
    metrics: list[dict[str, str]]


class _Comments(_File):
    tiles: dict[str, list[dict[str, Any]]]


_SCHEMAS: dict[Kind, type[BaseModel]] = {
    Kind.SPACE: _Space,
    Kind.VIRTUAL_VIEW: _VirtualView,
    Kind.CHART: _Chart,
    Kind.SQL_CHART: _SqlChart,
    Kind.DASHBOARD: _Dashboard,
    Kind.SCHEDULER: _Scheduler,
    Kind.TAG: _Tag,
    Kind.COMMENTS: _Comments,
    Kind.PROJECT: _Named,
}


def schema_problem(kind: Kind, content: Json) -> str | None:
    """Return what is wrong with the form of a content file, or None."""
    if KINDS[kind].is_list:
        return None if objects(content) else "a list of objects was expected"
    try:
        _SCHEMAS[kind].model_validate(content)
    except ValidationError as error:
        return first_problem(error)
    return None


def links(kind: Kind, content: Json) -> Iterator[Link]:
    """Yield every reference in a content file, some perhaps twice; none to the item's own parts."""
    yield from (_from_token(token) for token in tokens_in(content) if not is_own_part(kind, token))
    if kind is Kind.PINS:
        for pin in objects(content):
            yield Link(str(pin.get("kind")), str(pin.get("key")))
    if not isinstance(content, dict):
        return
    if kind is Kind.SPACE:
        yield from _grants(content)
        yield from _keys(content, {"parent": Kind.SPACE})
        yield from _keys(content, {"palette": PALETTE})
    elif kind is Kind.SCHEDULER:
        yield from _keys(
            content, {"chart": Kind.CHART, "sqlChart": Kind.SQL_CHART, "dashboard": Kind.DASHBOARD}
        )
        yield from _keys(content, {"owner": PERSON})
    elif kind in (Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD):
        yield from _keys(content, {"space": Kind.SPACE, "dashboard": Kind.DASHBOARD})
        yield from _keys(content, {"palette": PALETTE})
        for tile in objects(content.get("tiles")):
            if isinstance(shows := tile.get("properties"), dict):
                yield from _keys(shows, {"chart": Kind.CHART, "sqlChart": Kind.SQL_CHART})
                yield from _keys(shows, {"app": APP})


def is_own_part(kind: Kind, token: str) -> bool:
    """Whether a token in a content file stands for a part of its own dashboard, such as `tile:revenue`."""
    return kind in (Kind.DASHBOARD, Kind.SCHEDULER) and token.partition(":")[0] in TOKENS


def is_known(link: Link, identity: Identity) -> bool:
    """Whether an identity map knows what a reference leads to."""
    name = f"{link.to}:{link.key}" if link.key else link.to
    if identity.token_uuid(name) is not None:
        return True
    try:  # a content file may write a name with a token, such as the group `@{}{x}`
        return identity.token_uuid(str(untokenise(name, identity))) is not None
    except UnresolvedReference:
        return False


def _keys(content: JsonObject, fields: dict[str, Kind] | dict[str, str]) -> Iterator[Link]:
    for field, to in fields.items():
        if isinstance(key := content.get(field), str):
            yield Link(to, key)


def _grants(content: JsonObject) -> Iterator[Link]:
    access = content.get("access")
    if isinstance(access, dict):
        for grant in objects(access.get("users")):
            yield Link(PERSON, str(grant.get("email")))
        for grant in objects(access.get("groups")):
            yield Link(GROUP, str(grant.get("group")))


def _from_token(token: str) -> Link:
    to, _, key = token.partition(":")
    return Link(to, key)
