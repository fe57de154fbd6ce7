"""What users type for a side, and what they are told where it makes no sense."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.errors import ConfigError
from lightdash_sync.sources import Named, SideKind, parse_side

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENTS = ("production", "staging")


@pytest.mark.parametrize(
    ("said", "revision", "folder"),
    [
        ("git:HEAD~3", "HEAD~3", ""),
        ("git:feature/new-charts", "feature/new-charts", ""),
        ("git:v1.0:snapshots/production", "v1.0", "snapshots/production"),
        ("git:main:./snapshots/a:b", "main", "./snapshots/a:b"),
        ("git:main:", "main", ""),
    ],
)
def test_a_revision_of_git(tmp_path: Path, said: str, revision: str, folder: str) -> None:
    """A branch may have slashes; what stands after the second colon is the folder."""
    named = parse_side(said, ENVIRONMENTS, tmp_path)
    assert named == Named(SideKind.GIT, said, revision=revision, folder=folder)


def test_an_environment(tmp_path: Path) -> None:
    """By its name, or with `env:` where that could be something else."""
    assert parse_side("staging", ENVIRONMENTS, tmp_path).environment == "staging"
    assert parse_side("env:staging", ENVIRONMENTS, tmp_path).environment == "staging"


@pytest.mark.parametrize("said", ["snapshots/production", ".", "..", "./staging", "/nowhere/else"])
def test_a_directory(tmp_path: Path, said: str) -> None:
    """Whatever has a separator is one, whether it is there or not."""
    named = parse_side(said, ENVIRONMENTS, tmp_path)
    assert (named.kind, named.folder) == (SideKind.DIRECTORY, said)


def test_a_directory_that_is_there_needs_no_separator(tmp_path: Path) -> None:
    """A word that is no environment may be a directory beside us."""
    (tmp_path / "backup").mkdir()
    assert parse_side("backup", ENVIRONMENTS, tmp_path).kind is SideKind.DIRECTORY


def test_a_word_that_is_both_is_the_environment_and_that_is_said(tmp_path: Path) -> None:
    """The note says how to name the directory."""
    (tmp_path / "staging").mkdir()
    named = parse_side("staging", ENVIRONMENTS, tmp_path)
    assert named.kind is SideKind.ENVIRONMENT
    assert named.note == "staging is taken for the environment; ./staging would be the directory"


@pytest.mark.parametrize("said", ["", "git:", "git::folder", "env:", "env:prodution", "prodution", "a\0b"])
def test_what_is_no_side_is_refused_with_a_hint(tmp_path: Path, said: str) -> None:
    """A slip of the pen is wrong usage, and the hint names what there is."""
    with pytest.raises(ConfigError) as caught:
        parse_side(said, ENVIRONMENTS, tmp_path)
    assert caught.value.hint


@given(st.text(alphabet="git:env/.\\ab\0 ", max_size=12))
def test_any_text_is_a_side_or_wrong_usage(tmp_path_factory: pytest.TempPathFactory, said: str) -> None:
    """Nothing else is raised, and what was typed is kept."""
    with suppress(ConfigError):
        assert parse_side(said, ENVIRONMENTS, tmp_path_factory.getbasetemp()).said == said
