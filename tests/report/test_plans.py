"""Plans as text, JSON, Markdown and HTML: total for any content, and what people and programs find there."""

from __future__ import annotations

import html
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from markdown_it import MarkdownIt

from lightdash_sync.content.kinds import Kind
from lightdash_sync.report.html import render_html
from lightdash_sync.report.json import render_json
from lightdash_sync.report.markdown import MAX_CHARACTERS, render_markdown
from lightdash_sync.report.plans import plan_report
from lightdash_sync.report.terminal import console
from lightdash_sync.report.text import render_text
from lightdash_sync.sync.plan.document import digest
from lightdash_sync.sync.plan.values import AccessChange, Action, Plan, PossibleDuplicate, Step, nothing
from tests.content.generated import FEWER
from tests.plan.making import chart, scheduler, space
from tests.report.planned import TARGET, UUID, drift, everyday, plans, refused
from tests.report.sections import HOSTILE
from tests.report.seen import ATTRIBUTES, ELEMENTS, Seen

if TYPE_CHECKING:
    from typing import Any

    from lightdash_sync.sync.plan.values import Look

_LONG = " ".join(HOSTILE)


def _text(plan: Plan, *, look: Look = nothing) -> str:
    out = io.StringIO()
    render_text(plan_report(plan, look), console(out))
    return out.getvalue()


def _markdown(plan: Plan) -> str:
    return render_markdown(plan_report(plan))


def _html(plan: Plan) -> str:
    return render_html(plan_report(plan))


def _json(plan: Plan) -> Any:
    return json.loads(json.dumps(render_json(plan_report(plan))))


def _only(*steps: Step, **more: Any) -> Plan:
    return Plan("sync", "here", TARGET, steps=steps, **more)


# --- laws for any plan ---


@FEWER
@given(plans())
def test_nothing_of_a_plan_is_an_element_of_the_document(plan: Plan) -> None:
    """Only the report's own elements and attributes, each closed; no script, link, image or comment."""
    seen = Seen(_html(plan))
    assert seen.open == []
    assert seen.odd == []
    assert {tag for tag, _ in seen.found} <= ELEMENTS
    assert {name for _, attributes in seen.found for name in attributes} <= ATTRIBUTES


@FEWER
@given(plans())
def test_no_format_has_control_characters(plan: Plan) -> None:
    """Nothing moves a cursor, rings, or turns text around."""
    for said in (_text(plan), _markdown(plan), _html(plan)):
        assert [char for char in said if not (char.isprintable() or char == "\n")] == []


@FEWER
@given(plans())
def test_markdown_holds_no_markup_of_a_plan(plan: Plan) -> None:
    """No links, images, emphasis or HTML but the report's own; every row of a table has the same cells."""
    said = _markdown(plan)
    assert len(said) <= MAX_CHARACTERS
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(said)
    inner = [child for token in tokens for child in token.children or ()]
    own = {"text", "text_special", "em_open", "em_close", "softbreak", "code_inline"}
    assert {child.type for child in inner} <= own
    commands = {child.content for child in inner if child.type == "code_inline"}
    assert all(one.startswith("--") or one == "lightdash-sync backup" for one in commands)
    for token in tokens:
        if token.type == "html_block":
            assert re.fullmatch(r"(<details><summary>[^<>]*</summary>|</details>)\n?", token.content)
    kinds = [token.type for token in tokens if token.type in ("table_open", "tr_open", "td_open", "th_open")]
    rows = "".join(kind[:2] for kind in kinds).replace("ta", "").split("tr")
    assert set(rows) <= {"", "th" * 5, "td" * 5}
    assert rows.count("td" * 5) >= len(plan.access)


@FEWER
@given(plans())
def test_markdown_of_a_plan_mentions_nobody(plan: Plan) -> None:
    """Outside of code nothing is a mention, a reference or an address, for GitHub and GitLab."""
    tokens = MarkdownIt("commonmark").enable("table").parse(_markdown(plan))
    bare = [token.content for token in tokens if token.type == "html_block"]
    bare += [child.content for token in tokens for child in token.children or () if child.type == "text"]
    for line in bare:
        assert not re.search(r"@\w|#\d|!\d|~\w|%\d|\$\d|&\d|GH-\d|://|www\.\w", html.unescape(line))


@FEWER
@given(plans())
def test_every_format_says_whether_a_plan_will_be_refused(plan: Plan) -> None:
    """One entry for each reason that `apply` would name, and none for a plan that may be applied."""
    said = _json(plan)
    assert len(said["refusals"]) == len(plan.refusals())
    assert said["refused"] is bool(plan.refusals())
    for told in (_text(plan), _markdown(plan), _html(plan)):
        assert ("This plan will be refused" in told) is bool(plan.refusals())


