"""Faults for tests: what a network, a proxy or a broken server does to a request.

`Faults` decides for each request, by its number or by a rule. A fault happens before the server does the
work, or after it: then the write has been carried out, and only the answer is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import orjson

Kind = Literal["answer", "cut", "drop", "pass"]
JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
LOGIN_PAGE = "<!doctype html><title>Sign in</title><form action='/login'></form>\n"


@dataclass(frozen=True)
class Fault:
    """One fault. Use the constructors; combine with `late()` and `slow()`.

    Attributes:
        kind: answer = another answer is sent; cut = the connection closes in the middle of the body; drop
            = it closes before the answer; pass = the true answer is sent (only later, if `delay` is set).
        status_code: status code of the false answer.
        body: its body.
        headers: its headers.
        after: whether the server has done the work before the fault happens.
        delay: seconds to wait first; after the work, if the fault happens after it.
        chunked: for a cut, whether no length is announced.
    """

    kind: Kind = "answer"
    status_code: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    after: bool = False
    delay: float = 0.0
    chunked: bool = False

    def late(self) -> Fault:
        """The same fault, after the server has done the work."""
        return replace(self, after=True)

    def slow(self, seconds: float) -> Fault:
        """The same fault, after a wait."""
        return replace(self, delay=seconds)

    @staticmethod
    def status(
        code: int, *, body: Literal["json", "html", "text", "empty"] = "json", retry_after: str | None = None
    ) -> Fault:
        """An error status, in the server's own envelope or in the form of a proxy."""
        envelope = {
            "status": "error",
            "error": {"statusCode": code, "name": "UnexpectedServerError", "message": "Fault", "data": {}},
        }
        bodies = {
            "json": (orjson.dumps(envelope), JSON_TYPE),
            "html": (f"<html><h1>{code}</h1></html>\n".encode(), HTML_TYPE),
            "text": (f"error {code}\n".encode(), "text/plain"),
            "empty": (b"", ""),
        }
        content, content_type = bodies[body]
        headers = [("content-type", content_type)] if content_type else []
        if retry_after is not None:
            headers.append(("retry-after", retry_after))
        return Fault(status_code=code, body=content, headers=tuple(headers))

    @staticmethod
    def content(body: bytes, content_type: str = JSON_TYPE, *, code: int = 200) -> Fault:
        """An answer with any body."""
        return Fault(status_code=code, body=body, headers=(("content-type", content_type),))

    @staticmethod
    def login_page() -> Fault:
        """200 with the HTML of a login page, as from a single-sign-on proxy."""
        return Fault.content(LOGIN_PAGE.encode(), HTML_TYPE)

    @staticmethod
    def empty() -> Fault:
        """200 with no body."""
        return Fault.content(b"")

    @staticmethod
    def cut_json() -> Fault:
        """200 with JSON that ends in the middle, with a length that matches."""
        return Fault.content(b'{"status":"ok","results":{"uuid":"4f1')

    @staticmethod
    def wrong_envelope(kind: Literal["error", "list", "missing"] = "missing") -> Fault:
        """200 with JSON of another shape: an error, a list, or without `results`."""
        bodies = {"error": b'{"status":"error"}', "list": b"[]", "missing": b'{"status":"ok"}'}
        return Fault.content(bodies[kind])

    @staticmethod
    def not_a_number() -> Fault:
        """200 with `NaN`, which is not JSON but is accepted by some parsers."""
        return Fault.content(b'{"status":"ok","results":{"value":NaN}}')

    @staticmethod
    def redirect(url: str, code: int = 302) -> Fault:
        """A redirect to another URL."""
        return Fault(status_code=code, body=b"", headers=(("location", url),))

    @staticmethod
    def dropped() -> Fault:
        """The connection closes before the answer."""
        return Fault(kind="drop")

    @staticmethod
    def cut(*, chunked: bool = False) -> Fault:
        """The connection closes in the middle of the true answer, with or without an announced length."""
        return Fault(kind="cut", chunked=chunked, after=True)

    @staticmethod
    def wait(seconds: float) -> Fault:
        """The true answer, late."""
        return Fault(kind="pass", delay=seconds)


Rule = Callable[[int, str, str], Fault | None]


@dataclass
class Faults:
    """Which request gets which fault.

    Attributes:
        by_number: fault by the number of the request since the server started, from 1.
        rule: called for every other request, with number, method and path (with query).
        count: number of requests.
        struck: numbers of the requests that got a fault.
    """

    by_number: Mapping[int, Fault] = field(default_factory=dict)
    rule: Rule | None = None
    count: int = 0
    struck: list[int] = field(default_factory=list)

    def next(self, method: str, path: str) -> Fault | None:
        """The fault for the next request, if any."""
        self.count += 1
        fault = self.by_number.get(self.count)
        if fault is None and self.rule is not None:
            fault = self.rule(self.count, method, path)
        if fault is not None:
            self.struck.append(self.count)
        return fault
