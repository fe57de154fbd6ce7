"""What is said of permissions beforehand is what the server says when somebody promotes."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import httpx
import pytest

from lightdash_standin.abilities import ability_rules
from lightdash_standin.access import can
from lightdash_standin.organisation import STAFF
from lightdash_sync.content.kinds import Kind
from lightdash_sync.lightdash.reading import Lightdash
from lightdash_sync.lightdash.schemas import AbilityRule
from lightdash_sync.lightdash.versions import Server
from lightdash_sync.promotion.permission import UNTOLD, Abilities, PromotionPermissions
from tests.exporting import lightdash_at
from tests.lightdash.support import UUID, ok, served
from tests.promotion.hands import Hands
from tests.promotion.worlds import PREVIEW, PRODUCTION, promotion_desk
from tests.sync.desk import Desk

EVERYBODY = (*STAFF, "stranger")
OLD, PUBLIC, FREE = "0.1372.1", "0.1385.1", "0.2853.1"
# Item, and the charts that go along with it, each with its space in the preview.
ITEMS: list[tuple[Kind, str, dict[str, str]]] = [
    (Kind.CHART, "Changed", {}),
    (Kind.CHART, "New", {}),
    (Kind.CHART, "Granted", {}),
    (Kind.CHART, "In a new space", {}),
    (Kind.CHART, "In a new private space", {}),
    (Kind.CHART, "In a renamed space", {}),
    (Kind.DASHBOARD, "Board, changed", {"Unchanged": "Sales", "Changed": "Sales"}),
    (Kind.DASHBOARD, "Board, new", {"New": "Sales"}),
    (Kind.DASHBOARD, "Board with a new chart inside", {"Inside, old": "Sales", "Inside, new": "Sales"}),
]
_PATHS = {Kind.CHART: "saved", Kind.DASHBOARD: "dashboards"}


def _space(desk: Desk, kind: Kind, name: str) -> str:
    """The uuid of the space of an item of the preview."""
    uuid = desk.uuid(kind, name, PREVIEW)
    if kind is Kind.DASHBOARD:
        return desk.world.dashboards[uuid].space_uuid
    chart = desk.world.charts[uuid]
    return chart.space_uuid or desk.world.dashboards[chart.dashboard_uuid or ""].space_uuid


def _foreseen(desk: Desk, at: Lightdash, kind: Kind, name: str) -> str:
    """What is said to be missing to promote an item, by itself."""
    world = desk.world
    space = world.spaces[_space(desk, kind, name)]
    upstream = [
        one.uuid
        for one in world.spaces.values()
        if one.slug == space.slug and one.project_uuid == desk.projects[PRODUCTION]
    ]
    items = world.charts if kind is Kind.CHART else world.dashboards
    slug = items[desk.uuid(kind, name, PREVIEW)].slug
    exists = slug in {items[uuid].slug for uuid in desk.uuids(kind, name, PRODUCTION)}
    permissions = PromotionPermissions(at, desk.projects[PREVIEW], desk.projects[PRODUCTION])
    said = permissions.missing(kind, space.uuid, next(iter(upstream), None), exists=exists, name=name)
    assert permissions.doubts() == ()
    return said


def _refused(desk: Desk, who: str, kind: Kind, name: str) -> str:
    """What the server says if somebody promotes; "" if it does it."""
    path = f"/api/v1/{_PATHS[kind]}/{desk.uuid(kind, name, PREVIEW)}/promote"
    headers = {"Authorization": f"ApiKey {desk.world.tokens[who]}"}
    answer = httpx.post(f"{desk.server.url}{path}", headers=headers, trust_env=False, verify=False)
    assert answer.status_code in (200, 403), answer.text
    return "" if answer.status_code == 200 else str(answer.json()["error"]["message"])


@pytest.mark.parametrize("version", [OLD, PUBLIC, FREE])
@pytest.mark.parametrize("who", EVERYBODY)
def test_what_is_foreseen_is_what_happens(who: str, version: str, tmp_path: Path) -> None:
    """Whoever promotes: a permission is said to be missing exactly if the server refuses."""
    with promotion_desk(tmp_path, version) as desk:
        at = lightdash_at(desk.server.url, desk.world.tokens[who])
        with at.session:
            for kind, name, along in ITEMS:
                said = [_foreseen(desk, at, kind, name)]
                said += [_foreseen(desk, at, Kind.CHART, chart) for chart in along]
                refused = _refused(desk, who, kind, name)
                assert bool(refused) == any(said), (kind, name, refused, said)


def test_who_becomes_admin_of_the_space_may(tmp_path: Path) -> None:
    """On 0.1372.1 it takes the role admin in a space to promote into it, even if it is public."""
    with promotion_desk(tmp_path) as desk:
        at = lightdash_at(desk.server.url, desk.world.tokens["editor"])
        with at.session:
            for role, may in (("editor", False), ("admin", True)):
                for where in (PREVIEW, PRODUCTION):
                    Hands(desk, where).share("Sales", "ines.marchetti@kettle.example", role)
                said = _foreseen(desk, at, Kind.CHART, "Changed")
                assert (said == "") == may
                if said:
                    assert said.startswith('the owner of the token may not promote "Changed": ')
                    assert 'the role admin in the space "Sales" of the upstream project' in said
                assert (_refused(desk, "editor", Kind.CHART, "Changed") == "") == may


def test_words_for_who_lacks_what(tmp_path: Path) -> None:
    """People are told which role they lack, and where."""
    with promotion_desk(tmp_path) as desk:
        at = lightdash_at(desk.server.url, desk.world.tokens["viewer"])
        renamer = lightdash_at(desk.server.url, desk.world.tokens["second_editor"])
        with at.session, renamer.session:
            said = _foreseen(desk, at, Kind.CHART, "Changed")
            assert said.endswith('that needs the role editor in the space "Sales" of the source project')
            renamed = _foreseen(desk, renamer, Kind.CHART, "In a renamed space")
        assert 'the role admin in the space "Regions" of the upstream project' in renamed
        assert 'would be renamed to "Regions, now"' in renamed


def test_each_space_is_read_once_and_nothing_is_written(desk: Desk) -> None:
    """Many items of two spaces cost two requests, and one for the owner."""
    at = lightdash_at(desk.server.url, desk.world.tokens["admin"])
    source, upstream = (desk.uuid(Kind.SPACE, "Sales", where) for where in (PREVIEW, PRODUCTION))
    with at.session, desk.nothing_is_written():
        permissions = PromotionPermissions(at, desk.projects[PREVIEW], desk.projects[PRODUCTION])
        for number in range(20):
            kind = (Kind.CHART, Kind.DASHBOARD, Kind.SQL_CHART)[number % 3]
            assert permissions.missing(kind, source, upstream, exists=number < 10, name="x") == ""
    asked = [path for _, path in desk.world.requests if path != "/api/v1/health"]
    assert len(asked) == len(set(asked)) == 3


# --- rules


def test_rules_tell_what_the_stand_in_does(tmp_path: Path) -> None:
    """Whatever anybody wants to do to anything in a space: the rules of `GET /user` say what happens."""
    with promotion_desk(tmp_path, PUBLIC) as desk:
        world, project = desk.world, desk.projects[PRODUCTION]
        people = {uuid: person for uuid, person in world.people.items() if person.email}
        for person in people.values():
            abilities = Abilities([AbilityRule(**rule) for rule in ability_rules(world, person)])
            for action, subject, private, role in itertools.product(
                ("view", "create", "update", "delete", "promote", "manage"),
                ("Space", "SavedChart", "Dashboard"),
                (True, False),
                ("viewer", "editor", "admin", None),
            ):
                access = [{"userUuid": person.uuid, "role": role}] if role else []
                org = person.org_uuid
                facts = {"organizationUuid": org, "projectUuid": project, "isPrivate": private}
                told = abilities.allow(action, subject, facts | {"access": access})
                done = can(
                    world, person, action, subject, org=org, project=project, private=private, access=access
                )
                assert told == done, (person.email, action, subject, private, role)
            assert abilities.doubts == ()


MINE: dict[str, Any] = {"access": {"$elemMatch": {"userUuid": "me", "role": "editor"}}}
FACTS: dict[str, Any] = {
    "organizationUuid": "o",
    "projectUuid": "p",
    "isPrivate": False,
    "access": [{"userUuid": "you", "role": "editor"}, {"userUuid": "me", "role": "viewer"}],
}


def _rule(action: Any = "promote", subject: Any = "SavedChart", **more: Any) -> AbilityRule:
    return AbilityRule(action=action, subject=subject, **more)


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ([_rule()], True),
        ([_rule("view")], False),
        ([_rule(subject="Dashboard")], False),
        ([_rule("manage")], True),
        ([_rule(subject="all")], True),
        ([_rule(["view", "promote"], ["Dashboard", "SavedChart"])], True),
        ([_rule(), _rule(inverted=True)], False),
        ([_rule(inverted=True), _rule()], True),
        ([_rule(), _rule(inverted=True, conditions={"isPrivate": True})], True),
        ([_rule(conditions={"projectUuid": "p", "isPrivate": False})], True),
        ([_rule(conditions={"projectUuid": "p", "isPrivate": 0})], False),
        ([_rule(conditions={"projectUuid": "q"})], False),
        ([_rule(conditions={"inheritsFromOrgOrProject": True})], False),
        ([_rule(conditions={"projectUuid": {"$eq": "p"}})], True),
        ([_rule(conditions={"projectUuid": {"$in": ["o", "p"]}})], True),
        ([_rule(conditions={"projectUuid": {"$in": ["o"]}})], False),
        ([_rule(conditions=MINE)], False),
        ([_rule(conditions={"access": {"$elemMatch": {"userUuid": "me"}}})], True),
    ],
)
def test_how_rules_are_read(rules: list[AbilityRule], allowed: bool) -> None:
    """The last rule that fits decides; entries of access must fit as a whole; nothing is in doubt."""
    abilities = Abilities(rules)
    assert abilities.allow("promote", "SavedChart", FACTS) == allowed
    assert abilities.doubts == ()


UNKNOWN = [
    {"conditions": {"projectUuid": {"$regex": "^p"}}},
    {"conditions": {"createdByUserUuid": "me"}},
    {"conditions": {"access": {"$elemMatch": {"role": {"$gt": 1}}}}},
    {"conditions": {"projectUuid": ["p"]}},
    {"fields": ["name"]},
]


@pytest.mark.parametrize("form", UNKNOWN)
def test_rules_of_another_form(form: dict[str, Any]) -> None:
    """Where a rule that nobody can read decides, it is a doubt and forbids nothing; else it is neither."""
    for rules in ([_rule(**form)], [_rule(), _rule(inverted=True, **form)]):
        abilities = Abilities(rules)
        assert abilities.allow("promote", "SavedChart", FACTS)
        (doubt,) = abilities.doubts
        assert "promote a SavedChart" in doubt
    for rules, allowed in (
        ([_rule(**form), _rule()], True),
        ([_rule(inverted=True, **form)], False),
        ([_rule("view", **form)], False),
    ):
        abilities = Abilities(rules)
        assert abilities.allow("promote", "SavedChart", FACTS) == allowed
        assert abilities.doubts == ()


def test_facts_and_rules_that_are_not_told() -> None:
    """A space that does not say how open it is, or an owner without any rule, is a doubt."""
    abilities = Abilities([_rule(conditions={"isPrivate": False})])
    assert abilities.allow("promote", "SavedChart", FACTS | {"isPrivate": UNTOLD})
    assert len(abilities.doubts) == 1
    nothing = Abilities([])
    assert nothing.allow("promote", "SavedChart", FACTS)
    assert nothing.doubts == ("Lightdash does not say what the owner of this token may do",)


def test_rules_of_current_servers() -> None:
    """On 0.2904.5 an editor promotes into spaces that inherit their access, without being admin of them."""
    scope = {"organizationUuid": UUID}
    granted = {"access": {"$elemMatch": {"userUuid": UUID, "role": "editor"}}}
    rules = [
        {"action": "manage", "subject": "SavedChart", "conditions": scope | granted},
        {"action": "manage", "subject": "Space", "conditions": scope | {"inheritsFromOrgOrProject": True}},
    ]
    user = {"userUuid": UUID, "organizationUuid": UUID, "abilityRules": rules}
    space = {
        "uuid": UUID, "name": "Sales", "access": [{"userUuid": UUID, "role": "editor"}], "groupsAccess": [],
        "queries": [], "dashboards": [], "inheritsFromOrgOrProject": True,
    }  # fmt: skip

    def missing(version: str, *homes: dict[str, Any]) -> str:
        replies = iter([ok(homes[0]), ok(user), ok(homes[1])])
        with served(choose=lambda _: next(replies)) as (_server, session):
            permissions = PromotionPermissions(Lightdash(session, Server(version)), UUID, UUID[:-1] + "6")
            return permissions.missing(Kind.CHART, UUID, UUID, exists=True, name="x")

    closed = space | {"inheritsFromOrgOrProject": False}
    assert missing("0.2904.5", space, space) == missing("0.2904.5", space, closed) == ""
    assert missing("0.2853.0", space, space) == ""
    assert "the role admin in" in missing("0.2853.0", space, closed)
    assert "would be renamed" in missing("0.2904.5", space, closed | {"name": "Selling"})
