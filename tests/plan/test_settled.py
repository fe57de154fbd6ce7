"""What the server made of what was written is remembered, so that it is not written again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lightdash_sync.content.json import sha256
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.tree import file_of
from lightdash_sync.sync.plan.managed import settled_form
from lightdash_sync.sync.plan.values import Action

from .applying import EMPTY, FREE, World, edited
from .making import chart, scheduler, space
from .projects import Project, tree_of

PROJECT: Project = {
    (Kind.SPACE, "sales"): space(),
    (Kind.CHART, "weekly"): {**chart(), "verification": {"by": "ann"}},
    (Kind.SCHEDULER, "monday"): scheduler(),
}
# What a server may make of what it is given.
NORMALISED = [
    (Kind.CHART, "weekly", {"chartConfig": {"type": "table", "config": {}}}),
    (Kind.SCHEDULER, "monday", {"timezone": None}),
    (Kind.SPACE, "sales", {"projectMemberAccessRole": "viewer"}),
]


def _written(kind: Kind, key: str, made: Any) -> tuple[World, dict[str, tuple[str, str]]]:
    """A target whose server changed an item when it was written, and what is remembered of that."""
    desired = tree_of(PROJECT)
    plan = EMPTY.plan(desired)
    world = edited(EMPTY.apply(plan, desired), kind, key, **made)
    path = file_of(kind, key)
    after = next(step.after for step in plan.steps if (step.kind, step.key) == (kind, key))
    world = replace(world, base={**(world.base or {}), path: world.tree[path]})
    return world, {path: (sha256(settled_form(kind, after)), world.tree.digests[path])}


@pytest.mark.parametrize(("kind", "key", "made"), NORMALISED)
def test_what_the_server_made_of_it_is_as_wanted(kind: Kind, key: str, made: Any) -> None:
    """Also of a new scheduler, which is paused and belongs to the token's owner."""
    world, settled = _written(kind, key, made)
    assert not world.plan(tree_of(PROJECT)).is_empty
    plan = world.plan(tree_of(PROJECT), settled=settled)
    assert plan.is_empty
    assert file_of(kind, key) in plan.unchanged


@pytest.mark.parametrize(("kind", "key", "made"), NORMALISED)
def test_another_content_on_either_side_is_written(kind: Kind, key: str, made: Any) -> None:
    world, settled = _written(kind, key, made)
    content = PROJECT[kind, key]
    desired = tree_of({**PROJECT, (kind, key): {**content, "name": "Other"}})
    assert [step.key for step in world.plan(desired, settled=settled).steps] == [key]
    theirs = edited(world, kind, key, name="Theirs")
    plan = theirs.plan(tree_of(PROJECT), settled=settled)
    assert [drift.key for drift in plan.drift] == [key]


def test_switching_schedulers_on_is_not_mistaken_for_what_the_server_made() -> None:
    world, settled = _written(Kind.SCHEDULER, "monday", {"timezone": None})
    options = replace(FREE, enable_schedulers=True)
    (step,) = world.plan(tree_of(PROJECT), options, settled=settled).steps
    assert (step.action, step.key) == (Action.UPDATE, "monday")
    assert isinstance(step.after, dict)
    assert step.after["enabled"] is True
