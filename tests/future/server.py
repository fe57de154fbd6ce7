"""A Lightdash that nobody knows yet: the stand-in, with more in its answers, and less of what it had.

What is new is said by *novelties*; each knows how an item with it looks, and how it has to be named. They are
put into the answers on their way out, the same in lists, single answers, versions and pages. What is
written to it is looked at: `sent` are the bodies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from lightdash_standin.server import Server
from lightdash_standin.state import World
from lightdash_sync.content.kinds import Kind

VERSION = "7.1.0"
GONE = {
    "status": "error",
    "error": {"statusCode": 404, "name": "NotFoundError", "message": "API endpoint not found"},
}

# By which fields an object in an answer is known to be a whole item.
MARKS = {
    Kind.CHART: {"metricQuery", "chartConfig", "tableConfig"},
    Kind.DASHBOARD: {"tiles", "tabs", "filters"},
    Kind.SQL_CHART: {"sql", "config", "limit"},
    Kind.SCHEDULER: {"schedulerUuid", "cron", "targets"},
}
UUIDS = {Kind.SQL_CHART: "savedSqlUuid", Kind.SCHEDULER: "schedulerUuid"}


@dataclass(frozen=True)
class Novelty:
    """Something new in all items of a kind, or in those of one name.

    Attributes:
        kind: of the items.
        path: names that lead to the object that has it; `[]` for each element of a list.
        name: of the field.
        value: that it has.
        only: name of the one item that has it; "" for all.
    """

    kind: Kind
    path: tuple[str, ...]
    name: str
    value: Any
    only: str = ""

    def put(self, item: Any) -> None:
        """Put it into an item of an answer."""
        if self.only in ("", item.get("name")):
            self._put(item, self.path)

    def _put(self, within: Any, path: tuple[str, ...]) -> None:
        if path and path[0] == "[]":
            for one in within if isinstance(within, list) else ():
                self._put(one, path[1:])
        elif not isinstance(within, dict):
            return
        elif path:
            self._put(within.get(path[0]), path[1:])
        else:
            within[self.name] = self.value


@dataclass
class Future:
    """What is new, what is gone, and what was sent.

    Attributes:
        novelties: what is new.
        gone: patterns of `METHOD path` that answer 404.
        sent: method, path and body of what was written.
    """

    novelties: list[Novelty] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    sent: list[tuple[str, str, Any]] = field(default_factory=list)

    def answered(self, answer: Any) -> Any:
        """Return an answer with what is new in it."""
        for item, kind in _items(answer):
            for novelty in self.novelties:
                if novelty.kind is kind:
                    novelty.put(item)
        return answer


def _items(answer: Any) -> Iterator[tuple[Any, Kind]]:
    if isinstance(answer, list):
        for one in answer:
            yield from _items(one)
    elif isinstance(answer, dict):
        kind = next((kind for kind, marks in MARKS.items() if answer.keys() >= marks), None)
        if kind is not None:
            yield answer, kind
            return
        for one in answer.values():
            yield from _items(one)


@contextmanager
def served(world: World, future: Future, version: str = VERSION) -> Iterator[Server]:
    """Serve a world as a server from the future, or of a version that is known."""
    world.version = version
    with Server(world) as server:
        inner = server.app.lightdash

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await _serve(inner, future, scope, receive, send)

        server.app.lightdash = app
        yield server


async def _serve(inner: Any, future: Future, scope: Scope, receive: Receive, send: Send) -> None:
    asked = f"{scope['method']} {scope['path']}"
    if any(re.fullmatch(pattern, asked) for pattern in future.gone):
        await _reply(send, 404, json.dumps(GONE).encode())
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["method"] != "GET":
        future.sent.append((scope["method"], scope["path"], json.loads(body) if body else None))
    came: list[Message] = []

    async def again() -> Message:
        return {"type": "http.request", "body": body}

    async def keep(message: Message) -> None:
        came.append(message)

    await inner(scope, again, keep)
    content = b"".join(message.get("body", b"") for message in came)
    headers = dict(came[0].get("headers", ()))
    if came[0]["status"] < 300 and b"json" in headers.get(b"content-type", b""):
        content = json.dumps(future.answered(json.loads(content))).encode()
    await _reply(send, came[0]["status"], content, headers.get(b"content-type", b"application/json"))


async def _reply(send: Send, status: int, content: bytes, kind: bytes = b"application/json") -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
