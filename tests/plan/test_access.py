"""What of the source's grants a target gets, and who gains or loses access by a plan."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import Kind
from lightdash_sync.sync.plan.access import BY_PROJECT, access_changes, adapted_access
from lightdash_sync.sync.plan.options import PlanOptions, TargetFacts
from lightdash_sync.sync.plan.values import Gravity, Step
from tests.content.changes.mutations import chaos

from .making import chart, create, dashboard, delete, space, there, update

PEOPLE = {"ann@example.com": "uuid-ann", "Bob@Example.com": "uuid-bob"}
FACTS = TargetFacts(people=PEOPLE, groups={"Ops": "uuid-ops", "@{x}": "uuid-x"})


def test_a_space_that_inherits_changes_with_the_space_above_it() -> None:
    """Also two levels below, and though no step touches it; one that does not inherit stays as it is."""
    look = there(
        (Kind.SPACE, "below", space("Below", parent="top")),
        (Kind.SPACE, "deep", space("Deep", parent="below")),
        (Kind.SPACE, "apart", space("Apart", public=False, parent="top", cid="viewer")),
    )
    steps = [update(Kind.SPACE, "top", space(public=False, ann="editor"), space(public=False, bob="viewer"))]
    found = access_changes(steps, look, ["top", "below", "deep", "apart"])
    assert {(one.space, one.who, one.before, one.after) for one in found} == {
        (key, who, before, after)
        for key in ("top", "below", "deep")
        for who, before, after in (
            ("ann@example.com", "editor", None),
            ("bob@example.com", None, "viewer"),
        )
    }


def adapted(
    content: Any, existing: Any = None, facts: TargetFacts = FACTS, **options: Any
) -> tuple[Any, list[str]]:
    """The adapted space, and the problems in words; each must only warn."""
    found, problems = adapted_access("space:sales", content, existing, facts, PlanOptions(**options))
    assert {problem.gravity for problem in problems} <= {Gravity.WARNS}
    assert {problem.item for problem in problems} <= {"space:sales"}
    return found, [problem.what for problem in problems]


def test_grants_of_people_and_groups_that_the_target_lacks_are_left_out_by_name() -> None:
    """The others stay, and the warnings name who does not get in."""
    found, said = adapted(space(ann="editor", eve="viewer", Ops="admin", Cats="viewer"))
    assert found == space(ann="editor", Ops="admin")
    assert len(said) == 2
    assert "eve@example.com" in said[0]
    assert "Cats" in said[1]


def test_people_are_found_in_any_spelling_of_their_address() -> None:
    """The target's spelling is written, so that the next plan finds no difference."""
    found, said = adapted(space(bob="viewer"))
    assert found["access"]["users"] == [{"email": "Bob@Example.com", "role": "viewer"}]
    assert said == []


def test_a_group_whose_name_looks_like_a_token_is_found() -> None:
    """Content files escape `@{` in names."""
    content = space()
    content["access"]["groups"] = [{"group": "@{}{x}", "role": "viewer"}]
    assert adapted(content) == (content, [])


def test_a_role_that_the_source_does_not_show_is_taken_from_the_target() -> None:
    """Whoever has a grant there keeps it; for others the user is told to share by hand."""
    content = space(ann="x", Ops="x")
    for grants in content["access"].values():
        for grant in grants:
            grant["role"] = None
    kept, said = adapted(content, space(ann="editor", Ops="admin"))
    assert (kept, said) == (space(ann="editor", Ops="admin"), [])
    new, said = adapted(content)
    assert new == space()
    assert "ann@example.com" in said[0]
    assert "by hand" in said[0]


def test_kept_access_is_the_targets() -> None:
    """With `keep_access` a space that exists keeps privacy and grants, and changes in all else."""
    content, existing = space("New name", ann="editor"), space("Old", public=False, bob="admin")
    found, said = adapted(content, existing, keep_access=True)
    assert found == space("New name", public=False, bob="admin")
    assert said == []
    assert adapted(content, None, keep_access=True) == (content, [])


def test_who_cannot_be_listed_keeps_what_there_is() -> None:
    """A token that may not list people does not take their grants away, and gives none."""
    found, said = adapted(space(ann="editor", eve="viewer"), space(eve="viewer"), TargetFacts())
    assert found == space(eve="viewer")
    assert "may not list the people" in said[0]


@given(chaos(), chaos(), st.booleans(), st.booleans())
def test_any_content_can_be_adapted(content: Any, existing: Any, known: bool, keep: bool) -> None:
    """Whatever stands in a space's file, adapting it ends well, and adapting it again changes nothing."""
    content = content if isinstance(content, dict) else {"access": content}
    content = {**space(), "access": content.get("access", content)}
    facts = FACTS if known else TargetFacts()
    found, _ = adapted_access("space:s", content, existing, facts, PlanOptions(keep_access=keep))
    again, problems = adapted_access("space:s", found, existing, facts, PlanOptions(keep_access=keep))
    assert (again, problems) == (found, ())


