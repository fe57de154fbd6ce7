"""A space whose place a server cannot hold stands at the top, and is seen by the same people."""

from __future__ import annotations

from typing import Any

import pytest

from lightdash_sync.content.contents import Contents
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.desired import placed_space
from lightdash_sync.sync.plan.options import TargetFacts
from lightdash_sync.sync.plan.values import Gravity, Problem

from .making import space
from .projects import tree_of

FLAT = TargetFacts(lacks=frozenset({"nested_spaces"}))
ABOVE = {
    "public": space("Public", ann="editor"),
    "board": space("Board", public=False, eve="viewer", Ops="editor"),
}


def placed(
    parent: str, facts: TargetFacts = FLAT, now: Any = None, **how: Any
) -> tuple[Any, tuple[Problem, ...]]:
    """The space `below` as a server can have it."""
    below = space("Below", parent=parent, **how)
    project = {(Kind.SPACE, key): content for key, content in {**ABOVE, "below": below}.items()}
    return placed_space("below", below, now, Contents(tree_of(project)), facts)


def grants(content: Any) -> dict[str, str]:
    """Who has which role."""
    found = {one["email"].partition("@")[0]: one["role"] for one in content["access"]["users"]}
    return found | {one["group"]: one["role"] for one in content["access"]["groups"]}


def test_the_place_is_lost_and_told() -> None:
    content, (problem,) = placed("public")
    assert (content["parent"], content["name"]) == (None, "Below")
    assert (problem.code, problem.gravity) == ("nested_space", Gravity.WARNS)
    assert "it lies in Public" in problem.what


@pytest.mark.parametrize(
    ("parent", "how", "public", "who"),
    [
        ("public", {}, True, {"ann": "editor"}),
        ("public", {"public": False, "eve": "admin"}, False, {"eve": "admin"}),
        ("board", {}, False, {"eve": "viewer", "Ops": "editor"}),
        ("board", {"eve": "editor"}, False, {"eve": "editor", "Ops": "editor"}),
        ("board", {"public": False, "ann": "viewer"}, False, {"ann": "viewer"}),
    ],
)
def test_nobody_gains_or_loses_by_it(parent: str, how: Any, public: bool, who: dict[str, str]) -> None:
    """A space below a private one must not become public with the loss of its place."""
    content, _ = placed(parent, **how)
    assert (content["inheritsAccess"], grants(content)) == (public, who)


def test_a_space_below_one_that_nobody_knows_is_private() -> None:
    """It may have been; so nobody sees it by mistake."""
    lost = space("Below", parent="gone")
    project = {(Kind.SPACE, "below"): lost}
    content: Any = placed_space("below", lost, None, Contents(tree_of(project)), FLAT)[0]
    assert (content["parent"], content["inheritsAccess"]) == (None, False)


def test_a_server_with_nesting_keeps_the_place() -> None:
    content, problems = placed("board", TargetFacts())
    assert (content["parent"], problems) == ("board", ())


def test_a_source_without_nesting_moves_nothing() -> None:
    """It cannot say where a space stands, so the target's people may put it where they like."""
    there = space("Below", parent="public")
    content, problems = placed("", TargetFacts(source_lacks=frozenset({"nested_spaces"})), there)
    assert (content["parent"], problems) == ("public", ())
