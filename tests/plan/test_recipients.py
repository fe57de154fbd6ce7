"""Whom schedulers may deliver to: each kind of place by name, and whatever nobody can name is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightdash_sync.content.kinds import SECRET, SECRET_TARGETS, Kind
from lightdash_sync.content.schedulers import PLACES, UNKNOWN, Destination, destinations, parse_pattern
from lightdash_sync.sync.plan.recipients import needs_channel_names, recipient_findings, refused_deliveries

from .making import delete, scheduler, update

CHANNELS = {"C1": "#finance-weekly", "C2": "#random", "U1": "@ann"}
SHEET = {"gdriveId": "1AbC", "gdriveName": "Board", "url": "https://docs.google.com/1AbC"}
MAIL = {"recipient": "Bob@Example.com"}
TEAMS, CHAT = {"webhook": SECRET}, {"googleChatWebhook": SECRET}


def refused(
    patterns: list[str], *targets: Any, channels: dict[str, str] | None = CHANNELS, **more: Any
) -> list[str]:
    """Return what of a scheduler's places some patterns do not allow."""
    found = recipient_findings(scheduler(targets=[*targets], **more), patterns, channels)
    return [one.subject for one in found]


@pytest.mark.parametrize(
    ("pattern", "target", "more"),
    [
        ("*@example.com", MAIL, {}),
        ("email:bob@example.com", MAIL, {}),
        ("slack:C1", {"channel": "C1"}, {}),
        ("slack:#finance-*", {"channel": "C1"}, {}),
        ("slack:#Finance-Weekly", {"channel": "C1"}, {}),
        ("slack:#finance-*", {"channel": "#finance-daily"}, {}),
        ("slack:@ann", {"channel": "U1"}, {}),
        ("slack:*", {"channel": "C9"}, {}),
        ("msteams:*", TEAMS, {}),
        ("googlechat:*", CHAT, {}),
        ("gsheets:1AbC", None, {"format": "gsheets", "options": SHEET}),
        ("gsheets:*", None, {"format": "gsheets", "options": SHEET}),
    ],
)
def test_a_place_is_allowed_by_a_pattern_of_its_kind_and_by_no_other(
    pattern: str, target: Any, more: Any
) -> None:
    """Allowing all addresses allows no channel, and so on for each kind."""
    targets = [] if target is None else [{"webhook": None, **target}]
    assert refused([pattern], *targets, **more) == []
    others = [f"{place}:*" for place in PLACES if place != parse_pattern(pattern).place]
    assert len(refused([*others, "*"] if "email:*" in others else others, *targets, **more)) == 1
    assert len(refused([], *targets, **more)) == 1


@pytest.mark.parametrize(
    ("pattern", "channel", "channels"),
    [
        ("slack:#finance-*", "C2", CHANNELS),
        ("slack:#finance-*", "C7", CHANNELS),
        ("slack:#*", "C1", None),  # its name cannot be asked for
        ("slack:#*", "U1", CHANNELS),
        ("slack:C1", "C2", CHANNELS),
        ("slack:c1", "C1", CHANNELS),
    ],
)
def test_a_channel_whose_name_nobody_knows_is_not_allowed_by_a_name(
    pattern: str, channel: str, channels: Any
) -> None:
    assert refused([pattern], {"channel": channel}, channels=channels) == [f"slack:{channel}"]


EVERYBODY = [f"{place}:*" for place in PLACES]


@pytest.mark.parametrize(
    "targets",
    [
        [{"recipient": "x@evil.example, bob@example.com"}],  # mail programs read a list
        [{"recipient": "x@evil.example;bob@example.com"}],
        [{"recipient": "<x@evil.example> bob@example.com"}],
        [{"recipient": "x@evil.example\nbcc: bob@example.com"}],
        [{"recipient": "x@evil.example@example.com"}],
        [{"recipient": "nobody"}],
        [{"recipient": ["x@example.com"]}],
        [{"recipient": "bob@example.com", "cc": "x@evil.example"}],
        [{"pagerDuty": "key"}],
        [{}],
        ["x@evil.example"],
        {"recipient": "x@evil.example"},
        "x@evil.example",
    ],
)
def test_what_is_no_known_kind_of_place_is_refused_though_everybody_is_allowed(targets: Any) -> None:
    found = [*recipient_findings(scheduler(targets=targets), EVERYBODY, CHANNELS)]
    assert [one.code for one in found] == ["unknown_recipient"]
    assert [*recipient_findings(scheduler(targets=targets), None, CHANNELS)] == []


@pytest.mark.parametrize(
    "more",
    [{"format": "carrier-pigeon"}, {"format": "gsheets", "options": {}}, {"options": {"gdriveId": ["a"]}}],
)
def test_an_unknown_way_to_deliver_is_refused(more: Any) -> None:
    assert len(refused(EVERYBODY, MAIL, **more)) == 1


@pytest.mark.parametrize(
    "said", ["teams:*", "slack:", "msteams:https://example.com/x", "gsheet:1", "https://hooks.example.com"]
)
def test_a_pattern_that_names_no_place_is_an_error_and_matches_nobody(said: str) -> None:
    with pytest.raises(ValueError, match=r"to deliver to|names nobody|cannot be checked"):
        parse_pattern(said)


def test_every_secret_address_is_a_place() -> None:
    for name in SECRET_TARGETS:
        (found,) = destinations(scheduler(targets=[{name: SECRET}]))
        assert found.place != UNKNOWN
        assert found.address == ""


@given(
    st.recursive(st.none() | st.text(max_size=5), lambda of: st.lists(of) | st.dictionaries(st.text(), of))
)
def test_no_target_of_any_shape_is_passed_over(target: Any) -> None:
    """Each has a place, known or unknown; and nobody allows what is unknown."""
    found = [*destinations(scheduler(targets=[target]))]
    assert found
    for one in found:
        assert isinstance(one, Destination)


def test_what_is_deleted_delivers_to_nobody() -> None:
    body = scheduler(targets=[MAIL, {"channel": "C1"}])
    assert refused_deliveries([delete(Kind.SCHEDULER, "x", body)], [], CHANNELS) == []
    steps = [update(Kind.SCHEDULER, "x", body, {**body, "name": "Other"})]
    assert len(refused_deliveries(steps, [], CHANNELS)) == 2
    assert refused_deliveries(steps, None, CHANNELS) == []
    assert needs_channel_names(steps, ["slack:#a"])
    assert not needs_channel_names(steps, ["slack:C1", "*"])
    assert not needs_channel_names([], ["slack:#a"])
