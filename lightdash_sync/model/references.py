"""Uuids inside text and inside fields nobody told us of: found, and replaced by names.

A Markdown tile may link to `/projects/<uuid>/saved/<uuid>`, and a field that a later Lightdash adds may
hold the uuid of a dashboard. Wherever a uuid of the project's own content, people or groups stands in a
string, it becomes a token such as `@{chart:weekly-revenue}`, so that a content file means the same in
every environment. `untokenise` is the exact inverse. Uuids that belong to nothing here are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from lightdash_sync.errors import SyncError

if TYPE_CHECKING:
    from lightdash_sync.model.canonical import Json
    from lightdash_sync.model.parts import Names

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOKEN = re.compile(r"@\{([^{}]*)\}")
_UUID_LENGTH = 36
_PLAIN_IN_NAMES = "@:+-_.~"


class UnresolvedReference(SyncError):
    """A content file refers to something that the environment does not have."""


def tokenise(value: Json, identity: Names) -> Json:
    """Replace each uuid that the identity map knows, at any depth, keys of objects included."""
    if isinstance(value, str):
        return _tokenise_text(value, identity)
    if isinstance(value, list):
        return [tokenise(item, identity) for item in value]
    if isinstance(value, dict):
        return {_tokenise_text(key, identity): tokenise(item, identity) for key, item in value.items()}
    return value


def untokenise(value: Json, identity: Names) -> Json:
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


def _tokenise_text(text: str, identity: Names) -> str:
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


def _untokenise_text(text: str, identity: Names) -> str:
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
