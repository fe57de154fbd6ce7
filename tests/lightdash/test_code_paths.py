"""Content as code stands at two paths: that of the server's version is asked first, then the other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from lightdash_standin.faults import Fault, Faults
from lightdash_standin.seed import demo_world
from lightdash_standin.server import Server
from lightdash_sync.errors import NotFound
from lightdash_sync.lightdash import versions
from lightdash_sync.lightdash.as_code import CodePages
from lightdash_sync.lightdash.writing import Writer
from tests.exporting import lightdash_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightdash_sync.content.json import JsonObject
    from lightdash_sync.lightdash.reading import Lightdash

OLDER = re.compile(r"/(charts|dashboards|sqlCharts)/([^/]+/)?code(\?|$)")
NEWER = re.compile(r"/code/(charts|dashboards|sqlCharts)")
FORMS = {"0.2904.5": OLDER, "1.219.0": NEWER}
EMPTY: JsonObject = {
    "name": "Empty", "tableName": "orders", "tableConfig": {"columnOrder": []},
    "metricQuery": {
        "exploreName": "orders", "dimensions": [], "metrics": [], "filters": {}, "sorts": [], "limit": 1,
        "tableCalculations": [],
    },
    "chartConfig": {"type": "table"},
}  # fmt: skip


class Asked:
    """The paths of content as code that were asked, and those that are to be missing."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.missing: re.Pattern[str] | None = None

    def __call__(self, _number: int, _method: str, path: str) -> Fault | None:
        if OLDER.search(path) or NEWER.search(path):
            self.paths.append(path)
            if self.missing is not None and self.missing.search(path):
                return Fault.status(404)
        return None


@pytest.fixture(params=FORMS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, Lightdash, str, Asked]]:
    """Version, server, project, and what was asked."""
    world, asked = demo_world(request.param), Asked()
    with Server(world, faults=Faults(rule=asked)) as server:
        lightdash = lightdash_at(server.url, world.tokens["admin"])
        with lightdash.session:
            yield request.param, lightdash, world.projects["production"], asked


def _use(lightdash: Lightdash, project: str, version: str) -> None:
    """Count, list, look for slugs, and write a chart and a dashboard; take the server for a version."""
    taken_for = versions.Server(version)
    pages = CodePages(lightdash.session, taken_for, project)
    total = pages.count_charts()
    assert len([*pages.all_charts()]) == total > 0
    assert pages.holders("dashboards", ["sales-overview", "none"]) == {"sales-overview": "sales-overview"}
    writer = Writer(lightdash.session, taken_for)
    assert writer.upsert_chart(project, "empty-chart", EMPTY, "customers").action == "create"
    assert writer.upsert_empty_dashboard(project, "empty-board", EMPTY, "customers").action == "create"


def test_the_form_of_the_version_is_asked(served: tuple[str, Lightdash, str, Asked]) -> None:
    """Nothing else, so that the form that is announced to go away is not used where there is another."""
    version, lightdash, project, asked = served
    _use(lightdash, project, version)
    assert asked.paths
    assert all(FORMS[version].search(path) for path in asked.paths)


def test_where_it_is_not_found_the_other_form_does(served: tuple[str, Lightdash, str, Asked]) -> None:
    """A server that is older than it says, or that was built otherwise: both forms give the same.

    What is not found is asked once for each kind, not for each page.
    """
    _, lightdash, project, asked = served
    asked.missing = NEWER
    _use(lightdash, project, "1.219.0")
    missed = [path.split("?")[0].split("/")[-1] for path in asked.paths if NEWER.search(path)]
    assert missed == ["charts", "dashboards"]
    assert len(asked.paths) > 2 * len(missed)


def test_where_neither_is_found_the_form_of_the_version_is_named(
    served: tuple[str, Lightdash, str, Asked],
) -> None:
    version, lightdash, _, _ = served
    with pytest.raises(NotFound) as caught:
        CodePages(lightdash.session, lightdash.server, "11111111-1111-4111-8111-111111111111").count_charts()
    assert FORMS[version].search(caught.value.path)
