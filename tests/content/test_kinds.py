"""The table of kinds is complete and does not contradict itself."""

from __future__ import annotations

import pytest

from lightdash_sync.content.kinds import COMMENT_VOLATILE, KINDS, PROJECT_SETTINGS, Kind


def test_every_kind_has_a_row_and_a_folder_of_its_own() -> None:
    """Every kind is described, and no two share a folder."""
    assert set(KINDS) == set(Kind)
    folders = [spec.folder for spec in KINDS.values() if spec.folder]
    assert len(folders) == len(set(folders)) == 8


@pytest.mark.parametrize("kind", Kind)
def test_a_field_goes_one_way_only(kind: Kind) -> None:
    """No field is both dropped and kept as a fact."""
    assert not KINDS[kind].volatile & KINDS[kind].facts


@pytest.mark.parametrize("kind", Kind)
def test_content_is_never_dropped(kind: Kind) -> None:
    """What makes an item what it is stands on no list of fields that are dropped."""
    content = {
        "name",
        "description",
        "tableName",
        "metricQuery",
        "chartConfig",
        "tiles",
        "tabs",
        "filters",
        "sql",
    }
    content |= {
        "cron",
        "format",
        "targets",
        "spaceUuid",
        "dashboardUuid",
        "color",
        "config",
        "parentSpaceUuid",
    }
    assert not content & (KINDS[kind].volatile | KINDS[kind].facts)


def test_no_connection_detail_leaves_the_server() -> None:
    """Of a project, only a few named settings are exported; credentials are not among them."""
    assert not [
        name for name in PROJECT_SETTINGS if "connection" in name.lower() or "credential" in name.lower()
    ]


def test_what_was_said_is_kept() -> None:
    """Of a comment, text, author and time are kept."""
    assert not {"text", "textHtml", "user", "createdAt", "replies", "resolved"} & COMMENT_VOLATILE
