"""The table of what is known, held against everything that real servers were recorded to answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lightdash_sync.content.identity import Identity
from lightdash_sync.content.json import JsonObject
from lightdash_sync.content.kinds import Kind
from lightdash_sync.content.known_fields import unknown_in
from lightdash_sync.content.normal import normalise
from lightdash_sync.content.portable import to_portable
from tests.standin.recordings import VERSIONS, recordings_of

# By which fields an object in an answer is known to be a whole item.
MARKS = {
    Kind.CHART: {"uuid", "metricQuery", "chartConfig", "tableConfig"},
    Kind.DASHBOARD: {"uuid", "tiles", "tabs", "filters"},
    Kind.SQL_CHART: {"savedSqlUuid", "sql", "config"},
    Kind.SCHEDULER: {"schedulerUuid", "cron", "targets"},
    Kind.TAG: {"tagUuid", "name", "color"},
}
OTHERWISE = {"oldUuid", "spaceSlug"}  # as promotion and content as code say an item, which nobody keeps
ASKED_FOR = {"field config.customMetrics", "format = pptx"}  # by whoever recorded, to see what becomes of it


def recorded(version: str) -> Iterator[tuple[str, Kind, JsonObject]]:
    """Yield each item that a real server told whole: name of the recording, kind, content of its file."""
    for one in recordings_of(version):
        if one.status < 300 and isinstance(one.response, dict):
            for kind, item in _items(one.response.get("results")):
                content = normalise(kind, item).content
                yield one.name, kind, to_portable(kind, "key", content, Identity()).content


def _items(answer: Any) -> Iterator[tuple[Kind, JsonObject]]:
    if isinstance(answer, list):
        for one in answer:
            yield from _items(one)
    elif isinstance(answer, dict):
        for kind, marks in MARKS.items():
            if answer.keys() >= marks:
                if not answer.keys() & OTHERWISE:
                    yield kind, answer
                return
        for one in answer.values():
            yield from _items(one)


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_that_a_known_server_was_seen_to_answer_is_known(version: str) -> None:
    found: dict[str, list[str]] = {}
    count = 0
    for name, kind, content in recorded(version):
        count += 1
        for what in unknown_in(kind, content):
            if what not in ASKED_FOR:
                found.setdefault(f"{kind}: {what}", []).append(name)
    assert count > 20
    assert found == {}
