"""The stand-in as an ASGI application: envelopes, authentication, routing, faults.

Written against ASGI itself, without a framework: a simple read costs a fraction of a millisecond, and faults
need the connection in hand. Every answer is decided by `respond`, which touches no network.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

from lightdash_sync.demo import (
    catalog,
    chart_routes,
    comments,
    dashboard_routes,
    jobs,
    lists,
    people,
    pins,
    previews,
    projects,
    promotion_routes,
    schedulers,
    search,
    spaces,
    sql_charts,
    validations,
)
from lightdash_sync.demo.calls import Call, Ok, Route, Routes, check_params
from lightdash_sync.demo.faults import Fault, Faults
from lightdash_sync.demo.jsonb import NotJson, parse
from lightdash_sync.demo.people import COOKIE, PlainText
from lightdash_sync.demo.refusals import Refusal, unauthorized, went_wrong
from lightdash_sync.demo.state import Person, World

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
PAGE_TYPE = "text/html; charset=UTF-8"
PAGE = b"<!doctype html><title>Lightdash</title>\n"
MAX_BODY = 5 * 1024 * 1024
PREFIX = "ApiKey "
MODULES = (
    catalog, chart_routes, comments, dashboard_routes, jobs, lists, people, pins, previews, projects,
    promotion_routes, schedulers, search, spaces, sql_charts, validations,
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """An answer before it is sent."""

    status: int
    body: bytes
    content_type: str | None = JSON_TYPE
    headers: list[tuple[str, str]] = field(default_factory=list)


def all_routes() -> Routes:
    """The routes of all modules."""
    tree = Routes()
    for module in MODULES:
        for route in module.ROUTES:
            tree.add(route)
    return tree


def _error(world: World, refusal: Refusal) -> Answer:
    if isinstance(refusal, PlainText):
        return Answer(refusal.status, refusal.message.encode(), None)
    error: dict[str, Any] = {
        "statusCode": refusal.status,
        "name": refusal.name,
        "message": refusal.message,
        "data": refusal.data,
    }
    if refusal.status == 500:
        error["id"] = world.hex_id()
    return Answer(refusal.status, orjson.dumps({"status": "error", "error": error}))


def _unknown(request: Request) -> Answer:
    """An unknown route: reading gives the page of the web application, anything else a 404 page."""
    if request.method in ("GET", "HEAD"):
        return Answer(200, PAGE, PAGE_TYPE)
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n'
        f"<body>\n<pre>Cannot {request.method} {request.path}</pre>\n</body>\n</html>\n"
    )
    return Answer(404, page.encode(), HTML_TYPE)


def _cookie_session(world: World, header: str) -> Person | None:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and value in world.sessions:
            return world.people[world.sessions[value]]
    return None


def _asker(world: World, request: Request) -> tuple[Person | None, bool]:
    """Who asks, and whether by session cookie.

    Raises:
        Refusal: 401, as JSON for a token that is not known, expired or revoked.
    """
    person = _cookie_session(world, request.headers.get("cookie", ""))
    if person is not None:
        return person, True
    given = request.headers.get("authorization", "")
    secret = given.removeprefix(PREFIX)
    if not given.startswith(PREFIX) or not secret:
        return None, False
    token = world.token_rows.get(secret)
    expired = token is not None and token.expires_at is not None and token.expires_at < world.clock.now()
    if token is None or token.revoked or expired or token.person_uuid not in world.people:
        raise unauthorized("Personal access token is not recognised")
    return world.people[token.person_uuid], False


def _body(request: Request) -> Any:
    """The body: parsed if it says that it is JSON, else empty.

    Raises:
        Refusal: 500 if it is too large or no JSON.
    """
    if len(request.body) > MAX_BODY:
        raise went_wrong()
    if not request.body or "json" not in request.headers.get("content-type", ""):
        return {}
    try:
        return parse(request.body)
    except NotJson:
        raise went_wrong() from None


def _called(world: World, route: Route, params: dict[str, str], request: Request) -> Answer:
    body = _body(request)
    asker, by_cookie = (None, False) if route.public else _asker(world, request)
    if route.public:
        session = _cookie_session(world, request.headers.get("cookie", ""))
        asker, by_cookie = session, session is not None
    elif asker is None:
        raise PlainText(401, "", "Unauthorized")
    if route.check is not None:
        route.check(body)
    check_params(params)
    query = parse_qs(request.query, keep_blank_values=True)
    call = Call(world, request.method, request.path, params, query, body, asker, by_cookie)
    results = route.handler(call)
    envelope = {"status": "ok"} if isinstance(results, Ok) else {"status": "ok", "results": results}
    answer = Answer(route.status, orjson.dumps(envelope))
    if call.cookie:
        answer.headers.append(("set-cookie", f"{COOKIE}={call.cookie}; Path=/; HttpOnly; SameSite=Lax"))
    return answer


def respond(world: World, request: Request, found: tuple[Route, dict[str, str]] | None) -> Answer:
    """Answer one request, and change the world accordingly."""
    if found is None:
        return _unknown(request)
    try:
        return _called(world, *found, request)
    except Refusal as refusal:
        return _error(world, refusal)
    except Exception:
        world.crashes.append(f"{request.method} {request.path}\n{traceback.format_exc()}")
        return _error(world, went_wrong())


class App:
    """The ASGI application.

    Args:
        world: the instance that answers.
        latency: seconds that every request takes at least.
        faults: which requests go wrong.
    """

    def __init__(self, world: World, latency: float = 0.0, faults: Faults | None = None) -> None:
        self.world = world
        self.latency = latency
        self.faults = faults
        self.routes = all_routes()
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        query = scope["query_string"].decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        self.world.requests.append((scope["method"], target))
        fault = self.faults.next(scope["method"], target) if self.faults else None
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        request = Request(scope["method"], scope["path"], query, headers, await _received(receive))
        pause = self.latency + (fault.delay if fault else 0.0)
        if pause:
            await asyncio.sleep(pause)
        if fault is None or fault.after or fault.kind == "pass":
            answer = await self._answer(request)
        else:
            answer = Answer(200, b"")
        if fault is None or fault.kind == "pass":
            await _sent(send, answer)
        else:
            await self._strike(fault, answer, scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        segments = [unquote(part) for part in request.path.strip("/").split("/")]
        found = self.routes.find(request.method, segments)
        if found is None or not found[0].creates or not self.world.slug_gap:
            return respond(self.world, request, found)
        seen = self.world.slugs.look()
        await asyncio.sleep(self.world.slug_gap)
        self.world.slugs.seen = seen
        try:
            return respond(self.world, request, found)
        finally:
            self.world.slugs.seen = None

    async def _strike(self, fault: Fault, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "answer":
            headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in fault.headers]
            body = fault.body or b""
            headers.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": fault.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        transport = self.transports.get(tuple(scope["client"]))
        if fault.kind == "cut":
            headers = [(b"content-type", JSON_TYPE.encode())]
            if not fault.chunked:
                headers.append((b"content-length", str(len(answer.body) + 1).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            half = answer.body[: len(answer.body) // 2 + 1]
            await send({"type": "http.response.body", "body": half, "more_body": True})
            await asyncio.sleep(0)
        if transport is not None:
            transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


async def _received(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _sent(send: Send, answer: Answer) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode())]
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type.encode()))
    headers += [(key.encode(), value.encode("latin-1")) for key, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
