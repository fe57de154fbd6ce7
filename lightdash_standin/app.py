"""The stand-in as an ASGI application: envelopes, authentication, bodies, faults.

Starlette reads the requests and writes the answers; `_table` has the endpoints; `respond` produces each
answer without any network access. Faults are applied around it, because they need the connection.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import re
import sys
import traceback
from functools import cache
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import lightdash_standin
from lightdash_standin.accounts import Person
from lightdash_standin.calls import Call, Ok, Route, check_params
from lightdash_standin.faults import HTML_TYPE, JSON_TYPE, Fault, Faults
from lightdash_standin.jsonb import NotJson, parse
from lightdash_standin.people import COOKIE, PlainText
from lightdash_standin.refusals import (
    Refusal,
    as_told,
    no_endpoint,
    too_large,
    unauthorized,
    went_wrong,
)
from lightdash_standin.state import World
from lightdash_standin.versions import can

PAGE_TYPE = "text/html; charset=UTF-8"
PAGE = b"<!doctype html><title>Lightdash</title>\n"
MAX_BODY = 5 * 1024 * 1024
PERSONAL = "ApiKey"
_DEEP = 10_000  # levels of nesting, more than any test needs


@cache
def _routes() -> tuple[Route, ...]:
    """All endpoints: the `ROUTES` of the modules beside this one."""
    names = sorted(found.name for found in pkgutil.iter_modules(lightdash_standin.__path__))
    modules = [importlib.import_module(f"{lightdash_standin.__name__}.{name}") for name in names]
    return tuple(route for module in modules for route in getattr(module, "ROUTES", ()))


def _error(world: World, refusal: Refusal) -> Response:
    if isinstance(refusal, PlainText):
        return Response(refusal.message, refusal.status)
    content = orjson.dumps(as_told(refusal, world.can, world.hex_id))
    return Response(content, refusal.status, media_type=JSON_TYPE)


def _unknown(world: World, request: Request) -> Response:
    """The answer to an unknown route: JSON, or in old versions a page."""
    return _error(world, no_endpoint()) if world.can("json_for_unknown_endpoints") else _page(request)


def _page(request: Request) -> Response:
    """An unknown route: a GET returns the page of the web application, anything else a 404 page."""
    if request.method in ("GET", "HEAD"):
        return Response(PAGE, media_type=PAGE_TYPE)
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n'
        f"<body>\n<pre>Cannot {request.method} {_path(request.scope)}</pre>\n</body>\n</html>\n"
    )
    return Response(page, 404, media_type=HTML_TYPE)


def _path(scope: Scope) -> str:
    """The path as requested; the path for routing has no slash at its end."""
    raw: bytes = scope["raw_path"]
    return unquote(raw.decode("ascii"))


def _session(world: World, request: Request) -> Person | None:
    """The person of a session cookie, if there is one."""
    uuid = world.sessions.get(request.cookies.get(COOKIE, ""))
    return world.people[uuid] if uuid else None


def _token_owner(world: World, request: Request) -> Person:
    """The person of a token.

    Raises:
        Refusal: 401, as JSON for an unknown, expired or revoked token, as plain text for none.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    token = world.token_rows.get(secret)
    is_known = token is not None and token.scheme == scheme and token.person_uuid in world.people
    expired = token is not None and token.expires_at is not None and token.expires_at < world.clock.now()
    if token is not None and is_known and not token.revoked and not expired:
        if scheme == PERSONAL or world.can("oauth_tokens"):
            token.last_used = world.clock.now()
            return world.people[token.person_uuid]
    elif scheme == PERSONAL and secret:
        news = world.can("service_accounts")
        raise unauthorized("Failed to authorize user" if news else "Personal access token is not recognised")
    raise PlainText(401, "", "Unauthorized")


def _parsed(world: World, request: Request, content: bytes) -> Any:
    """The body: parsed if its type is JSON, else empty.

    Raises:
        Refusal: 413 (or 500) if it is too large, 500 if it is not JSON.
    """
    if len(content) > MAX_BODY:
        raise too_large() if world.can("refuses_large_bodies") else went_wrong()
    if not content or "json" not in request.headers.get("content-type", ""):
        return {}
    try:
        return parse(content)
    except NotJson:
        raise went_wrong() from None


def _called(world: World, route: Route, request: Request, content: bytes) -> Response:
    body = _parsed(world, request, content)
    session = _session(world, request)
    asker = session if session is not None or route.public else _token_owner(world, request)
    check = route.check_in(world)
    if check is not None:
        check(body)
    params = {name: unquote(value) for name, value in request.path_params.items()}
    check_params(params, slugs=route.slugs and world.can(route.slugs_since))
    call = Call(world, request, params, body, asker, session is not None)
    results = route.handler(call)
    envelope = {"status": "ok"} if isinstance(results, Ok) else {"status": "ok", "results": results}
    answer = Response(_json(envelope), route.status, media_type=JSON_TYPE)
    if call.cookie:
        answer.set_cookie(COOKIE, call.cookie, httponly=True)
    return answer


