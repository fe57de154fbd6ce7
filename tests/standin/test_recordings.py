"""The stand-in answers as the real server was recorded to do, in version 0.1372.1.

What cannot be compared is listed here, one by one, with the reason; so is what happened on the real server
between two recordings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lightdash_standin.accounts import Org
from lightdash_standin.charts import add_version, read_chart
from lightdash_standin.state import Space

from .recorded_world import hire, results, secret, start
from .recordings import recordings_of
from .replaying import EVERYTHING, Stage, replayed

VERSION = "0.1372.1"


def _hire_viewer_and_others(stage: Stage) -> None:
    """Users and tokens were made between 074 and 075."""
    org = next(iter(stage.world.orgs))
    for name, token, role in (
        (("viewer@lightdash.com", "Vera", "Tester"), "pat_viewer", "viewer"),
        (("editor@lightdash.com", "Edith", "Tester"), "pat_editor", "editor"),
        (("member@lightdash.com", "Max", "Tester"), "pat_member", "member"),
    ):
        hire(stage.world, stage.recordings, name, token, role, org)
    other = Org("11111111-1111-4111-8111-111111111111", "Another", stage.world.clock.now())
    stage.world.orgs[other.uuid] = other
    name = ("another@lightdash.com", "Another", "User")
    hire(stage.world, stage.recordings, name, "pat_other_org", "admin", other.uuid)


def _order_catalog(stage: Stage) -> None:
    """The catalogue has no order; the recordings page through it, so theirs is taken."""
    names = [row["name"] for row in results(stage.recordings, 333)["data"]]
    project = stage.world.project_rows[STAGING]
    items = sorted(
        project.catalog.values(),
        key=lambda item: [*names, item.definition["name"]].index(item.definition["name"]),
    )
    project.catalog = {item.uuid: item for item in items}


def _version(recorded_chart: str, limit: int) -> Callable[[Stage], None]:
    """A chart got a new version that was not recorded, with another limit."""

    def step(stage: Stage) -> None:
        david = next(iter(stage.world.people.values()))
        chart = stage.world.charts[stage.binding.translated(recorded_chart)]
        body = read_chart(stage.world, chart)
        add_version(
            stage.world, chart, {**body, "metricQuery": {**body["metricQuery"], "limit": limit}}, david
        )

    return step


def _duplicate_chart_slug(stage: Stage) -> None:
    """Two charts of one slug upstream, as parallel requests leave them."""
    chart = stage.world.charts[stage.binding.translated(PROMOTED_CHART)]
    stage.world.charts["twin"] = replace(chart, uuid="twin")
    stage.world.spaces[chart.space_uuid or ""].charts["twin"] = None


def _duplicate_space_slug(stage: Stage) -> None:
    """One chart again, but two spaces of one slug."""
    twin = stage.world.charts.pop("twin")
    del stage.world.spaces[twin.space_uuid or ""].charts["twin"]
    production = stage.world.project_rows[stage.binding.translated(PRODUCTION)]
    shared = next(one for uuid in production.spaces if (one := stage.world.spaces[uuid]).slug == "shared")
    stage.world.spaces["twin"] = replace(shared, uuid="twin", charts={}, dashboards={})
    production.spaces["twin"] = None


def _duplicate_dashboard_slug(stage: Stage) -> None:
    """One space again, but two dashboards of one slug."""
    twin = stage.world.spaces.pop("twin")
    del stage.world.project_rows[twin.project_uuid].spaces["twin"]
    dashboard = stage.world.dashboards[stage.binding.translated(PROMOTED_DASHBOARD)]
    stage.world.dashboards["twin"] = replace(dashboard, uuid="twin")
    stage.world.spaces[dashboard.space_uuid].dashboards["twin"] = None


def _no_more_duplicates(stage: Stage) -> None:
    """One dashboard again."""
    twin = stage.world.dashboards.pop("twin")
    del stage.world.spaces[twin.space_uuid].dashboards["twin"]


def _deploy_explore(stage: Stage) -> None:
    """The project without dbt got one explore from the command line."""
    project = stage.binding.translated(results(stage.recordings, 472)["project"]["projectUuid"])
    explore = stage.world.project_rows[STAGING].explores["orders"]
    headers = {"authorization": f"ApiKey {secret('pat')}"}
    answer = stage.client.put(f"/api/v1/projects/{project}/explores", json=[explore], headers=headers)
    assert answer.status_code == 200


def _preview_of_staging(stage: Stage) -> None:
    """A preview of staging was made; one chart in it is promoted by several people."""
    headers = {"authorization": f"ApiKey {secret('pat')}"}
    body = {"name": "preview", "copyContent": True}
    answer = stage.client.post(f"/api/v1/projects/{STAGING}/createPreview", json=body, headers=headers)
    preview = stage.world.project_rows[answer.json()["results"]]
    slug = results(stage.recordings, 21)["slug"]
    charts = [stage.world.charts[one] for uuid in preview.spaces for one in stage.world.spaces[uuid].charts]
    stage.binding.known[PREVIEW_CHART] = next(chart.uuid for chart in charts if chart.slug == slug)


def _both_spaces(stage: Stage) -> list[Space]:
    """The space of the chart in the preview, and its counterpart in staging."""
    preview = stage.world.spaces[stage.world.charts[stage.binding.known[PREVIEW_CHART]].space_uuid or ""]
    spaces = (stage.world.spaces[uuid] for uuid in stage.world.project_rows[STAGING].spaces)
    return [preview, next(one for one in spaces if one.slug == preview.slug)]


def _editor_becomes_space_admin(stage: Stage) -> None:
    """The editor was made admin of the space on both sides."""
    editor = stage.world.token_rows[secret("pat_editor")].person_uuid
    for space in _both_spaces(stage):
        space.access[editor] = "admin"


def _member_gets(role: str) -> Callable[[Stage], None]:
    """The member was given a role in both projects."""

    def step(stage: Stage) -> None:
        member = stage.world.token_rows[secret("pat_member")].person_uuid
        for space in _both_spaces(stage):
            stage.world.project_rows[space.project_uuid].access[member] = role

    return step


def _some_were_looked_at(stage: Stage) -> None:
    """Three dashboards and a chart were read by requests that were not recorded."""
    for recorded in LOOKED_AT:
        uuid = stage.binding.translated(recorded)
        item = stage.world.dashboards.get(uuid) or stage.world.charts[uuid]
        item.views, item.first_viewed_at = 1, stage.world.clock.now()


LOOKED_AT = (
    "c90ec4e6-89db-474f-b321-2daffc569419",
    "efdec247-e694-4089-b02f-103bf2fc5a55",
    "5d85e292-3a12-4981-8f4e-928779e47f2e",
    "43aa87b3-0ad8-400c-b053-14812250f6ac",
)
STAGING = "3675b69e-8324-4110-bdca-059031aa8da3"
PRODUCTION = "7f5c9d5e-9f66-461e-8963-9c9009486ec9"
STAGING_CHART = "75ef76ea-547f-44fe-9734-d11c43f21743"
PREVIEW_CHART = "691be52e-51a1-4592-ae17-8e8ea0a33055"
COPIED_CHART = "ec6a719e-658d-4a26-8763-acd1ffb833a6"
PROMOTED_CHART = "7d7ee386-6ba4-42e5-8a6c-e922b7553aa6"
PROMOTED_DASHBOARD = "9a30a6a8-dd15-47d8-be29-adf5d94cc494"

# What happened on the real server before the recording of this number, unrecorded.
BETWEEN: dict[int, Callable[[Stage], None]] = {
    61: _order_catalog,
    75: _hire_viewer_and_others,
    191: _version(STAGING_CHART, 101),
    203: _version(STAGING_CHART, 102),
    295: _version(COPIED_CHART, 9),
    438: _duplicate_chart_slug,
    440: _duplicate_space_slug,
    441: _duplicate_dashboard_slug,
    442: _no_more_duplicates,
    456: _some_were_looked_at,
    474: _deploy_explore,
    490: _preview_of_staging,
    491: _editor_becomes_space_admin,
    492: _member_gets("admin"),
    493: _member_gets("developer"),
}

NESTED = "the text for a failed union of types is a page of nested alternatives; the first level is imitated"
QUERY = "queries are not run"
# Recording: the differences that are allowed (by their beginning), and why.
EXCEPTIONS: dict[int, tuple[tuple[str, ...], str]] = {
    6: ((".results.token",), "the recording hides the token"),
    167: (EVERYTHING, QUERY),
    168: (EVERYTHING, QUERY),
    212: ((".error.data.body.message",), NESTED),
    215: ((".error.data.body.message",), NESTED),
    217: ((".error.data.body.message",), NESTED),
    240: (EVERYTHING, "the filters of the dashboard editor are not imitated"),
    253: ((".error.data.body.message",), NESTED),
    258: ((".error.data.body.message",), NESTED),
    338: (EVERYTHING, "the table pages of the catalogue are not imitated"),
    339: (EVERYTHING, "the table pages of the catalogue are not imitated"),
    383: ((".error.data.body.config.message",), NESTED),
    399: (EVERYTHING, QUERY + ", and job numbers differ"),
    451: (
        (".results.savedCharts", ".results.tables", ".results.fields"),
        "full-text ranking of the database",
    ),
    462: (EVERYTHING, QUERY),
    463: (EVERYTHING, QUERY),
}


def test_the_recordings_replay() -> None:
    recordings = recordings_of(VERSION)
    world = start(recordings)
    failures = replayed(world, recordings, BETWEEN, EXCEPTIONS)
    assert not world.crashes, world.crashes[0]
    assert not failures, f"{len(failures)} differences\n" + "\n".join(failures[:400])
