"""A new item gets the slug of its source, if nothing on the target has it; else the plan says which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.identifiers import CHOOSES, Slugs, known_by
from lightdash_sync.sync.plan.options import TargetFacts
from tests.content.generated import made_uuid

CURRENT = TargetFacts()
KINDS = st.sampled_from([*CHOOSES])
SLUGS = st.from_regex(r"[a-c](-[0-2])?", fullmatch=True)


def target(kind: Kind, *slugs: str) -> Identity:
    """A target's map with items that have these slugs."""
    return Identity({kind: {f"k{slug}": {"uuid": made_uuid(slug), "slug": slug} for slug in slugs}})


@pytest.mark.parametrize("kind", CHOOSES)
def test_a_free_slug_is_kept(kind: Kind) -> None:
    slugs = Slugs(target(kind, "other"), CURRENT, Identity())
    assert slugs.choose((kind, "a"), {"slug": "a"}, "Something else") == ("a", ())


@pytest.mark.parametrize("kind", CHOOSES)
def test_a_slug_that_is_taken_becomes_the_next_free_one_and_is_told(kind: Kind) -> None:
    slugs = Slugs(target(kind, "a", "a-1"), CURRENT, Identity())
    slug, (problem,) = slugs.choose((kind, "a"), {"slug": "a"}, "A")
    assert slug == "a-2"
    assert (problem.code, problem.item) == ("slug_not_kept", f"{kind}:a")
    assert "its slug will be a-2" in problem.what


def test_a_slug_that_another_item_of_the_source_has_is_not_given_away() -> None:
    slugs = Slugs(target(Kind.CHART, "a"), CURRENT, target(Kind.CHART, "a", "a-1"))
    assert slugs.choose((Kind.CHART, "a"), {"slug": "a"}, "A")[0] == "a-2"
    assert slugs.choose((Kind.CHART, "b"), {"slug": "a-1"}, "A")[0] == "a-1"


def test_slugs_of_another_kind_are_free() -> None:
    slugs = Slugs(target(Kind.DASHBOARD, "a"), CURRENT, Identity())
    assert slugs.choose((Kind.CHART, "a"), {"slug": "a"}, "A") == ("a", ())


@pytest.mark.parametrize("slug", ["", "a/b", "..", "Ärger", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"])
def test_what_cannot_be_said_in_a_path_is_left_to_the_server_and_told(slug: str) -> None:
    found, (problem,) = Slugs(Identity(), CURRENT, Identity()).choose(
        (Kind.CHART, "a"), {"slug": slug}, "The name"
    )
    assert found == ""
    assert "Lightdash gives it the-name" in problem.what


def test_a_space_gets_only_what_a_name_can_give() -> None:
    """The server makes the slug of a space of a name, and there is no other way."""
    slugs = Slugs(Identity(), CURRENT, Identity())
    assert slugs.choose((Kind.SPACE, "a"), {"slug": "a-b"}, "x")[0] == "a-b"
    assert slugs.choose((Kind.SPACE, "b"), {"slug": "a_b"}, "x")[0] == ""


def test_a_space_is_known_by_the_end_of_its_path() -> None:
    """Promotion matches spaces by path, which may end otherwise than the slug."""
    assert known_by(Kind.SPACE, {"slug": "x", "path": "a_b.c_d"}) == "c-d"
    assert known_by(Kind.SPACE, {"slug": "x"}) == "x"


@pytest.mark.parametrize("kind", CHOOSES)
def test_an_older_server_makes_its_own_slugs_and_nothing_is_told(kind: Kind) -> None:
    older = TargetFacts(lacks=frozenset({CHOOSES[kind]}))
    assert Slugs(Identity(), older, Identity()).choose((kind, "a"), {"slug": "a"}, "A") == ("", ())


def test_who_may_not_write_code_is_told_beforehand() -> None:
    """Charts and dashboards then get a slug of the server's making; spaces and SQL charts keep theirs."""
    slugs = Slugs(Identity(), TargetFacts(may_write_code=False), Identity())
    slug, (problem,) = slugs.choose((Kind.CHART, "a"), {"slug": "a"}, "A")
    assert (slug, problem.code) == ("", "slug_not_kept")
    assert slugs.choose((Kind.SQL_CHART, "a"), {"slug": "a"}, "A") == ("a", ())


@given(KINDS, st.lists(SLUGS, unique=True, max_size=6), st.lists(SLUGS, max_size=6))
def test_no_slug_is_given_twice_nor_taken_from_anybody(kind: Kind, there: list[str], new: list[str]) -> None:
    slugs = Slugs(target(kind, *there), CURRENT, Identity())
    given_away = [slugs.choose((kind, f"n{n}"), {"slug": slug}, "A")[0] for n, slug in enumerate(new)]
    assert all(given_away)
    assert len({*given_away, *there}) == len(given_away) + len(there)
