"""Uuids inside text and inside fields nobody told us of: found, and replaced by names.

A Markdown tile may link to `/projects/<uuid>/saved/<uuid>`, and a field that a later Lightdash adds may
hold the uuid of a dashboard. Wherever a uuid of the project's own content, people or groups stands in a
string, it becomes a token such as `@{chart:weekly-revenue}`, so that a content file means the same in
every environment. `untokenise` is the exact inverse. Uuids that belong to nothing here are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, ValidationError

from lightdash_sync.content.documents import first_problem
from lightdash_sync.content.json import objects
from lightdash_sync.content.kinds import KINDS, Kind
from lightdash_sync.content.parts import TOKENS
from lightdash_sync.errors import SyncError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightdash_sync.content.identity import Identity
    from lightdash_sync.content.json import Json, JsonObject
    from lightdash_sync.content.parts import PartNames

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOKEN = re.compile(r"@\{([^{}]*)\}")
_UUID_LENGTH = 36
_PLAIN_IN_NAMES = "@:+-_.~"


class UnresolvedReference(SyncError):
    """A content file refers to something that the environment does not have."""


def tokenise(value: Json, identity: PartNames) -> Json:
    """Replace each uuid that the identity map knows, at any depth, keys of objects included."""
    if isinstance(value, str):
        return _tokenise_text(value, identity)
    if isinstance(value, list):
        return [tokenise(item, identity) for item in value]
    if isinstance(value, dict):
        return {_tokenise_text(key, identity): tokenise(item, identity) for key, item in value.items()}
    return value


def untokenise(value: Json, identity: PartNames) -> Json:
    """Put the environment's uuids back where `tokenise` put names.

    Raises:
        UnresolvedReference: a token names something that the identity map does not have.
    """
    if isinstance(value, str):
        return _untokenise_text(value, identity)
    if isinstance(value, list):
        return [untokenise(item, identity) for item in value]
    if isinstance(value, dict):
        return {_untokenise_text(key, identity): untokenise(item, identity) for key, item in value.items()}
    return value


def tokens_in(value: Json) -> set[str]:
    """Return the names of all tokens in a portable value, such as `chart:weekly-revenue`."""
    if isinstance(value, str):
        return {unquote(name) for name in _TOKEN.findall(value) if name} if "@{" in value else set()
    if isinstance(value, list):
        return set().union(*(tokens_in(item) for item in value))
    if isinstance(value, dict):
        return set().union(*(tokens_in(key) | tokens_in(item) for key, item in value.items()))
    return set()


def replace_tokens(value: Json, replacement: Callable[[str], str | None]) -> Json:
    """Return a portable value with some tokens replaced.

    Args:
        value: any value.
        replacement: the text for a token's name, such as `chart:weekly-revenue`; None leaves the token.
    """
    if isinstance(value, str):
        return _TOKEN.sub(lambda found: replacement(unquote(found[1])) or found[0], value)
    if isinstance(value, list):
        return [replace_tokens(item, replacement) for item in value]
    if isinstance(value, dict):
        return {key: replace_tokens(item, replacement) for key, item in value.items()}
    return value


def _tokenise_text(text: str, identity: PartNames) -> str:
    if "@{" in text:
        text = text.replace(
            "@{", "@{}{"
        )  # the empty token stands for "@", so that no text looks like a token
    if len(text) < _UUID_LENGTH:
        return text

    parts: list[str] = []
    done = start = 0
    while match := _UUID.search(text, start):
        token = identity.token(match[0])
        if token is None:  # the next may begin inside this one, where text runs on without a gap
            start = match.start() + 1
            continue
        parts += text[done : match.start()], f"@{{{quote(token, safe=_PLAIN_IN_NAMES)}}}"
        done = start = match.end()
    return "".join((*parts, text[done:]))


def _untokenise_text(text: str, identity: PartNames) -> str:
    if "@{" not in text:
        return text

    def uuid(match: re.Match[str]) -> str:
        if not match[1]:
            return "@"
        found = identity.token_uuid(unquote(match[1]))
        if found is None:
            raise UnresolvedReference(f"{unquote(match[1])} is not known in this environment")
        return found

    return _TOKEN.sub(uuid, text)


# Which items a content file refers to, and what a content file must have.
#
# Pure questions about content, for `verify` and for every plan: links come from the fields that hold keys
# (a chart's space, the chart on a tile) and from the tokens in text.

PERSON = "user"
GROUP = "group"
PALETTE = "palette"
APP = "app"  # a data app, which is in no snapshot


class Reference(NamedTuple):
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


def links(kind: Kind, content: Json) -> Iterator[Reference]:
    """Yield every reference in a content file, some perhaps twice; none to the item's own parts."""
    yield from (_from_token(token) for token in tokens_in(content) if not is_own_part(kind, token))
    if kind is Kind.PINS:
        for pin in objects(content):
            yield Reference(str(pin.get("kind")), str(pin.get("key")))
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


def is_known(link: Reference, identity: Identity) -> bool:
    """Whether an identity map knows what a reference leads to."""
    name = f"{link.to}:{link.key}" if link.key else link.to
    if identity.token_uuid(name) is not None:
        return True
    try:  # a content file may write a name with a token, such as the group `@{}{x}`
        return identity.token_uuid(str(untokenise(name, identity))) is not None
    except UnresolvedReference:
        return False


def _keys(content: JsonObject, fields: dict[str, Kind] | dict[str, str]) -> Iterator[Reference]:
    for field, to in fields.items():
        if isinstance(key := content.get(field), str):
            yield Reference(to, key)


def _grants(content: JsonObject) -> Iterator[Reference]:
    access = content.get("access")
    if isinstance(access, dict):
        for grant in objects(access.get("users")):
            yield Reference(PERSON, str(grant.get("email")))
        for grant in objects(access.get("groups")):
            yield Reference(GROUP, str(grant.get("group")))


def _from_token(token: str) -> Reference:
    to, _, key = token.partition(":")
    return Reference(to, key)
