"""The stand-in answers as the real server was recorded to do, in version 0.2904.5.

What cannot be compared is listed here, one by one, with the reason; so is what happened on the real server
between two recordings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from lightdash_standin.charts import delete_chart
from lightdash_standin.spaces import delete_space

from .recorded_world import PASSWORD, results, secret
from .recorded_world_2904 import VERSION, start_2904
from .recordings import recordings_of
from .replaying import EVERYTHING, NOT_YET, Exceptions, Stage, replayed


def _log_in(stage: Stage) -> None:
    """The admin opened a session."""
    answer = stage.client.post("/api/v1/login", json={"email": "demo@lightdash.com", "password": PASSWORD})
    stage.cookie = answer.headers["set-cookie"].split(";")[0]


def _send(stage: Stage, method: str, path: str, body: Any) -> Any:
    """An unrecorded request of the admin; returns the results."""
    headers = {"authorization": f"ApiKey {secret('pat')}"}
    answer = stage.client.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()["results"]


def _project(stage: Stage, name: str) -> str:
    return next(one.uuid for one in stage.world.project_rows.values() if one.name == name)


def _more_projects(stage: Stage) -> None:
    """Two more projects were made, and a private space in production."""
    like = stage.recordings[0].request
    upstream = _send(stage, "POST", "/org/projects", {**like, "name": "Bulk production"})["project"]
    bulk = _send(stage, "POST", "/org/projects", {**like, "name": "Bulk"})["project"]
    rows = stage.world.project_rows
    rows[bulk["projectUuid"]].upstream_uuid = upstream["projectUuid"]
    rows[upstream["projectUuid"]] = rows.pop(upstream["projectUuid"])  # the list has it last
    production = _project(stage, "Jaffle shop production")
    space = _send(stage, "POST", f"/projects/{production}/spaces", {"name": "Prod only"})
    stage.binding.known[PRODUCTION_SPACE] = space["uuid"]


def _tidy_up(stage: Stage) -> None:
    """What only showed how slugs are made was deleted."""
    for number in range(267, 272):
        uuid = stage.binding.translated(results(stage.recordings, number)["uuid"])
        delete_chart(stage.world, stage.world.charts[uuid])
    for number in range(272, 276):
        uuid = stage.binding.translated(results(stage.recordings, number)["uuid"])
        delete_space(stage.world, stage.world.spaces[uuid])


def _third_round(stage: Stage) -> None:
    """A public and a restricted space were made, the latter with a chart and the editor in it."""
    spaces = f"/projects/{_project(stage, 'Jaffle shop')}/spaces"
    public = _send(stage, "POST", spaces, {"name": "Rec3 public", "inheritParentPermissions": True})
    stage.binding.known[PUBLIC_SPACE] = public["uuid"]
    restricted = _send(stage, "POST", spaces, {"name": "Rec3 restricted"})
    stage.binding.known[RESTRICTED_SPACE] = restricted["uuid"]


def _renamed(stage: Stage) -> None:
    """The chart that is promoted got another name."""
    chart = stage.binding.translated(PROMOTED_CHART)
    _send(stage, "PATCH", f"/saved/{chart}", {"name": "Rec chart 3"})


def _board_upstream(stage: Stage) -> None:
    """A dashboard was made in production."""
    project = stage.world.project_rows[_project(stage, "Jaffle shop production")]
    shared = next(uuid for uuid in project.spaces if stage.world.spaces[uuid].slug == "shared")
    body = {"name": "Upstream", "tiles": [], "tabs": [], "spaceUuid": shared}
    made = _send(stage, "POST", f"/projects/{project.uuid}/dashboards", body)
    stage.binding.known[UPSTREAM_BOARD] = made["uuid"]


def _promoted(stage: Stage) -> None:
    """The small dashboard was promoted."""
    board = stage.binding.translated(results(stage.recordings, 259)["uuid"])
    _send(stage, "POST", f"/dashboards/{board}/promote", None)


def _chart(stage: Stage, name: str, space: str, recorded: str) -> str:
    """A small chart, under the uuid that recordings have for it."""
    body = {**stage.recordings[257].request, "name": name, "spaceUuid": space}
    made = _send(stage, "POST", f"/projects/{_project(stage, 'Jaffle shop')}/saved", body)
    stage.binding.known[recorded] = made["uuid"]
    return str(made["uuid"])


def _chart_in_restricted(stage: Stage) -> None:
    """A chart was made in the restricted space, and the editor let in."""
    space = stage.binding.known[RESTRICTED_SPACE]
    _chart(stage, "Rec3 chart", space, RESTRICTED_CHART)
    editor = stage.world.token_rows[secret("pat_editor")].person_uuid
    stage.world.spaces[space].access[editor] = "editor"


def _twins_upstream(stage: Stage) -> None:
    """Two charts of one slug were in production, and one of that slug here."""
    uuid = _chart(stage, "Rec3 dup", stage.binding.known[PUBLIC_SPACE], TWIN)
    project = stage.world.project_rows[_project(stage, "Jaffle shop production")]
    home = stage.world.spaces[next(iter(project.spaces))]
    for twin in ("twin-1", "twin-2"):
        stage.world.charts[twin] = replace(stage.world.charts[uuid], uuid=twin, space_uuid=home.uuid)
        home.charts[twin] = None


PROMOTED_CHART = "66128cdd-4a98-49fe-9370-638e64fe3b89"
UPSTREAM_BOARD = "c51c2f97-fb06-4d7d-9cd4-7e9dcd1f402a"
RESTRICTED_CHART = "80b697ac-417e-4490-aa63-1c2bff407536"
TWIN = "53731eaf-29c2-4111-b359-86a025fbfdef"
PRODUCTION_SPACE = "f817bf37-100c-48a0-8feb-9bd83f4673cd"
PUBLIC_SPACE = "f481d39b-e20c-4238-85ae-fcb53ec17f26"
RESTRICTED_SPACE = "c749c7d4-b1a6-465b-9d56-ec0dfe7a8819"

# What happened on the real server before the recording of this number, unrecorded.
BETWEEN: dict[int, Callable[[Stage], None]] = {
    4: _more_projects,
    13: _log_in,
    212: _renamed,
    219: _board_upstream,
    260: _promoted,
    261: _promoted,
    262: _promoted,
    276: _tidy_up,
    292: _third_round,
    293: _chart_in_restricted,
    296: _twins_upstream,
}

NESTED = "the text for a failed union of types is a page of nested alternatives; the first level is imitated"
QUERY = "queries are not run"
# Subject: the recordings that are not imitated yet.
UNDONE: dict[str, Iterable[int]] = {
    "search": (182,),
    "validation": (244, 245, 277),
    "renaming of fields": (246,),
}
# Recording: the differences that are allowed (by their beginning), and why.
EXCEPTIONS: Exceptions = {
    **{
        number: (EVERYTHING, f"{NOT_YET}: {subject}")
        for subject, numbers in UNDONE.items()
        for number in numbers
    },
    7: ((".results.requestContext.userAgent",), "the name of the client that asks"),
    13: ((".results.token",), "the recording hides the token"),
    14: ((".results[1].lastUsedAt", ".results[2].lastUsedAt"), "when a token was used is not kept"),
    101: ((".error.message", ".error.data.body.message"), NESTED),
    159: ((".results.pagination",), "most metrics of the real demo project are not recorded"),
    160: (EVERYTHING, "most metrics of the real demo project are not recorded"),
    166: (EVERYTHING, "the explorer of metrics is not imitated"),
    281: (EVERYTHING, "the user attribute of the server is not recorded as made"),
    95: (EVERYTHING, "no browser draws charts here"),
    99: (EVERYTHING, QUERY),
    280: (("content type",), "the recording has none"),
    278: (EVERYTHING, QUERY),
}


def test_the_recordings_replay() -> None:
    recordings = recordings_of(VERSION)
    world = start_2904(recordings)
    failures = replayed(world, recordings, BETWEEN, EXCEPTIONS)
    assert not world.crashes, world.crashes[0]
    assert not failures, f"{len(failures)} differences\n" + "\n".join(failures[:400])