def told(*steps: Step, look: Any = None) -> list[tuple[str, str, str, str | None, str | None]]:
    """Item, space, who, and the roles before and after."""
    found = access_changes(steps, *([look] if look else []))
    return [(change.item, change.space, change.who, change.before, change.after) for change in found]


def test_a_new_space_tells_who_gets_in() -> None:
    """Everybody by their role in the project if it is public, and each holder of a grant."""
    assert told(create(Kind.SPACE, "sales", space(ann="editor", Ops="viewer"))) == [
        ("", "sales", "", None, BY_PROJECT),
        ("", "sales", "Ops", None, "viewer"),
        ("", "sales", "ann@example.com", None, "editor"),
    ]
    private = space(public=False, ann="editor")
    assert told(create(Kind.SPACE, "sales", private)) == [("", "sales", "ann@example.com", None, "editor")]


def test_a_deleted_space_tells_who_loses_it() -> None:
    """All who had a way in."""
    assert told(delete(Kind.SPACE, "sales", space(public=False, ann="editor"))) == [
        ("", "sales", "ann@example.com", "editor", None)
    ]


def test_a_changed_space_tells_only_what_changes() -> None:
    """Privacy, roles, grants that come and go; a renamed space says nothing."""
    old, new = space(ann="editor", bob="viewer", Ops="viewer"), space(public=False, ann="admin", Ops="viewer")
    assert told(update(Kind.SPACE, "sales", old, new)) == [
        ("", "sales", "", BY_PROJECT, None),
        ("", "sales", "ann@example.com", "editor", "admin"),
        ("", "sales", "bob@example.com", "viewer", None),
    ]
    assert told(update(Kind.SPACE, "sales", space("Old"), space("New"))) == []


def test_a_space_in_a_space_has_the_access_of_those_above() -> None:
    """A public space below a private one is open to those who see the private one only."""
    parent = there((Kind.SPACE, "board", space(public=False, ann="editor")))
    assert told(create(Kind.SPACE, "sub", space(parent="board", bob="viewer")), look=parent) == [
        ("", "sub", "ann@example.com", None, "editor"),
        ("", "sub", "bob@example.com", None, "viewer"),
    ]


def test_a_space_that_lies_in_itself_does_no_harm() -> None:
    """A damaged snapshot is no endless loop."""
    assert told(create(Kind.SPACE, "a", space(parent="a", ann="viewer"))) == [
        ("", "a", "ann@example.com", None, "viewer")
    ]


@pytest.mark.parametrize("kind", [Kind.CHART, Kind.SQL_CHART, Kind.DASHBOARD])
def test_an_item_that_moves_out_of_a_private_space_is_seen_by_more(kind: Kind) -> None:
    """A move between spaces tells whose role for the item differs, by the item's name."""
    spaces = there(
        (Kind.SPACE, "board", space(public=False, ann="editor")), (Kind.SPACE, "sales", space(ann="editor"))
    )
    hidden: Any = {"name": "N", "space": "board"}
    open_: Any = {"name": "N", "space": "sales"}
    out = told(update(kind, "x", hidden, open_), look=spaces)
    assert out == [(f"{kind}:x", "sales", "", None, BY_PROJECT)]
    back = told(update(kind, "x", open_, hidden), look=spaces)
    assert back == [(f"{kind}:x", "board", "", BY_PROJECT, None)]
    assert told(create(kind, "x", open_), delete(kind, "y", hidden), look=spaces) == []


def test_a_chart_that_moves_into_a_dashboard_is_seen_by_those_who_see_the_dashboard() -> None:
    """The space of a chart inside a dashboard is the dashboard's."""
    inside = {**chart(), "dashboard": "overview"}
    del inside["space"]
    look = there(
        (Kind.SPACE, "sales", space()),
        (Kind.SPACE, "board", space(public=False)),
        (Kind.DASHBOARD, "overview", dashboard(space="board")),
    )
    assert told(update(Kind.CHART, "x", chart(), inside), look=look) == [
        ("chart:x", "board", "", BY_PROJECT, None)
    ]


@given(st.sampled_from([Kind.SPACE, Kind.CHART, Kind.DASHBOARD]), chaos(), chaos())
def test_any_content_has_its_access_told(kind: Kind, before: Any, after: Any) -> None:
    """Whatever stands in the files, the changes are told in an order, and what stays the same is none."""
    found = access_changes([update(kind, "x", before, after), update(kind, "y", after, before)])
    assert list(found) == sorted(found)
    assert all(change.before != change.after for change in found)
    assert access_changes([update(kind, "x", before, before)]) == ()
