"""Uuids in text become names, and names become uuids again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import Json, canonical
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.references import UnresolvedReference, tokenise, tokens_in, untokenise
from tests.content.generated import build_world, recipes, values, worlds
from tests.snapshot.small import small_identity, uuid

IDENTITY = small_identity()
CHART = uuid(3)


@given(st.data())
def test_there_and_back_again_is_the_same(data: st.DataObject) -> None:
    """Any value comes back as it was, and no known uuid is left on the way."""
    world = data.draw(worlds())
    value = data.draw(values(world))
    before = canonical(value)
    said = tokenise(value, world.identity)
    assert canonical(value) == before, "the input was changed"
    assert [uuid for uuid in world.known() if uuid in canonical(said).decode()] == []
    assert canonical(untokenise(said, world.identity)) == before
    assert {world.identity.token_uuid(name) for name in tokens_in(said)} <= set(world.known())


@given(recipes(), st.text(max_size=8), st.text(max_size=8))
def test_any_name_can_stand_in_a_token(
    recipe: tuple[list[str], list[str], list[str]], before: str, after: str
) -> None:
    """Whatever people and groups are called, their uuids in text are found again."""
    world = build_world(*recipe)
    for known in world.known():
        text = f"{before}{known}{after}"
        said = tokenise(text, world.identity)
        assert isinstance(said, str)
        assert known not in said
        assert untokenise(said, world.identity) == text
        assert world.identity.token(known) in tokens_in(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHART, "@{chart:weekly-revenue}"),
        (f"/saved/{CHART}/view", "/saved/@{chart:weekly-revenue}/view"),
        (f"{CHART}{CHART}", "@{chart:weekly-revenue}@{chart:weekly-revenue}"),
        (f"@{CHART}", "@@{chart:weekly-revenue}"),
        (f"f{CHART}0", "f@{chart:weekly-revenue}0"),
        (f"deadbeef-1234-1234-1234-1234{CHART}", "deadbeef-1234-1234-1234-1234@{chart:weekly-revenue}"),
        (uuid(9), "@{user:ann@example.com}"),
        (uuid(10), "@{group:Ops%20@%7Bx%7D}"),
        (uuid(11), "@{project}"),
        (uuid(12), "@{organization}"),
        (uuid(77), uuid(77)),
        (CHART.upper().replace("1", "A"), CHART.upper().replace("1", "A")),
        ("@{chart:weekly-revenue}", "@{}{chart:weekly-revenue}"),
        ("@{", "@{}{"),
        ("@{}", "@{}{}"),
        ("a@b {c}", "a@b {c}"),
    ],
)
def test_how_text_is_said(text: str, said: str) -> None:
    """Known uuids become tokens; what only looks like a token, or belongs to nothing, stays what it is."""
    assert tokenise(text, IDENTITY) == said
    assert untokenise(said, IDENTITY) == text


def test_names_of_fields_and_all_depths_are_searched() -> None:
    """A uuid is found in the name of a field, in lists, and at any depth; other values stay as they are."""
    value: Json = {CHART: [{"a": [CHART, 1, None, True, 1.5]}]}
    said: Json = {"@{chart:weekly-revenue}": [{"a": ["@{chart:weekly-revenue}", 1, None, True, 1.5]}]}
    assert tokenise(value, IDENTITY) == said
    assert tokens_in([said, 1, "plain"]) == {"chart:weekly-revenue"}


@pytest.mark.parametrize("name", ["chart:gone", "user:gone", "group:gone", "robot:x", "x", "project:x"])
def test_a_token_that_means_nothing_here_is_an_error(name: str) -> None:
    """A name that the environment lacks is never written as text: the error says which."""
    with pytest.raises(UnresolvedReference, match=f"{name} is not known in this environment"):
        untokenise({"a": [f"see @{{{name}}}"]}, IDENTITY)


def test_a_token_means_the_uuid_of_the_environment() -> None:
    """The same text speaks of another item where the map is another."""
    there = Identity(items={Kind.CHART: {"weekly-revenue": {"uuid": uuid(300)}}})
    assert untokenise(tokenise(CHART, IDENTITY), there) == uuid(300)
