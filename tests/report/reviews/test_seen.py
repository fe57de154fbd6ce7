"""What people find in a review, and what programs may rely on."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lightdash_sync.content.kinds import Kind
from lightdash_sync.promotion.values import (
    NEVER_ACCEPTED,
    FindingCode,
    PromotionSelection,
    ServerAction,
    Severity,
)
from lightdash_sync.report.markdown import MAX_CHARACTERS
from lightdash_sync.report.reviews import review_report
from lightdash_sync.report.terminal import console
from lightdash_sync.report.text import render_text
from tests.report.reviews.reviewed import DIGEST, blocked, everyday, of_verdicts, verdict
from tests.report.reviews.telling import told_html, told_json, told_markdown, told_text
from tests.report.sections import HOSTILE
from tests.report.seen import Seen

if TYPE_CHECKING:
    from lightdash_sync.promotion.values import Review

_LONG = " ".join(HOSTILE)


def _read(review: Review) -> str:
    """The text of the HTML, as one reads it."""
    return "".join(Seen(told_html(review)).texts)


def _formats(review: Review) -> tuple[str, str, str]:
    return told_text(review), told_markdown(review), _read(review)


# --- may it be run? ---


@pytest.mark.parametrize("weight", [Severity.BLOCKS, Severity.WARNS])
@pytest.mark.parametrize("code", FindingCode)
def test_every_code_has_words_in_every_format(code: FindingCode, weight: Severity) -> None:
    """A title for all items that have the verdict, and the reason of each."""
    review = of_verdicts(verdict(code, "because of Ann", weight))
    [told] = told_json(review)["items"][0]["verdicts"]
    assert (told["code"], told["what"], told["weight"]) == (code, "because of Ann", weight)
    assert len(told["title"]) > 8
    for said in _formats(review):
        assert told["title"] in said
        assert "because of Ann" in said


@pytest.mark.parametrize("code", FindingCode)
def test_what_stops_a_promotion_names_the_option_that_allows_it(code: FindingCode) -> None:
    """By the name of the item; where the server would refuse, or nobody can foresee, there is none."""
    review = of_verdicts(verdict(code))
    option = "--accept chart:weekly-revenue"
    offered = [hint["option"] for row in told_json(review)["refusals"] for hint in row["hints"]]
    assert offered == ([] if code in NEVER_ACCEPTED else [option])
    for said in _formats(review):
        assert (option in said) is (code not in NEVER_ACCEPTED)
        assert "--via replay" not in said


@pytest.mark.parametrize("weight", [Severity.BLOCKS, Severity.WARNS])
@pytest.mark.parametrize("code", FindingCode)
def test_what_a_replay_does_right_says_so(code: FindingCode, weight: Severity) -> None:
    """As an option beside the other, of what stops the promotion and of warnings."""
    for said in _formats(of_verdicts(verdict(code, weight=weight, replay=True))):
        assert said.count("--via replay") == 1


def test_what_stops_it_stands_before_what_it_does_and_again_at_the_end() -> None:
    """Nobody has to read a thousand changes to learn that they will not be made."""
    for said in _formats(blocked()):
        assert said.index("This promotion will be refused") < said.index("Upstream is newer")
        assert said.index("Upstream is newer") < said.index("What changes upstream")
    assert told_text(blocked()).endswith("\n\nThis promotion will be refused: 2 reasons.\n")


def test_a_promotion_that_may_be_run_says_so() -> None:
    """In one sentence; the alarm of the HTML is not there."""
    for said in _formats(everyday()):
        assert "Nothing stops this promotion." in said
        assert "refused" not in said
    assert not any(found.get("role") == "alert" for _, found in Seen(told_html(everyday())).found)
    assert any(found.get("role") == "alert" for _, found in Seen(told_html(blocked())).found)


def test_what_was_accepted_by_name_is_told_and_stops_nothing() -> None:
    """It stands by itself, with its reason, and no option is offered to accept it again."""
    review = of_verdicts(verdict(FindingCode.WOULD_DELETE, "chart:old goes", accepted=True))
    for said in _formats(review):
        assert "Nothing stops this promotion." in said
        assert said.index("Accepted by name") < said.index("chart:old goes")
        assert "--accept" not in said
    assert told_json(review)["blocked"] is False
    assert told_json(blocked())["accepted"] == ["dashboard:sales-overview", "space:customers"]


def test_accepting_newer_work_says_whether_it_is_overwritten_or_passed_over() -> None:
    """The same verdict means the one where upstream becomes another, and the other where it does not."""
    newer = verdict(FindingCode.UPSTREAM_NEWER)
    assert "--accept chart:weekly-revenue overwrites" in told_text(of_verdicts(newer))
    assert "--accept chart:weekly-revenue leaves" in told_text(of_verdicts(newer, effective=False))


def test_what_else_is_to_be_said_of_an_item_is_a_note() -> None:
    """And what every item has to say (new, changed, unchanged) is no note."""
    tells = verdict(FindingCode.WOULD_HIDE, "it is hidden", Severity.TELLS)
    plain = verdict(FindingCode.CHANGED, "it becomes another", Severity.TELLS)
    for said in _formats(of_verdicts(tells, plain)):
        assert "chart:weekly-revenue: it is hidden" in said
        assert "it becomes another" not in said


# --- what it does ---


def test_a_review_begins_with_where_it_goes_and_how_much_it_does() -> None:
    """From where, to which environment and project, what was chosen, all counts in one line, the digest."""
    first, second, third, *_ = told_text(everyday()).splitlines()
    assert first == "Review of a promotion: staging → production (Kettle BI)"
    assert second == "Chosen: dashboard:sales-overview, dashboard:subscriptions, chart:repeat-rate"
    assert third.startswith(
        "1 to create, 3 to update (1 rename), 0 to delete, 4 unchanged; 3 left behind; 2 calls"
    )
    assert third.endswith(f"digest {DIGEST[:12]}")


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (PromotionSelection(), "everything that would change"),
        (PromotionSelection(changed=True), "everything that would change"),
        (PromotionSelection(all=True), "everything"),
        (PromotionSelection(spaces=("sales",)), "what is in space:sales"),
        (
            PromotionSelection(charts=tuple(f"c{n}" for n in range(20))),
            f"{', '.join(f'chart:c{n}' for n in range(12))} and 8 more",
        ),
    ],
)
def test_what_was_chosen_is_told(choice: PromotionSelection, said: str) -> None:
    """As it was said on the command line, or in words."""
    assert f"\nChosen: {said}\n" in told_text(replace(everyday(), selection=choice))


def test_the_word_says_what_happens_and_the_mark_what_the_server_says() -> None:
    """Where these are the same, there is no mark; what the server deletes it never says."""
    said = told_text(blocked())
    assert "  update dashboard:sales-overview (Sales overview)\n" in said
    assert "  rename chart:orders-by-status (Orders by state)\n" in said
    assert "  move chart:how-people-pay (How people pay)\n" in said
    assert (
        "  delete chart:from-trial-to-regular (From trial to regular)  the server does not say so\n" in said
    )
    assert "  create chart:repeat-rate (Repeat rate)\n" in said
    twice = replace(everyday().items[3], said=ServerAction.UPDATE)
    assert "repeat-rate (Repeat rate)  the server says update\n" in told_text(
        replace(everyday(), items=(twice,))
    )


def test_calls_are_told_in_order_with_what_goes_along() -> None:
    """And what was chosen and is not called, because nothing would change."""
    said = told_text(everyday())
    assert "  1. dashboard:sales-overview (Sales overview), with 1 space, 3 charts\n" in said
    assert "  2. chart:repeat-rate (Repeat rate), with 1 space\n" in said
    head, _, tail = said.partition("Not promoted, because nothing would change\n")
    assert tail.startswith("  dashboard:subscriptions (Subscriptions)\n")
    assert "3. " not in head


def test_what_stays_as_it_is_is_counted_by_what_the_server_says_of_it() -> None:
    """A dashboard that the server would write for nothing is seen."""
    for said in _formats(everyday()):
        assert "1 item of which the server says update" in said
        assert "3 items of which the server says no changes" in said


def test_what_promotion_never_carries_is_a_part_of_its_own() -> None:
    """With its changes, field by field; what upstream lacks is called missing, not created."""
    said = told_text(everyday())
    left = said[said.index("\nLeft behind\n") :]
    assert "  differs scheduler:sales-overview-monday-numbers (Monday numbers)\n    schedule: " in left
    assert "  differs space:sales (Sales)\n    access given: group Baristas as viewer\n" in left
    assert "  missing tag:seasonal (Seasonal)\n" in left
    assert "Left behind" not in told_text(of_verdicts())


def test_dashboards_are_drawn_before_and_after() -> None:
    """One picture for each side of the changed tab, and what its colours mean."""
    found = Seen(told_html(everyday())).found
    pictures = [
        attributes["aria-label"] for tag, attributes in found if tag == "svg" and "role" in attributes
    ]
    assert pictures == [
        "Layout before: 1 removed, 1 moved, 1 resized, 2 same",
        "Layout after: 1 added, 1 moved, 1 resized, 2 same",
    ]
    assert any(attributes.get("class") == "legend" for _, attributes in found)
    assert "legend" not in {attributes.get("class") for _, attributes in Seen(told_html(of_verdicts())).found}


def test_a_review_in_which_nothing_would_change_says_so() -> None:
    """How much stays as it is; nothing stops what does nothing."""
    for said in _formats(of_verdicts(effective=False)):
        assert "Nothing would change upstream: 1 item would stay as it is." in said
        assert "Nothing is to be promoted." in said
        assert "Not promoted, because nothing would change" in said
        assert "What changes upstream" not in said
    none = replace(everyday(), items=(), calls=(), left_behind=(), notes=())
    assert told_json(none)["empty"] is True
    assert all("Nothing would change upstream: 0 items" in said for said in _formats(none))


def test_json_names_what_stays_the_same_from_version_to_version() -> None:
    """What a gate and a later approval read: choice, codes, words of the server, hashes; no content."""
    said = told_json(blocked())
    assert said["selection"]["dashboards"] == ["sales-overview", "subscriptions"]
    assert said["target"]["project"] == blocked().target.project
    assert said["source_project"] == blocked().source_project
    found = {item["key"]: item for item in said["items"] if item["kind"] == "chart"}
    weekly = found["weekly-revenue"]
    assert (weekly["said"], weekly["status"], weekly["verb"], weekly["blocked"]) == (
        "update",
        "changed",
        "update",
        True,
    )
    assert weekly["verdicts"][0]["replay"] is True
    assert (found["revenue-to-date"]["status"], found["revenue-to-date"]["verb"]) == ("unchanged", None)
    gone = found["from-trial-to-regular"]
    assert (gone["said"], gone["status"], gone["after_sha"]) == (None, "deleted", None)
    assert [call["needed"] for call in said["calls"]] == [True, False, True, True]
    assert said["left_behind"][1]["status"] == "created"
    assert "chartConfig" not in json.dumps(said)


# --- names, colours and bounds ---


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.isprintable()])
def test_a_name_is_read_as_it_was_written(name: str) -> None:
    """What is made harmless still says the same to a person, wherever it stands."""
    review = of_verdicts(verdict(FindingCode.WOULD_BREAK, name))
    item = replace(review.items[0], after={"name": name, "space": "sales"}, space="sales")
    read = _read(replace(review, source=name, items=(item,), spaces={"sales": name}, notes=(name,)))
    assert read.count(name[:60]) >= 6


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red for what stops it on a terminal; with `NO_COLOR`, and in a pipe, not a single colour."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def shown() -> str:
        out = Terminal()
        render_text(review_report(blocked(), DIGEST), console(out))
        return out.getvalue()

    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[1;31mThis promotion will be refused" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3\d", shown())
    assert "\x1b" not in told_text(blocked())


def _huge(number: int, name: str) -> Review:
    """Many of everything, with such names."""
    review = of_verdicts(*(verdict(code, name, replay=True) for code in FindingCode))
    [item] = review.items
    items = tuple(
        replace(item, key=f"c{n}", after={"name": name, "space": "sales"}, effective=n % 4 > 0)
        for n in range(number)
    )
    left = tuple(replace(one, key=f"l{n}") for n in range(number) for one in everyday().left_behind[1:2])
    calls = tuple(replace(review.calls[0], key=f"c{n}", needed=n % 2 > 0) for n in range(number))
    return replace(
        review, source=name, items=items, calls=calls, left_behind=left, notes=(name,) * number,
        selection=PromotionSelection(charts=(name,) * number),
    )  # fmt: skip


def test_a_huge_review_fits_into_a_comment() -> None:
    """Even with long names that are all markup; every part is there, and what is cut is counted."""
    said = told_markdown(_huge(600, _LONG))
    assert 30_000 < len(said) <= MAX_CHARACTERS
    parts = (
        "will be refused",
        "What is promoted",
        "Not promoted",
        "What changes",
        "Left behind",
        "Stays",
        "Notes",
    )
    assert all(part in said for part in parts)
    changed, left = said.split("### Left behind")
    [more] = re.findall(r"and (\d+) more items", changed)
    assert changed.count("update chart:c") + int(more) == 450
    [more] = re.findall(r"and (\d+) more items", left)
    assert left.count("missing tag:l") + int(more) == 600


def test_text_is_bounded() -> None:
    """A screen is not filled by a thousand reasons; it says how to see them, and JSON has all."""
    review = _huge(400, "Weekly")
    said = told_text(review)
    assert said.count("    chart:c") == 40 * len(FindingCode)
    assert said.count("--accept KIND:KEY") == len(FindingCode) - len(NEVER_ACCEPTED)
    assert said.count("\n  missing tag:l") == 200
    assert "… and 200 more items (--format json lists everything)" in said
    assert len(told_json(review)["left_behind"]) == 400


def test_kinds_without_a_key_are_told_by_their_kind() -> None:
    """Pins are one list; nothing is called by an empty name."""
    pins = replace(
        everyday().left_behind[0], kind=Kind.PINS, key="", before=[], after=[{"kind": "chart", "key": "a"}]
    )
    said = told_text(replace(everyday(), left_behind=(pins,)))
    assert "  differs pins\n" in said
