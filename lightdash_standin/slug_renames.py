"""Renaming slugs (`POST /projects/{p}/slugs/rename`, since 1.183.0), of charts only.

The previous slug stays in use as an alias of the chart: a request with it finds the chart.
"""

from __future__ import annotations

import re
from typing import Any

from lightdash_standin.access import can_in_project
from lightdash_standin.bodies import body_of, one_of, text
from lightdash_standin.calls import OK, Call, Route, project_of, space_of_chart
from lightdash_standin.code_spaces import NO_UPLOAD
from lightdash_standin.refusals import Refusal, bad_parameter, forbidden, not_found
from lightdash_standin.state import Chart, World

KINDS = ("chart", "dashboard", "space", "data_app")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
BAD_TARGET = (
    "The target slug must contain between 1 and 255 lowercase letters, numbers, or hyphen-separated words"
)
check_rename = body_of({"to": text, "from": text, "resourceType": one_of(*KINDS)})


def post_rename(call: Call) -> Any:
    """`POST /projects/{p}/slugs/rename`."""
    world, project = call.world, project_of(call, may=None)
    old, new, kind = call.body["from"], call.body["to"], call.body["resourceType"]
    if not can_in_project(world, call.person, "create", "ContentAsCode", project):
        raise forbidden(f'{NO_UPLOAD} (content slug "{old}")')
    if kind != "chart":
        text_ = f'Slug renaming is not supported for resource type "{kind}" yet'
        raise Refusal(501, "NotImplemented", text_)
    if not _SLUG.fullmatch(new) or len(new) > 255:
        raise bad_parameter(BAD_TARGET)
    rename_chart(world, _chart(world, project.uuid, old), new)
    return OK


def _chart(world: World, project_uuid: str, slug: str) -> Chart:
    """The chart that currently has the slug.

    Raises:
        Refusal: 404 for none, 409 for one that had it before.
    """
    charts = [one for one in world.charts.values() if space_of_chart(world, one).project_uuid == project_uuid]
    for chart in charts:
        if chart.slug == slug:
            return chart
        if slug in chart.aliases:
            now = f'Use the current slug "{chart.slug}" as the source'
            raise _conflict(f'Chart slug "{slug}" is a historical alias. {now}')
    raise not_found("Saved query not found")


def rename_chart(world: World, chart: Chart, slug: str) -> None:
    """Give a chart another slug, and keep the previous one as an alias.

    Raises:
        Refusal: 409 if another chart of the project has it, or had it.
    """
    project_uuid = space_of_chart(world, chart).project_uuid
    if slug == chart.slug:
        return
    if slug in chart.aliases:
        chart.aliases.remove(slug)
    elif world.slugs.is_taken("charts", slug, project_uuid):
        raise _conflict(f'Chart slug "{slug}" is already in use in this project')
    else:
        world.slugs.force("charts", slug, project_uuid)
    chart.aliases.append(chart.slug)
    chart.slug = slug


def _conflict(message: str) -> Refusal:
    return Refusal(409, "ConflictError", message)


ROUTES = (
    Route("POST", "/api/v1/projects/{p}/slugs/rename", post_rename, check_rename, needs="slugs_renamed"),
)
