"""Short ways to ask the stand-in in tests: as somebody, about a project, with the results taken out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from lightdash_standin.faults import Faults
from lightdash_standin.recipes import cartesian, chart, query
from lightdash_standin.server import Server
from lightdash_standin.state import World


class Asker:
    """A client with somebody's token."""

    def __init__(self, url: str, world: World, nickname: str = "admin") -> None:
        self.world = world
        headers = {"authorization": f"ApiKey {world.tokens[nickname]}"}
        self.http = httpx.Client(base_url=f"{url}/api/v1", headers=headers, trust_env=False, verify=False)
        self.production = f"/projects/{world.projects['production']}"
        self.staging = f"/projects/{world.projects['staging']}"

    def status(self, method: str, path: str, body: Any = None) -> int:
        """The status of an answer."""
        return self.http.request(method, path, json=body).status_code

    def results(self, method: str, path: str, body: Any = None) -> Any:
        """The results of an answer that must be a success."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json().get("results")

    def get(self, path: str) -> Any:
        """The results of a reading."""
        return self.results("GET", path)

    def error(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        """Status, name and message of a refusal."""
        answer = self.http.request(method, path, json=body)
        error = answer.json()["error"]
        return answer.status_code, error["name"], error["message"]


def chart_body(name: str, **place: str) -> Any:
    """The body of a chart, with the space or dashboard it goes to."""
    sent = query("orders", "status", "order_count")
    return {**chart(name, sent, cartesian(sent, "bar")), **place}


@dataclass
class Served:
    """A served world, and the clients that talk to it."""

    world: World
    url: str
    askers: list[Asker] = field(default_factory=list)

    def asker(self, nickname: str = "admin") -> Asker:
        """A client for somebody."""
        self.askers.append(Asker(self.url, self.world, nickname))
        return self.askers[-1]


@contextmanager
def serving(world: World, faults: Faults | None = None) -> Iterator[Served]:
    """The world, served; afterwards the clients are closed, and nothing must have crashed in it."""
    with Server(world, faults=faults) as server:
        served = Served(world, server.url)
        try:
            yield served
        finally:
            for asker in served.askers:
                asker.http.close()
    assert not world.crashes, world.crashes[0]