@FEWER
@given(plans())
def test_json_has_every_step(plan: Plan) -> None:
    """In the order of the plan, with the digest that the document of the plan has."""
    said = _json(plan)
    assert [(step["action"], step["kind"], step["key"]) for step in said["steps"]] == [
        (step.action, step.kind, step.key) for step in plan.steps
    ]
    assert said["digest"] == digest(plan)


# --- what people see ---


def test_a_plan_begins_with_where_it_goes_and_how_much_it_does() -> None:
    """From where, to which environment and project, all counts in one line, and the digest."""
    first, second, *_ = _text(everyday()).splitlines()
    assert first == "Plan: snapshots/staging → production (Acme BI)"
    assert second.startswith("3 to create, 3 to update (1 rename, 1 move), 1 to delete, 3 unchanged")
    assert digest(everyday())[:12] in second


def test_steps_stand_by_space_in_the_words_of_users() -> None:
    """A rename is a rename, a move a move; what only comes along is marked; a list says what changed."""
    said = _text(everyday())
    sales = said[said.index("Sales & more (sales)") :]
    assert "  create chart:revenue (Revenue)  needed by the selection\n" in sales
    assert "  rename chart:margin (Margin)\n    renamed: 'Weekly revenue' → 'Margin'\n" in sales
    assert "  create scheduler:monday (Monday)\n" in sales  # by way of its chart
    assert "  move chart:costs (Weekly revenue)\n    moved from space sales to finance\n" in said


def test_the_target_gives_names_and_places_that_the_plan_leaves_alone() -> None:
    """A chart inside an unchanged dashboard stands below the space of that, by its name."""
    inside = chart() | {"space": None, "dashboard": "kpis"}
    content = {(Kind.DASHBOARD, "kpis"): {"space": "top"}, (Kind.SPACE, "top"): space("Top secret")}
    plan = _only(Step(Action.CREATE, Kind.CHART, "revenue", after=inside))
    said = _text(plan, look=lambda kind, key: content.get((kind, key)))
    assert "\nTop secret (top)\n  create chart:revenue" in said
    assert "\nProject\n  create chart:revenue" in _text(plan)


def test_who_gains_and_who_loses_access_is_a_table() -> None:
    """People, groups, and everybody; the roles before and after; by a move of an item too."""
    rows = [re.split(r" {2,}", line) for line in _text(everyday()).splitlines()]
    assert ["everybody in the project", "gains", "space:sales", "none", "viewer"] in rows
    assert ["ann@example.com", "loses", "space:finance", "editor", "none"] in [
        [cell.strip() for cell in row if cell.strip()] for row in rows
    ]
    assert [
        "group Analysts",
        "changes",
        "chart:costs, which moves to space:finance",
        "viewer",
        "editor",
    ] in rows
    assert [row["what"] for row in _json(everyday())["access"]] == ["gains", "loses", "changes"]


def test_why_a_plan_will_be_refused_stands_before_what_it_does_and_again_at_the_end() -> None:
    """Nobody has to read a thousand steps to learn that they will not be taken."""
    said = _text(refused())
    assert said.index("This plan will be refused:") < said.index("create chart:revenue")
    assert said.endswith("This plan will be refused: 5 reasons, listed above.\n")


def test_each_refusal_names_the_option_that_allows_it() -> None:
    """Where there is one: what Lightdash would delete unnamed cannot be allowed."""
    options = {
        row["item"] or row["code"]: [hint["option"] for hint in row["hints"]]
        for row in _json(refused())["refusals"]
    }
    assert options == {
        "limit": ["--max-deletes N"],
        "chart:weekly": ["--allow-drift chart:weekly"],
        "chart:revenue": [
            f"--adopt chart:revenue={UUID}",
            "--adopt-by-name",
            "--allow-twins chart:revenue",
        ],
        "chart:margin": ["--allow-broken chart:margin"],
        "space:old": [],
    }
    for said in (_text(refused()), _markdown(refused()), "".join(Seen(_html(refused())).texts)):
        assert all(option in said for several in options.values() for option in several)


def test_drift_of_both_sides_tells_what_each_did_and_where_they_contradict() -> None:
    """The changes of the target, those of the source, and the fields that both changed."""
    said = _text(refused())
    theirs, ours, both = (said.index(part) for part in ("The target:", "The source:", "Both changed"))
    assert "description: 'Old' → 'Also theirs'" in said[theirs:ours]
    assert "limit: 500 → 5" in said[ours:both]
    assert "name (target: renamed: 'Weekly' → 'Theirs'; source: renamed: 'Weekly' → 'Ours')" in said[both:]


