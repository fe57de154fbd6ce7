"""What a file names is found without reading it as an item."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.json import canonical
from lightdash_sync.content.keys import external_key
from lightdash_sync.content.references import tokenise, tokens_in
from lightdash_sync.export.convert import names_in
from tests.content.generated import values, worlds


@given(st.data())
def test_a_file_names_what_its_content_names(data: st.DataObject) -> None:
    """Whatever people and groups are called, and whatever else stands in the file."""
    world = data.draw(worlds())
    content = tokenise(data.draw(values(world)), world.identity)
    assert names_in(canonical(content)).tokens == tokens_in(content)


@given(st.sets(st.uuids().map(str), max_size=5), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_file_names_what_is_outside(uuids: set[str], text: str) -> None:
    """Every reference that leads out of the project is found, as a value and as the name of a field."""
    keys = {external_key(uuid) for uuid in uuids}
    assert keys <= names_in(canonical([text, *keys])).external
    assert keys <= names_in(canonical(dict.fromkeys(keys, text))).external
