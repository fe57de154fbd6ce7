"""Every reference in a content file is found, and a file of the wrong form is told."""

from __future__ import annotations

from typing import Any

import pytest

from lightdash_sync.content.json import Json
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.references import Reference, links, schema_problem
from lightdash_sync.snapshot.layout import parse_path
from tests.snapshot.small import GONE, small_files

FILES = {path: content for path, content in small_files().items() if ".history/" not in path}


def _kind(path: str) -> Kind:
    place = parse_path(path)
    assert place is not None
    return place.kind


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("spaces/marketing.json", {("user", "ann@example.com"), ("group", "Ops @{}{x}")}),
        ("spaces/campaigns.json", {("space", "marketing")}),
        ("charts/weekly-revenue.json", {("space", "marketing")}),
        ("charts/in-dashboard.json", {("dashboard", "kpis"), ("user", "ann@example.com")}),
        ("sql_charts/raw.json", {("space", "campaigns")}),
        (
            "dashboards/kpis.json",
            {("space", "marketing"), ("chart", "weekly-revenue"), ("sql_chart", "raw"), ("project", "")}
            | {("chart", external_key(GONE))},
        ),
        ("schedulers/kpis-monday.json", {("dashboard", "kpis"), ("user", "ann@example.com")}),
        ("tags/core.json", set()),
        ("pins.json", {("chart", "weekly-revenue"), ("space", "marketing")}),
        ("project.json", set()),
    ],
)
def test_every_reference_is_found(path: str, found: set[Reference]) -> None:
    """A file's references are those in its fields, on its tiles and in its texts."""
    assert set(links(_kind(path), FILES[path])) == found


def test_a_scheduler_may_deliver_any_of_three() -> None:
    """What a scheduler delivers is a reference, whichever of the three it is."""
    content: Json = {"chart": "a", "sqlChart": "b", "dashboard": None}
    assert set(links(Kind.SCHEDULER, content)) == {Reference(Kind.CHART, "a"), Reference(Kind.SQL_CHART, "b")}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    "content", [None, [], {}, "x", 1, [1], {"tiles": 1, "access": 2, "space": 3, "owner": None}]
)
def test_a_file_of_the_wrong_form_has_no_references(kind: Kind, content: Json) -> None:
    """A damaged file never breaks the search for references."""
    assert list(links(kind, content)) == []


@pytest.mark.parametrize("path", FILES)
def test_a_file_of_the_right_form_passes(path: str) -> None:
    """Every kind of file passes, with more fields than we know of too."""
    assert schema_problem(_kind(path), FILES[path]) is None
    if isinstance(FILES[path], dict):
        assert schema_problem(_kind(path), FILES[path] | {"new in Lightdash 9": [1, {"a": None}]}) is None


def _without(path: str, field: str) -> tuple[Kind, Any, str]:
    return _kind(path), {name: value for name, value in FILES[path].items() if name != field}, field


@pytest.mark.parametrize(
    ("kind", "content", "named"),
    [
        _without("spaces/marketing.json", "name"),
        _without("spaces/marketing.json", "inheritsAccess"),
        _without("spaces/marketing.json", "parent"),
        _without("spaces/marketing.json", "access"),
        _without("charts/weekly-revenue.json", "tableName"),
        _without("charts/weekly-revenue.json", "metricQuery"),
        _without("charts/weekly-revenue.json", "chartConfig"),
        _without("sql_charts/raw.json", "sql"),
        _without("dashboards/kpis.json", "space"),
        _without("dashboards/kpis.json", "tiles"),
        _without("schedulers/kpis-monday.json", "cron"),
        _without("schedulers/kpis-monday.json", "targets"),
        _without("tags/core.json", "metrics"),
        _without("comments/kpis.json", "tiles"),
        _without("project.json", "name"),
        (Kind.PINS, {"kind": "chart"}, "a list of objects was expected"),
        (Kind.METRIC_ICONS, [1], "a list of objects was expected"),
        (Kind.DASHBOARD, FILES["dashboards/kpis.json"] | {"tiles": [{"name": "no id"}]}, "tiles.0.id"),
        (Kind.CHART, [], "valid dictionary"),
        (Kind.CHART, None, "valid dictionary"),
        (Kind.TAG, {"name": 1, "metrics": []}, "name"),
    ],
)
def test_a_file_of_the_wrong_form_is_told(kind: Kind, content: Any, named: str) -> None:
    """A file that lacks what its kind needs is told, with the name of what it lacks."""
    problem = schema_problem(kind, content)
    assert problem is not None
    assert named in problem


def test_values_are_not_repeated_to_the_reader() -> None:
    """What is wrong is said without the value, which may be anything."""
    assert "secret" not in str(schema_problem(Kind.TAG, {"name": ["secret"], "metrics": "secret"}))