def test_drift_that_can_be_merged_says_so() -> None:
    """`--merge` is offered where the two sides do not contradict each other, and only there."""
    base: Any = {"name": "Weekly", "description": "Old"}
    apart = drift(base, base | {"name": "Theirs"}, base | {"description": "Ours"})
    alone = drift(base, base | {"name": "Theirs"}, base)
    gone = drift(base, None, base)
    assert "--merge combines the changes of both sides" in _text(_only(drift=(apart,)))
    assert "--merge keeps what the target has" in _text(_only(drift=(alone,)))
    assert "This plan would do:\n        renamed: 'Theirs' → 'Weekly'" in _text(_only(drift=(alone,)))
    assert "chart:weekly (Weekly) deleted on the target" in _text(_only(drift=(gone,)))
    assert "--merge" not in _text(refused())


def test_what_was_allowed_is_told_as_a_warning() -> None:
    """Drift that is overwritten or combined, twins that are made: no refusal, and not unsaid."""
    base: Any = {"name": "Weekly", "description": "Old"}
    theirs, ours = base | {"name": "Theirs"}, base | {"description": "Ours"}
    found = drift(base, theirs, ours, merge=True)
    written = Step(Action.UPDATE, Kind.CHART, "weekly", UUID, theirs, ours)
    twin = PossibleDuplicate(Kind.CHART, "weekly", "Weekly", (UUID,), allowed=True)
    said = {
        "overwritten": _text(_only(written, drift=(found,))),
        "combined": _text(_only(replace(written, source=ours, after=found.merged), drift=(found,))),
        "keeps it": _text(_only(drift=(found,))),
        "another one called 'Weekly'": _text(_only(written, twins=(twin,))),
    }
    assert all("Warnings" in told and word in told for word, told in said.items())
    assert not any("refused" in told for told in said.values())


def test_schedulers_that_will_deliver_are_told() -> None:
    """With `--enable-schedulers` their number; without, that new ones stay switched off."""
    made = Step(Action.CREATE, Kind.SCHEDULER, "monday", after=scheduler())
    assert "1 scheduler will be switched on" in _text(_only(made, enable_schedulers=True))
    off = replace(made, after=scheduler(enabled=False))
    assert "new schedulers are made switched off" in _text(_only(off))
    assert "scheduler" not in _text(_only(enable_schedulers=True))


def test_only_schedulers_that_are_off_count_as_switched_on() -> None:
    """One of three is off now; the others are written for another reason, and deliver as before."""
    steps = [
        Step(Action.UPDATE, Kind.SCHEDULER, key, UUID, scheduler(enabled=on), scheduler() | {"name": "New"})
        for key, on in (("monday", True), ("tuesday", False), ("friday", True))
    ]
    said = _text(_only(*steps, enable_schedulers=True))
    assert "1 scheduler will be switched on" in said
    assert "switched on" not in _text(_only(steps[0], steps[2], enable_schedulers=True))


def test_what_a_new_item_lacks_agrees_with_how_many_there_are() -> None:
    """And nothing is said to be lost that the plan itself says it gives back."""
    made = [Step(Action.CREATE, Kind.SCHEDULER, key, after=scheduler()) for key in ("monday", "friday")]
    two = replace(_only(*made, enable_schedulers=True), purpose="undo", undoes="20260101T000000Z-abcdef01")
    said = _text(two)
    assert "2 schedulers will be made anew, with other uuids and without their owners" in said
    assert "2 schedulers will be switched on" in said
    one = _text(replace(two, steps=two.steps[:1]))
    assert "1 scheduler will be made anew, with another uuid and without its owner" in one
    assert "whether" not in said + one


def test_a_plan_to_undo_tells_what_cannot_be_given_back() -> None:
    """A deleted chart comes back as another one."""
    plan = replace(everyday(), purpose="undo", undoes="20260101T000000Z-abcdef01")
    said = _text(plan)
    assert said.startswith("Plan to undo the run 20260101T000000Z-abcdef01: ")
    assert "1 chart will be made anew, with another uuid" in said
    assert "comments on charts do not come back" in said
    assert "anew" not in _text(everyday())
    back = _text(replace(everyday(), purpose="restore"))
    assert "comes back with the selection" in back
    assert "needed by the selection" not in back


