"""An item is found by whatever a person calls it, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightdash_sync.content.contents import Contents
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.lookup import find_item, suggest_items
from lightdash_sync.errors import ConfigError
from lightdash_sync.snapshot.read import Snapshot

DEMO = Path(__file__).parents[2] / "snapshots" / "demo"


@pytest.fixture(scope="module")
def contents() -> Contents:
    """The content of the committed demo."""
    return Contents(Snapshot(DEMO).tree())


def test_every_item_is_found_by_key_uuid_and_address(contents: Contents) -> None:
    """Whatever an item is called, its key, its uuid and its page mean it alone."""
    for item in contents.there:
        kind, key = item
        if not key:
            continue
        assert find_item(f"{kind}:{key}", contents) == item
        uuid = contents.uuid(item)
        assert find_item(uuid.upper(), contents) == item
        project = "11111111-2222-4333-8444-555555555555"
        assert find_item(f"https://x/projects/{project}/saved/{uuid}/view?a=b", contents) == item


@pytest.mark.parametrize(
    "text", ["Revenue to date", "chart:Revenue to date", "charts:revenue  TO date", " revenue to date "]
)
def test_a_name_does_where_it_is_the_only_one(text: str, contents: Contents) -> None:
    """Blanks and the case of letters are no matter; the kind goes by its name, too."""
    assert find_item(text, contents) == (Kind.CHART, "revenue-to-date")


def test_several_items_of_a_name_are_listed(contents: Contents) -> None:
    """Which of them is meant is for the user to say."""
    with pytest.raises(ConfigError, match="3 items are called") as caught:
        find_item("Weekly revenue", contents)
    assert "chart:weekly-revenue, chart:weekly-revenue-1, sql_chart:weekly-revenue" in caught.value.hint


@pytest.mark.parametrize("text", ["nothing of the sort", "chart:", "", "tag:Revenue to date", "x:y"])
def test_what_is_not_there_is_not_found(text: str, contents: Contents) -> None:
    """No item is taken because it is alike."""
    assert find_item(text, contents) is None


def test_what_is_alike_is_suggested(contents: Contents) -> None:
    """A typo is answered with what may have been meant, and with how to list all."""
    assert "chart:revenue-to-date" in suggest_items("chart:Revenue to dat", contents)
    assert "lightdash-sync list" in suggest_items("zzz", contents)
