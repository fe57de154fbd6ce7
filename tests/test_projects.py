"""Finding a project by what a person calls it."""

from __future__ import annotations

import pytest

from lightdash_sync.errors import ConfigError
from lightdash_sync.lightdash.schemas import ProjectRow
from lightdash_sync.sources import find_project


def _row(number: int, name: str) -> ProjectRow:
    uuid = f"0000000{number % 10}-aaaa-4aaa-8aaa-{number:012d}"
    return ProjectRow.model_validate({"projectUuid": uuid, "name": name, "type": "DEFAULT"})


STAGING, PRODUCTION = _row(1, "Staging"), _row(2, "Production")
TWINS = [_row(3, "Twin"), _row(4, "Twin")]
ALL = [STAGING, PRODUCTION, *TWINS]


def test_a_project_is_found_by_uuid_in_any_case() -> None:
    """A uuid that was copied in capitals is the same uuid."""
    assert find_project(ALL, PRODUCTION.projectUuid) is PRODUCTION
    assert find_project(ALL, PRODUCTION.projectUuid.upper()) is PRODUCTION


def test_a_project_is_found_by_its_exact_name_only() -> None:
    """A name must be the whole name, in its own case: a near miss could be another project."""
    assert find_project(ALL, "Staging") is STAGING
    for near in ("staging", "Stag", "Staging "):
        with pytest.raises(ConfigError, match="there is no project") as caught:
            find_project(ALL, near)
        assert STAGING.projectUuid in caught.value.hint


def test_a_uuid_wins_over_a_name() -> None:
    """A project that is called like the uuid of another does not take its place."""
    mimic = _row(5, STAGING.projectUuid)
    assert find_project([mimic, STAGING], STAGING.projectUuid) is STAGING


def test_twins_are_not_guessed() -> None:
    """Two projects of one name: the user has to say which, and sees both uuids."""
    with pytest.raises(ConfigError, match="2 projects are called 'Twin'") as caught:
        find_project(ALL, "Twin")
    assert all(twin.projectUuid in caught.value.hint for twin in TWINS)


def test_the_only_project_needs_no_name() -> None:
    """A token that sees one project means that one."""
    assert find_project([STAGING], None) is STAGING


def test_several_projects_are_not_guessed() -> None:
    """A token that sees several projects is an error with the list of them."""
    with pytest.raises(ConfigError, match="no project is chosen") as caught:
        find_project(ALL, None)
    assert "Staging (" in caught.value.hint


def test_no_project_at_all_is_a_matter_of_access() -> None:
    """Without any visible project, the hint is to ask for access."""
    with pytest.raises(ConfigError, match="sees no project") as caught:
        find_project([], None)
    assert "access" in caught.value.hint
    with pytest.raises(ConfigError, match="'x'"):
        find_project([], "x")


def test_a_long_list_is_cut() -> None:
    """Hundreds of projects do not fill the screen."""
    with pytest.raises(ConfigError) as caught:
        find_project([_row(number, f"Project {number}") for number in range(200)], None)
    assert caught.value.hint.count(";") == 19
