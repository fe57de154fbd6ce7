"""Shares of environments: each is exactly one worker's, and nothing is guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.errors import ConfigError
from lightdash_sync.settings import Shard, read_shard

K8S, INDEX, TOTAL = "JOB_COMPLETION_INDEX", "CI_NODE_INDEX", "CI_NODE_TOTAL"


@given(st.lists(st.text(), unique=True), st.integers(1, 12))
def test_every_environment_is_one_workers(names: list[str], total: int) -> None:
    """Together the workers do everything, no two do the same, and none does two more than another."""
    shares = [Shard(number, total).of(names) for number in range(1, total + 1)]
    assert sorted(name for share in shares for name in share) == sorted(names)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(
    ("text", "variables", "told"),
    [
        (None, {}, None),
        ("2/5", {}, Shard(2, 5)),
        ("2/5", {K8S: "9"}, Shard(2, 5)),
        ("/5", {K8S: "0"}, Shard(1, 5)),
        ("/5", {K8S: "4"}, Shard(5, 5)),
        ("/5", {INDEX: "3"}, Shard(3, 5)),
        (None, {INDEX: "1", TOTAL: "3"}, Shard(1, 3)),
        (None, {TOTAL: "1"}, None),
    ],
)
def test_what_the_option_and_the_schedulers_say(
    text: str | None, variables: dict[str, str], told: Shard | None
) -> None:
    """Kubernetes counts from 0, GitLab and people from 1."""
    assert read_shard(text, variables) == told


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("0/5", {}),
        ("6/5", {}),
        ("1/0", {}),
        ("a/b", {}),
        ("5", {}),
        ("-1/5", {}),
        ("1/99999999999999999999", {}),
        ("/5", {}),
        ("/5", {K8S: "5"}),
        ("/5", {K8S: "-1"}),
        ("/5", {K8S: "x"}),
        ("/5", {K8S: ""}),
        ("/5", {INDEX: "0"}),
        (None, {INDEX: "4", TOTAL: "3"}),
        (None, {K8S: "0"}),
        (None, {K8S: "0", INDEX: "1", TOTAL: "1"}),
    ],
)
def test_a_share_that_makes_no_sense_is_refused(text: str | None, variables: dict[str, str]) -> None:
    """A worker that is not sure of its share stops: a wrong one would leave projects without backup."""
    with pytest.raises(ConfigError):
        read_shard(text, variables)
