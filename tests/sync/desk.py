"""A person at work with some environments: settings in a directory, a served world, and the command.

Usually two: `source` is the world's production project, `target` an empty project beside it. Commands run in
this process and reach the server over HTTP; what they write is counted there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.roles import org_role
from lightdash_standin.server import Server
from lightdash_standin.state import Space, World
from lightdash_sync.content.json import JsonObject, canonical, parse
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import place_of
from lightdash_sync.snapshot.read import Snapshot
from lightdash_sync.sync.plan.managed import managed
from lightdash_sync.sync.plan.options import PlanOptions
from tests.cli.running import Done, run
from tests.dialects import preview_of
from tests.export.editing import Editors

TOKEN = "TOKEN_OF_ADMIN"
SOURCE, TARGET = "source", "target"
TO = ("--to", TARGET)
FROM_TO = ("--from", SOURCE, *TO)


@dataclass
class Desk:
    """Environments, and the directory from which a person reaches them.

    Attributes:
        server: serves all projects; its faults can be set at any time.
        folder: where `lightdash-sync.toml` is; the current directory.
        projects: uuid by the name of the environment.
        target: the environment that is written to.
    """

    server: Server
    folder: Path
    projects: dict[str, str]
    target: str = TARGET

    @property
    def world(self) -> World:
        """What is served."""
        return self.server.world

    @property
    def env(self) -> dict[str, str]:
        """The variables that the command needs."""
        return {TOKEN: self.world.tokens["admin"]}

    @property
    def memory(self) -> Path:
        """What is remembered of the target."""
        return self.folder / "snapshots" / f"{self.target}.sync"

    @property
    def runs(self) -> list[Path]:
        """The runs on this machine, oldest first."""
        folder = self.folder / "snapshots" / f".{self.target}.local" / "runs"
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def settle(self, more: str = "", **projects: str) -> None:
        """Write the settings; `more` is added to those of the target."""
        self.projects |= projects
        said = (
            f'[env.{name}]\nurl = "{self.server.url}"\nproject = "{uuid}"\ntoken_env = "{TOKEN}"\n'
            for name, uuid in self.projects.items()
        )
        (self.folder / "lightdash-sync.toml").write_text("\n".join(said) + more, "utf-8")

    def do(self, *arguments: str, code: int = 0, may: tuple[int, ...] = ()) -> Done:
        """Run the command, and require how it ends, or how it may end."""
        done = run(*arguments, env=self.env)
        assert done.code in (may or (code,)), (done.code, done.out, done.err)
        assert "Traceback" not in done.err
        return done

    def plan(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Plan from source to target; return what machines are told."""
        return self.do("plan", *FROM_TO, "--json", *arguments, code=code).json

    def apply(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Apply from source to target without being asked; return what machines are told."""
        return self.do("apply", *FROM_TO, "--yes", "--json", *arguments, code=code).json

    def export(self, name: str) -> dict[str, bytes]:
        """Export an environment, with no older snapshot beside it; return its content files."""
        path = self.folder / "snapshots" / name
        shutil.rmtree(path, ignore_errors=True)
        self.do("export", "--env", name, "--no-history")
        tree = Snapshot(path).tree()
        return {name: tree[name] for name in tree}

    def content(self, name: str) -> dict[str, bytes]:
        """Export an environment afresh; return what a plan can write of it, as far as it manages it."""
        return {path: managed_bytes(path, data) for path, data in self.export(name).items() if carried(path)}

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of the requests so far that change something."""
        return [(method, path) for method, path in self.world.requests if method != "GET"]

    @contextmanager
    def nothing_is_written(self) -> Iterator[None]:
        """Require that no request changes anything."""
        before = len(self.writes())
        yield
        assert self.writes()[before:] == []

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Do what a person does in the browser."""
        token = self.world.tokens["admin"]
        self.world.clock.advance(hours=1)
        answer = httpx.request(
            method, f"{self.server.url}/api/v1{path}", json=body,
            headers={"Authorization": f"ApiKey {token}"}, trust_env=False,
            verify=False,  # plain HTTP, and reading all certificates each time takes longer than the rest
        )  # fmt: skip
        assert answer.status_code < 300, answer.text
        return answer.json().get("results")

    def uuid(self, kind: Kind, name: str, where: str = TARGET) -> str:
        """Return the uuid of the only item of a name in an environment."""
        (found,) = self.uuids(kind, name, where)
        return found

    def uuids(self, kind: Kind, name: str, where: str = TARGET) -> list[str]:
        """Return the uuids of all items of a name in an environment."""
        world, project = self.world, self.projects[where]
        spaces = {uuid for uuid, space in world.spaces.items() if space.project_uuid == project}
        homes = {uuid for uuid, one in world.dashboards.items() if one.space_uuid in spaces}
        match kind:
            case Kind.SPACE:
                return [uuid for uuid in spaces if world.spaces[uuid].name == name]
            case Kind.DASHBOARD:
                return [uuid for uuid in homes if world.dashboards[uuid].name == name]
            case Kind.CHART:
                return [
                    uuid for uuid, one in world.charts.items()
                    if one.name == name and (one.space_uuid in spaces or one.dashboard_uuid in homes)
                ]  # fmt: skip
            case Kind.SQL_CHART:
                return [
                    uuid for uuid, one in world.sql_charts.items()
                    if one.name == name and one.space_uuid in spaces
                ]  # fmt: skip
            case Kind.TAG:
                return [uuid for uuid in world.project_rows[project].tags if world.tags[uuid].name == name]
            case _:
                raise AssertionError(kind)

    def space(self, name: str, where: str = TARGET) -> Space:
        """Return the only space of a name in an environment."""
        return self.world.spaces[self.uuid(Kind.SPACE, name, where)]

    def scheduler(self, where: str = TARGET) -> str:
        """Return the uuid of an environment's only scheduler."""
        world = self.world
        homes = {
            uuid for uuid, one in world.dashboards.items()
            if world.spaces[one.space_uuid].project_uuid == self.projects[where]
        }  # fmt: skip
        (found,) = [uuid for uuid, one in world.schedulers.items() if one.dashboard_uuid in homes]
        return found

    def editors(self, where: str, chance: Random) -> Editors:
        """Return people who edit one of the environments at random.

        They share spaces with those only who have a role in all projects: of others no API tells the role.
        """
        found = Editors(self.server.url, self.world, chance)
        found.project = self.projects[where]
        org = self.world.project_rows[found.project].org_uuid
        found.people = sorted(
            uuid
            for uuid, person in self.world.people.items()
            if person.org_uuid == org and org_role(person) is not None
        )
        return found

    def strike(self, number: int, fault: Fault, also: Callable[[], None] | None = None) -> Faults:
        """Let one of the writes that come from now on, counted from 1, meet a fault."""
        came = 0

        def rule(_number: int, method: str, _path: str) -> Fault | None:
            nonlocal came
            came += method != "GET"
            if method == "GET" or came != number:
                return None
            if also is not None:
                also()
            return fault

        self.server.app.faults = Faults(rule=rule)
        return self.server.app.faults

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.server.app.faults = None


@contextmanager
def desk_at(world: World, folder: Path) -> Iterator[Desk]:
    """Serve a world with a new, empty project beside production, and go to a directory of a person."""
    folder.mkdir(parents=True, exist_ok=True)
    with Server(world) as server, chdir(folder):
        desk = Desk(server, folder, {SOURCE: world.projects["production"]})
        body = {"name": "Target", "copyContent": False}
        made = desk.send("POST", f"/projects/{desk.projects[SOURCE]}/createPreview", body)
        desk.settle(**{TARGET: preview_of(made, world)})
        yield desk


def carried(path: str) -> bool:
    """Whether a content file is of what can be written to another project."""
    place = place_of(path)
    return place is not None and place[0] not in (Kind.COMMENTS, Kind.PROJECT)


def managed_bytes(path: str, data: bytes) -> bytes:
    """Return a content file without what no write decides: owner of a scheduler, and whether it is on."""
    place = place_of(path)
    assert place is not None
    return canonical(managed(place[0], parse(data), PlanOptions()))


def read(files: dict[str, bytes], path: str) -> JsonObject:
    """Return one content file."""
    found = parse(files[path])
    assert isinstance(found, dict)
    return found
