"""Which token is sent how, and what people are told when it is refused."""

from __future__ import annotations

import pytest

from lightdash_standin.people import add_service_account, issue_oauth_token
from lightdash_standin.seed import empty_world
from lightdash_standin.server import Server
from lightdash_standin.state import World
from lightdash_sync.errors import ConfigError, NotAuthorised
from lightdash_sync.lightdash.tokens import TokenKind
from tests.lightdash.support import answer, ok, served, session_with

CURRENT, OLD = "0.2904.5", "0.1372.1"
PAST = "2001-01-01T00:00:00.000Z"


def _sent(token: str, token_type: str | None = None) -> str:
    """The header with which a token goes out."""
    with served(ok(1), token=token, token_type=token_type) as (server, session):
        session.get("/api/v1/org")
    return server.seen[0].headers["authorization"]


def _refusal(reply: bytes, token: str) -> NotAuthorised:
    with served(reply, token=token) as (_, session), pytest.raises(NotAuthorised) as caught:
        session.get("/api/v1/org")
    assert token[:10] not in caught.value.message + caught.value.hint
    return caught.value


def _world_and_tokens(version: str) -> tuple[World, dict[str, str]]:
    world = empty_world(version)
    admin = world.people[world.token_rows[world.tokens["admin"]].person_uuid]
    tokens = {
        "personal": world.tokens["admin"],
        "service-account": add_service_account(world, admin.org_uuid, "Nightly", "admin").secret,
        "oauth": issue_oauth_token(world, admin).secret,
    }
    return world, tokens


@pytest.mark.parametrize(
    ("token", "scheme"),
    [
        ("0123456789abcdef0123456789abcdef", "ApiKey"),
        ("ldpat_0123456789abcdef", "ApiKey"),
        ("something-of-a-proxy", "ApiKey"),
        ("ldsvc_0123456789abcdef", "Bearer"),
        ("ldapp_0123456789abcdef", "Bearer"),
    ],
)
def test_the_beginning_of_a_token_tells_how_it_is_sent(token: str, scheme: str) -> None:
    """Tokens of service accounts and OAuth go as Bearer, all others as personal access tokens."""
    assert _sent(token) == f"{scheme} {token}"


@pytest.mark.parametrize("kind", TokenKind)
def test_the_user_may_say_which_kind_a_token_is(kind: TokenKind) -> None:
    """What the settings say of a token counts more than its beginning."""
    assert _sent("ldpat_0123456789abcdef", kind).startswith(kind.scheme)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    """A word that is no kind of token is wrong usage, with the words there are."""
    with pytest.raises(ConfigError) as caught:
        _sent("0123456789abcdef", "bearer")
    assert "service-account" in caught.value.hint


@pytest.mark.parametrize("token", ["ldref_0123456789abcdef", "scim_0123456789abcdef"])
def test_what_cannot_read_content_is_not_sent(token: str) -> None:
    """Refresh tokens and SCIM tokens are refused before anything is sent, without being repeated."""
    with served(ok(1)) as (server, _):
        with pytest.raises(ConfigError) as caught, session_with(server.url, token=token):
            pass
        assert server.seen == []
    assert token not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("kind", TokenKind)
def test_every_kind_of_token_is_accepted_where_it_is_known(kind: TokenKind) -> None:
    """The embedded Lightdash of a current version takes all three, and knows whose they are."""
    world, tokens = _world_and_tokens(CURRENT)
    with Server(world) as server, session_with(server.url, token=tokens[kind]) as session:
        user = session.get("/api/v1/user")
    assert isinstance(user, dict)
    assert (user["email"] is None) == (kind is TokenKind.SERVICE_ACCOUNT)


@pytest.mark.parametrize("kind", [TokenKind.SERVICE_ACCOUNT, TokenKind.OAUTH])
def test_an_old_server_that_takes_no_such_token(kind: TokenKind) -> None:
    """0.1372.1 answers such a token with plain text; the error says which version takes it, and what next."""
    world, tokens = _world_and_tokens(OLD)
    with Server(world) as server, session_with(server.url, token=tokens[kind]) as session:  # noqa: SIM117
        with pytest.raises(NotAuthorised) as caught:
            session.get("/api/v1/user")
    assert caught.value.exit_code == 12
    assert kind.noun in caught.value.message
    assert "or newer" in caught.value.hint
    assert "personal access token" in caught.value.hint


def test_an_oauth_token_that_expires_in_the_middle_of_a_run() -> None:
    """From the moment it expires, an error 12 says that it has expired or was taken back."""
    world, tokens = _world_and_tokens(CURRENT)
    with Server(world) as server, session_with(server.url, token=tokens["oauth"]) as session:
        session.get("/api/v1/org")
        world.token_rows[tokens["oauth"]].expires_at = PAST
        with pytest.raises(NotAuthorised) as caught:
            session.get("/api/v1/org")
    assert (caught.value.exit_code, caught.value.unclear) == (12, False)


def test_what_to_do_follows_from_token_and_version() -> None:
    """The hint of a 401 speaks of the token that was refused, on the server that refused it."""
    plain = answer(401, "Unauthorized", kind="text/plain", Lightdash_Version=CURRENT)
    assert "expired" in _refusal(plain, "ldapp_0123456789abcdef").hint
    assert "licence" in _refusal(plain, "ldsvc_0123456789abcdef").hint
    assert "LIGHTDASH_API_KEY" in _refusal(plain, "ldpat_0123456789abcdef").hint
    before = answer(401, "Unauthorized", kind="text/plain", Lightdash_Version="0.1800.0")
    assert "0.1834.0" in _refusal(before, "ldapp_0123456789abcdef").hint
    assert "licence" in _refusal(before, "ldsvc_0123456789abcdef").hint