def test_an_empty_plan_says_that_nothing_is_to_be_done() -> None:
    """And how much was found to be as it should be."""
    plan = _only(unchanged={"charts/a.json": "hash", "charts/b.json": "hash"})
    for said in (_text(plan), _markdown(plan), _html(plan)):
        assert "Nothing to do: 2 items are as they should be." in said
    assert _json(plan)["empty"] is True
    assert "1 item is as it should be" in _text(_only(unchanged={"charts/a.json": "hash"}))


def test_dashboards_are_drawn_before_and_after() -> None:
    """As in a diff: one picture for each side of the changed tab."""
    pictures = [found for tag, found in Seen(_html(everyday())).found if tag == "svg" and "role" in found]
    assert [picture["aria-label"] for picture in pictures] == [
        "Layout before: 3 moved",
        "Layout after: 3 moved",
    ]


def test_json_counts_and_names_what_stays_the_same_from_version_to_version() -> None:
    """Verbs, gravity, codes of changes; and no content that is written."""
    said = _json(everyday())
    assert {name: said["counts"][name] for name in ("create", "update", "delete", "rename", "move")} == {
        "create": 3,
        "update": 3,
        "delete": 1,
        "rename": 1,
        "move": 1,
    }
    assert said["counts"]["unchanged"] == 3
    assert said["counts"]["kinds"]["chart"] == {"create": 1, "update": 2, "delete": 1, "unchanged": 2}
    assert said["target"] == {
        "environment": "production",
        "url": "https://bi.example.com/",
        "project": TARGET.project,
        "project_name": "Acme BI",
    }
    [margin] = [step for step in said["steps"] if step["key"] == "margin"]
    assert margin["verb"] == "rename"
    assert [change["what"] for change in margin["changes"]] == ["renamed"]
    assert said["problems"][0]["gravity"] == "warns"
    assert "metricQuery" not in json.dumps(said)


# --- bounds ---


def test_a_huge_plan_fits_into_a_comment() -> None:
    """Many of everything, with long names that are all markup: bounded, and every part is there."""
    steps = tuple(
        Step(Action.CREATE, Kind.CHART, f"c{n}", after=chart() | {"name": _LONG}) for n in range(1200)
    )
    plan = replace(
        refused(),
        steps=steps,
        twins=tuple(PossibleDuplicate(Kind.CHART, f"c{n}", _LONG, (UUID,) * 9) for n in range(300)),
        limits=(_LONG,) * 300,
        drift=refused().drift * 300,
        access=tuple(
            AccessChange(_LONG, f"{n}{_LONG}", is_group=True, before=None, after=_LONG) for n in range(300)
        ),
        left_out=everyday().left_out * 300,
        problems=refused().problems * 300 + everyday().problems * 300,
    )
    said = _markdown(plan)
    assert 30_000 < len(said) <= MAX_CHARACTERS
    for title in ("Too many deletes", "Changed on the target", "not linked", "Would be broken", "Access"):
        assert title in said
    assert said.count("create chart:c") > 20
    [more] = re.findall(r"and (\d+) more items", said)
    assert said.count("create chart:c") + int(more) == 1200


def test_text_is_bounded() -> None:
    """A screen is not filled by a thousand reasons; it says how to see them, and JSON has all."""
    problems = tuple(replace(refused().problems[0], item=f"chart:c{n}") for n in range(500))
    access = tuple(
        AccessChange(f"s{n}", "ann", is_group=False, before=None, after="viewer") for n in range(500)
    )
    plan = _only(problems=problems, access=access, left_out=everyday().left_out * 500)
    said = _text(plan)
    assert said.count("chart:c") == said.count("space:s") == 40
    assert said.count("(--format json lists everything)") == 3
    assert "… and 460 more" in said
    assert len(_json(plan)["refusals"]) == len(_json(plan)["access"]) == 500


def test_a_hint_that_many_items_share_is_given_once() -> None:
    """In every format, below the items that it is for; what nobody can allow stands apart from them."""
    missing, full = refused().problems
    problems = (*(replace(missing, item=f"chart:c{n}") for n in range(30)), full)
    plan = _only(problems=problems)
    for said in (_text(plan), _markdown(plan), "".join(Seen(_html(plan)).texts)):
        assert said.count("writes it nevertheless") == 1
        assert said.count("--allow-broken KIND:KEY") == 1
        each = said.lower().index("for each of these 30:")
        assert said.index("chart:c29") < each < said.index("--allow-broken") < said.index("space:old")
    options = [hint["option"] for row in _json(plan)["refusals"] for hint in row["hints"]]
    assert options == [f"--allow-broken chart:c{n}" for n in range(30)]
