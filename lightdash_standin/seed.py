"""Worlds to start from: the demo, an empty company, and one of any size.

Each call creates a new world with the same content: uuids, times, slugs and tokens do not change between
runs.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime

from lightdash_standin.clock import START, Clock
from lightdash_standin.demo_content import fill_production, fill_staging
from lightdash_standin.generated import (
    generate_charts,
    generate_dashboards,
    generate_schedulers,
    generate_spaces,
    generate_sql_charts,
    generate_tags,
)
from lightdash_standin.organisation import found_company
from lightdash_standin.state import VERSION, World
from lightdash_standin.studio import Studio


def empty_world(version: str = VERSION) -> World:
    """The company with its people and two compiled projects, each with only its automatic space "Shared"."""
    world = World(seed="empty", version=version)
    found_company(world)
    return world


def demo_world(version: str = VERSION, start: datetime = START) -> World:
    """The demo: production with content and its history, staging with some work in progress.

    Args:
        version: the imitated version.
        start: when its history begins.
    """
    world = World(seed="demo", version=version, clock=Clock(start))
    company = found_company(world)
    fill_production(world, company)
    fill_staging(world, company)
    return world


def demo_of_today(version: str = VERSION) -> World:
    """The demo with a history that ends now and the clock of this machine, for people and programs.

    Its times then agree with those of files that a program writes on this machine.
    """
    past = demo_world(version).clock.moment - START
    world = demo_world(version, datetime.now(UTC) - past)
    world.clock.follow()
    return world


def generated_world(
    charts: int = 1000,
    versions: int = 2,
    dashboards: int = 150,
    tiles: int = 6,
    spaces: int = 31,
    schedulers: int = 100,
    sql_charts: int = 20,
    tags: int = 10,
    version: str = VERSION,
) -> World:
    """A production project with these numbers of items (besides the automatic space), for benchmarks."""
    world = World(seed="generated", version=version)
    company = found_company(world)
    studio = Studio(world, company.production, company.people)
    chance = random.Random(20260302)  # noqa: S311 - the point is that it repeats itself
    made_spaces = generate_spaces(studio, max(spaces, 1), chance)
    made_charts = generate_charts(studio, made_spaces, charts, versions, chance)
    generate_dashboards(studio, made_spaces, made_charts, dashboards, tiles, chance)
    generate_sql_charts(studio, made_spaces, sql_charts)
    generate_schedulers(studio, made_charts, schedulers)
    generate_tags(studio, tags, chance)
    return world
