"""How recordings of a server are replayed against the stand-in, and what differs then.

All recordings are replayed in their order; what happened on the real server between two of them is done in
between. A difference counts unless it is listed as an exception.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from lightdash_standin.app import MAX_BODY
from lightdash_standin.server import Server
from lightdash_standin.state import World

from .recorded_world import secret
from .recordings import Binding, Recording, differences

NOT_YET = "not imitated yet"
EVERYTHING = ("",)
Exceptions = Mapping[int, tuple[tuple[str, ...], str]]


@dataclass
class Stage:
    """Everything that a step between two recordings may need."""

    world: World
    client: httpx.Client
    binding: Binding
    recordings: list[Recording]
    cookie: str = ""


Between = Mapping[int, Callable[[Stage], None]]


def _headers(recording: Recording, cookie: str) -> dict[str, str]:
    """The credentials with which the recording was made."""
    auth = recording.auth.removeprefix("pat:")
    if "apikey-empty" in recording.name:
        return {"authorization": "ApiKey"}  # a trailing blank is no part of a header's value
    if "lowercase-scheme" in recording.name:
        return {"authorization": f"apikey {secret('pat')}"}
    special = {"none": {}, "badtoken": {"authorization": f"ApiKey {'0' * 32}"}, "cookie": {"cookie": cookie}}
    if auth in special:
        return special[auth]
    if auth == "bearer":
        return {"authorization": f"Bearer {secret('pat')}"}
    return {"authorization": f"ApiKey {secret(auth)}"}


def _send(stage: Stage, recording: Recording) -> httpx.Response:
    headers = _headers(recording, stage.cookie)
    path = stage.binding.translated(recording.path)
    if recording.request is None:
        return stage.client.request(recording.method, path, headers=headers)
    if isinstance(recording.request, str):
        content = "9" * (MAX_BODY + 1) if "too-large" in recording.name else recording.request
    else:
        content = json.dumps(stage.binding.value(recording.request))
    kind = "text/plain" if "wrong-content-type" in recording.name else "application/json"
    return stage.client.request(
        recording.method, path, headers={**headers, "content-type": kind}, content=content
    )


def send(stage: Stage, method: str, path: str, body: Any, token: str = "pat") -> Any:
    """An unrecorded request, of the admin unless another token is named; returns the results."""
    headers = {"authorization": f"ApiKey {secret(token)}"}
    answer = stage.client.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json().get("results")


def _found(stage: Stage, recording: Recording, answer: httpx.Response) -> Iterator[str]:
    if answer.status_code != recording.status:
        yield f"status {recording.status} was recorded, {answer.status_code} came: {answer.text[:200]}"
        return
    if answer.headers.get("content-type") != recording.content_type:
        yield f"content type {recording.content_type} was recorded, {answer.headers.get('content-type')} came"
    if isinstance(recording.response, str):
        if stage.binding.translated(recording.response) != answer.text:
            yield f"{recording.response!r} was recorded, {answer.text!r} came"
        return
    if "json" not in answer.headers.get("content-type", ""):
        yield f"{recording.response!r} was recorded, {answer.text!r} came"
        return
    yield from differences(recording.response, answer.json(), stage.binding)


def replayed(
    world: World,
    recordings: list[Recording],
    between: Between,
    exceptions: Exceptions,
    known: Mapping[str, str] | None = None,
) -> list[str]:
    """Replay the recordings in the world where they begin; what differs, one line for each difference.

    Args:
        world: the world before the first recorded request.
        recordings: the recordings, in order.
        between: what happened on the real server before the recording of a number, unrecorded.
        exceptions: for the recording of a number, the differences that are allowed (by their beginning), and
            why.
        known: recorded uuids, by those that the world has for them already.
    """
    failures = []
    with Server(world) as server, httpx.Client(base_url=server.url, trust_env=False, verify=False) as client:
        stage = Stage(world, client, Binding(dict(known or {})), recordings)
        for recording in recordings:
            if recording.number in between:
                between[recording.number](stage)
            answer = _send(stage, recording)
            stage.cookie = answer.headers.get("set-cookie", stage.cookie).split(";")[0]
            client.cookies.clear()
            allowed, why = exceptions.get(recording.number, ((), ""))
            if why.startswith(NOT_YET):
                world.crashes.clear()
            found = (one for one in _found(stage, recording, answer) if not one.startswith(allowed))
            failures += [f"{recording.name}: {one}" for one in found]
    return failures
