"""Who may see which space: a backup has each grant as it was given, or says by name which it lacks.

On a server of 1.219.0, where a space tells the caller's access alone. What was granted is looked up in the
stand-in itself, not in an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.people import add_service_account
from lightdash_standin.seed import demo_world
from lightdash_standin.server import Server
from lightdash_sync.export.selection import Depth, ExportSelection
from tests.exporting import export_world, tree

if TYPE_CHECKING:
    from pathlib import Path

    from lightdash_standin.state import Space, World

CURRENT = "1.219.0"


class Desk:
    """Somebody with an admin's token who makes spaces and shares them.

    Args:
        url: of the server.
        world: what it serves.
    """

    def __init__(self, url: str, world: World) -> None:
        self.world = world
        self.project = world.projects["production"]
        self._api = f"{url}/api/v1"
        self._headers = {"Authorization": f"ApiKey {world.tokens['admin']}"}
        self.people = {name: world.token_rows[token].person_uuid for name, token in world.tokens.items()}

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Send a request of the project, and return what came."""
        url = f"{self._api}/projects/{self.project}{path}"
        answer = httpx.request(method, url, json=body, headers=self._headers, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json().get("results")

    def space(self, name: str, above: str | None = None, *, inherits: bool = False, **roles: str) -> str:
        """Make a space, shared with some people; return its uuid."""
        body = {"name": name, "inheritParentPermissions": inherits}
        made = self.send("POST", "/spaces", body | ({"parentSpaceUuid": above} if above else {}))
        for who, role in roles.items():
            self.share(made["uuid"], who, role)
        return str(made["uuid"])

    def share(self, space: str, who: str, role: str) -> None:
        """Give somebody a role in a space."""
        body = {"userUuid": self.people[who], "spaceRole": role}
        self.send("POST", f"/spaces/{space}/share", body)


@contextmanager
def at_desk(world: World) -> Iterator[Desk]:
    """Serve a world for a while."""
    with Server(world) as server:
        yield Desk(server.url, world)


def crowded_world() -> World:
    """A world whose spaces give the same people several roles, by several ways."""
    world = demo_world(CURRENT)
    group = next(iter(world.groups.values()))
    with at_desk(world) as desk:
        group.members = dict.fromkeys([desk.people["editor"]])
        above = desk.space("Above", editor="admin", viewer="viewer")
        desk.space("Lower than above", above, inherits=True, editor="viewer", viewer="editor")
        desk.space("Closed below", above, viewer="viewer")
        grouped = desk.space("Grouped", editor="viewer")
        desk.send("POST", f"/spaces/{grouped}/group/share", {"groupUuid": group.uuid, "spaceRole": "editor"})
        desk.space("Below the group", grouped, inherits=True, editor="editor")
        members = desk.space("For members", viewer="viewer", editor="editor")
        body = {"name": "For members", "inheritParentPermissions": False, "projectMemberAccessRole": "viewer"}
        desk.send("PATCH", f"/spaces/{members}", body)
        desk.space("Open", inherits=True, editor="viewer")
    return world


def given(world: World) -> dict[str, Any]:
    """Name of each space of the project -> its grants: e-mail or name of a group -> role."""
    project = world.project_rows[world.projects["production"]]
    return {space.name: _grants(world, space) for space in map(world.spaces.__getitem__, project.spaces)}


def _grants(world: World, space: Space) -> dict[str, str]:
    found = {world.people[uuid].email: role for uuid, role in space.access.items()}
    return found | {world.groups[uuid].name: role for uuid, role in space.group_access.items()}


def kept(root: Path) -> dict[str, Any]:
    """Name of each space in a snapshot -> its grants, as `given`."""
    found = {}
    for path in (root / "spaces").iterdir():
        space = json.loads(path.read_text())
        access = space["access"]
        found[space["name"]] = {one["email"]: one["role"] for one in access["users"]}
        found[space["name"]] |= {one["group"]: one["role"] for one in access["groups"]}
    return found


def refused(ending: str, status: int) -> Faults:
    """Whoever asks for this path is refused."""
    return Faults(
        rule=lambda _n, _method, path: (
            Fault.status(status) if path.partition("?")[0].endswith(ending) else None
        )
    )


@pytest.mark.parametrize("depth", [Depth.HISTORY, Depth.CONTENT])
def test_every_grant_is_kept_as_it_was_given(tmp_path: Path, depth: Depth) -> None:
    """Whatever other way gives the same person a role too, and however deep the reading goes."""
    world = crowded_world()
    report = export_world(world, tmp_path / "p", chosen=ExportSelection(depth=depth))
    assert kept(tmp_path / "p") == given(world)
    assert report.incomplete is None
    assert not [one for one in report.manifest.leftOut if one.what.startswith("space:")]


@pytest.mark.parametrize("who", ["admin", "editor"])
def test_a_role_that_changed_is_in_the_next_backup(tmp_path: Path, who: str) -> None:
    """A night that reads only what changed finds it, and has the same bytes as a full reading."""
    world = crowded_world()
    export_world(world, tmp_path / "p", who=who)
    before = tree(tmp_path / "p")
    with at_desk(world) as desk:
        spaces = {space.name: space.uuid for space in world.spaces.values()}
        desk.share(spaces["Above"], "viewer", "editor")
        desk.share(spaces["Below the group"], "editor", "viewer")
    export_world(world, tmp_path / "p", who=who)
    after = tree(tmp_path / "p")
    assert {"spaces/above.json", "spaces/below-the-group.json"} <= {
        path for path in after if after[path] != before[path]
    }
    export_world(world, tmp_path / "full", who=who, full=True)
    assert {path: sha for path, sha in after.items() if path.startswith("spaces/")} == {
        path: sha for path, sha in tree(tmp_path / "full").items() if path.startswith("spaces/")
    }


@pytest.mark.parametrize("status", [403, 404])
def test_roles_that_another_way_covers_are_named_where_there_are_no_spaces_as_code(
    tmp_path: Path, status: int
) -> None:
    """The list of access tells the highest role alone; it is not taken for that of the grant."""
    world = crowded_world()
    report = export_world(world, tmp_path / "p", faults=refused("/code/spaces", status))
    editor, viewer = (world.people[person].email for person in _uuids(world, "editor", "viewer"))
    found, truth = kept(tmp_path / "p"), given(world)
    unknown = {
        (name, email) for name, grants in found.items() for email, role in grants.items() if role is None
    }
    assert {(name, email) for name, email in unknown if email in (editor, viewer)} == {
        ("Lower than above", editor),  # the space above gives more
        ("Grouped", editor),  # the group gives more
        ("Below the group", editor),
        ("For members", viewer),  # all members have as much
        ("Roastery floor", editor),  # so does a group, in the demo
    }
    for name, grants in found.items():
        assert {email: role for email, role in grants.items() if role is not None}.items() <= truth[
            name
        ].items()
        assert grants.keys() == truth[name].keys()
    assert report.incomplete is not None
    assert report.incomplete.exit_code == 3
    assert {(one.what, editor in one.why) for one in report.unread} >= {("space:lower-than-above", True)}


def test_a_grant_that_spaces_as_code_lack_is_not_taken_for_one_that_nobody_has(tmp_path: Path) -> None:
    """An answer that lacks a holder whom the list of spaces names is not believed."""
    world = crowded_world()
    with at_desk(world) as desk:
        told = desk.send("GET", "/code/spaces")
    for space in told["spaces"]:
        space["access"]["users"] = space["access"]["users"][:1]
    body = json.dumps({"status": "ok", "results": told}).encode()
    faults = Faults(rule=lambda _n, _m, path: Fault.content(body) if path.endswith("/code/spaces") else None)
    report = export_world(world, tmp_path / "p", faults=faults)
    found, truth = kept(tmp_path / "p"), given(world)
    assert {name: grants.keys() for name, grants in found.items()} == {
        name: grants.keys() for name, grants in truth.items()
    }
    assert found["Above"] == truth["Above"]  # nothing covers these roles
    assert report.incomplete is not None


def test_a_grant_of_a_service_account_costs_no_other_its_role(tmp_path: Path) -> None:
    """Code leaves out the access of such a space; the list of access has it."""
    world = demo_world(CURRENT)
    with at_desk(world) as desk:
        space = desk.space("With a robot", editor="editor")
        organisation = world.project_rows[desk.project].org_uuid
        robot = add_service_account(world, organisation, "robot", "viewer")
        world.spaces[space].access[robot.person_uuid] = "viewer"
    report = export_world(world, tmp_path / "p")
    assert kept(tmp_path / "p")["With a robot"][world.people[_uuids(world, "editor")[0]].email] == "editor"
    assert report.incomplete is None


def test_a_quiet_night_reads_no_space(tmp_path: Path) -> None:
    """However many people have grants: one answer tells them all."""
    world = crowded_world()
    export_world(world, tmp_path / "p")
    before = tree(tmp_path / "p")
    asked: list[str] = []

    def note(_n: int, _method: str, path: str) -> Fault | None:
        asked.append(path)
        return None

    export_world(world, tmp_path / "p", faults=Faults(rule=note))
    assert not [path for path in asked if "/spaces/" in path]
    assert {path: sha for path, sha in tree(tmp_path / "p").items() if path != "snapshot.json"} == {
        path: sha for path, sha in before.items() if path != "snapshot.json"
    }


def _uuids(world: World, *names: str) -> list[str]:
    return [world.token_rows[world.tokens[name]].person_uuid for name in names]


def test_spaces_whose_palette_is_not_asked_for_come_from_the_lists(tmp_path: Path) -> None:
    """One is read to see that its own answer tells nothing more; what is left out is named."""
    world = crowded_world()
    asked: list[str] = []

    def note(_n: int, _method: str, path: str) -> Fault | None:
        asked.append(path)
        return None

    content = ExportSelection(depth=Depth.CONTENT)
    report = export_world(world, tmp_path / "p", chosen=content, faults=Faults(rule=note))
    assert len({path for path in asked if "/spaces/" in path and not path.endswith("/access")}) == 1
    assert [one for one in report.manifest.leftOut if one.what == "colour palettes of spaces"]
    export_world(world, tmp_path / "whole", chosen=ExportSelection(depth=Depth.SINGLY))
    for path in sorted((tmp_path / "whole/spaces").iterdir()):
        whole = json.loads(path.read_text())
        assert whole.pop("palette") is None
        assert json.loads((tmp_path / "p/spaces" / path.name).read_text()) == whole


def test_what_a_newer_server_tells_of_a_space_by_itself_is_read_of_each(tmp_path: Path) -> None:
    """A field that the lists do not have makes each space be read, and is kept."""
    world = crowded_world()
    bodies: dict[str, bytes] = {}
    with at_desk(world) as desk:
        for row in desk.send("GET", "/spaces"):
            space = desk.send("GET", f"/spaces/{row['uuid']}") | {"motto": f"Of {row['name']}"}
            bodies[row["uuid"]] = json.dumps({"status": "ok", "results": space}).encode()
    faults = Faults(
        rule=lambda _n, _method, path: (
            Fault.content(bodies[path.rpartition("/")[2]]) if path.rpartition("/")[2] in bodies else None
        )
    )
    export_world(world, tmp_path / "p", chosen=ExportSelection(depth=Depth.CONTENT), faults=faults)
    for path in (tmp_path / "p/spaces").iterdir():
        space = json.loads(path.read_text())
        assert space["motto"] == f"Of {space['name']}"
