"""Keys are safe as file names everywhere, never shared, and never change."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import digest
from lightdash_sync.content.keys import (
    MAX_KEY,
    Candidate,
    assign_keys,
    external_key,
    is_key,
    key_from,
    slugify,
)
from tests.snapshot.hostile_names import HOSTILE_NAMES, why_unsafe

_NAMES = st.text(max_size=100) | st.sampled_from(HOSTILE_NAMES)


def _safe(key: str) -> None:
    assert is_key(key)
    assert why_unsafe(f"{key}.json") == ""
    assert why_unsafe(f"{key}.history") == ""


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_a_hostile_name_becomes_a_safe_file_name(name: str) -> None:
    """No name leaves its directory, means a device, or is refused by git, Linux, macOS or Windows."""
    _safe(key_from(name))


@given(_NAMES)
def test_any_name_becomes_a_safe_file_name(name: str) -> None:
    """Whatever people type, the file name is safe everywhere, and a safe one stays as it is."""
    key = key_from(name)
    _safe(key)
    assert key_from(key) == key


def test_hostile_names_never_share_a_file() -> None:
    """Names that differ only by case or Unicode form have files that no system takes for one."""
    names = set(HOSTILE_NAMES)
    assert len(names) >= 80
    keys = {key_from(name) for name in names}
    assert len(keys) == len(names)
    assert len({unicodedata.normalize("NFC", key).casefold() for key in keys}) == len(names)


@pytest.mark.parametrize("key", ["a", "0", "weekly-revenue", "a_b", "x" * 80, "com", "com10", "nul-a"])
def test_a_plain_slug_is_its_own_key(key: str) -> None:
    """A slug that is safe is kept, so that people find their charts."""
    assert is_key(key)
    assert key_from(key) == key


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "A",
            "-a",
            "_a",
            "a.b",
            "a/b",
            "x" * 81,
            "con",
            "lpt9",
            "com0",
            "conin",
            "a\n",
            "ａ",
            "é",
            "~a",
        ),
        *("3fa85f64-5717-4562-b3fc-2c963f66afa6", "see-3fa85f64-5717-4562-b3fc-2c963f66afa6-a"),
    ],
)
def test_what_is_not_safe_is_no_key(text: str) -> None:
    """A key is never empty, a device, a path, or something with a uuid in it."""
    assert not is_key(text)


def test_a_key_stays_readable() -> None:
    """A name that is not safe keeps its safe letters in the key, beside a hash."""
    assert key_from("Größe & Gewicht") == f"x-gr-e-gewicht-{digest('Größe & Gewicht')}"
    assert key_from("😀") == f"x-{digest('😀')}"


@pytest.mark.parametrize(
    ("name", "slug"), [("Weekly Revenue!", "weekly-revenue"), ("a__b", "a-b"), ("😀", "")]
)
def test_slugs_are_those_of_lightdash(name: str, slug: str) -> None:
    """Names become slugs as Lightdash makes them."""
    assert slugify(name) == slug


def test_an_external_key_is_no_key() -> None:
    """What lies outside the project can never be taken for an item, and always has the same key."""
    assert external_key("a") == external_key("a") != external_key("b")
    assert not is_key(external_key("a"))


_CANDIDATES = st.lists(
    st.builds(
        Candidate,
        uuid=st.integers(0, 30).map(lambda n: f"uuid-{n}"),
        base=st.sampled_from(["a", "A", "a-2", "con", "", "😀", "x" * 90, key_from("con")]) | _NAMES,
        natural=st.sampled_from(["here", "there", ""]),
    ),
    max_size=10,
    unique_by=lambda candidate: candidate.uuid,
)


@given(_CANDIDATES, st.data())
def test_every_item_gets_a_key_of_its_own(candidates: list[Candidate], data: st.DataObject) -> None:
    """No two items share a key, in whatever order they come, and all keys are safe."""
    keys = assign_keys(candidates, {}, reserved=["a"])
    assert set(keys) == {candidate.uuid for candidate in candidates}
    assert len(set(keys.values()) | {"a"}) == len(keys) + 1
    assert all(is_key(key) for key in keys.values())
    assert assign_keys(data.draw(st.permutations(candidates)), {}, reserved=["a"]) == keys


@given(_CANDIDATES, _CANDIDATES, st.data())
def test_a_key_once_given_is_kept(
    before: list[Candidate], after: list[Candidate], data: st.DataObject
) -> None:
    """Whatever else comes, goes or is renamed, an item keeps its key."""
    known = assign_keys(before, {})
    keys = assign_keys(after, known)
    kept = {candidate.uuid for candidate in after} & set(known)
    assert {uuid: keys[uuid] for uuid in kept} == {uuid: known[uuid] for uuid in kept}
    assert len(set(keys.values())) == len(keys)
    assert assign_keys(data.draw(st.permutations(after)), known) == keys


def test_items_of_one_name_are_told_apart_by_what_they_are() -> None:
    """Items that would share a key all get a hash of their nature, the same in every environment."""
    one, two = Candidate("1", "a", "in sales"), Candidate("2", "a", "in ops")
    assert assign_keys([one, two], {}) == {"1": f"a-{digest('in sales', 8)}", "2": f"a-{digest('in ops', 8)}"}
    other = [Candidate("3", "a", "in sales"), Candidate("4", "a", "in ops")]
    assert set(assign_keys(other, {}).values()) == set(assign_keys([one, two], {}).values())


def test_items_of_one_name_and_nature_are_told_apart_by_uuid() -> None:
    """Items that nothing else tells apart get a hash of their uuid."""
    keys = assign_keys([Candidate("1", "a", "n"), Candidate("2", "a", "n")], {})
    assert keys == {"1": f"a-{digest('n1', 8)}", "2": f"a-{digest('n2', 8)}"}


def test_names_that_collide_with_hashes_still_get_a_key() -> None:
    """Somebody who guesses the hashes and takes all names beforehand gains nothing."""
    guessed = [key_from("a"), f"a-{digest('n', 8)}", f"a-{digest('n1', 8)}"]
    assert assign_keys([Candidate("1", "a", "n")], {}, reserved=guessed) == {"1": f"x-{digest('1', 32)}"}


def test_a_long_name_leaves_room_for_its_hash() -> None:
    """A key is never longer than the limit, whatever is added to it."""
    keys = assign_keys([Candidate("1", "x" * MAX_KEY, "a"), Candidate("2", "x" * MAX_KEY, "b")], {})
    assert {len(key) for key in keys.values()} == {MAX_KEY}