def _json(value: Any) -> bytes:
    """A value as JSON, however deeply it is nested: unlike orjson, Node has no limit."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(_DEEP)
        try:
            return json.dumps(value).encode()
        finally:
            sys.setrecursionlimit(limit)


def _signed(world: World, answer: Response) -> Response:
    """The answer with the version of the server, if the version returns it."""
    if world.can("tells_its_version"):
        answer.headers["Lightdash-Version"] = world.version
    return answer


def respond(world: World, route: Route, request: Request, content: bytes) -> Response:
    """Answer one request on a known route, and change the world accordingly."""
    try:
        return _signed(world, _called(world, route, request, content))
    except Refusal as refusal:
        return _signed(world, _error(world, refusal))
    except Exception:
        world.crashes.append(f"{request.method} {_path(request.scope)}\n{traceback.format_exc()}")
        return _signed(world, _error(world, went_wrong()))


async def _answered(world: World, route: Route, request: Request) -> Response:
    """Answer a request on a known route; routes that make a slug can race with themselves here."""
    content = await request.body()
    if not route.creates or not world.slug_gap:
        return respond(world, route, request, content)
    seen = world.slugs.look()
    await asyncio.sleep(world.slug_gap)
    world.slugs.seen = seen
    try:
        return respond(world, route, request, content)
    finally:
        world.slugs.seen = None


@cache
def _table(version: str) -> dict[tuple[str, int], list[tuple[re.Pattern[str], Route]]]:
    """The endpoints of a version, by method and number of slashes, so that a request is compared with a few.

    Starlette's own router compares it with two hundred, one after the other, which took longer than the
    answer.
    """
    table: dict[tuple[str, int], list[tuple[re.Pattern[str], Route]]] = {}
    for route in _routes():
        if (route.needs and not can(version, route.needs)) or (route.until and can(version, route.until)):
            continue
        pattern, _, _ = compile_path(route.path)
        table.setdefault((route.method, route.path.count("/")), []).append((pattern, route))
    return table


def lightdash(world: World) -> ASGIApp:
    """The application without faults; a known path with another method counts as unknown."""
    table = _table(world.version)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        for pattern, route in table.get(("GET" if method == "HEAD" else method, path.count("/")), ()):
            if match := pattern.match(path):
                request = Request({**scope, "path_params": match.groupdict()}, receive)
                answer = await _answered(world, route, request)
                break
        else:
            answer = _unknown(world, Request(scope, receive))
        await answer(scope, receive, send)

    return serve


class App:
    """The ASGI application, with latency and faults.

    Args:
        world: the instance that answers.
        latency: minimum number of seconds for every request.
        faults: which requests go wrong.
    """

    def __init__(self, world: World, latency: float = 0.0, faults: Faults | None = None) -> None:
        self.world = world
        self.latency = latency
        self.faults = faults
        self.lightdash = lightdash(world)
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        query = scope["query_string"].decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        self.world.requests.append((scope["method"], target))
        fault = self.faults.next(scope["method"], target) if self.faults else None
        pause = self.latency + (fault.delay if fault and not fault.after else 0.0)
        if pause:
            await asyncio.sleep(pause)
        # As on the real server, a slash at the end does not matter; it must not redirect either.
        scope = {**scope, "path": "/" + scope["path"].strip("/")}
        if fault is None or fault.kind == "pass":
            await self.lightdash(scope, receive, send)
        else:
            await self._strike(fault, scope, receive, send)

    async def _strike(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        content = await Request(scope, receive).body()
        sent: list[Message] = []

        async def again() -> Message:
            return {"type": "http.request", "body": content}

        async def withhold(message: Message) -> None:
            sent.append(message)

        if fault.after:
            await self.lightdash(scope, again, withhold)
            await asyncio.sleep(fault.delay)
        if fault.kind == "answer":
            await Response(fault.body, fault.status_code, dict(fault.headers))(scope, receive, send)
            return
        if fault.kind == "cut":
            body = b"".join(message.get("body", b"") for message in sent)
            headers = [(b"content-type", JSON_TYPE.encode())]
            if not fault.chunked:
                headers.append((b"content-length", str(len(body) + 1).encode()))
            status = sent[0]["status"] if sent else 200
            await send({"type": "http.response.start", "status": status, "headers": headers})
            half = body[: len(body) // 2 + 1]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await asyncio.sleep(0)
        transport = self.transports.get(tuple(scope["client"]))
        if transport is not None:
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass
