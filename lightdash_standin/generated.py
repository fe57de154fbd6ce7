"""A large, realistic project for benchmarks, of any size, and the same in every run."""

from __future__ import annotations

import random

from lightdash_standin import demo_charts
from lightdash_standin.catalog import create_tag
from lightdash_standin.explores import TABLES
from lightdash_standin.scheduler_rows import create_scheduler
from lightdash_standin.state import Chart, Json, Space
from lightdash_standin.studio import NO_FILTERS, Studio

CHART_SHAPES = (
    demo_charts.sales_charts, demo_charts.customer_charts,
    demo_charts.roastery_charts, demo_charts.finance_charts,
)  # fmt: skip
AUTHORS = ("editor", "second_editor", "developer", "second_admin")
TILES_ACROSS = 3
SCHEDULERS_PER_CHART = 5
NESTED_EVERY = 3


def _bodies() -> list[Json]:
    return [body for shapes in CHART_SHAPES for body in shapes()]


def generate_spaces(studio: Studio, count: int, chance: random.Random) -> list[Space]:
    """Create spaces, every fourth of them private with some grants; if nested, every third is in another one.

    Those in others inherit their access.
    """
    nest = studio.world.can("nested_spaces")
    spaces: list[Space] = []
    for number in range(count):
        private = number % 4 == 3
        above = spaces[number // 2] if nest and number % NESTED_EVERY == NESTED_EVERY - 1 else None
        grants = {chance.choice(("viewer", "second_editor")): "editor"} if private else {}
        spaces.append(studio.space(f"Team {number + 1:03d}", private=private, above=above, grants=grants))
    return spaces


def generate_charts(
    studio: Studio, spaces: list[Space], count: int, versions: int, chance: random.Random
) -> list[Chart]:
    """Create charts with a number of versions each, over some weeks."""
    bodies = _bodies()
    charts = []
    for number in range(count):
        body = bodies[number % len(bodies)]
        named = {**body, "name": f"{body['name']} {number // len(bodies) + 1}"}
        chart = studio.chart(named, spaces[number % len(spaces)], chance.choice(AUTHORS))
        studio.world.clock.advance(seconds=chance.randrange(30, 300))
        for version in range(1, versions):
            studio.edit(chart, chance.choice(AUTHORS), limit=500 + version)
        charts.append(chart)
    return charts


def generate_dashboards(
    studio: Studio, spaces: list[Space], charts: list[Chart], count: int, tiles: int, chance: random.Random
) -> None:
    """Create dashboards with a number of chart tiles each; every tenth has a chart inside it as well."""
    for number in range(count):
        dashboard = studio.dashboard(
            f"Dashboard {number + 1:03d}", spaces[number % len(spaces)], author=chance.choice(AUTHORS)
        )
        shown = [chance.choice(charts) for _ in range(tiles)] if charts else []
        if number % 10 == 0 and shown:
            shown[-1] = studio.chart(demo_charts.simple_chart(f"Inside {number + 1:03d}"), dashboard)
        placed = [
            studio.chart_tile(chart, (at % TILES_ACROSS * 12, at // TILES_ACROSS * 9, 12, 9))
            for at, chart in enumerate(shown)
        ]
        studio.arrange(dashboard, placed, [], NO_FILTERS)


def generate_sql_charts(studio: Studio, spaces: list[Space], count: int) -> None:
    """Create SQL charts."""
    body = demo_charts.sql_charts()[0]
    for number in range(count):
        studio.sql_chart({**body, "name": f"{body['name']} {number + 1}"}, spaces[number % len(spaces)])


def generate_schedulers(studio: Studio, charts: list[Chart], count: int) -> None:
    """Create deliveries, spread over the charts."""
    for number in range(count if charts else 0):
        body = {
            "name": f"Delivery {number + 1:03d}", "format": "csv", "cron": f"{number % 60} 8 * * 1",
            "options": {"formatted": True, "limit": "table"},
            "targets": [{"recipient": f"team{number}@kettle.example"}],
        }  # fmt: skip
        chart = charts[number // SCHEDULERS_PER_CHART % len(charts)]
        create_scheduler(studio.world, body, studio.people["admin"].uuid, chart.uuid, None)


def generate_tags(studio: Studio, count: int, chance: random.Random) -> None:
    """Create tags, each on some metrics."""
    metrics = [item for item in studio.project.catalog.values() if item.definition["fieldType"] == "metric"]
    for number in range(count):
        tag = create_tag(
            studio.world, studio.project, f"tag {number + 1}", "#336699", studio.people["editor"].uuid
        )
        for item in chance.sample(metrics, min(len(TABLES), len(metrics))):
            item.categories[tag.uuid] = None
