"""Recognises the kind of a token, and how it is sent.

Lightdash's tokens have prefixes (docs/lightdash-api.md#tokens); 0.1372.1 has only personal ones, of 32
hexadecimal digits. A token without a known prefix is a personal one, unless the user configured its type.
Tokens that cannot be used for the API (for SCIM, or to refresh another token) are rejected before they are
sent.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from lightdash_sync.errors import ConfigError
from lightdash_sync.lightdash.versions import CAPABILITIES, Server

if TYPE_CHECKING:
    from datetime import datetime

_SOON = timedelta(days=14)
_MAKE_ONE = "Make a personal access token in Lightdash (Settings, Personal access tokens)"
_WHERE = "and put it in LIGHTDASH_API_KEY."


class TokenKind(StrEnum):
    """A kind of token; the value is the name in settings."""

    PERSONAL = "personal"
    SERVICE_ACCOUNT = "service-account"
    OAUTH = "oauth"

    @property
    def scheme(self) -> str:
        """The scheme in the `Authorization` header."""
        return "ApiKey" if self is TokenKind.PERSONAL else "Bearer"

    @property
    def noun(self) -> str:
        """The name of the kind in messages."""
        return _NOUNS[self]

    @property
    def needs(self) -> str | None:
        """The capability that a server needs to accept such tokens; None if all do."""
        return _NEEDS[self]


_NOUNS = {
    TokenKind.PERSONAL: "personal access token",
    TokenKind.SERVICE_ACCOUNT: "service account token",
    TokenKind.OAUTH: "OAuth token",
}
_NEEDS = {
    TokenKind.PERSONAL: None,
    TokenKind.SERVICE_ACCOUNT: "service_accounts",
    TokenKind.OAUTH: "oauth_tokens",
}
_BEGINNINGS = {
    "ldpat_": TokenKind.PERSONAL,
    "ldsvc_": TokenKind.SERVICE_ACCOUNT,
    "ldapp_": TokenKind.OAUTH,
}
_NO_TOKENS = {
    "ldref_": "a refresh token: Lightdash takes it for nothing but a new OAuth token (ldapp_…)",
    "scim_": "a token for SCIM: Lightdash lets it manage users and groups, and read no content",
}


def kind_of(token: str, said: str | None = None) -> TokenKind:
    """Return the kind of a token.

    Args:
        token: the secret.
        said: the configured type (a value of `TokenKind`), or None to recognise it by its prefix.

    Raises:
        ConfigError: there is no kind of this name, or the token cannot be used for the API.
    """
    if said is not None:
        try:
            return TokenKind(said)
        except ValueError:
            raise ConfigError(
                f"{said!r} is no kind of token", hint=f"There are: {', '.join(TokenKind)}."
            ) from None
    for beginning, what in _NO_TOKENS.items():
        if token.startswith(beginning):
            raise ConfigError(f"what is given as the token is {what}", hint=f"{_MAKE_ONE} {_WHERE}")
    found = [kind for beginning, kind in _BEGINNINGS.items() if token.startswith(beginning)]
    return found[0] if found else TokenKind.PERSONAL


def expiry_warning(expires: datetime | None, now: datetime) -> str:
    """Return what to do about a token that expires soon; "" for one that does not.

    Args:
        expires: when it expires; None if it is unknown.
        now: the current time.
    """
    if expires is None or expires - now > _SOON:
        return ""
    return f"The token expires on {expires.date()}. {_MAKE_ONE} {_WHERE}"


def when_refused(kind: TokenKind, version: str | None) -> str:
    """Return what the user can do when a server answers 401.

    Args:
        kind: kind of the token.
        version: the `Lightdash-Version` header of the answer; None if it has none, as on old servers.
    """
    if kind is TokenKind.PERSONAL:
        return f"It has expired, was deleted, or is of another server. {_MAKE_ONE} {_WHERE}"
    if kind.needs is not None and (version is None or not Server(version).can(kind.needs)):
        since = ".".join(map(str, CAPABILITIES[kind.needs].since))
        here = "This server does not say its version" if version is None else f"This is Lightdash {version}"
        noun = f"{kind.noun[0].upper()}{kind.noun[1:]}s"
        return f"{noun} need Lightdash {since} or newer. {here}. {_MAKE_ONE} {_WHERE}"
    if kind is TokenKind.OAUTH:
        return (
            "It has expired (an OAuth token lives an hour unless set otherwise) or was taken back: "
            "get a new one and run again. For runs that nobody watches take one that lasts, a personal one "
            "or that of a service account."
        )
    return (
        "It has expired, was deleted or rotated, or this server has no licence for service accounts: see "
        "Settings, Service accounts."
    )
