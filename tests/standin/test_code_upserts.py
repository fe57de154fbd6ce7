"""The traps of writing content as code, which no recording shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lightdash_standin.seed import empty_world

from .asking import Asker, chart_body, serving


@pytest.fixture
def admin() -> Iterator[Asker]:
    """An admin of an empty current instance."""
    with serving(empty_world("0.2904.5")) as server:
        yield server.asker()


def put(admin: Asker, slug: str, **more: Any) -> Any:
    """Write a chart as code into the space that every project begins with."""
    body = {**chart_body("A chart"), "slug": slug, "spaceSlug": "shared", "version": 1, **more}
    return admin.results("POST", f"{admin.production}/charts/{slug}/code", body)


def test_a_slug_that_is_there_is_updated_and_a_description_cannot_be_cleared(admin: Asker) -> None:
    made = put(admin, "mine", description="told")["charts"][0]
    again = put(admin, "mine", description=None, updatedAt="2020-01-01T00:00:00.000Z")["charts"][0]
    assert (made["action"], again["action"]) == ("create", "update")
    assert (again["data"]["uuid"], again["data"]["description"]) == (made["data"]["uuid"], "told")


def test_a_chart_of_an_older_time_and_the_same_name_is_left_alone(admin: Asker) -> None:
    old = {"description": "d", "updatedAt": "2020-01-01T00:00:00.000Z"}
    put(admin, "mine", **old)
    assert put(admin, "mine", **old)["charts"][0]["action"] == "no changes"
    assert put(admin, "mine", **old, force=True)["charts"][0]["action"] == "update"


def test_a_chart_inside_a_dashboard_that_is_not_there_makes_an_empty_one(admin: Asker) -> None:
    chart = put(admin, "inside", dashboardSlug="not-there")["charts"][0]["data"]
    dashboard = admin.get(f"/dashboards/{chart['dashboardUuid']}")
    assert (dashboard["name"], dashboard["slug"], dashboard["tiles"]) == ("Not there", "not-there", [])


def test_a_chart_of_an_unknown_explore_is_made_without_a_word(admin: Asker) -> None:
    assert put(admin, "mine", tableName="nowhere")["charts"][0]["action"] == "create"


def test_spaces_are_made_restricted_unless_that_is_refused(admin: Asker) -> None:
    put(admin, "mine", spaceSlug="new-one/below")
    spaces = {row["path"]: row for row in admin.get(f"{admin.production}/spaces")}
    assert spaces["new_one"]["inheritParentPermissions"] is False
    assert spaces["new_one.below"]["name"] == "Below"
    body = {**chart_body("B"), "slug": "b", "spaceSlug": "other", "version": 1, "skipSpaceCreate": True}
    assert admin.status("POST", f"{admin.production}/charts/b/code", body) == 404
